"""Boards of rooms: which rooms each shows, in which order, and how much it says of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import get_args

from peewee import Database

from kiosk.errors import NotFound, UsageError
from kiosk.schedule.model import Room, Shows
from kiosk.store import acts
from kiosk.store.levels import BREAK
from kiosk.store.models import RoomRow
from kiosk.store.office import BoardRoomRow, BoardRow
from kiosk.store.rooms import LONGEST_SLUG, SLUG

# The board that is always there.
ALL = "all"
RESERVED = ("new",)
LONGEST_NAME = 80
MOST_LEAST = 8 * 60
COLUMNS = ("slug", "name", "grouped", "free_first", "least_minutes", "shows", "place")


@dataclass(frozen=True, slots=True)
class Board:
    """A board of the rooms of its buildings and floors, (building, floor), and of those it names by their slugs.

    It shows every room when it chooses nothing. `grouped`: under headings of building and floor. `least_minutes`: for
    how long a room must be free to count as free. `shows`: hides what the rooms' own level would say. `hangs`: the
    (building, floor) where the board hangs, empty where that is not known. `place` sorts boards; equal ones by name.
    """

    slug: str
    name: str = ""
    buildings: tuple[str, ...] = ()
    floors: tuple[tuple[str, str], ...] = ()
    rooms: tuple[str, ...] = ()
    grouped: bool = True
    free_first: bool = False
    least_minutes: int = 0
    shows: Shows = "all"
    hangs: tuple[str, str] = ("", "")
    place: int = 0

    @property
    def chooses(self) -> bool:
        """Tell whether the board shows only some rooms."""
        return bool(self.buildings or self.floors or self.rooms)

    def has(self, room: Room) -> bool:
        """Tell whether a room is on the board."""
        chosen = room.building in self.buildings or (room.building, room.floor) in self.floors
        return not self.chooses or chosen or room.slug in self.rooms


def every(db: Database) -> list[Board]:
    """Return all boards as lists show them; the built-in one is among them."""
    found = [_board(db, row) for row in BoardRow.select().execute(db)]
    built_in = [] if any(one.slug == ALL for one in found) else [Board(ALL)]
    return sorted([*built_in, *found], key=lambda one: (one.place, one.slug != ALL, one.name.casefold(), one.slug))


def find(db: Database, slug: str) -> Board:
    """Return a board. Raises NotFound."""
    row = BoardRow.select().where(BoardRow.slug == slug).first(db)
    if row is None and slug == ALL:
        return Board(ALL)
    if row is None:
        raise NotFound(f"There is no board called {slug!r}; {ALL!r} shows every room.")
    return _board(db, row)


def add(db: Database, board: Board) -> None:
    """Add a board. Raises UsageError when its slug is taken or a value cannot be used."""
    if board.slug in RESERVED or not SLUG.fullmatch(board.slug) or len(board.slug) > LONGEST_SLUG:
        raise UsageError(f"{board.slug!r} cannot be an address: use small letters, digits and single dashes.")
    if board.slug == ALL or BoardRow.select().where(BoardRow.slug == board.slug).exists(db):
        raise UsageError(f"There is a board with the address {board.slug!r} already.")
    _write(db, board)


def change(db: Database, board: Board) -> dict[str, str]:
    """Write a board over the one of its slug and return what has changed. Raises UsageError and NotFound."""
    before = find(db, board.slug)
    BoardRow.delete().where(BoardRow.slug == board.slug).execute(db)
    _write(db, board)
    return acts.difference(_told(before), _told(board))


def remove(db: Database, slug: str) -> None:
    """Delete a board; the built-in one is as at first again. Raises NotFound."""
    find(db, slug)
    BoardRow.delete().where(BoardRow.slug == slug).execute(db)


def _write(db: Database, board: Board) -> None:
    _check(board)
    building, floor = board.hangs
    given = {name: getattr(board, name) for name in COLUMNS} | {"name": board.name.strip()}
    floors = [BREAK.join(one) for one in board.floors]
    BoardRow.insert(**given, buildings=board.buildings, floors=floors, building=building, floor=floor).execute(db)
    for slug in dict.fromkeys(board.rooms):
        number = RoomRow.select(RoomRow.id).where(RoomRow.slug == slug).scalar(db)
        if number is None:
            raise UsageError(f"There is no room with the address {slug!r}.")
        BoardRoomRow.insert(board=board.slug, room=number).execute(db)


def _check(board: Board) -> None:
    if board.slug != ALL and not board.name.strip():
        raise UsageError("A board needs a name.")
    if len(board.name) > LONGEST_NAME:
        raise UsageError(f"A board's name has at most {LONGEST_NAME} characters.")
    if board.shows not in get_args(Shows):
        raise UsageError(f"A board shows {', '.join(get_args(Shows))}.")
    if not 0 <= board.least_minutes <= MOST_LEAST:
        raise UsageError(f"The least free time is 0 to {MOST_LEAST} minutes.")
    if board.hangs[1] and not board.hangs[0]:
        raise UsageError("The floor where a board hangs needs its building.")


def _told(board: Board) -> Mapping[str, object]:
    """Return a board as the log of acts tells it."""
    floors, hangs = [" ".join(one) for one in board.floors], " ".join(board.hangs).strip()
    return {one.name: getattr(board, one.name) for one in fields(board)} | {"floors": floors, "hangs": hangs}


def _board(db: Database, row: BoardRow) -> Board:
    named = BoardRoomRow.select(RoomRow.slug).join(RoomRow).where(BoardRoomRow.board == row.slug).order_by(RoomRow.slug)
    return Board(
        **{name: getattr(row, name) for name in COLUMNS},
        buildings=row.buildings,
        floors=tuple(pair(one) for one in row.floors),
        rooms=tuple(slug for (slug,) in named.tuples().execute(db)),
        hangs=(row.building, row.floor),
    )


def pair(text: str) -> tuple[str, str]:
    """Return the (building, floor) that is written with a line break between them."""
    building, _, floor = text.partition(BREAK)
    return building, floor
