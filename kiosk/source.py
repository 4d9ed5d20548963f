"""What a source of calendars can do; the mirror and the bookings know only this."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, Protocol

from kiosk.errors import Unreachable
from kiosk.schedule.model import Answer, Event, Slot

# More pages than any real answer about a booking's time has.
MOST_PAGES = 20
ParcelAct = Literal["book", "extend", "start", "end", "cancel", "release", "check_in"]
ParcelState = Literal["pending", "held", "withdrawing", "confirmed", "refused"]


@dataclass(frozen=True, slots=True)
class Window:
    """Ask for everything that overlaps [start, end)."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Since:
    """Ask for what changed after a cursor, whenever it takes place; only what overlaps `kept` will be kept."""

    cursor: str
    kept: Window | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of an answer: `next_page` while there is more, `cursor` on the last page only.

    `gone`: ids of events that are no longer there; the id of a series stands for all its instances. `can_write`:
    bookings can be made in the calendar. `zone`: the calendar's own time zone, empty when it is not said. `updated`:
    when something in the calendar was last changed, None when it is not said. `unsure`: ids of events whose answer
    the source hides, and which are given as accepted because the room is taken for all of their time. `as_of`: when the
    source itself last knew this to be true, None for now. `beside`: what a hub tells of the room besides, as JSON.
    """

    events: tuple[Event, ...] = ()
    gone: tuple[str, ...] = ()
    next_page: str | None = None
    cursor: str | None = None
    can_write: bool = True
    zone: str = ""
    updated: datetime | None = None
    unsure: frozenset[str] = frozenset()
    as_of: datetime | None = None
    beside: str = ""


@dataclass(frozen=True, slots=True)
class Busy:
    """When a calendar is busy, merged and in order; `error` is the source's word for why it does not say."""

    slots: tuple[Slot, ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True)
class Calendar:
    """What a calendar says of itself. `can_write`: bookings can be made in it.

    `answers`: the room accepts free slots by itself; None when the source does not say.
    """

    id: str
    name: str
    zone: str
    role: str = ""
    can_write: bool = False
    answers: bool | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """An event to be made; `id` is ours, so that a repeated request is harmless.

    `person`: address of whom it is made for, in that person's own calendar with the room invited; without one it is
    made in the room's calendar. `marks`: small facts kept with it, for us alone.
    """

    id: str
    title: str
    start: datetime
    end: datetime
    zone: str
    marks: dict[str, str] = field(default_factory=dict)
    person: str = ""


@dataclass(frozen=True, slots=True)
class Resource:
    """A room as the organisation's directory describes it."""

    calendar_id: str
    name: str
    building: str = ""
    floor: str = ""
    capacity: int = 0
    equipment: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Member:
    """A person of the organisation; `addresses` are all of theirs, aliases included, in small letters.

    `suspended`: they may not sign in at present, and nobody may act for them.
    """

    name: str
    addresses: tuple[str, ...]
    suspended: bool = False


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel as the source opened it: what names it there, and when it ends by itself."""

    resource_id: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Parcel:
    """Something that was asked for here and is done by a hub; `id` is carried unchanged, so that it is done once.

    `start`, `end`: of a booking to be made, or `end` alone of one that is extended. `asked_at`: when somebody asked.
    """

    id: str
    act: ParcelAct
    calendar_id: str
    event_id: str
    asked_at: datetime
    start: datetime | None = None
    end: datetime | None = None
    title: str = ""
    series: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a parcel; `reason` is a word of a refusal.

    `events`: the booking as the hub has it now, `gone`: the id of one that is no longer there.
    """

    state: ParcelState
    reason: str = ""
    events: tuple[Event, ...] = ()
    gone: tuple[str, ...] = ()


class CalendarSource(Protocol):
    """Errors are those of `kiosk.errors`; `Unreachable` leaves open whether a write took place.

    `calendar_id` is always the room's. With `person`, the event is read or changed in that person's own calendar and
    in their name, as its organizer; the event returned carries that copy's etag, and its `answer` is the room's. Raises
    AccessDenied where the credentials do not allow to act for that person.
    """

    def page(self, calendar_id: str, query: Window | Since, token: str | None = None) -> Page:
        """Return one page of events. Raises CursorExpired when a cursor is no longer known."""

    def busy(self, calendar_ids: list[str], start: datetime, end: datetime) -> dict[str, Busy]:
        """Return when each of up to 50 calendars is busy within [start, end); one request."""

    def describe(self, calendar_id: str) -> Calendar:
        """Return what the calendar says of itself. Raises Missing when it is not shared with us."""

    def get(self, calendar_id: str, event_id: str, person: str = "") -> Event:
        """Return one event, cancelled ones included. Raises Missing."""

    def insert(self, calendar_id: str, draft: Draft) -> Event:
        """Make an event. Raises Duplicate when the id was ever used in the calendar it is made in."""

    def reshape(
        self, calendar_id: str, event: Event, start: datetime, end: datetime, zone: str, person: str = ""
    ) -> Event:
        """Move an event's start and end. Raises Changed when the event is not the one given any more."""

    def delete(self, calendar_id: str, event_id: str, person: str = "") -> None:
        """Remove an event; one that is gone already counts as removed."""

    def answer(self, calendar_id: str, event_id: str, answer: Answer, comment: str = "", etag: str = "") -> Event:
        """Give the room's own answer to an invitation, or to a whole series by its id; nothing else is changed.

        With `etag`, only to the event as it was then: raises Changed when it is not that any more.
        """

    def curtail(self, calendar_id: str, event_id: str) -> None:
        """Take a date of a series that the room organizes, and all that follow, out of its calendar.

        Earlier dates stay. What is gone already counts as taken out.
        """


class HubSource(CalendarSource, Protocol):
    """A server of ours that has the calendars; what is asked for here is carried there, and it does it by its rules.

    Nothing is written to such calendars directly: the writing words raise NotOffered.
    """

    def carry(self, parcel: Parcel) -> Outcome:
        """Have something done, once however often it is carried. Raises Unreachable, AccessDenied and Refused."""

    def give_up(self, parcel_id: str, calendar_id: str) -> Outcome:
        """Have a parcel undone, or never done where it has not arrived yet."""


class ChannelSource(Protocol):
    """Where a source announces changes by itself."""

    def watch(self, calendar_id: str, channel_id: str, token: str, address: str, life: timedelta) -> Channel:
        """Have a calendar's changes announced at `address`, with `token`. Raises NotOffered where it never is."""

    def stop(self, channel_id: str, resource_id: str) -> None:
        """End a channel; one that has ended already counts as ended."""


class DirectorySource(Protocol):
    """The organisation's lists of rooms and people; each may be refused without the other."""

    def resources(self) -> list[Resource]:
        """Return all rooms, with their buildings' names."""

    def people(self) -> list[Member]:
        """Return everybody, those with suspended accounts too."""


def read_window(source: CalendarSource, calendar_id: str, start: datetime, end: datetime) -> list[Event]:
    """Read every event that overlaps [start, end), over all pages."""
    found: list[Event] = []
    token: str | None = None
    for _ in range(MOST_PAGES):
        page = source.page(calendar_id, Window(start, end), token)
        found += page.events
        token = page.next_page
        if token is None:
            return found
    raise Unreachable("Google's list of a short time does not end.")
