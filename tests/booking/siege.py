"""People who tap without a pause at a server that is killed again and again, while Google's answers get lost."""

from __future__ import annotations

import random
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import requests

from kiosk import clock
from kiosk.emulator.faults import Fault
from kiosk.emulator.wire import Application
from tests import databases
from tests.booking import ledger
from tests.booking.town import LOCAL, Town
from tests.running import Server, wait_for

TAPPERS = 3
LATEST = 15
# What may be done about a booking, and how often; only what the server answers is asked of it.
CHANGES = {"end": 2, "cancel": 2, "extend": 3, "start": 1, "release": 1, "check-in": 1}
WRITES = ("Insert", "Patch", "Delete")
FAULTS = (
    [Fault("drop_after", f"Events.{name}", probability=0.06) for name in WRITES]
    + [Fault("drop_before", f"Events.{name}", probability=0.03) for name in WRITES]
    + [Fault("status", f"Events.{name}", status=504, probability=0.05) for name in (*WRITES, "Get", "List")]
    + [Fault("status", "Events.Insert", status=409, probability=0.03)]
    + [Fault("slow", "Events.", seconds=0.03, probability=0.3)]
)
# Why nothing more can be done about a booking: it would only be asked about again and again.
OVER = {"gone", "over", "external", "cancelled", "not_found"}
# Seconds for which a server seems to have been down: requests that it left under way, or its patience, are over then.
DOWNTIMES = (0, 0, 0, 70, 70, 150)


@dataclass(frozen=True)
class Request:
    """Something that was asked, and with which key."""

    method: str
    path: str
    body: dict[str, Any]
    key: str


@dataclass
class Doorbell:
    """Counts the writing requests that arrive at the stand-in for Google, before anything is done about them."""

    rings: int = 0

    def wrap(self, application: Application) -> Application:
        def heard(environ: dict[str, Any], start_response: Any) -> Any:
            self.rings += environ["REQUEST_METHOD"] != "GET" and "/events" in environ["PATH_INFO"]
            return application(environ, start_response)

        return heard


@dataclass
class Siege:
    """The town, its server and what was asked of it; `answers` and `unanswered` by idempotency key."""

    town: Town
    bell: Doorbell
    chance: random.Random
    counts: Counter[str] = field(default_factory=Counter)
    answers: dict[str, tuple[int, str]] = field(default_factory=dict)
    unanswered: dict[str, Request] = field(default_factory=dict)
    bookings: list[str] = field(default_factory=list)
    changes: dict[str, int] = field(default_factory=dict)

    def kill(self) -> None:
        """Start one of the servers, kill it while people tap, and look for what a kill alone may break."""
        server = self.chance.choice(self.town.servers)
        lost = list(self.unanswered.values())
        with self.tapping(server.start()):
            self.ask_again(server, lost)
            self.wait()
            server.process.kill()
        self.counts["kills"] += 1
        assert "Traceback" not in server.log(), server.log()
        assert databases.damage(self.town.folder / "kiosk.db") == []
        self.let_time_pass(self.chance.choice(DOWNTIMES))
        assert not self.unknown()

    @contextmanager
    def tapping(self, server: Server) -> Iterator[None]:
        """Let people tap until the server is dead."""
        self.changes = self.changes or offered(server)
        tappers = [threading.Thread(target=self.tap, args=(server, self.chance.random())) for _ in range(TAPPERS)]
        for tapper in tappers:
            tapper.start()
        try:
            yield
        finally:
            server.process.kill()
            for tapper in tappers:
                tapper.join()

    def tap(self, server: Server, seed: float) -> None:
        chance = random.Random(seed)
        with requests.Session() as session:
            while self.send(server, session, self.wish(chance)):
                pass

    def wish(self, chance: random.Random) -> Request:
        """Think of something to do, more often a new booking than a change of one of the latest."""
        key = uuid.uuid4().hex
        if self.bookings and chance.random() < 0.55:
            (change,) = chance.choices(list(self.changes), list(self.changes.values()))
            path = f"/api/v1/bookings/{chance.choice(self.bookings[-LATEST:])}"
            if change == "cancel":
                return Request("DELETE", path, {}, key)
            return Request("POST", f"{path}/{change}", {"minutes": 15} if change == "extend" else {}, key)
        path = f"/api/v1/rooms/{chance.choice([*self.town.rooms, LOCAL])}/bookings"
        return Request("POST", path, {"minutes": chance.choice((15, 30))} | later(chance), key)

    def send(self, server: Server, session: requests.Session, wish: Request) -> bool:
        """Ask and write down the answer; False when there was none."""
        self.unanswered[wish.key] = wish
        headers = {"Idempotency-Key": wish.key}
        try:
            answer = session.request(wish.method, server.url + wish.path, json=wish.body, headers=headers, timeout=60)
            told = answer.json()
        except requests.RequestException:
            return False
        del self.unanswered[wish.key]
        self.answers[wish.key] = (answer.status_code, told.get("reason", ""))
        self.count(wish, answer.status_code, told)
        return True

    def count(self, wish: Request, status: int, told: dict[str, Any]) -> None:
        assert status < 500 or told["reason"] == "unreachable", told
        made = wish.path.endswith("/bookings")
        if made and status in {201, 202}:
            self.bookings.append(told["id"])
        what = "book" if made else "cancel" if wish.method == "DELETE" else wish.path.rpartition("/")[2]
        if told.get("reason") in OVER or (what in {"end", "cancel", "release"} and status in {200, 202}):
            self.bookings = [one for one in self.bookings if one not in wish.path]
        self.counts[f"{what} {status} {told.get('reason', '')}".strip()] += 1

    def ask_again(self, server: Server, lost: list[Request]) -> None:
        """Repeat some of what dead servers did not answer, with the same keys."""
        found = self.chance.sample(lost, min(3, len(lost)))
        with requests.Session() as session:
            self.counts["requests repeated"] += sum(self.send(server, session, wish) for wish in found)

    def wait(self) -> None:
        """Wait for some instant, most often one at which a write has just reached Google."""
        threading.Event().wait(self.chance.uniform(0, 0.5))
        if self.chance.random() < 0.7:
            before = self.bell.rings
            wait_for(lambda: self.bell.rings > before, pause=0.0005)
            threading.Event().wait(self.chance.uniform(0, 0.05))

    def let_time_pass(self, seconds: int) -> None:
        """Make the journal look as if the server had been down for so long."""
        milliseconds = seconds * 1000
        self.town.sql(
            "UPDATE command SET created_at = created_at - ?, due_at = due_at - ? WHERE settled_at IS NULL",
            milliseconds, milliseconds,
        )  # fmt: skip
        self.town.sql("UPDATE lease SET expires_at = expires_at - ?", milliseconds)

    def unknown(self) -> set[str]:
        """Return the events of ours in Google that the journal does not know at all."""
        known = {row["event_id"] for row in self.town.sql("SELECT event_id FROM command")}
        found = [item for slug in self.town.rooms for item in self.town.google.world.events(self.town.rooms[slug])]
        return {item["id"] for item in found if ledger.marked(item)} - known

    def settle(self) -> None:
        """Let Google work and the server live until all is done; then compare everything."""
        self.town.google.service.faults.clear()
        self.let_time_pass(self.chance.choice(DOWNTIMES))
        server = self.chance.choice(self.town.servers).start()
        try:
            ledger.settled(self.town)
            self.counts.update(ledger.check(self.town))
            ledger.check_answers(self.town, self.answers)
        finally:
            server.stop()
        self.trouble()

    def trouble(self) -> None:
        for fault in FAULTS:
            self.town.google.service.faults.order(fault)

    def report(self) -> str:
        return ", ".join(f"{number} {name}" for name, number in sorted(self.counts.items()))


def offered(server: Server) -> dict[str, int]:
    """Return the changes that the server answers at all."""
    paths: dict[str, Callable[[], str]] = {"cancel": lambda: "/api/v1/bookings/any"}
    found = {}
    for name, weight in CHANGES.items():
        path = paths.get(name, lambda name=name: f"/api/v1/bookings/any/{name}")()
        if requests.options(server.url + path, timeout=20).ok:
            found[name] = weight
    return found


def later(chance: random.Random) -> dict[str, str]:
    """Return a start today or tomorrow, now and then none: at once."""
    if chance.random() < 0.25:
        return {}
    now = clock.now().replace(minute=0, second=0, microsecond=0)
    return {"start": (now + timedelta(minutes=15 * int(chance.triangular(5, 160, 5)))).isoformat()}
