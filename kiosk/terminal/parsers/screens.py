"""The words about what screens show."""

from __future__ import annotations

import argparse

from kiosk.terminal.parsers.lazily import Commands, terminal


def add_boards(commands: Commands) -> None:
    """Add boards."""
    boards = commands.add_parser("boards", help="list, add, change and remove boards of rooms")
    acts = boards.add_subparsers(title="acts", metavar="ACT", required=True)
    listing = acts.add_parser("list", help="list the boards")
    listing.add_argument("--json", action="store_true", help="print JSON")
    listing.set_defaults(run=terminal("boards.list_boards"))
    add = acts.add_parser("add", help="add a board; it shows every room unless some are chosen")
    add.add_argument("name", help="what stands at its head")
    add.add_argument("--slug", help="its word in addresses; made from the name if left out")
    add.set_defaults(run=terminal("boards.add_board"))
    edit = acts.add_parser("edit", help="change a board; what is not named stays, but rooms are chosen anew")
    edit.add_argument("slug", help="its word in addresses; all for the built-in one")
    edit.add_argument("--name", help="what stands at its head")
    edit.set_defaults(run=terminal("boards.edit_board"))
    for act in (add, edit):
        _add_board_options(act)
    remove = acts.add_parser("remove", help="remove a board; the built-in one is as at first again")
    remove.add_argument("slug")
    remove.set_defaults(run=terminal("boards.remove_board"))


def _add_board_options(act: argparse.ArgumentParser) -> None:
    act.add_argument("--building", action="append", metavar="NAME", help="show its rooms; may be said again")
    place = ("BUILDING", "FLOOR")
    act.add_argument("--floor", nargs=2, action="append", metavar=place, help="show its rooms; may be said again")
    act.add_argument("--room", action="append", metavar="SLUG", help="show it; may be said again")
    act.add_argument("--every-room", action="store_true", help="show every room")
    act.add_argument("--grouped", choices=("yes", "no"), help="under headings of building and floor (yes)")
    act.add_argument("--free-first", choices=("yes", "no"), help="free rooms first (no)")
    act.add_argument("--least", type=int, metavar="MINUTES", help="only who is free for so long counts as free (0)")
    act.add_argument("--shows", choices=("all", "people", "titles", "nothing"), help="what it says of bookings (all)")
    act.add_argument("--hangs", nargs=2, metavar=place, help="where it hangs; '' '' for no floor in particular")
    act.add_argument("--place", type=int, metavar="NUMBER", help="its place among the boards, smaller ones first (0)")


def add_notices(commands: Commands) -> None:
    """Add notices."""
    notices = commands.add_parser("notices", help="what screens say beside their rooms")
    acts = notices.add_subparsers(title="acts", metavar="ACT", required=True)
    listing = acts.add_parser("list", help="list what runs, comes and is over")
    listing.add_argument("--json", action="store_true", help="print JSON")
    listing.set_defaults(run=terminal("notices.list_notices"))
    add = acts.add_parser("add", help="write a notice")
    add.add_argument("title")
    add.add_argument("--level", choices=("info", "warning"), default="info", help="how urgent it is (info)")
    add.add_argument("--from", dest="start", default="", metavar="TIME", help="such as 2026-08-10T10:00 (now)")
    add.add_argument("--until", dest="end", default="", metavar="TIME", help="8 hours later, if left out")
    _add_targets(add)
    add.set_defaults(run=terminal("notices.add_notice"))
    end = acts.add_parser("end", help="end a notice now")
    end.add_argument("number", type=int)
    end.set_defaults(run=terminal("notices.end_notice"))


def add_emergency(commands: Commands) -> None:
    """Add emergency."""
    emergency = commands.add_parser("emergency", help="take over every screen at once, until it is ended")
    acts = emergency.add_subparsers(title="acts", metavar="ACT", required=True)
    start = acts.add_parser("start", help="start an emergency: the screens show it within two seconds")
    start.add_argument("title", help="huge on every screen")
    _add_targets(start)
    start.set_defaults(run=terminal("notices.start_emergency"))
    end = acts.add_parser("end", help="end an emergency, or all that are on")
    end.add_argument("number", type=int, nargs="?")
    end.set_defaults(run=terminal("notices.end_emergency"))
    status = acts.add_parser(
        "status",
        help="say which screens show it",
        description="Say of each screen whether it shows the emergency. The exit status is 3 while one does not.",
    )
    status.add_argument("--json", action="store_true", help="print JSON")
    status.set_defaults(run=terminal("notices.status"))


def _add_targets(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--text", default="", help="what else there is to say")
    parser.add_argument("--building", default="", help="its screens only; all screens if nothing is said")
    parser.add_argument("--floor", default="", help="one floor of that building")
    parser.add_argument("--room", default="", metavar="SLUG", help="the screens of one room")
    parser.add_argument("--screen", default="", metavar="DISPLAY/SLUG", help="one screen, such as lobby/all")
