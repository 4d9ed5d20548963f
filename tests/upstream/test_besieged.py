"""People tap without a pause at two doors and a hub, while that is killed, stopped, and its cable goes bad."""

from __future__ import annotations

import itertools
import os
import random
import signal
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from kiosk import clock
from kiosk.emulator.server import Emulator
from tests.conftest import Tell
from tests.running import Server, wait_for
from tests.upstream.cable import Cable, Fault
from tests.upstream.conftest import settings
from tests.upstream.fleet import Fleet, bookings

SCALE = float(os.environ.get("SOAK_SCALE", "1"))
FAULTS: tuple[Fault, ...] = ("pulled", "half", "silent")
HARMS = ("killed", "stopped", *FAULTS)
# As long as everything may take to agree once all is well.
AGREE = 60.0


@dataclass
class Siege:
    """The hub, its cable, a door for each of two rooms; `told`: by booking, its room and where it was asked for."""

    fleet: Fleet
    google: Emulator
    cable: Cable
    chance: random.Random
    counts: Counter[str] = field(default_factory=Counter)
    told: dict[str, tuple[str, Server]] = field(default_factory=dict)
    doors: dict[str, Server] = field(default_factory=dict)

    def harm(self) -> None:
        """Do the hub, or the way to it, some harm while people tap; then let it be well again."""
        harm = self.chance.choice(HARMS)
        self.counts[harm] += 1
        with self.tapping():
            time.sleep(self.chance.uniform(0.2, 1.5))
            if harm == "killed":
                self.fleet.hub.process.kill()
                time.sleep(self.chance.uniform(0.5, 3))
                self.fleet.start_hub()
            elif harm == "stopped":
                os.kill(self.fleet.hub.process.child.pid, signal.SIGSTOP)
                time.sleep(self.chance.uniform(2, 8))
                os.kill(self.fleet.hub.process.child.pid, signal.SIGCONT)
            else:
                self.cable.spoil(harm)  # type: ignore[arg-type]
                time.sleep(self.chance.uniform(1, 8))
                self.cable.spoil("")

    @contextmanager
    def tapping(self) -> Iterator[None]:
        ended = threading.Event()
        taps = [(slug, server) for slug, door in self.doors.items() for server in (door, self.fleet.hub)]
        people = [threading.Thread(target=self.tap, args=(*one, self.chance.random(), ended)) for one in taps]
        for person in people:
            person.start()
        try:
            yield
        finally:
            ended.set()
            for person in people:
                person.join()

    def tap(self, slug: str, server: Server, seed: float, ended: threading.Event) -> None:
        chance, mine = random.Random(seed), list[str]()
        while not ended.is_set():
            try:
                self.ask(slug, server, chance, mine)
            except requests.RequestException:
                self.counts["not answered"] += 1
                ended.wait(0.3)

    def ask(self, slug: str, server: Server, chance: random.Random, mine: list[str]) -> None:
        if mine and chance.random() < 0.4:
            event_id, act = chance.choice(mine[-4:]), chance.choice(("extend", "cancel", "end"))
            method, path = ("DELETE", "") if act == "cancel" else ("POST", f"/{act}")
            body = {"room": slug, **({"minutes": 15} if act == "extend" else {})}
            address = f"{server.url}/api/v1/bookings/{event_id}{path}?room={slug}"
            answer = requests.request(method, address, json=body, timeout=30)
            self.counts[f"{act} {answer.status_code}"] += 1
            return
        start = clock.now().replace(minute=0, second=0, microsecond=0) + timedelta(minutes=15 * chance.randint(8, 90))
        answer = server.book(slug, minutes=chance.choice((15, 30)), start=clock.iso(start))
        self.counts[f"book {answer.status_code}"] += 1
        if answer.ok:
            made = answer.json()["id"]
            mine.append(made)
            self.told[made] = (slug, server)

    def check(self) -> None:
        """Wait until nothing is open; check that doors, hub and Google say the same, and that nothing is doubled."""
        for slug, door in self.doors.items():
            wait_for(lambda slug=slug, door=door: self.agrees(slug, door), AGREE)
            there = self.in_google(slug)
            spans = sorted((start, end) for start, end in there.values())
            assert all(one[1] <= other[0] for one, other in itertools.pairwise(spans)), spans
            self.counts["bookings that all agree about"] += len(there)
            for event_id, (where, server) in self.told.items():
                if where == slug:
                    self.counts[f"in the end {self.fate(event_id, server, {*there})}"] += 1
        self.told = {}

    def agrees(self, slug: str, door: Server) -> bool:
        if any(sql(server, "SELECT 1 FROM command WHERE settled_at IS NULL") for server in (door, self.fleet.hub)):
            return False
        here, hub = bookings(door, slug), bookings(self.fleet.hub, slug)
        said = {one["id"]: (clock.parse(one["start"]), clock.parse(one["end"])) for one in here}
        return here == hub and not any(one["held"] for one in here) and said == self.in_google(slug)

    def in_google(self, slug: str) -> dict[str, tuple[Any, Any]]:
        ((calendar_id,),) = sql(self.fleet.hub, "SELECT calendar_id FROM room WHERE slug = ?", slug)
        items = self.google.world.events(calendar_id)
        living = [item for item in items if item["status"] != "cancelled"]
        return {item["id"]: (moment(item["start"]), moment(item["end"])) for item in living}

    def fate(self, event_id: str, asked_at: Server, living: set[str]) -> str:
        """Return what became of a booking where it was asked for; it is in Google if it was made and not taken back."""
        made = "SELECT state FROM command WHERE event_id = ? AND kind = 'book' AND request <> 'hub'"
        ((state,),) = sql(asked_at, made, event_id)
        gone = "SELECT 1 FROM command WHERE event_id = ? AND kind IN ('cancel', 'end') AND state = 'confirmed'"
        taken_back = any(sql(server, gone, event_id) for server in (asked_at, self.fleet.hub))
        assert state in {"confirmed", "refused"}, event_id
        assert (event_id in living) == (state == "confirmed" and not taken_back), (event_id, state, taken_back)
        return "taken back" if taken_back else str(state)


def sql(server: Server, query: str, *values: object) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(server.folder / "kiosk.db", timeout=10)) as db:
        return db.execute(query, values).fetchall()


def moment(said: dict[str, str]) -> Any:
    return clock.parse(said["dateTime"])


def besiege(folder: Path, rounds: int, tell: Tell) -> None:
    (folder / "hub").mkdir()
    with Emulator(rooms=2, busy=False) as google:
        # As much is booked as can be within half a minute, which is more than Google lets anybody.
        google.service.quota.limit(quota_user=0, quota_project=0)
        fleet = Fleet(Server(folder / "hub", settings(google, folder)), folder)
        assert fleet.hub.run("rooms", "import").returncode == 0
        fleet.start_hub()
        cable = Cable(int(fleet.hub.url.rpartition(":")[2]))
        siege = Siege(fleet, google, cable, random.Random(7))
        try:
            for slug, mode in zip(fleet.rooms(2), ("eventlet", "threading"), strict=True):
                siege.doors[slug] = fleet.follow("door", slug, KIOSK_HUB_URL=cable.url, KIOSK_ASYNC_MODE=mode)
            for number in range(1, rounds + 1):
                siege.harm()
                if number % 5 == 0 or number == rounds:
                    siege.check()
            logs = [server.log() for server in (fleet.hub, *siege.doors.values())]
            assert [log.partition("Traceback")[2][:4000] for log in logs if "Traceback" in log] == []
        finally:
            cable.close()
            fleet.dismiss()
            fleet.hub.process.kill()
    tell(", ".join(f"{number} {name}" for name, number in sorted(siege.counts.items())))


@pytest.mark.timeout(400)
def test_doors_and_hub_survive_some_harm(tmp_path: Path, tell: Tell) -> None:
    besiege(tmp_path, 4, tell)


@pytest.mark.soak
def test_doors_and_hub_survive_much_harm(tmp_path: Path, tell: Tell) -> None:
    besiege(tmp_path, int(60 * SCALE), tell)
