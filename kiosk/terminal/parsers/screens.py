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
