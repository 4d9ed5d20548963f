"""A small organisation around the stand-in for Google: our mirror of its rooms beside Google's own answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import requests

from kiosk import clock
from kiosk.emulator import tokens
from kiosk.emulator.faults import Fault
from kiosk.emulator.server import Emulator
from kiosk.google.access import by_file
from kiosk.google.calendars import GoogleCalendars
from kiosk.schedule.model import Booking, Room
from kiosk.store import diary, events, mirror, rooms
from kiosk.store.database import Store
from kiosk.store.mirror import Progress
from kiosk.store.rooms import StoredRoom
from kiosk.sync.passes import Pass, refresh
from tests import databases
from tests.fakes import MONDAY, StillClock
from tests.running import SERVICE_USER

ADA, BOB, EVE = "ada@kiosk.example", "bob@kiosk.example", "eve@elsewhere.example"
DAYS = 7
# Of an event whose details our role hides, Google does not say what the room has answered.
HIDDEN = "hidden"
SCOPES = [f"https://www.googleapis.com/auth/calendar{part}" for part in ("", ".readonly", ".events")]
WORLD: dict[str, Any] = {
    "domain": "kiosk.example",
    "people": [{"email": ADA, "name": "Ada Okafor"}, {"email": BOB, "name": "Bob Silva"}],
    "rooms": [],
}
ROOMS: dict[str, dict[str, Any]] = {
    "oak": {},
    "elm": {},
    "fir": {"auto_accept": False},
    "ash": {"zone_name": "America/New_York"},
}


@dataclass(frozen=True)
class Seen:
    """What of an event must be the same here and in Google."""

    id: str
    start: datetime
    end: datetime
    title: str
    answer: str
    private: bool
    transparent: bool


Picture = dict[str, Seen]


@dataclass
class Office:
    """Rooms by slug, each linked; `clock` is the server's, Google has its own."""

    google: Emulator
    store: Store
    source: GoogleCalendars
    clock: StillClock
    rooms: dict[str, StoredRoom]
    session: requests.Session

    @property
    def work(self) -> Pass:
        return Pass(self.source, self.store, DAYS, self.clock)

    def sync(self, *slugs: str, **changes: Any) -> None:
        """Bring rooms up to date, all unless some are named."""
        for slug in slugs or self.rooms:
            assert refresh(replace(self.work, **changes), self.rooms[slug].id)

    def address(self, slug: str) -> str:
        return str(self.rooms[slug].calendar_id)

    def book(self, title: str, hours: float, length: float = 1, *slugs: str, by: str = ADA, **more: Any) -> str:
        """Invite rooms (Oak unless some are named) so many hours from Monday, 10:00; return the event's id."""
        invited = [self.address(slug) for slug in slugs or ("oak",)]
        return self.google.world.create(by, title, at(hours), at(hours + length), rooms=invited, **more)

    def mirror(self, slug: str) -> Picture:
        """Return all that we hold of a room."""
        with self.store.read() as db:
            found = events.between(db, self.rooms[slug].id, at(-24 * 365 * 30), at(24 * 365 * 30))
            assert {event.id for event in found} == events.ids(db, self.rooms[slug].id)
        pick = ("id", "start", "end", "title", "answer", "private", "transparent")
        return {event.id: Seen(**{name: getattr(event, name) for name in pick}) for event in found}

    def truth(self, slug: str) -> Picture:
        """Return what Google lists for the stretch that we mirror."""
        start, end = self.stretch(slug)
        listed = self.listed(slug, timeMin=start.isoformat(), timeMax=end.isoformat())
        held, zone = self.mirror(slug), self.rooms[slug].room.zone
        found = [seen(item, zone) for item in listed if item["status"] != "cancelled"]
        return {one.id: replace(one, answer=self.answer_known(slug, one, held.get(one.id))) for one in found}

    def answer_known(self, slug: str, one: Seen, held: Seen | None) -> str:
        """Return the room's answer; where our role hides it, we may know that it declined, and never in error.

        What it has declined we may as well not have listed yet: by free/busy, nothing has changed.
        """
        if one.answer != HIDDEN:
            return one.answer
        item = self.google.world.event(self.address(slug), one.id)
        own = [guest["responseStatus"] for guest in item.get("attendees", []) if guest.get("self")]
        may_be = held is None or held.answer == "declined"
        return "declined" if may_be and own == ["declined"] else "accepted"

    def stretch(self, slug: str) -> tuple[datetime, datetime]:
        """Return the stretch that we mirror: from yesterday's midnight to where the last full pass ended."""
        zone = self.rooms[slug].room.zone
        yesterday = self.clock().astimezone(zone).date() - timedelta(days=1)
        end = self.progress(slug).window_end
        assert end
        return midnight(yesterday, zone), end

    def listed(self, slug: str, **more: str) -> list[dict[str, Any]]:
        """Return Google's own list, over all pages."""
        items: list[dict[str, Any]] = []
        query = {"singleEvents": "true", "maxResults": "2500", **more}
        while True:
            body = self.ask("GET", f"{self.address(slug)}/events", params=query)
            items += body["items"]
            if "nextPageToken" not in body:
                return items
            query["pageToken"] = body["nextPageToken"]

    def ask(self, method: str, path: str, subject: str = SERVICE_USER, **more: Any) -> dict[str, Any]:
        """Call Google's API plainly, as somebody. Raises requests' errors."""
        with self.google.service.changing():
            token = tokens.issue(self.google.service.store, "test", subject, SCOPES)["access_token"]
        url = f"{self.google.url}/calendar/v3/calendars/{path}"
        answer = self.session.request(method, url, headers={"Authorization": f"Bearer {token}"}, **more)
        answer.raise_for_status()
        return dict(answer.json())

    def check(self, *slugs: str) -> int:
        """Compare our mirror with Google's truth; return how many events were compared.

        Events that have passed since the last full pass may still be here.
        """
        compared = 0
        for slug in slugs or self.rooms:
            start, _ = self.stretch(slug)
            ours = {key: one for key, one in self.mirror(slug).items() if one.end > start}
            truth = self.truth(slug)
            assert ours == truth, f"{slug}: {difference(ours, truth)}"
            compared += len(truth)
        return compared

    def bookings(self, slug: str = "oak", start: float = -24 * 365, end: float = 24 * 365) -> list[Booking]:
        """Return what takes the room, as its screens are told; `start` and `end` are hours from Monday, 10:00."""
        with self.store.read() as db:
            return list(diary.between(db, self.rooms[slug], at(start), at(end)))

    def titles(self, slug: str = "oak") -> list[str]:
        return [booking.title for booking in self.bookings(slug)]

    def progress(self, slug: str = "oak") -> Progress:
        with self.store.read() as db:
            found = mirror.progress(db, self.rooms[slug].id)
        assert found
        return found

    def fault(self, kind: str, operation: str = "Events.List", **more: Any) -> None:
        self.google.service.faults.order(Fault(kind, operation, **more))

    def asked(self) -> list[str]:
        """Return what lists were asked for since the last time, `full` or `delta` and the answer's status."""
        found = [one for one in self.google.service.traffic.requests() if one.operation.endswith("Events.List")]
        self.google.service.traffic.reset()
        return [f"{'delta' if 'syncToken' in one.query else 'full'} {one.status}" for one in found]


@contextmanager
def connected(folder: Path, emulator: Emulator) -> Iterator[GoogleCalendars]:
    """Give Google's calendars as the server knows them: the real client over real HTTP."""
    emulator.service.quota.limit(quota_user=0, quota_project=0)
    emulator.write_credentials(folder / "key.json")
    source = GoogleCalendars(by_file(str(folder / "key.json"), SERVICE_USER, emulator.url))
    with closing(source):
        yield source


@contextmanager
def opened(folder: Path, emulator: Emulator, source: GoogleCalendars) -> Iterator[Office]:
    """Give an office whose rooms are new in Google and linked here; nothing is read yet."""
    still, store = StillClock(), Store(databases.url(folder / "kiosk.db"))
    linked = {}
    for slug, more in ROOMS.items():
        address = emulator.world.add_room(slug, building=f"{len(emulator.world.rooms())}", **more)
        room = Room(slug, slug.title(), clock.zone(more.get("zone_name", "Europe/Berlin")))
        linked[slug] = store.write(rooms.add_linked, room, address, still())
    with closing(store), requests.Session() as session:
        yield Office(emulator, store, source, still, linked, session)


def seen(item: dict[str, Any], zone: ZoneInfo) -> Seen:
    """Read what must be the same from Google's JSON, by its reference and not by our parser."""
    own = [guest["responseStatus"] for guest in item.get("attendees", []) if guest.get("self")]
    nobody = "accepted" if "summary" in item or "attendees" in item else HIDDEN
    return Seen(
        item["id"],
        moment(item["start"], zone),
        moment(item["end"], zone),
        item.get("summary", ""),
        own[0] if own else nobody,
        item.get("visibility", "default") in ("private", "confidential"),
        item.get("transparency", "opaque") == "transparent",
    )


def moment(when: dict[str, str], zone: ZoneInfo) -> datetime:
    if "date" in when:
        return midnight(date.fromisoformat(when["date"]), zone)
    return datetime.fromisoformat(when["dateTime"]).astimezone(UTC)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, datetime.min.time(), zone).astimezone(UTC)


def at(hours: float) -> datetime:
    """Return so many hours from Monday, 10 August 2026, 8:00 UTC (10:00 in Berlin)."""
    return MONDAY + timedelta(hours=hours)


def difference(ours: Picture, truth: Picture) -> str:
    """Say what differs, a line for each event."""
    lines = [f"missing {truth[key]}" for key in sorted(truth.keys() - ours.keys())]
    lines += [f"too much {ours[key]}" for key in sorted(ours.keys() - truth.keys())]
    changed = sorted(key for key in ours.keys() & truth.keys() if ours[key] != truth[key])
    lines += [f"ours {ours[key]}, Google's {truth[key]}" for key in changed]
    return "\n".join(lines)
