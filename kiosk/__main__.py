"""The command line."""

from __future__ import annotations

from kiosk import runtime  # isort: skip - first, so that nothing is imported before the process is patched

import argparse
import sys
from collections.abc import Sequence

from kiosk import __version__, settings
from kiosk.errors import KioskError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status; errors are one sentence on standard error."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options) or 0)
    except KioskError as error:
        print(f"kiosk: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kiosk", description="Room displays for Google Workspace.")
    parser.add_argument("--version", action="version", version=f"kiosk {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_servers(commands)
    _add_rooms(commands)
    _add_policies(commands)
    _add_people(commands)
    _add_admin(commands)
    return parser


def _add_servers(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    layout = argparse.RawDescriptionHelpFormatter
    serve = commands.add_parser(
        "serve", help="run the server", description=_settings_help("Run the server."), formatter_class=layout
    )
    serve.set_defaults(run=_serve)
    demo = commands.add_parser(
        "demo",
        help="run the server beside a stand-in for Google",
        description=_settings_help("Run the server with a sample building, beside a stand-in for Google."),
        formatter_class=layout,
    )
    demo.add_argument("--rooms", type=int, default=8, help="how many rooms the sample building has (8)")
    demo.set_defaults(run=_demo)
    emulator = commands.add_parser("emulator", help="run a stand-in for Google Calendar and the Directory")
    if "emulator" in sys.argv[1:2]:
        from kiosk.emulator import cli

        cli.add_arguments(emulator)
    emulator.set_defaults(run=_emulator)


def _add_rooms(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    rooms = commands.add_parser(
        "rooms", help="list, add, import, link, unlink and synchronise rooms, and have changes announced"
    )
    acts = rooms.add_subparsers(title="acts", metavar="ACT", required=True)
    listing = acts.add_parser("list", help="list the rooms and how fresh they are")
    listing.add_argument("--json", action="store_true", help="print JSON")
    listing.set_defaults(run=_terminal("list_rooms"))
    add = acts.add_parser("add", help="add a room")
    add.add_argument("name", help="the name on its door")
    add.add_argument("--slug", help="its word in addresses; made from the name if left out")
    add.add_argument("--zone", help="its time zone, such as Europe/Berlin (KIOSK_TIMEZONE)")
    add.add_argument("--building", default="")
    add.add_argument("--floor", default="")
    add.add_argument("--capacity", type=int, default=0, help="how many people it seats")
    add.add_argument("--calendar", help="address of its Google resource calendar, to link it at once")
    add.set_defaults(run=_terminal("add_room"))
    acts.add_parser("import", help="import and link every room of the Google Directory").set_defaults(
        run=_terminal("import_rooms")
    )
    link = acts.add_parser("link", help="give a room its Google resource calendar")
    link.add_argument("slug")
    link.add_argument("calendar", help="such as c_188…@resource.calendar.google.com")
    link.set_defaults(run=_terminal("link_room"))
    for name, text in (("unlink", "take a room's calendar away"), ("sync", "read a room's calendar anew, now")):
        act = acts.add_parser(name, help=text)
        act.add_argument("slug")
        act.set_defaults(run=_terminal(f"{name}_room"))
    push = acts.add_parser("push", help="have Google announce a room's changes, or not")
    push.add_argument("slug")
    push.add_argument("wish", choices=("on", "off"))
    push.set_defaults(run=_terminal("push_room"))


def _add_policies(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    policy = commands.add_parser(
        "policy",
        help="show or change what may be booked at rooms, by whom, and what must be checked in",
        description="Show what holds in a room, or in every room that says nothing else; with NAME=VALUE change it "
        "first. NAME= goes back to what is inherited. docs/policies.md explains each name.",
        usage="kiosk policy [-h] [--json] [ROOM] [NAME=VALUE ...]",
    )
    policy.add_argument("words", nargs="*", metavar="ROOM, NAME=VALUE", help="a room's word in addresses, and changes")
    policy.add_argument("--json", action="store_true", help="print JSON")
    policy.set_defaults(run=_terminal("policy"))


def _add_people(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    people = commands.add_parser("people", help="give people a PIN, with which they book at a panel in their own name")
    acts = people.add_subparsers(title="acts", metavar="ACT", required=True)
    listing = acts.add_parser("list", help="list the people who have a PIN")
    listing.add_argument("--json", action="store_true", help="print JSON")
    listing.set_defaults(run=_terminal("list_people"))
    pin = acts.add_parser(
        "pin",
        help="give somebody a PIN of 4 to 8 digits, or another one",
        description="Give somebody a PIN of 4 to 8 digits. It is asked for at the terminal, or read from the input.",
    )
    pin.add_argument("email", help="the person's main address in Google Workspace")
    pin.add_argument("--remove", action="store_true", help="take the PIN away")
    pin.set_defaults(run=_terminal("set_pin"))


def _add_admin(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    admin = commands.add_parser("admin", help="manage access")
    acts = admin.add_subparsers(title="acts", metavar="ACT", required=True)
    token = acts.add_parser("token", help="make an access token for a screen or a program, list or revoke them")
    what = token.add_mutually_exclusive_group(required=True)
    what.add_argument("name", nargs="?", help="what the token is for; it is printed once")
    what.add_argument("--list", action="store_true", help="list the tokens")
    what.add_argument("--revoke", metavar="NAME", help="make a token worthless")
    token.add_argument("--json", action="store_true", help="print the list as JSON")
    token.set_defaults(run=_terminal("token"))


def _settings_help(first: str) -> str:
    lines = [f"  {name}{f' ({default})' if default else ''}\n      {text}" for name, default, text in settings.table()]
    return "\n".join([first, "", "Settings are environment variables (default in brackets):", *lines])


def _serve(_options: argparse.Namespace) -> int:
    chosen = settings.load()
    runtime.patch(chosen.async_mode)
    from kiosk import serving

    return serving.serve(chosen)


def _demo(options: argparse.Namespace) -> int:
    from kiosk import demo

    return demo.run(options.rooms)


def _emulator(options: argparse.Namespace) -> int:
    from kiosk.emulator import cli

    return cli.run(options)


def _terminal(name: str) -> object:
    def run(options: argparse.Namespace) -> int:
        from kiosk import terminal

        act = getattr(terminal, name)
        return int(act(settings.load(), options) or 0)

    return run


if __name__ == "__main__":
    sys.exit(main())
