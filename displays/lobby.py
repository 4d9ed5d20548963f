"""The board in a lobby: one row for every room, like departures."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from displays.scene import Scene, Until, Use, closed, track, until, use, window
from kiosk.schedule.availability import in_order
from kiosk.schedule.closing import is_out_of_order, seen
from kiosk.schedule.model import Booking, Message, Room, Status

SLOTS = ("row",)
# Numbers in names are compared by value, as people do: "Room 2" comes before "Room 10".
DIGITS = re.compile(r"\d+")
NUMBER_WIDTH = 6


@dataclass(frozen=True, slots=True)
class Row:
    """A room's line: the status, its end, and the booking it speaks of (under way, or the next today).

    `broken`: the room is out of order.
    """

    status: Status
    until: Until | None = None
    use: Use | None = None
    known: bool = True
    broken: bool = False


def project(
    room: Room, bookings: Sequence[Booking], now: datetime, _messages: Sequence[Message] = ()
) -> tuple[Scene, ...]:
    """Return the scenes of a room's row over its local day of `now` and the next one.

    The last scene begins at the window's end and says that the schedule is unknown. Messages are told at the door.
    """
    ordered, order, closures = in_order(bookings), place(room), closed(room, window(room, now))

    def picture(moment: datetime, day: date) -> Scene:
        found = seen(room, ordered, moment, closures)
        end = until(found.until, day, room) if found.until else None
        spoken_of = found.current or (found.next if end and _is_today(end) else None)
        row = Row(found.status, end, use(spoken_of) if spoken_of else None, broken=is_out_of_order(room, moment))
        return Scene(moment, found.status, order, (("row", row),))

    return (*track(room, ordered, now, picture), unknown(room, window(room, now).end))


def unknown(room: Room, moment: datetime) -> Scene:
    """Return the scene that says, from a moment on, that nothing is known of the room."""
    return Scene(moment, "closed", place(room), (("row", Row("closed", known=False)),))


def place(room: Room) -> str:
    """Return the key that sorts rooms by building, floor and name."""
    return "\x1f".join(_natural(part) for part in (room.building, room.floor, room.name, room.slug))


def _natural(text: str) -> str:
    return DIGITS.sub(lambda number: number[0].zfill(NUMBER_WIDTH), text.casefold())


def _is_today(end: Until) -> bool:
    return end.when == "today" and not end.whole
