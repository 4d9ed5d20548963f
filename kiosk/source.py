"""What a source of calendars can do; the mirror and the bookings know only this."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from kiosk.schedule.model import Event


@dataclass(frozen=True, slots=True)
class Window:
    """Ask for everything that overlaps [start, end)."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Since:
    """Ask for what changed after a cursor; the source does not remember any window."""

    cursor: str


@dataclass(frozen=True, slots=True)
class Page:
    """One page of an answer: `next_page` while there is more, `cursor` on the last page only.

    `gone`: ids of events that are no longer there; the id of a series stands for all its instances.
    """

    events: tuple[Event, ...] = ()
    gone: tuple[str, ...] = ()
    next_page: str | None = None
    cursor: str | None = None


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
    """An event to be made in a room's own calendar; `id` is ours, so that a repeated request is harmless."""

    id: str
    title: str
    start: datetime
    end: datetime
    zone: str
    marks: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Resource:
    """A room as the organisation's directory describes it."""

    calendar_id: str
    name: str
    building: str = ""
    floor: str = ""
    capacity: int = 0
    equipment: tuple[str, ...] = ()


class CalendarSource(Protocol):
    """Errors are those of `kiosk.errors`; `Unreachable` leaves open whether a write took place."""

    def page(self, calendar_id: str, query: Window | Since, token: str | None = None) -> Page:
        """Return one page of events. Raises CursorExpired when a cursor is no longer known."""

    def describe(self, calendar_id: str) -> Calendar:
        """Return what the calendar says of itself. Raises Missing when it is not shared with us."""

    def get(self, calendar_id: str, event_id: str) -> Event:
        """Return one event, cancelled ones included. Raises Missing."""

    def insert(self, calendar_id: str, draft: Draft) -> Event:
        """Make an event. Raises Duplicate when the id was ever used in this calendar."""

    def change_end(self, calendar_id: str, event: Event, end: datetime, zone: str) -> Event:
        """Move an event's end. Raises Changed when the event is not the one given any more."""

    def delete(self, calendar_id: str, event_id: str) -> None:
        """Remove an event; one that is gone already counts as removed."""


class DirectorySource(Protocol):
    """The organisation's list of rooms."""

    def resources(self) -> list[Resource]:
        """Return all rooms, with their buildings' names."""


def read_window(source: CalendarSource, calendar_id: str, start: datetime, end: datetime) -> list[Event]:
    """Read every event that overlaps [start, end), over all pages."""
    found: list[Event] = []
    token: str | None = None
    while True:
        page = source.page(calendar_id, Window(start, end), token)
        found += page.events
        token = page.next_page
        if token is None:
            return found
