"""A town to book in: the stand-in for Google with few rooms, people, and servers that share one database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import combinations
from pathlib import Path
from typing import Any

from kiosk.emulator.errors import ApiError
from kiosk.emulator.server import Emulator, Wrap
from kiosk.store import pins
from kiosk.store.database import Store
from tests import databases
from tests.running import SERVICE_USER, Server, wait_for

ADA, BOB, EVE = "ada@kiosk.example", "bob@kiosk.example", "eve@elsewhere.example"
WORLD: dict[str, Any] = {
    "domain": "kiosk.example",
    "people": [{"email": ADA, "name": "Ada Okafor"}, {"email": BOB, "name": "Bob Silva"}],
    "rooms": [{"name": "Oak"}, {"name": "Elm"}, {"name": "Fir", "autoAccept": False}],
}
BY_HAND = "fir"
LOCAL = "lab"
PIN = "4711"


@dataclass(frozen=True, order=True)
class Span:
    """From when until when."""

    start: datetime
    end: datetime

    def meets(self, other: Span) -> bool:
        return self.start < other.end and other.start < self.end


@dataclass
class Town:
    """Google's rooms by slug with their addresses; `taken_back`: our events that people cancelled in Google.

    `people`: in whose calendars bookings are made too.

    Besides these there is the room LOCAL, of which Google knows nothing.
    """

    google: Emulator
    folder: Path
    servers: list[Server]
    rooms: dict[str, str] = field(default_factory=dict)
    taken_back: set[str] = field(default_factory=set)
    people: tuple[str, ...] = (ADA, BOB)

    def sql(self, query: str, *values: object) -> list[Any]:
        """Ask the servers' database, past all their code."""
        return databases.rows(self.folder / "kiosk.db", query, *values)

    def takers(self, slug: str) -> list[dict[str, Any]]:
        """Return what takes a room in Google: opaque events that it organizes or has accepted."""
        return [item for item in self.google.world.events(self.rooms[slug]) if takes(item)]

    def taken(self, slug: str, span: Span, besides: str = "") -> bool:
        return any(span_of(item).meets(span) for item in self.takers(slug) if item["id"] != besides)

    def told(self, slug: str) -> str:
        """Say what takes a room, a line for each."""
        return "\n".join(
            f"{item['summary']} {span_of(item)} {item['id']} {item['created']}" for item in self.takers(slug)
        )

    def take_back(self, slug: str, event_id: str) -> None:
        """Cancel an event in Google where it was made."""
        home = self.google.world.event(self.rooms[slug], event_id)["organizer"]["email"]
        self.taken_back.add(event_id)
        with suppress(ApiError):  # it may have gone at this very moment
            self.google.world.cancel(event_id, organizer=home)


def takes(item: dict[str, Any]) -> bool:
    return answer_of(item) == "accepted" and item.get("transparency", "opaque") == "opaque"


def answer_of(item: dict[str, Any]) -> str:
    """Return the room's own answer."""
    return next((str(one["responseStatus"]) for one in item.get("attendees", []) if one.get("self")), "accepted")


def span_of(item: dict[str, Any]) -> Span:
    return Span(*(datetime.fromisoformat(item[edge]["dateTime"]) for edge in ("start", "end")))


def overlaps(items: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Return the ids of every two that overlap."""
    return meetings({item["id"]: span_of(item) for item in items})


def meetings(spans: Mapping[str, Span]) -> list[tuple[str, str]]:
    """Return the ids of every two that overlap."""
    return [(one, other) for one, other in combinations(spans, 2) if spans[one].meets(spans[other])]


@contextmanager
def opened(folder: Path, *modes: str, wrap: Wrap = lambda application: application) -> Iterator[Town]:
    """Give a town whose servers, one for each way of sharing time, are ready but not started."""
    with Emulator(WORLD, seed=7, wrap=wrap) as google:
        google.service.quota.limit(quota_user=0, quota_project=0)
        google.write_credentials(folder / "key.json")
        settings = {
            "KIOSK_DATABASE_URL": databases.url(folder / "kiosk.db"),
            "KIOSK_GOOGLE_CREDENTIALS": str(folder / "key.json"),
            "KIOSK_GOOGLE_SUBJECT": SERVICE_USER,
            "KIOSK_GOOGLE_ADMIN_SUBJECT": google.world.admin,
            "KIOSK_GOOGLE_ENDPOINT": google.url,
            "KIOSK_POLL_SECONDS": "2",
            "KIOSK_OPENING_HOURS": "Mon-Sun 00:00-23:59",
            "KIOSK_REQUESTS_PER_MINUTE": "1000000",
            "KIOSK_REQUESTS_PER_DAY": "100000000",
        }
        town = Town(google, folder, [server(folder, mode, settings) for mode in modes])
        imported = town.servers[0].run("rooms", "import")
        assert imported.returncode == 0, imported.stderr
        town.rooms = {row["slug"]: row["calendar_id"] for row in town.sql("SELECT slug, calendar_id FROM room")}
        added = town.servers[0].run("rooms", "add", LOCAL)
        assert added.returncode == 0, added.stderr
        introduce(town)
        yield town


def introduce(town: Town) -> None:
    """Let people book in their own names at every door, and check in long before and after the beginning."""
    allowed = town.servers[0].run("policy", "names=yes", "check-in=own", "opens=240", "grace=240", "exempt-from=none")
    assert allowed.returncode == 0, allowed.stderr
    with closing(Store(databases.url(town.folder / "kiosk.db"))) as store:
        for person in (ADA, BOB):
            pins.set_pin(store, person, PIN)


def server(folder: Path, mode: str, settings: dict[str, str]) -> Server:
    own = folder / f"server-{mode}"
    own.mkdir()
    return Server(own, settings | {"KIOSK_ASYNC_MODE": mode})


@contextmanager
def serving(town: Town) -> Iterator[None]:
    """Let the servers run until the end."""
    try:
        for one in town.servers:
            one.start()
            wait_for(lambda one=one: one.get("/readyz").ok)
        yield
    finally:
        for one in town.servers:
            one.stop()
