"""A calendar source in memory, and a clock that stands still: for tests of one room of the house at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from kiosk.errors import AccessDenied, Changed, CursorExpired, Duplicate, Gone, Missing, Refused
from kiosk.schedule.availability import occupies, runs
from kiosk.schedule.model import Answer, Booking, Event, Person
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
    """One calendar per id, with changes by sequence number; hooks run before and after every request.

    People's calendars lie beside the rooms', under their addresses. `answers_with`: what a room does with an
    invitation: "accepted", where nothing is in the way, or "declined", both at once; "never"; or a number: it
    accepts, where nothing is in the way, when the event is read (`get`) for the so manieth time.
    `strangers`: people for whom the credentials may not act. `comments`: the last words of `answer`, by event.
    """

    clock: StillClock
    page_size: int = 100
    events: dict[str, dict[str, Event]] = field(default_factory=dict)
    changes: list[tuple[str, str]] = field(default_factory=list)
    forgotten: set[str] = field(default_factory=set)
    before: list[Callable[[str], None]] = field(default_factory=list)
    after: list[Callable[[str], None]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    snapshot: tuple[list[Event], str] = field(default_factory=lambda: ([], "0"))
    answers_with: Literal["accepted", "declined", "never"] | int = "accepted"
    waiting: dict[str, tuple[str, int]] = field(default_factory=dict)
    strangers: set[str] = field(default_factory=set)
    comments: dict[str, str] = field(default_factory=dict)

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

    def get(self, calendar_id: str, event_id: str, person: str = "") -> Event:
        self._hear("get", self.before)
        event = self._known(self._acting(calendar_id, person), event_id)
        if event_id not in self.waiting:
            return event
        room, reads = self.waiting[event_id]
        self.waiting[event_id] = (room, reads - 1)
        if reads <= 1:
            self.room_answers(room, event_id, self._decision(room, event_id))
        return self._known(person or calendar_id, event_id)

    def insert(self, calendar_id: str, draft: Draft) -> Event:
        self._hear("insert", self.before)
        home = self._acting(calendar_id, draft.person)
        if draft.id in self.events.get(home, {}):
            raise Duplicate("The requested identifier already exists.", "duplicate")
        event = Event(draft.id, draft.start, draft.end, draft.title, organized_by_room=True)
        if draft.person:
            event = replace(event, organized_by_room=False, organizer=Person(draft.person), attendees=1)
            stored = self.invite(calendar_id, event)
        else:
            stored = self.put(calendar_id, event)
        self._hear("insert", self.after)
        return stored

    def reshape(
        self, calendar_id: str, event: Event, start: datetime, end: datetime, zone: str, person: str = ""
    ) -> Event:
        self._hear("reshape", self.before)
        current = self._known(self._acting(calendar_id, person), event.id)
        if current.etag != event.etag:
            raise Changed("Precondition Failed", "conditionNotMet")
        if current.cancelled:
            raise Gone("Resource has been deleted", "deleted")
        changed = replace(current, start=start, end=end)
        stored = self.invite(calendar_id, changed) if person else self.put(calendar_id, changed)
        self._hear("reshape", self.after)
        return stored

    def delete(self, calendar_id: str, event_id: str, person: str = "") -> None:
        self._hear("delete", self.before)
        for one in dict.fromkeys((self._acting(calendar_id, person), calendar_id)):
            event = self.events.get(one, {}).get(event_id)
            if event and not event.cancelled and event.organizer and not person:
                self.room_answers(calendar_id, event_id, "declined")  # a guest's copy goes, and says so
            if event and not event.cancelled:
                self.put(one, replace(self.events[one][event_id], cancelled=True))
        self._hear("delete", self.after)

    def answer(self, calendar_id: str, event_id: str, answer: Answer, comment: str = "", etag: str = "") -> Event:
        self._hear("answer", self.before)
        instances = [event for event in self.living(calendar_id) if event.series_id == event_id]
        concerned = instances or [self._known(calendar_id, event_id)]
        if concerned[0].cancelled:
            raise Gone("Resource has been deleted", "deleted")
        if etag not in {"", concerned[0].etag}:
            raise Changed("The event was changed.", "conditionNotMet")
        if concerned[0].organized_by_room:
            raise Refused("The room is not among the guests.", "notInvited")
        self.comments[event_id] = comment
        for event in concerned:
            if event.answer != answer:
                self.room_answers(calendar_id, event.id, answer)
        answered = replace(self._known(calendar_id, concerned[0].id), id=event_id)
        self._hear("answer", self.after)
        return answered

    def curtail(self, calendar_id: str, event_id: str) -> None:
        self._hear("curtail", self.before)
        first = self.events.get(calendar_id, {}).get(event_id)
        following = [one for one in self.living(calendar_id) if first and first.series_id == one.series_id != ""]
        for event in following:
            if first and event.start >= first.start:
                self.put(calendar_id, replace(event, cancelled=True))
        self._hear("curtail", self.after)

    def invite(self, room: str, event: Event) -> Event:
        """Act as the event's organizer: put it into both calendars and have the room answer; returns theirs."""
        assert event.organizer
        person = event.organizer.email
        for calendar_id in (room, person):
            self.put(calendar_id, replace(event, answer="needsAction"))
        self.waiting.pop(event.id, None)
        if isinstance(self.answers_with, int):
            self.waiting[event.id] = (room, self.answers_with)
        elif self.answers_with != "never":
            self.room_answers(room, event.id, self._decision(room, event.id))
        return self.events[person][event.id]

    def room_answers(self, room: str, event_id: str, answer: Answer) -> None:
        """Act as the room: answer on its copy, and so on the organizer's."""
        self.waiting.pop(event_id, None)
        event = self.put(room, replace(self.events[room][event_id], answer=answer))
        origin = self.events.get(event.organizer.email if event.organizer else "", {}).get(event_id)
        if event.organizer and origin and not origin.cancelled:
            self.put(event.organizer.email, replace(origin, answer=answer))

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

    def _decision(self, room: str, event_id: str) -> Answer:
        event = self.events[room][event_id]
        others = [one for one in self.living(room) if one.id != event_id and one.answer != "needsAction"]
        taken = any(one.start < event.end and event.start < one.end and occupies(one) for one in others)
        return "declined" if taken or self.answers_with == "declined" else "accepted"

    def _acting(self, calendar_id: str, person: str) -> str:
        """Return the calendar that is meant, unless the credentials do not reach it."""
        if person in self.strangers:
            raise AccessDenied("The credentials may not act for that person.", "delegation")
        return person or calendar_id

    def _known(self, calendar_id: str, event_id: str) -> Event:
        if event_id not in self.events.get(calendar_id, {}):
            raise Missing("Not found", "notFound")
        return self.events[calendar_id][event_id]

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
