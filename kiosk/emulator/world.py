"""The world as its people play it: book, move, cancel and answer as somebody, in an organisation."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from kiosk.emulator import answers, bodies, events, moving, series_edit
from kiosk.emulator.acl import Access, Caller
from kiosk.emulator.errors import not_found
from kiosk.emulator.organisation import DOMAIN, Organisation
from kiosk.emulator.recurrence import split_id
from kiosk.emulator.render import View, event_json
from kiosk.emulator.values import Calendar, Entry, Json

__all__ = ["DOMAIN", "When", "World", "occurrence_id"]
When = datetime | date


class World(Organisation):
    """Acts of people. Event ids may name a series or, as in Google, one instance.

    Times are aware datetimes, or dates (end exclusive) for all-day events. Unknown ids raise ApiError 404.
    """

    def create(
        self, organizer: str, title: str, start: When, end: When, *, rooms: Iterable[str] = (),
        guests: Iterable[str] = (), recurrence: Iterable[str] = (), private: bool = False, transparent: bool = False,
        event_id: str = "", zone_name: str = "", given: Mapping[str, str] | None = None, **more: object,
    ) -> str:  # fmt: skip
        """Book as a person (one elsewhere gets no calendar here), or as a room: an entry made directly in it.

        `given`: answers laid down without asking, by address. `more`: further keys of Google's Event.
        """
        with self._service.changing():
            calendar = self._store.calendar(organizer) or self._stranger(organizer)
            rooms = list(rooms)
            where = zone_name or self._zone_of(rooms, calendar)
            body: Json = {"summary": title, "start": _time(start, where), "end": _time(end, where)} | more
            invited = [*guests, *rooms]
            if place := self._place(rooms):
                body.setdefault("location", place)
            if invited:
                host = {"email": organizer, "responseStatus": "accepted"}
                body["attendees"] = [host, *({"email": email} for email in invited)]
            body |= {"recurrence": list(recurrence)} if recurrence else {}
            body |= {"visibility": "private"} if private else {}
            body |= {"transparency": "transparent"} if transparent else {}
            return self._insert(calendar, body, event_id, given or {}).id

    def move(
        self, event_id: str, start: When | None = None, end: When | None = None, *,
        rooms: Iterable[str] | None = None, title: str | None = None, organizer: str = "",
    ) -> None:  # fmt: skip
        """Change time, rooms or title at the organizer, for a series or one instance."""
        with self._service.changing():
            origin = self._origin(event_id, organizer)
            where = origin.data["start"].get("timeZone", self._known(origin.home).zone_name)
            changes: Json = {} if title is None else {"summary": title}
            for which, when in (("start", start), ("end", end)):
                if when is not None:
                    changes[which] = {"date": None, "dateTime": None} | _time(when, where)
            if rooms is not None:
                attendees, rooms = origin.data.get("attendees", []), list(rooms)
                kept = [each for each in attendees if not each.get("resource")]
                before = self._place([each["email"] for each in attendees if each.get("resource")])
                if origin.data.get("location", "") == before:
                    changes["location"] = self._place(rooms) or None
                host = [] if kept else [{"email": origin.home, "responseStatus": "accepted"}]
                changes["attendees"] = [*host, *kept, *({"email": room} for room in rooms)]
            events.patch(self._store, self._owner(origin), origin.id, changes, "", conference=False)

    def cancel(self, event_id: str, *, organizer: str = "") -> None:
        """Cancel at the organizer: the event, the series, or one instance."""
        with self._service.changing():
            events.cancel(self._store, self._origin(event_id, organizer))

    def split(self, instance_id: str, start: When, end: When, *, title: str | None = None) -> str:
        """ "This and following": end the series before that instance, begin another; returns its id."""
        with self._service.changing():
            master_id, key = split_id(instance_id)
            origin = self._origin(master_id)
            where = origin.data["start"].get("timeZone", self._known(origin.home).zone_name)
            times = {"start": _time(start, where), "end": _time(end, where)}
            return series_edit.split(self._store, origin, key, times, title).id

    def answer(self, guest: str, event_id: str, status: str, comment: str = "") -> None:
        """A guest (or a room, by its manager) answers: accepted, declined, tentative, needsAction."""
        with self._service.changing():
            entry = self._store.entry(guest, event_id)
            if entry is None:
                raise not_found()
            answers.respond(self._store, entry, status, comment)

    def distort(self, calendar_id: str, event_id: str, **raw: object) -> None:
        """Make an entry odd, as imported ones can be: its answer gets these keys; None leaves a key out."""
        with self._service.changing():
            entry = self._store.entry(calendar_id, event_id)
            if entry is None:
                raise not_found()
            self._store.save(replace(entry, data=copy.deepcopy(entry.data) | {"raw": raw}))

    def event(self, calendar_id: str, event_id: str) -> Json:
        """An event as the owner of that calendar gets it."""
        with self._store.transaction():
            calendar = self._known(calendar_id)
            granted = Access(calendar, "owner", Caller(calendar_id, frozenset()))
            return event_json(events.get(self._store, calendar_id, event_id), View(granted, calendar.zone))

    def events(self, calendar_id: str) -> list[Json]:
        """All that lies on a calendar, as rows: series once, exceptions beside them, no cancelled ones."""
        with self._store.transaction():
            calendar = self._known(calendar_id)
            view = View(Access(calendar, "owner", Caller(calendar_id, frozenset())), calendar.zone)
            rows = self._store.select("calendar = ? AND status != 'cancelled'", calendar_id)
            return [event_json(row, view) for row in rows]

    def move_home(self, event_id: str, destination: str, *, organizer: str = "") -> None:
        """The organizer hands an event over to another calendar (events.move)."""
        with self._service.changing():
            origin = self._origin(event_id, organizer)
            there = Access(self._known(destination), "owner", Caller(origin.home, frozenset()))
            moving.move(self._store, self._owner(origin), there, origin.id)

    def settle(self) -> None:
        """Every room answers now what it has to answer."""
        self._service.settle()

    def _stranger(self, email: str) -> Calendar:
        """Somebody of another organisation: the event needs a home, which nobody here can see."""
        calendar = self._calendar(email, "external", email, "UTC", "none")
        self._store.save_calendar(calendar)
        return calendar

    def _zone_of(self, rooms: list[str], calendar: Calendar) -> str:
        room = self._store.calendar(rooms[0]) if rooms else None
        return (room or calendar).zone_name

    def _place(self, rooms: list[str]) -> str:
        """What Google writes as the location of a meeting in these rooms."""
        found = (self._store.calendar(room) for room in rooms)
        return ", ".join(calendar.summary for calendar in found if calendar)

    def _insert(self, calendar: Calendar, body: Json, event_id: str, given: Mapping[str, str]) -> Entry:
        event_id = event_id or events.new_id(self._store)
        data = bodies.cleaned(self._store, calendar, body, conference=True)
        data = bodies.completed(calendar, data, zone_given=True)
        for attendee in data.get("attendees", []):
            attendee["responseStatus"] = given.get(attendee["email"], attendee["responseStatus"])
        person = bodies.person(self._store, calendar.id)
        data |= {"creator": {"email": person["email"]}, "organizer": person, "sequence": 0, "eventType": "default"}
        entry = Entry(calendar.id, event_id, calendar.id, f"{event_id}@google.com", data)
        return events.publish(self._store, entry)

    def _origin(self, event_id: str, organizer: str = "") -> Entry:
        """The organizer's copy, wherever it lies."""
        master_id, _ = split_id(event_id)
        homes = [organizer] if organizer else [
            str(row[0])
            for row in self._store.rows(
                "SELECT DISTINCT home FROM events WHERE id IN (?, ?) ORDER BY home", event_id, master_id
            )
        ]  # fmt: skip
        for home in homes:
            entry = self._store.entry(home, event_id)
            if entry and not entry.cancelled:
                return entry
        raise not_found()

    def _owner(self, origin: Entry) -> Access:
        return Access(self._known(origin.home), "owner", Caller(origin.home, frozenset()))


def occurrence_id(event_id: str, start: When) -> str:
    """The id of the instance of that series which (originally) begins at `start`."""
    if isinstance(start, datetime):
        return f"{event_id}_{start.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    return f"{event_id}_{start:%Y%m%d}"


def _time(when: When, zone_name: str) -> Json:
    if isinstance(when, datetime):
        return {"dateTime": when.astimezone(ZoneInfo(zone_name)).isoformat(), "timeZone": zone_name}
    return {"date": when.isoformat()}
