"""A hub and a follower in this process, on a clock of their own, and a line between them that can fail in every way."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import Literal

from flask.testing import FlaskClient

from kiosk import app, assembly, clock, settings
from kiosk.booking.counter import Asked, Wish
from kiosk.errors import Busy, NotFound, Unreachable, UsageError
from kiosk.schedule.model import Booking, Event, Room
from kiosk.store import devices, diary, journal, rooms, tokens
from kiosk.store.devices import Described
from kiosk.store.journal import Command
from kiosk.upstream.hub import Hub
from kiosk.upstream.line import Answer, Line
from tests.fakes import MONDAY, FakeCalendars, StillClock, meeting

OAK = "oak@resource.calendar.google.com"
QUARTER = timedelta(minutes=15)
# How a request may fail: not sent, done but not answered, done much later, answered by half.
Fault = Literal["", "cut", "deaf", "late", "half"]
ACTS = ("end", "extend", "cancel", "start", "check_in")


@dataclass
class Wire(Line):
    """A line to a server in this process; `fault` is what becomes of the next requests.

    `spoil`: what becomes of their answers, before that.
    """

    client: FlaskClient | None = None
    fault: Fault = ""
    spoil: Callable[[Answer], Answer] = lambda answer: answer
    under_way: list[tuple[str, str, bytes | None, dict[str, str]]] = field(default_factory=list)

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        seconds: float = 5.0,
    ) -> Answer:
        asked = method, path.partition("&wait=")[0], body, dict(headers or {})
        if self.fault == "late" and method != "GET":
            self.under_way.append(asked)
        if self.fault in {"cut", "late"}:
            raise Unreachable("The hub does not answer.", "hub")
        answer = self.spoil(self.send(*asked))
        if self.fault == "deaf":
            raise Unreachable("The hub does not answer.", "hub")
        return replace(answer, content=answer.content[: len(answer.content) // 2]) if self.fault == "half" else answer

    def send(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        assert self.client
        sent = {"Accept": "application/json", "Authorization": f"Bearer {self.token()}", **headers}
        found = self.client.open(path, method=method, data=body, headers=sent)
        return Answer(found.status_code, {name.lower(): value for name, value in found.headers.items()}, found.data)

    def arrive(self) -> int:
        """Let what is still under way arrive; return how much that was."""
        arriving, self.under_way = self.under_way, []
        for asked in arriving:
            self.send(*asked)
        return len(arriving)


@dataclass
class Pair:
    """A hub with one room, and a follower at its door."""

    folder: Path
    chance: random.Random = field(default_factory=lambda: random.Random(7))
    clock: StillClock = field(default_factory=lambda: StillClock(MONDAY - timedelta(hours=3)))
    counts: Counter[str] = field(default_factory=Counter)
    asked: dict[str, Command] = field(default_factory=dict)
    born: set[str] = field(default_factory=set)
    google: FakeCalendars = field(init=False)
    hub: app.Server = field(init=False)
    follower: app.Server = field(init=False)
    wire: Wire = field(init=False)
    device: int = field(init=False)
    away: bool = False

    def __post_init__(self) -> None:
        self.google = FakeCalendars(self.clock, events={OAK: {}})
        self.google.before.append(self.reach)
        self.hub = self._server("hub")
        room = Room("oak", "Oak", clock.zone("Europe/Berlin"), "Berlin", "2", 6)
        self.hub.parts.store.write(rooms.add_linked, room, OAK, self.clock())
        token = devices.new_token()
        wanted = Described("The door of Oak", "door", "oak")
        found, _ = self.hub.parts.store.write(devices.enrol, wanted, tokens.digest(token), "boss", self.clock())
        self.device = found.id
        self.wire = Wire("http://hub.test", lambda: token, client=self.hub.web.test_client())
        self.follower = self._server("follower", self.wire)

    def close(self) -> None:
        for server in (self.hub, self.follower):
            server.parts.store.close()

    def reach(self, _request: str) -> None:
        if self.away:
            raise Unreachable("Google cannot be reached.")

    def _server(self, name: str, wire: Wire | None = None) -> app.Server:
        given = {"database_url": f"sqlite:///{self.folder / name}.db", "secrets": str(self.folder / f"{name}-secrets")}
        given |= {"async_mode": "threading", "opening_hours": "00:00-24:00"}
        given |= {"hub_url": "http://hub.test"} if wire else {}
        parts = assembly.open_parts(settings.load({}, **given))
        found = Hub(wire) if wire else None
        built = app.build(replace(parts, calendars=self.google, hub=found), self.clock)  # type: ignore[arg-type]
        built.desk.answer_seconds = 30
        return built

    def work(self, seconds: int = 0) -> None:
        """Do what both servers' loops do, until there is nothing to do at this moment."""
        self.clock.advance(seconds=seconds)
        for server in (self.hub, self.follower):
            while server.desk.step():
                self.clock.advance(seconds=1)
            if server.shadow:
                server.shadow.step()
            while server.mirror.step():
                pass

    def live(self, minutes: int) -> None:
        """Let time pass; people come to the door, to the hub's pages and to Google Calendar."""
        end = self.clock() + timedelta(minutes=minutes)
        while self.clock() < end:
            self.clock.advance(minutes=self.chance.randint(1, 9))
            self.work()
            if self.chance.random() < 0.8:
                self.tap(self.follower if self.chance.random() < 0.7 else self.hub)
            if self.chance.random() < 0.5:
                self.plan()

    def tap(self, server: app.Server) -> None:
        """Ask for something at a server."""
        with suppress(UsageError, NotFound, Busy):
            if self.asked and self.chance.random() < 0.5:
                event_id = self.chance.choice(list(self.asked)[-5:])
                act = self.chance.choice(ACTS)
                until = self.asked[event_id].end + QUARTER if act == "extend" else None
                done = server.desk.change(Asked(act, event_id, "oak", until=until))  # type: ignore[arg-type]
                self.counts[f"{act}: {done.state}"] += 1
                return
            start = self.quarter() if self.chance.random() < 0.6 else None
            made = self.book(server, start, self.chance.choice((15, 30, 60)))
            self.counts[f"book: {made.state}"] += 1

    def book(self, server: app.Server, start: datetime | None = None, minutes: int = 30) -> Command:
        made = server.desk.book(Wish("oak", start, None, minutes, "Tea"))
        self.asked[made.event_id] = made
        self.born.add(made.event_id)
        return made

    def plan(self) -> None:
        """Somebody books a free time in Google, or cancels something there."""
        there = self.google.living(OAK)
        if there and self.chance.random() < 0.3:
            self.google.put(OAK, replace(self.chance.choice(there), cancelled=True))
            self.counts["cancelled in Google"] += 1
            return
        new = meeting(len(self.google.changes), self.quarter(), self.chance.choice((15, 30)), organized_by_room=True)
        if not any(meets(new, other) for other in there):
            self.google.put(OAK, new)
            self.counts["made in Google"] += 1

    def quarter(self) -> datetime:
        now = self.clock().replace(minute=0, second=0, microsecond=0)
        return now + QUARTER * int(self.chance.triangular(5, 60, 8))

    def break_line(self) -> None:
        fault: Fault = self.chance.choice(("cut", "deaf", "late", "half"))
        self.wire.fault = fault
        self.counts[f"line {fault}"] += 1

    def mend(self) -> None:
        """Mend everything, let late requests arrive at bad moments, and check that everybody agrees."""
        self.wire.fault, self.away = "", False
        self.work()
        self.counts["requests that came late"] += self.wire.arrive()
        for _ in range(8):
            self.work(60)
        self.check()

    def check(self) -> None:
        """Check that nothing is open, lost or doubled, and that follower, hub and Google say the same."""
        there = [event for event in self.google.living(OAK) if event.end > self.clock()]
        assert not [pair for pair in combinations(there, 2) if meets(*pair)]
        truth = sorted((event.id, event.start, event.end) for event in there)
        for server in (self.hub, self.follower):
            assert [(one.id, one.start, one.end) for one in self.bookings(server)] == truth
            assert self.open_of(server) == []
        living = {event.id for event in self.google.living(OAK)}
        for event_id in self.asked:
            done = self.made(event_id)
            assert done
            assert done.state in {"confirmed", "refused"}
            assert done.state == "confirmed" or event_id not in living, done
            self.counts[f"in the end {done.state} {done.reason}".strip()] += 1
        assert {one for one in living if one.startswith("kiosk")} <= self.born
        self.asked = {}

    def made(self, event_id: str) -> Command | None:
        """Return what became of a booking, as the server knows it at which somebody asked for it."""
        found = [self._made(server, event_id) for server in (self.follower, self.hub)]
        return next((one for one in found if one and one.request != "hub"), None)

    def _made(self, server: app.Server, event_id: str) -> Command | None:
        with server.parts.store.read() as db:
            stored = rooms.by_slug(db, "oak")
            return journal.booking_in(db, stored.id, event_id)

    def bookings(self, server: app.Server) -> list[Booking]:
        """Return what a server knows of the room's bookings that are not over, by id."""
        with server.parts.store.read() as db:
            found = diary.between(db, rooms.by_slug(db, "oak"), self.clock(), self.clock() + timedelta(days=9))
        return sorted(found, key=lambda one: one.id)

    def open_of(self, server: app.Server) -> list[Command]:
        with server.parts.store.read() as db:
            return journal.open_of(db, rooms.by_slug(db, "oak").id)


def meets(one: Event, other: Event) -> bool:
    return one.start < other.end and other.start < one.end
