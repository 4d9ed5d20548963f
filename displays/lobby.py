"""The board in a lobby: one row for every room, like departures."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache, partial

from displays.floors import height, way
from displays.scene import Display, Scene, Until, Use, closed, local_date, starting, track, until, use, window
from kiosk.schedule import privacy
from kiosk.schedule.availability import free_slots, in_order
from kiosk.schedule.closing import is_out_of_order, seen
from kiosk.schedule.model import Booking, Message, Room, Shows, Situation, Slot, Status
from kiosk.schedule.timeline import local_day

SLOTS = ("row", "place", "soonest")
# Numbers in names are compared by value, as people do: "Room 2" comes before "Room 10".
DIGITS = re.compile(r"\d+")
NUMBER_WIDTH = 6
# Floors under the ground have keys of their own below this one.
GROUND = 1000
# Keys of order: parts between these signs, the weightier further left; rooms without a place come last.
PART, GROUP, LAST = "\x1f", "\x1e", "\uffff"
# More seconds since 1970 than any instant here has: what comes latest is sorted first by what is left of them.
AGES = 10**11
A_MOMENT = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Board:
    """How one board tells of its rooms.

    `shows`: its own level, which hides what the rooms' level would say. `grouped`: under headings of building and
    floor. `free_first`: sorted by who is free, longest first. `least`: for how long a room must be free to count as
    free. `hangs`: the (building, floor) where the board hangs, from which it tells the way; empty where none is known.
    """

    shows: Shows = "all"
    grouped: bool = False
    free_first: bool = False
    least: timedelta = timedelta(0)
    hangs: tuple[str, str] = ("", "")


USUAL = Board()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a room is; `way`: how many floors up from the board, None where that is not known."""

    building: str
    floor: str
    way: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A room's line: the status, its end, and the booking it speaks of (under way, or the next today).

    `place`: None where a heading says it. `broken`: the room is out of order.
    """

    status: Status
    until: Until | None = None
    use: Use | None = None
    known: bool = True
    place: Place | None = None
    broken: bool = False


@dataclass(frozen=True, slots=True)
class Soonest:
    """From when a room that is not free will be, for `minutes` at least (0: for however long)."""

    since: Until
    minutes: int
    place: Place


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a room in a window: its bookings in order, when it is closed, and when it is free for long."""

    room: Room
    board: Board
    span: Slot
    bookings: tuple[Booking, ...]
    closures: tuple[Slot, ...]
    free: tuple[Slot, ...]


@lru_cache(maxsize=1024)
def display(board: Board) -> Display:
    """Return the kind of screen that a board is: equal boards are the same one."""
    making, missing = partial(project, board=board), partial(unknown, board=board)
    return Display("lobby", "lobby.html", "lobby_slots.html", SLOTS, making, missing)


def project(
    room: Room,
    bookings: Sequence[Booking],
    now: datetime,
    _messages: Sequence[Message] = (),
    board: Board = USUAL,
) -> tuple[Scene, ...]:
    """Return the scenes of a room's row over its local day of `now` and the next one.

    The last scene begins at the window's end and says that the schedule is unknown. Messages are told at the door.
    """
    known = _known(room, board, [privacy.shown(one, board.shows) for one in bookings], now)
    # From the minute after this on what is left of a free time is too little to count.
    last = [slot.end - board.least for slot in known.free if board.least and slot.end < known.span.end]
    fading = [moment + A_MOMENT for moment in last]
    scenes = track(room, known.bookings, now, partial(_picture, known), fading)
    return (*scenes, unknown(room, known.span.end, board))


def unknown(room: Room, moment: datetime, board: Board = USUAL) -> Scene:
    """Return the scene that says, from a moment on, that nothing is known of the room."""
    where = locate(room, board)
    row = Row("closed", known=False, place=None if board.grouped else where)
    return Scene(moment, "closed", _order(room, board, "3"), (("row", row), *_heading(where, board)))


def locate(room: Room, board: Board) -> Place:
    """Return where a room is, seen from a board."""
    return Place(room.building, room.floor, way(board.hangs, (room.building, room.floor)))


def place(room: Room) -> str:
    """Return the key that sorts rooms by building, floor and name."""
    return PART.join((_natural(room.building), _storey(room.floor), _natural(room.name), _natural(room.slug)))


def _known(room: Room, board: Board, bookings: Sequence[Booking], now: datetime) -> Known:
    span = window(room, now)
    ordered, closures = in_order(bookings), closed(room, span)
    taken = [*ordered, *(Booking("", closure.start, closure.end) for closure in closures)]
    free = free_slots(taken, span.start, span.end, max(board.least, A_MOMENT))
    return Known(room, board, span, ordered, closures, free)


def _picture(known: Known, moment: datetime, day: date) -> Scene:
    room, board = known.room, known.board
    found = seen(room, known.bookings, moment, known.closures)
    free = _next_free(known, moment)
    is_free = free is not None and free <= moment
    status: Status = "soon" if found.status == "free" and not is_free else found.status
    where = locate(room, board)
    slots = (
        ("row", _row(known, found, status, moment, where)),
        *_heading(where, board),
        *_soonest(known, free, moment, day, where),
    )
    return Scene(moment, status, _order(room, board, _rank(known, found, free, moment, day)), slots, free=free)


def _row(known: Known, found: Situation, status: Status, moment: datetime, where: Place) -> Row:
    room, board = known.room, known.board
    end = until(found.until, local_date(room, moment), room) if found.until else None
    spoken_of = found.current or (found.next if end and _is_today(end) else None)
    silent = privacy.strictest(room.policy.shows, board.shows) == "nothing"
    told = use(spoken_of) if spoken_of and not silent else None
    broken = is_out_of_order(room, moment)
    return Row(status, end, told, place=None if board.grouped else where, broken=broken)


def _heading(where: Place, board: Board) -> tuple[tuple[str, object], ...]:
    return (("place", where),) if board.grouped else ()


def _soonest(
    known: Known, free: datetime | None, moment: datetime, day: date, where: Place
) -> tuple[tuple[str, object], ...]:
    if free is None or free <= moment:
        return ()
    minutes = known.board.least // A_MOMENT
    return (("soonest", Soonest(starting(free, day, known.room), minutes, where)),)


def _next_free(known: Known, moment: datetime) -> datetime | None:
    """Return since when the room is free for long enough, or from when it will be; None when not in the window."""
    for slot in known.free:
        lasts = slot.end == known.span.end or max(slot.start, moment) + known.board.least <= slot.end
        if slot.end > moment and lasts:
            return slot.start
    return None


def _rank(known: Known, found: Situation, free: datetime | None, moment: datetime, day: date) -> str:
    """Return what sorts rooms by who is free: longest first, then those free for a while, then who is free soonest."""
    if found.status in ("free", "soon"):
        # Rooms that are free for the rest of the day stand together, whatever happens tomorrow.
        night = local_day(day, known.room.zone).end
        left = AGES - int(min(found.until or night, night).timestamp())
        return f"{0 if free and free <= moment else 1}{PART}{left:012d}"
    return f"2{PART}{int(free.timestamp()):012d}" if free else "3"


def _order(room: Room, board: Board, rank: str) -> str:
    group = f"{_natural(room.building) or LAST}{PART}{_storey(room.floor) or LAST}{GROUP}"
    return f"{group if board.grouped else ''}{rank + GROUP if board.free_first else ''}{place(room)}"


def _storey(floor: str) -> str:
    """Return the key that sorts floors upwards; those whose height is not known by name, after the others."""
    found = height(floor)
    return f"{GROUND + found:0{NUMBER_WIDTH}d}" if found is not None else floor and f"~{_natural(floor)}"


def _natural(text: str) -> str:
    return DIGITS.sub(lambda number: number[0].zfill(NUMBER_WIDTH), text.casefold())


def _is_today(end: Until) -> bool:
    return end.when == "today" and not end.whole
