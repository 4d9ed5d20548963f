"""The words about plans of floors."""

from __future__ import annotations

from kiosk.terminal.parsers.lazily import Commands, terminal


def add_plans(commands: Commands) -> None:
    """Add plans."""
    plans = commands.add_parser("plans", help="the plans of floors, for screens that show where rooms are")
    acts = plans.add_subparsers(title="acts", metavar="ACT", required=True)
    listing = acts.add_parser("list", help="list the plans and how many rooms are on each")
    listing.add_argument("--json", action="store_true", help="print JSON")
    listing.set_defaults(run=terminal("plans.list_plans"))
    add = acts.add_parser("add", help="add a plan; shapes that are called as rooms are become these rooms")
    add.add_argument("file", help="an SVG drawing up to 2 MiB, or a PNG, JPEG or WebP picture up to 8 MiB")
    add.add_argument("name", help="as the screen is called")
    add.add_argument("--building", default="", help="as the rooms name it")
    add.add_argument("--floor", default="")
    add.set_defaults(run=terminal("plans.add_plan"))
    remove = acts.add_parser("remove", help="delete a plan; its rooms stay")
    remove.add_argument("plan", help="its word, as `kiosk plans list` shows it")
    remove.set_defaults(run=terminal("plans.remove_plan"))
