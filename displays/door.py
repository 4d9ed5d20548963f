"""The panel at a room's door: free or not, until when, whose, and what can be done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache

from displays.scene import DAY, Scene, Until, Use, local_date, track, until, use, window
from displays.strip import Strip, strip
from kiosk.schedule.availability import in_order, situation
from kiosk.schedule.model import Booking, Room, Situation, Status
from kiosk.schedule.rules import offers

SLOTS = ("status", "now", "next", "actions", "timeline")


@dataclass(frozen=True, slots=True)
class StatusLine:
    """The status and its end; `known` is False after the window, where there is no schedule to read."""

    status: Status
    until: Until | None = None
    known: bool = True


@dataclass(frozen=True, slots=True)
class Now:
    """The booking under way, if one is."""

    status: Status
    use: Use | None = None


@dataclass(frozen=True, slots=True)
class Next:
    """The booking that follows today or tomorrow, if one does."""

    status: Status
    use: Use | None = None
    tomorrow: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """A booking for now that can be had by one tap: for some minutes, or (`minutes` None) until a moment."""

    minutes: int | None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Actions:
    """What can be done here now; `end` is the id of a booking that may be ended, or empty."""

    status: Status
    choices: tuple[Choice, ...] = ()
    end: str = ""


def project(room: Room, bookings: Sequence[Booking], now: datetime) -> tuple[Scene, ...]:
    """Return the scenes of a door over its room's local day of `now` and the next one.

    The last scene begins at the window's end and says that the schedule is unknown.
    """
    ordered = in_order(bookings)

    @cache
    def timeline(day: date) -> Strip:
        return strip(ordered, day, room.zone)

    def picture(moment: datetime, day: date) -> Scene:
        found = situation(ordered, moment, room.policy)
        return Scene(
            moment,
            found.status,
            "",
            (
                ("status", StatusLine(found.status, _until(found, day, room))),
                ("now", Now(found.status, use(found.current) if found.current else None)),
                ("next", _next(found, day, room)),
                ("actions", _actions(ordered, moment, found, room)),
                ("timeline", timeline(day)),
            ),
        )

    return (*track(room, ordered, now, picture), unknown(room, window(room, now).end))


def _until(found: Situation, day: date, room: Room) -> Until | None:
    return until(found.until, day, room) if found.until else None


def _next(found: Situation, day: date, room: Room) -> Next:
    if found.next is None:
        return Next(found.status)
    starts = local_date(room, found.next.start)
    if starts > day + DAY:
        return Next(found.status)
    return Next(found.status, use(found.next), starts > day)


def _actions(bookings: Sequence[Booking], moment: datetime, found: Situation, room: Room) -> Actions:
    if found.current:
        return Actions(found.status, end=found.current.id if found.current.own else "")
    choices = (
        Choice(offer.minutes, offer.end if offer.minutes is None else None)
        for offer in offers(bookings, moment, room.policy)
    )
    return Actions(found.status, tuple(choices))


def unknown(_room: Room, moment: datetime) -> Scene:
    """Return the scene that says, from a moment on, that nothing is known of the room."""
    values = (StatusLine("closed", known=False), Now("closed"), Next("closed"), Actions("closed"), None)
    return Scene(moment, "closed", "", tuple(zip(SLOTS, values, strict=True)))
