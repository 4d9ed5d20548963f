"""The panel at a room's door: free or not, until when, whose, and what can be done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache

from displays.deeds import Deed, deeds
from displays.later import Later, later
from displays.names import Names, elsewhere, names
from displays.scene import DAY, Scene, Until, Use, closed, local_date, track, until, use, window
from displays.strip import Strip, strip
from kiosk.schedule.availability import in_order, situation
from kiosk.schedule.model import Booking, Message, Room, Situation, Slot, Status
from kiosk.schedule.rules import offers

SLOTS = ("status", "note", "now", "next", "actions", "timeline")


@dataclass(frozen=True, slots=True)
class StatusLine:
    """The status and its end; `known` is False after the window, where there is no schedule to read.

    `due`: until when somebody must have checked in.
    """

    status: Status
    until: Until | None = None
    known: bool = True
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """What must be told here for a while; `undo` is the id of the booking that can be taken up again, or empty."""

    message: Message | None = None
    undo: str = ""


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
    """What can be done here now: bookings that can be had, and what can be done with those that are there.

    `names`: in whose name they can be had. `elsewhere`: the room is free and can be booked, but not here.
    """

    status: Status
    choices: tuple[Choice, ...] = ()
    deeds: tuple[Deed, ...] = ()
    names: Names = "room"
    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class Timeline:
    """The day, and what can be booked by touching it; None when nothing can be."""

    strip: Strip
    later: Later | None


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a room in a window: its bookings in order, when it is closed, and what must be told."""

    room: Room
    span: Slot
    bookings: tuple[Booking, ...]
    closures: tuple[Slot, ...]
    messages: tuple[Message, ...]


def project(
    room: Room, bookings: Sequence[Booking], now: datetime, messages: Sequence[Message] = ()
) -> tuple[Scene, ...]:
    """Return the scenes of a door over its room's local day of `now` and the next one.

    The last scene begins at the window's end and says that the schedule is unknown.
    """
    span = window(room, now)
    known = Known(room, span, in_order(bookings), closed(room, span), tuple(messages))

    @cache
    def timeline(day: date) -> Timeline:
        drawn = strip(known.bookings, day, room.zone, known.closures)
        return Timeline(drawn, later(room, known.bookings, known.closures, day, span))

    def picture(moment: datetime, day: date) -> Scene:
        return _picture(known, moment, day, timeline(day))

    told = (edge for message in messages for edge in (message.since, message.until))
    return (*track(room, known.bookings, now, picture, told), unknown(room, span.end))


def _picture(known: Known, moment: datetime, day: date, timeline: Timeline) -> Scene:
    found = situation(known.bookings, moment, known.room.policy, known.closures)
    slots = (
        ("status", _status(found, day, known.room)),
        ("note", _note(known.messages, moment, found)),
        ("now", Now(found.status, use(found.current) if found.current else None)),
        ("next", _next(found, day, known.room)),
        ("actions", _actions(known, moment, found)),
        ("timeline", timeline),
    )
    return Scene(moment, found.status, "", slots)


def _status(found: Situation, day: date, room: Room) -> StatusLine:
    awaited = found.current.check_in if found.current and found.status == "checkin" else None
    end = until(found.until, day, room) if found.until else None
    return StatusLine(found.status, end, due=awaited.due_at if awaited else None)


def _note(messages: Sequence[Message], moment: datetime, found: Situation) -> Note:
    """Tell the latest of what must be told; a release is not taken back while somebody else has the room."""
    told = [message for message in messages if message.since <= moment < message.until]
    if not told:
        return Note()
    latest = max(told, key=lambda message: message.since)
    return Note(latest, "" if found.current else latest.undo)


def _next(found: Situation, day: date, room: Room) -> Next:
    if found.next is None:
        return Next(found.status)
    starts = local_date(room, found.next.start)
    if starts > day + DAY:
        return Next(found.status)
    return Next(found.status, use(found.next), starts > day)


def _actions(known: Known, moment: datetime, found: Situation) -> Actions:
    policy = known.room.policy
    possible = deeds(known.bookings, moment, found, policy, known.closures)
    whose = names(policy)
    if found.current or not whose:
        free = found.status in ("free", "soon")
        return Actions(found.status, deeds=possible, elsewhere=free and elsewhere(policy))
    choices = (
        Choice(offer.minutes, offer.end if offer.minutes is None else None)
        for offer in offers(known.bookings, moment, policy, known.closures)
    )
    return Actions(found.status, tuple(choices), possible, whose)


def unknown(_room: Room, moment: datetime) -> Scene:
    """Return the scene that says, from a moment on, that nothing is known of the room."""
    values = (StatusLine("closed", known=False), Note(), Now("closed"), Next("closed"), Actions("closed"), None)
    return Scene(moment, "closed", "", tuple(zip(SLOTS, values, strict=True)))
