"""What the command line does to boards."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, replace
from typing import Any

from kiosk.errors import UsageError
from kiosk.settings import Settings
from kiosk.store import boards, rooms
from kiosk.store.boards import Board
from kiosk.terminal.tables import open_parts, print_table, record

COLUMNS = ("slug", "name", "rooms", "order", "shows", "hangs on")


def list_boards(settings: Settings, options: argparse.Namespace) -> None:
    """Print every board."""
    with open_parts(settings).store.read() as db:
        found, known = boards.every(db), [one.room for one in rooms.every(db)]
    if options.json:
        print(json.dumps([asdict(one) for one in found], indent=2))
    else:
        print_table([_row(one, sum(map(one.has, known))) for one in found], COLUMNS)


def add_board(settings: Settings, options: argparse.Namespace) -> None:
    """Add a board."""
    store = open_parts(settings).store
    wanted = _described(Board(options.slug or rooms.slugify(options.name), options.name), options)
    store.write(boards.add, wanted)
    record(store, "add_board", board=wanted.slug, name=wanted.name)
    print(f"The board {wanted.name!r} hangs at /lobby/{wanted.slug}.")


def edit_board(settings: Settings, options: argparse.Namespace) -> None:
    """Change of a board what is named."""
    store = open_parts(settings).store
    with store.read() as db:
        before = boards.find(db, options.slug)
    wanted = replace(before, name=before.name if options.name is None else options.name)
    difference = store.write(boards.change, _described(wanted, options))
    if difference:
        record(store, "edit_board", **{"board": options.slug, **difference})
    print(f"The board {options.slug!r} is saved." if difference else "Nothing is different.")


def remove_board(settings: Settings, options: argparse.Namespace) -> None:
    """Delete a board, or have the built-in one as at first."""
    store = open_parts(settings).store
    store.write(boards.remove, options.slug)
    record(store, "remove_board", board=options.slug)
    again = options.slug == boards.ALL
    print(f"The board {options.slug!r} is {'as at first again' if again else 'removed'}.")


def _described(board: Board, options: argparse.Namespace) -> Board:
    """Return a board with what the options say; options that are not given leave it as it is."""
    given: dict[str, Any] = {
        "grouped": None if options.grouped is None else options.grouped == "yes",
        "free_first": None if options.free_first is None else options.free_first == "yes",
        "least_minutes": options.least,
        "shows": options.shows,
        "hangs": None if options.hangs is None else tuple(options.hangs),
        "place": options.place,
    }
    chosen: dict[str, Any] = {"buildings": options.building, "floors": options.floor, "rooms": options.room}
    if options.every_room and any(chosen.values()):
        raise UsageError("Choose rooms, or say --every-room, but not both.")
    if options.every_room or any(chosen.values()):
        given |= {name: tuple(tuple(one) if name == "floors" else one for one in chosen[name] or ()) for name in chosen}
    return replace(board, **{name: value for name, value in given.items() if value is not None})


def _row(one: Board, count: int) -> dict[str, str | int]:
    order = ["grouped" if one.grouped else "one list", *(["free first"] if one.free_first else [])]
    least = [f"free from {one.least_minutes} min"] if one.least_minutes else []
    return {
        "slug": one.slug,
        "name": one.name,
        "rooms": f"{count}" if one.chooses else f"{count} (all)",
        "order": ", ".join([*order, *least]),
        "shows": one.shows,
        "hangs on": " ".join(one.hangs).strip(),
    }
