"""The plan of a floor: every room in its status's colour, with a label that can be read from afar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from displays.lobby import place
from displays.scene import Scene, Until, Use, closed, track, until, use, window
from kiosk.schedule.availability import in_order
from kiosk.schedule.closing import is_out_of_order, seen
from kiosk.schedule.model import Booking, Message, Room, Situation, Status

SLOTS = ("label", "row")
# How rooms come when a free one is looked for: free, soon taken, free again at a known time, the others.
FREE, SOON, LATER, NEVER = "0", "1", "2", "3"


@dataclass(frozen=True, slots=True)
class Spot:
    """A room on the plan: its status and when that ends; `broken`: the room is out of order."""

    status: Status
    until: Until | None = None
    known: bool = True
    broken: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A room's line beside the plan: what the spot says, and the booking under way or the next today."""

    status: Status
    until: Until | None = None
    use: Use | None = None
    known: bool = True
    broken: bool = False


def project(
    room: Room, bookings: Sequence[Booking], now: datetime, _messages: Sequence[Message] = ()
) -> tuple[Scene, ...]:
    """Return the scenes of a room on a plan over its local day of `now` and the next one.

    A scene's order is that of a search for a free room: rooms that are free, then by when they will be. The last
    scene begins at the window's end and says that the schedule is unknown.
    """
    ordered, closures = in_order(bookings), closed(room, window(room, now))

    def picture(moment: datetime, day: date) -> Scene:
        found = seen(room, ordered, moment, closures)
        end = until(found.until, day, room) if found.until else None
        coming = found.next if end and end.when == "today" and not end.whole else None
        spoken_of = found.current or coming
        told = use(spoken_of) if spoken_of and room.policy.shows != "nothing" else None
        broken = is_out_of_order(room, moment)
        line = Line(found.status, end, told, broken=broken)
        slots = (("label", Spot(found.status, end, broken=broken)), ("row", line))
        return Scene(moment, found.status, _order(found, room), slots)

    return (*track(room, ordered, now, picture), unknown(room, window(room, now).end))


def unknown(room: Room, moment: datetime) -> Scene:
    """Return the scene that says, from a moment on, that nothing is known of the room."""
    slots = (("label", Spot("closed", known=False)), ("row", Line("closed", known=False)))
    return Scene(moment, "closed", f"{NEVER}\x1f{place(room)}", slots)


def _order(found: Situation, room: Room) -> str:
    return f"{_soonness(found)}\x1f{place(room)}"


def _soonness(found: Situation) -> str:
    if found.status in ("free", "soon"):
        return FREE if found.status == "free" else SOON
    if found.until is None:
        return NEVER
    return f"{LATER}{found.until:%Y%m%d%H%M%S}"
