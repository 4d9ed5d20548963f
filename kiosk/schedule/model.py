"""The values that every rule, store and screen speaks in; all instants are aware and in UTC."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

Answer = Literal["accepted", "declined", "tentative", "needsAction"]
Status = Literal["free", "soon", "busy", "held", "checkin", "closed"]
RefusalReason = Literal["taken", "past", "too_short", "too_long", "too_far", "closed"]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody as a calendar names them; `name` is empty when the calendar gives an address only."""

    email: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """An entry of a room's calendar as the calendar gave it; `end` is exclusive.

    `answer` is the room's own reply to the invitation ("accepted" where the calendar lists no attendees:
    an entry made directly in the room's calendar). `title` is empty when the calendar hides or lacks it.
    """

    id: str
    start: datetime
    end: datetime
    title: str = ""
    all_day: bool = False
    private: bool = False
    transparent: bool = False
    cancelled: bool = False
    kind: str = "default"
    answer: Answer = "accepted"
    organizer: Person | None = None
    organized_by_room: bool = False
    attendees: int = 0
    series_id: str = ""
    ical_uid: str = ""
    etag: str = ""
    created: datetime | None = None
    updated: datetime | None = None


@dataclass(frozen=True, slots=True)
class Booking:
    """A use of the room by somebody, whatever made it; `end` is exclusive.

    `id` is the calendar event's id. `own`: made here (its id is in our journal). `held`: taken here and not
    yet confirmed by Google. `tentative`: the room has not answered the invitation yet. `owner` is a name or
    an address fit to show, empty when nobody is known or it must be hidden.
    """

    id: str
    start: datetime
    end: datetime
    title: str = ""
    owner: str = ""
    private: bool = False
    all_day: bool = False
    own: bool = False
    held: bool = False
    tentative: bool = False


@dataclass(frozen=True, slots=True)
class Slot:
    """A stretch of time, `start` inclusive and `end` exclusive."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Situation:
    """What holds in a room from one moment until something changes.

    `until`: when the room stops being free (start of the next booking) or stops being taken (end of the
    unbroken run of bookings); None when nothing known ends it. `next`: the first booking that starts after
    now. `changes_at`: the next moment at which status, current or next differ; None when never.
    """

    status: Status
    current: Booking | None
    next: Booking | None
    until: datetime | None
    changes_at: datetime | None


@dataclass(frozen=True, slots=True)
class Offer:
    """A booking for now that fits: for some minutes, or (`minutes` None) until the next booking starts."""

    minutes: int | None
    end: datetime


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a booking cannot be made, and the booking that is in the way, if one is."""

    reason: RefusalReason
    conflict: Booking | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """What may be booked at a room's own screen."""

    durations: tuple[int, ...] = (15, 30, 60)
    shortest: timedelta = timedelta(minutes=5)
    longest: timedelta = timedelta(hours=8)
    ahead: timedelta = timedelta(days=2)
    soon: timedelta = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Room:
    """A place that can be booked."""

    slug: str
    name: str
    zone: ZoneInfo
    building: str = ""
    floor: str = ""
    capacity: int = 0
    equipment: tuple[str, ...] = ()
    policy: Policy = field(default_factory=Policy)
