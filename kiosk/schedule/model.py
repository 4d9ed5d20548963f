"""The values that every rule, store and screen speaks in; all instants are aware and in UTC."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from kiosk.schedule.hours import Hours

Answer = Literal["accepted", "declined", "tentative", "needsAction"]
Status = Literal["free", "soon", "busy", "held", "checkin", "closed"]
RefusalReason = Literal["taken", "past", "too_short", "too_long", "too_far", "closed", "people_only", "not_bookable"]
# Which bookings must be checked in: none, those made here, or every one.
Theme = Literal["auto", "light", "dark", "contrast"]
CheckInFor = Literal["off", "own", "all"]
# Who may book at a room: anybody who stands there, people who say who they are, or nobody.
Bookable = Literal["anyone", "people", "nobody"]
# When a room's screens are at full light: while the room may be booked, or always.
Light = Literal["hours", "always"]
# What screens say of a booking besides that it is: title and person, the person, the title, or nothing.
Shows = Literal["all", "people", "titles", "nothing"]


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
class CheckIn:
    """A booking's check-in that is still awaited: it may be given from `opens_at`, and is too late at `due_at`."""

    opens_at: datetime
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Booking:
    """A use of the room by somebody, whatever made it; `end` is exclusive.

    `id` is the calendar event's id. `own`: made here (its id is in our journal). `held`: taken here and not
    yet confirmed by Google. `tentative`: the room has not answered the invitation yet. `owner` is a name or
    an address fit to show, empty when nobody is known or it must be hidden. `person`: address of the person
    whose booking it is, in small letters, for deciding what they may do and never for showing; empty for an
    anonymous one. `by_room`: the room itself organizes it. `series_id`: of the series it is an instance of.
    `check_in`: None when none is awaited; `attended`: somebody has checked in.
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
    person: str = ""
    by_room: bool = False
    series_id: str = ""
    check_in: CheckIn | None = None
    attended: bool = False


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


MessageKind = Literal[
    "hold_refused",
    "change_refused",
    "missed",
    "missed_warned",
    "missed_series",
    "series_lost",
    "given_away",
    "invite_declined",
]


@dataclass(frozen=True, slots=True)
class Message:
    """What must be told at the door for a while, from `since` until `until`.

    hold_refused: a booking taken while Google was away could not be made there, for `reason` (a word of a refused
    command); change_refused: the same of an end, a cancellation or a release. missed: nobody checked in, so the room
    was released; missed_warned: the next miss costs the series this room; missed_series: it has; series_lost: it has,
    though somebody came to this date after all; given_away: somebody came after all, but another has the room by now.
    invite_declined: the room declined a booking made in a person's name.
    `start` and `end` are those of the booking. `undo` is its id where the release can be taken back until `until`.
    """

    kind: MessageKind
    since: datetime
    until: datetime
    start: datetime
    end: datetime
    title: str = ""
    reason: str = ""
    undo: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a booking cannot be made, and the booking that is in the way, if one is."""

    reason: RefusalReason
    conflict: Booking | None = None


@dataclass(frozen=True, slots=True)
class Outage:
    """Nobody can use a room: until a day and time of its own clock, or, without a day, until that is lifted."""

    day: date | None = None
    at: time = time.min


@dataclass(frozen=True, slots=True)
class Policy:
    """What may be booked at a room's own screen, by whom, and which bookings must be checked in.

    `durations`: minutes offered by one tap. `ahead`: how far away a start may be. `soon`: how long before a booking
    a free room says so. `hours`: when the room may be booked, in its own zone; None for always. `names`: people may
    choose their name and type a PIN at the panel.
    Check-in: `opens` before the start, until `grace` after it; then the room is released. Bookings of at least
    `exempt_from` (None: none) and those of `exempt_people` (addresses in small letters) need none. `strikes`:
    missed check-ins in a row after which a series loses the room, 0 for never. `undo`: how long a release for want
    of a check-in can be taken back at the door.
    `qr`: the room's door shows a code with which a phone opens the room.
    `owners_release`: whoever has a meeting, and administrators, may release its room here. `edit_meetings`: meetings
    made in Google may be ended, extended and begun early here, on their organizers' copies.
    `light`: when its screens are at full light, unless hours of its own; while somebody has the room they always are.
    `shows`: what everybody may read of a booking, on screens and in the API.
    `problems_to`: addresses that are told what is reported at the door. `out_of_order`: nobody can
    use the room. `theme`: in which colours screens are painted; auto follows the screen's own system.
    """

    durations: tuple[int, ...] = (15, 30, 60)
    shortest: timedelta = timedelta(minutes=5)
    longest: timedelta = timedelta(hours=8)
    ahead: timedelta = timedelta(days=2)
    soon: timedelta = timedelta(minutes=15)
    hours: Hours | None = None
    bookable: Bookable = "anyone"
    names: bool = False
    qr: bool = True
    check_in: CheckInFor = "off"
    opens: timedelta = timedelta(minutes=10)
    grace: timedelta = timedelta(minutes=10)
    exempt_from: timedelta | None = timedelta(hours=4)
    exempt_people: tuple[str, ...] = ()
    strikes: int = 3
    undo: timedelta = timedelta(minutes=5)
    owners_release: bool = False
    edit_meetings: bool = False
    light: Light | Hours = "hours"
    shows: Shows = "all"
    problems_to: tuple[str, ...] = ()
    out_of_order: Outage | None = None
    theme: Theme = "auto"


@dataclass(frozen=True, slots=True)
class Room:
    """A place that can be booked; `reported`: the kinds of problems that are reported and not settled."""

    slug: str
    name: str
    zone: ZoneInfo
    building: str = ""
    floor: str = ""
    capacity: int = 0
    equipment: tuple[str, ...] = ()
    policy: Policy = field(default_factory=Policy)
    reported: tuple[str, ...] = ()
