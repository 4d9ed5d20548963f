"""The words about bringing machines into their state."""

from __future__ import annotations

from kiosk.terminal.parsers.lazily import Commands, terminal

ACTS = {
    "plan": "say what would change on each machine, and change nothing",
    "apply": "bring each machine into its state: ring after ring, each looked at before the next begins",
    "verify": "say how each machine is",
    "rollback": "switch to the release before, ring after ring",
}
CODES = "Exit status: 0 all well, 1 it could not begin, 3 some machines could not be reached, 4 some are not well."


def add_provision(commands: Commands) -> None:
    """Add provisioning."""
    text = "Bring Raspberry Pis over SSH into the state that makes them displays, as an inventory says."
    provision = commands.add_parser("provision", help="set machines up over SSH, and renew them", description=text)
    acts = provision.add_subparsers(title="acts", metavar="ACT", required=True)
    for name, help_text in ACTS.items():
        act = acts.add_parser(name, help=help_text, description=f"{help_text[0].upper()}{help_text[1:]}. {CODES}")
        act.add_argument("inventory", help="a TOML file; deploy/raspberrypi/fleet.example.toml shows how")
        act.add_argument("--ring", default="", choices=("one", "floor", "all"), help="only the machines of this ring")
        act.add_argument(
            "--machine", action="append", default=[], metavar="NAME", help="only this one; may be repeated"
        )
        act.add_argument("--pictures", default="", metavar="FOLDER", help="keep a picture of each screen that is well")
        act.add_argument("--python", default="", metavar="FILE", help="of the environment that has pyinfra (this one)")
        act.set_defaults(run=terminal("provision.provision"), act=name)
