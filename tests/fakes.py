"""A calendar source in memory, and a clock that stands still: for tests of one room of the house at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from kiosk.errors import Changed, CursorExpired, Duplicate, Gone, Missing
from kiosk.schedule.availability import occupies, runs
from kiosk.schedule.model import Booking, Event
from kiosk.source import Busy, Calendar, Draft, Page, Since, Window

MONDAY = datetime(2026, 8, 10, 8, 0, tzinfo=UTC)


@dataclass
class StillClock:
    """A clock that moves only when told to."""

    instant: datetime = MONDAY

    def __call__(self) -> datetime:
        return self.instant

    def advance(self, **parts: float) -> None:
        self.instant += timedelta(**parts)


@dataclass
class FakeCalendars:
    """One calendar per id, with changes by sequence number; hooks run before and after every request."""

    clock: StillClock
    page_size: int = 100
    events: dict[str, dict[str, Event]] = field(default_factory=dict)
    changes: list[tuple[str, str]] = field(default_factory=list)
    forgotten: set[str] = field(default_factory=set)
    before: list[Callable[[str], None]] = field(default_factory=list)
    after: list[Callable[[str], None]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    snapshot: tuple[list[Event], str] = field(default_factory=lambda: ([], "0"))

    def page(self, calendar_id: str, query: Window | Since, token: str | None = None) -> Page:
        self._hear("page", self.before)
        if token is None:  # all pages show the moment of the first one
            self.snapshot = (self._found(calendar_id, query), str(len(self.changes)))
        found, cursor = self.snapshot
        first = int(token or 0)
        chunk, more = found[first : first + self.page_size], first + self.page_size < len(found)
        page = Page(
            events=tuple(event for event in chunk if not event.cancelled),
            gone=tuple(event.id for event in chunk if event.cancelled),
            next_page=str(first + self.page_size) if more else None,
            cursor=None if more else cursor,
        )
        self._hear("page", self.after)
        return page

    def busy(self, calendar_ids: list[str], start: datetime, end: datetime) -> dict[str, Busy]:
        self._hear("busy", self.before)
        return {one: self._busy(one, start, end) for one in calendar_ids}

    def _busy(self, calendar_id: str, start: datetime, end: datetime) -> Busy:
        if calendar_id not in self.events:
            return Busy(error="notFound")
        taken = [
            event for event in self.living(calendar_id) if event.start < end and event.end > start and occupies(event)
        ]
        return Busy(runs([Booking(event.id, max(event.start, start), min(event.end, end)) for event in taken]))

    def describe(self, calendar_id: str) -> Calendar:
        self._hear("describe", self.before)
        if calendar_id not in self.events:
            raise Missing("Not found", "notFound")
        return Calendar(calendar_id, calendar_id, "Europe/Berlin", "writer", True, True)

    def get(self, calendar_id: str, event_id: str) -> Event:
        self._hear("get", self.before)
        if event_id not in self.events.get(calendar_id, {}):
            raise Missing("Not found", "notFound")
        return self.events[calendar_id][event_id]

    def insert(self, calendar_id: str, draft: Draft) -> Event:
        self._hear("insert", self.before)
        if draft.id in self.events.get(calendar_id, {}):
            raise Duplicate("The requested identifier already exists.", "duplicate")
        event = Event(draft.id, draft.start, draft.end, draft.title, organized_by_room=True)
        stored = self.put(calendar_id, event)
        self._hear("insert", self.after)
        return stored

    def change_end(self, calendar_id: str, event: Event, end: datetime, zone: str) -> Event:
        self._hear("change_end", self.before)
        current = self.get(calendar_id, event.id)
        if current.cancelled:
            raise Gone("Resource has been deleted", "deleted")
        if current.etag != event.etag:
            raise Changed("Precondition Failed", "conditionNotMet")
        stored = self.put(calendar_id, replace(current, end=end))
        self._hear("change_end", self.after)
        return stored

    def delete(self, calendar_id: str, event_id: str) -> None:
        self._hear("delete", self.before)
        event = self.events.get(calendar_id, {}).get(event_id)
        if event and not event.cancelled:
            self.put(calendar_id, replace(event, cancelled=True))
        self._hear("delete", self.after)

    def put(self, calendar_id: str, event: Event) -> Event:
        """Act as Google: store an event under the next change."""
        self.changes.append((calendar_id, event.id))
        known = self.events.setdefault(calendar_id, {}).get(event.id)
        created = known.created if known else event.created or self.clock()
        stored = replace(event, etag=f'"{len(self.changes)}"', created=created, updated=self.clock())
        self.events[calendar_id][event.id] = stored
        return stored

    def living(self, calendar_id: str) -> list[Event]:
        """Return what is in the calendar."""
        return [event for event in self.events.get(calendar_id, {}).values() if not event.cancelled]

    def _found(self, calendar_id: str, query: Window | Since) -> list[Event]:
        known = self.events.get(calendar_id, {})
        if isinstance(query, Window):
            hits = [event for event in known.values() if event.start < query.end and event.end > query.start]
            return [event for event in hits if not event.cancelled]
        if query.cursor in self.forgotten:
            raise CursorExpired("Sync token is no longer valid", "fullSyncRequired")
        touched = dict.fromkeys(
            event_id for owner, event_id in self.changes[int(query.cursor) :] if owner == calendar_id
        )
        return [known[event_id] for event_id in touched]

    def _hear(self, request: str, hooks: list[Callable[[str], None]]) -> None:
        if hooks is self.before:
            self.requests.append(request)
        for hook in list(hooks):
            hook(request)


def meeting(number: int | str, start: datetime, minutes: int = 30, **more: object) -> Event:
    """Return an event of that many minutes."""
    return Event(f"m{number}", start, start + timedelta(minutes=minutes), f"Meeting {number}", **more)  # type: ignore[arg-type]
