"""Killed at any instant, the mirror is Google's truth again after the next start, and no row is lost or doubled."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from kiosk import clock
from kiosk.emulator.server import Emulator
from kiosk.store import mirror
from kiosk.store.database import Store
from tests import databases
from tests.conftest import Tell
from tests.running import ROOT, SERVICE_USER, Server, clean_environment, wait_for
from tests.sync.office import WORLD, Office, connected, opened
from tests.sync.walk import PEOPLE, Walk

SCALE = float(os.environ.get("SOAK_SCALE", "1"))
# Requests that a dead process may have left under way, its leases and its patience are over by then.
AFTERMATH = timedelta(seconds=70)
MANY_PAGES = 300


@dataclass
class Bustle:
    """People who change things in Google without a pause, but for when they are told to wait."""

    walk: Walk
    quiet: threading.Lock = field(default_factory=threading.Lock)
    over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        while not self.over.is_set():
            with self.quiet:
                self.walk.act(PEOPLE)
            self.over.wait(0.002)


@dataclass
class Scene:
    """An organisation whose server is killed again and again; `counts` of what was found afterwards."""

    office: Office
    folder: Path
    bustle: Bustle
    chance: random.Random
    counts: Counter[str] = field(default_factory=Counter)

    @contextmanager
    def reopened(self) -> Iterator[Office]:
        """Open the database that the dead process left, while nothing changes in Google."""
        with self.bustle.quiet, closing(Store(databases.url(self.folder / "kiosk.db"))) as store:
            self.office.clock.instant = clock.now() + AFTERMATH
            yield replace(self.office, store=store)

    def check(self) -> None:
        """Go on from what is there, and compare it with Google; then perhaps have everything read anew."""
        with self.reopened() as office:
            assert rows(office, "PRAGMA integrity_check") == [("ok",)]
            office.asked()
            Walk(office, self.chance).settle()
            asked = Counter(office.asked())
            self.counts["events compared"] += office.check()
            self.counts["bookings checked"] += bookings_checked(office)
            self.counts["passes of the dead taken up by a delta"] += asked["delta 200"]
            self.counts["begun anew"] += asked["full 200"]
            if self.chance.random() < 0.4:
                for stored in office.rooms.values():
                    office.store.write(mirror.read_anew, stored.id, clock.now())

    def wait(self, seconds: float) -> None:
        """Wait for some instant, most often one at which an answer of Google's has just arrived."""
        self.bustle.over.wait(self.chance.uniform(0, seconds))
        if self.chance.random() < 0.7:
            before = self.answered()
            wait_for(lambda: self.answered() > before, pause=0.0005)
            self.bustle.over.wait(self.chance.uniform(0, 0.008))

    def answered(self) -> int:
        return self.office.google.service.traffic.counts().get("calendar.v3.Events.List", 0)

    def report(self) -> str:
        counts = ", ".join(f"{number} {name}" for name, number in self.counts.items())
        return f"{counts}; {self.bustle.walk.acts} changes in Google meanwhile"


def test_nothing_is_lost_or_doubled_by_a_few_kills(tmp_path: Path, tell: Tell) -> None:
    kill_programs(8, tmp_path, tell)


@pytest.mark.soak
def test_nothing_is_lost_or_doubled_by_hundreds_of_kills(tmp_path: Path, tell: Tell) -> None:
    kill_programs(int(200 * SCALE), tmp_path, tell)


@pytest.mark.soak
def test_nothing_is_lost_or_doubled_by_kills_of_the_whole_server(tmp_path: Path, tell: Tell) -> None:
    with bustling(tmp_path, tell) as scene:
        server = Server(tmp_path, settings(scene))
        for _ in range(int(20 * SCALE)):
            with serving(server, scene):
                scene.wait(2.5)
            scene.counts["kills"] += 1
            scene.check()


def kill_programs(times: int, folder: Path, tell: Tell) -> None:
    with bustling(folder, tell) as scene, started(folder, scene.office.google.url) as programs:
        for _ in range(times):
            child = int(said(programs))
            scene.wait(1.2)
            os.kill(child, signal.SIGKILL)
            assert programs.stdout
            assert programs.stdout.readline() == "killed\n"
            scene.counts["kills"] += 1
            scene.check()


@contextmanager
def bustling(folder: Path, tell: Tell) -> Iterator[Scene]:
    """Give an organisation in which things change all the time, and say in the end what was counted."""
    with Emulator(WORLD, seed=7) as google, connected(folder, google) as source, requests.Session() as theirs:
        with opened(folder, google, source) as office:
            office.clock.instant = clock.now()
            crowd(office)
        bustle = Bustle(Walk(replace(office, session=theirs), random.Random(7)))
        with requests.Session() as ours, at_work(bustle):
            scene = Scene(replace(office, session=ours), folder, bustle, random.Random(7))
            yield scene
    tell(scene.report())


@contextmanager
def at_work(bustle: Bustle) -> Iterator[None]:
    people = threading.Thread(target=bustle.run)
    people.start()
    try:
        yield
    finally:
        bustle.over.set()
        people.join()


def crowd(office: Office) -> None:
    """Lay so many entries into Oak that a full pass has several pages."""
    with office.google.service.changing():
        for number in range(MANY_PAGES):
            start = office.clock() + timedelta(days=3, minutes=10 * number)
            office.google.world.create(office.address("oak"), f"Slot {number}", start, start + timedelta(minutes=5))


@contextmanager
def started(folder: Path, endpoint: str) -> Iterator[subprocess.Popen[str]]:
    """Start the program whose processes are to be killed."""
    command = [sys.executable, "-m", "tests.sync.syncing", str(folder), endpoint]
    with (folder / "syncing.log").open("w") as log:
        programs = subprocess.Popen(
            command, cwd=ROOT, env=clean_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
            text=True,
        )  # fmt: skip
    with programs:
        yield programs
        assert programs.stdin
        programs.stdin.close()


def said(programs: subprocess.Popen[str]) -> str:
    """Start another process and return its number."""
    assert programs.stdin
    assert programs.stdout
    programs.stdin.write("go\n")
    programs.stdin.flush()
    return programs.stdout.readline()


def settings(scene: Scene) -> dict[str, str]:
    return {
        "KIOSK_GOOGLE_CREDENTIALS": str(scene.folder / "key.json"),
        "KIOSK_GOOGLE_SUBJECT": SERVICE_USER,
        "KIOSK_GOOGLE_ENDPOINT": scene.office.google.url,
        "KIOSK_POLL_SECONDS": "2",
        "KIOSK_OPENING_HOURS": "Mon-Sun 00:00-23:59",
        "KIOSK_WINDOW_DAYS": "7",
    }


@contextmanager
def serving(server: Server, scene: Scene) -> Iterator[None]:
    """Let the server run while somebody taps on its screens, and kill it in the end."""
    server.start()
    taps = threading.Thread(target=tap, args=(server, scene))
    taps.start()
    try:
        yield
    finally:
        server.process.kill()
        taps.join()


def tap(server: Server, scene: Scene) -> None:
    """Tap on screens until the server is dead."""
    while True:
        try:
            server.book(scene.chance.choice(["oak", "elm", "ash"]), minutes=15)
        except requests.RequestException:
            return


def rows(office: Office, sql: str) -> list[tuple[Any, ...]]:
    with office.store.read() as db:
        return list(db.execute_sql(sql).fetchall())


def bookings_checked(office: Office) -> int:
    """Every booking that was confirmed here is in Google, once; none is there that was refused or is unknown."""
    commands = rows(office, "SELECT id, event_id, kind, state FROM command")
    confirmed = {(number, event) for number, event, kind, state in commands if (kind, state) == ("book", "confirmed")}
    touched = {event for _, event, kind, _ in commands if kind != "book"}
    marked = [marks(item) for slug in office.rooms for item in office.listed(slug)]
    there = [pair for pair in marked if pair[0]]
    assert len(there) == len(set(there))
    assert set(there) <= confirmed
    assert {pair for pair in confirmed if pair[1] not in touched} <= set(there)
    return len(commands)


def marks(item: dict[str, Any]) -> tuple[str, str]:
    """Return the command that made an event, empty for those of other people, and the event's id."""
    return item.get("extendedProperties", {}).get("private", {}).get("kiosk", ""), item["id"]
