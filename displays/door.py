"""The panel at a room's door: free or not, until when, whose, and what can be done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache

from displays.deeds import Deed, deeds
from displays.later import Later, later
from displays.names import Names, elsewhere, names
from displays.scene import DAY, Scene, Until, Use, closed, local_date, track, until, use, window
from displays.strip import Strip, strip
from kiosk.schedule.availability import in_order
from kiosk.schedule.closing import is_out_of_order, seen
from kiosk.schedule.model import Booking, Message, Room, Situation, Slot, Status
from kiosk.schedule.rules import MINUTE, offers

SLOTS = ("status", "note", "now", "next", "actions", "report", "timeline", "later")
# So long before its end a booking's door says what comes then.
ENDING = timedelta(minutes=5)
# Whoever begins within this time after it follows: nobody else can use the time between.
FOLLOWS = timedelta(minutes=15)
TAKEN = ("busy", "held", "checkin", "closed")


@dataclass(frozen=True, slots=True)
class StatusLine:
    """The status and its end; `known` is False after the window, where there is no schedule to read.

    `due`: until when somebody must have checked in. `broken`: the room is out of order.
    """

    status: Status
    until: Until | None = None
    known: bool = True
    due: datetime | None = None
    broken: bool = False


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
    """The booking that follows today or tomorrow, if one does.

    `ending`: when the one under way ends, shortly before that; `at_once`: this one follows then.
    """

    status: Status
    use: Use | None = None
    tomorrow: bool = False
    ending: datetime | None = None
    at_once: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """A booking for now that can be had by one tap: for some minutes, or (`minutes` None) until a moment."""

    minutes: int | None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Actions:
    """What can be done here now: bookings that can be had, and what can be done with those that are there.

    `names`: in whose name they can be had. `elsewhere`: the room is free and can be booked, but not here.
    `others`: somebody who needs a room now needs another one.
    """

    status: Status
    choices: tuple[Choice, ...] = ()
    deeds: tuple[Deed, ...] = ()
    names: Names = "room"
    elsewhere: bool = False
    others: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """The kinds of problems that somebody has reported already."""

    kinds: tuple[str, ...] = ()


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
    edges = (*told, *(booking.end - ENDING for booking in known.bookings))
    return (*track(room, known.bookings, now, picture, edges), unknown(room, span.end))


def _picture(known: Known, moment: datetime, day: date, timeline: Timeline) -> Scene:
    found = seen(known.room, known.bookings, moment, known.closures)
    slots = (
        ("status", _status(found, moment, day, known.room)),
        ("note", _note(known.messages, moment, found)),
        ("now", Now(found.status, use(found.current) if found.current else None)),
        ("next", _next(found, moment, day, known.room)),
        ("actions", _actions(known, moment, found)),
        ("report", Report(known.room.reported)),
        ("timeline", timeline),
        ("later", timeline.later.terms if timeline.later else None),
    )
    return Scene(moment, found.status, "", slots)


def _status(found: Situation, moment: datetime, day: date, room: Room) -> StatusLine:
    awaited = found.current.check_in if found.current and found.status == "checkin" else None
    end = until(found.until, day, room) if found.until else None
    broken = is_out_of_order(room, moment)
    return StatusLine(found.status, end, due=awaited.due_at if awaited else None, broken=broken)


def _note(messages: Sequence[Message], moment: datetime, found: Situation) -> Note:
    """Tell the latest of what must be told; a release is not taken back while somebody else has the room."""
    told = [message for message in messages if message.since <= moment < message.until]
    if not told:
        return Note()
    latest = max(told, key=lambda message: message.since)
    return Note(latest, "" if found.current else latest.undo)


def _next(found: Situation, moment: datetime, day: date, room: Room) -> Next:
    ending = _ending(found, moment)
    starts = local_date(room, found.next.start) if found.next else day
    if found.next is None or starts > day + DAY:
        return Next(found.status, ending=ending)
    at_once = bool(ending) and found.next.start - FOLLOWS < (ending or moment)
    return Next(found.status, use(found.next), starts > day, ending, at_once)


def _ending(found: Situation, moment: datetime) -> datetime | None:
    """Return when the booking under way ends, where that is soon; one that waits for a check-in counts that down."""
    if found.current is None or found.status not in ("busy", "held"):
        return None
    return found.current.end if found.current.end - ENDING <= moment else None


def _actions(known: Known, moment: datetime, found: Situation) -> Actions:
    policy = known.room.policy
    possible = _urged(deeds(known.bookings, moment, found, policy, known.closures), found, moment)
    others = found.status in TAKEN
    whose = names(policy)
    if found.current or not whose:
        free = found.status in ("free", "soon")
        return Actions(found.status, deeds=possible, elsewhere=free and elsewhere(policy), others=others)
    choices = _choices(known, moment)
    # A room that is free for less than can be booked sends people on, as one that is taken; one that somebody has only
    # just left can be had within the minute.
    others = others or not (choices or _choices(known, moment + MINUTE))
    return Actions(found.status, choices, possible, whose, others=others)


def _choices(known: Known, moment: datetime) -> tuple[Choice, ...]:
    found = offers(known.bookings, moment, known.room.policy, known.closures)
    return tuple(Choice(offer.minutes, offer.end if offer.minutes is None else None) for offer in found)


def _urged(possible: tuple[Deed, ...], found: Situation, moment: datetime) -> tuple[Deed, ...]:
    """Let the door ask for more time shortly before the end, where there is some."""
    if not _ending(found, moment) or all(deed.act != "extend" for deed in possible):
        return possible
    return tuple(replace(deed, loud=deed.act == "extend") for deed in possible)


def unknown(room: Room, moment: datetime) -> Scene:
    """Return the scene that says, from a moment on, that nothing is known of the room."""
    values = (
        StatusLine("closed", known=False),
        Note(),
        Now("closed"),
        Next("closed"),
        Actions("closed"),
        Report(room.reported),
        None,
        None,
    )
    return Scene(moment, "closed", "", tuple(zip(SLOTS, values, strict=True)))
