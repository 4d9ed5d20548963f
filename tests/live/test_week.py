"""A server that lives twenty times as fast as we do is after that time as light as before: nothing piles up in it.

Server and stand-in for Google believe a clock (libfaketime's, for all that waits too) that runs at that speed; panels
and people keep theirs. In full an hour, which is most of a day; SOAK_SCALE=9 makes it a week.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from socketio.exceptions import SocketIOError

from kiosk import clock
from tests.conftest import Tell
from tests.live.crowd import Glass
from tests.running import ADMIN, SERVICE_USER, Process, Server, clean_environment, wait_for

SPEED = 20
SLICE_SECONDS = 20
FULL_SECONDS = 3600 * float(os.environ.get("SOAK_SCALE", "1"))
SAMPLES = 24
SCREENS = 20
SETTINGS = {"KIOSK_POLL_SECONDS": "30", "KIOSK_OPENING_HOURS": "00:00-24:00"}
# The clock lasts as long as the program that it was set up for.
KEEP = "import json, os, sys; print(json.dumps(dict(os.environ)), flush=True); sys.stdin.read()"
# What is kept of what was: these tables grow with every act, and are pruned after days.
MEMORIES = {"act", "attendance", "command", "event", "past_day", "past_minutes", "past_month", "stay"}
# What may be more at the end than at the beginning: pages of memory, files, greenlets.
MOST_MEMORY, MOST_FILES, MOST_GREENLETS = 6e6, 12, 12


@dataclass(frozen=True)
class Sample:
    """What the server holds at one moment; memory in bytes."""

    memory: int
    files: int
    greenlets: int
    threads: int
    rows: dict[str, int]


@dataclass
class Life:
    """A server in use, and what was done to it."""

    server: Server
    google: str
    glasses: list[Glass]
    chance: random.Random = field(default_factory=lambda: random.Random(20))
    counts: Counter[str] = field(default_factory=Counter)
    made: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        world = self.ask("GET", "/state")
        self.rooms = [room["id"] for room in world["rooms"]]
        self.people = [person["id"] for person in world["people"]]
        self.slugs = [room["slug"] for room in self.server.get("/api/v1/rooms").json()["rooms"]]

    def ask(self, method: str, path: str, **more: Any) -> Any:
        answer = requests.request(method, f"{self.google}/control{path}", timeout=30, **more)
        return answer.json()

    def now(self) -> datetime:
        return datetime.fromisoformat(self.ask("GET", "/state")["now"])

    def live(self, seconds: float) -> list[Sample]:
        """Let things happen for so long; returns what the server held at the ends of equal parts of it."""
        samples = []
        began = clock.monotonic()
        for part in range(1, SAMPLES + 1):
            while clock.monotonic() < began + seconds * part / SAMPLES:
                self.act()
                time.sleep(0.2)
            samples.append(self.sample())
        return samples

    def act(self) -> None:
        acts = [self.book, self.meet, self.cancel, self.come_again, self.look]
        act = self.chance.choice(acts)
        act()
        self.counts[act.__name__] += 1

    def book(self) -> None:
        start = self.now().replace(second=0, microsecond=0) + timedelta(minutes=self.chance.randrange(5, 1200))
        answer = self.server.book(self.chance.choice(self.slugs), start=clock.iso(start), minutes=15)
        self.counts[f"answered {answer.status_code}"] += 1

    def meet(self) -> None:
        start = self.now() + timedelta(minutes=self.chance.randrange(0, 600, 15))
        body = {"organizer": self.chance.choice(self.people), "rooms": [self.chance.choice(self.rooms)]}
        times = {"start": start.isoformat(), "end": (start + timedelta(minutes=30)).isoformat()}
        self.made.append(self.ask("POST", "/events", json=body | times | {"title": "Review"}).get("id", ""))

    def cancel(self) -> None:
        if self.made:
            self.ask("DELETE", f"/events/{self.made.pop(self.chance.randrange(len(self.made)))}")

    def come_again(self) -> None:
        glass = self.chance.choice(self.glasses)
        glass.leave()
        comes(glass)

    def look(self) -> None:
        assert self.server.get(f"/door/{self.chance.choice(self.slugs)}").ok

    def sample(self) -> Sample:
        pid = self.server.process.child.pid
        counted = Path(self.server.settings["COUNTED"])
        counted.unlink(missing_ok=True)
        os.kill(pid, signal.SIGUSR1)
        wait_for(counted.exists)
        greenlets, threads = map(int, counted.read_text().split())
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        files = len(os.listdir(f"/proc/{pid}/fd"))
        return Sample(pages * os.sysconf("SC_PAGE_SIZE"), files, greenlets, threads, self.rows())

    def rows(self) -> dict[str, int]:
        with closing(sqlite3.connect(self.server.folder / "kiosk.db", timeout=20)) as db:
            tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return {name: db.execute(f"SELECT COUNT(*) FROM {name}").fetchone()[0] for name in tables}


@contextmanager
def hurry() -> Iterator[dict[str, str]]:
    """Give what makes programs believe one and the same fast clock."""
    command = ["faketime", "-f", f"+0 x{SPEED}", sys.executable, "-c", KEEP]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as keeper:
        told = json.loads(keeper.stdout.readline()) if keeper.stdout else {}
        try:
            yield {name: told[name] for name in ("LD_PRELOAD", "FAKETIME", "FAKETIME_SHARED")}
        finally:
            keeper.communicate("over")


@contextmanager
def lived(folder: Path) -> Iterator[Life]:
    key = folder / "key.json"
    with hurry() as fast:
        options = ["--port", "0", "--rooms", "4", "--credentials", str(key), "--quota-user", "0"]
        command = [sys.executable, "-m", "kiosk", "emulator", *options, "--answer-delay", "0"]
        google = Process(command, clean_environment(**fast), folder / "google.log")
        google.start()
        server = Server(folder, SETTINGS | fast | {"COUNTED": str(folder / "counted")}, program="tests.live.counted")
        try:
            url = google.said("Emulator ready").rsplit(" ", 1)[1]
            server.settings |= {"KIOSK_GOOGLE_CREDENTIALS": str(key), "KIOSK_GOOGLE_ENDPOINT": url}
            server.settings |= {"KIOSK_GOOGLE_SUBJECT": SERVICE_USER, "KIOSK_GOOGLE_ADMIN_SUBJECT": ADMIN}
            read = server.run("rooms", "import")
            assert read.returncode == 0, read.stderr
            server.start()
            wait_for(lambda: server.get("/readyz").ok)
            slugs = [room["slug"] for room in server.get("/api/v1/rooms").json()["rooms"]]
            glasses = [Glass(server, "door", slugs[number % 4], f"glass-{number:04}") for number in range(SCREENS)]
            for glass in glasses:
                comes(glass)
            yield Life(server, url, glasses)
            for glass in glasses:
                glass.leave()
            assert server.stop() == 0
        finally:
            if server.url:
                server.stop()
            google.stop()


def comes(glass: Glass) -> None:
    """Connect, again and again as a page does: a second of ours is twenty of the server's."""

    def tries() -> bool:
        try:
            glass.connect()
        except SocketIOError:
            glass.leave()
            return False
        return True

    wait_for(tries, pause=0.5)


def told(samples: list[Sample], life: Life, seconds: float) -> str:
    first, last = (halves(samples, "memory")[which] / 1e6 for which in (0, 1))
    names = ("files", "greenlets", "threads")
    others = ", ".join(f"{name} {halves(samples, name)[0]:.0f} to {halves(samples, name)[1]:.0f}" for name in names)
    grown = {name: (samples[0].rows.get(name, 0), rows) for name, rows in samples[-1].rows.items()}
    rows = ", ".join(f"{name} {old} to {new}" for name, (old, new) in grown.items() if old != new)
    acts = ", ".join(f"{count} {name}" for name, count in sorted(life.counts.items()))
    lived = f"{seconds * SPEED / 3600:.1f} hours in {seconds:.0f} s"
    return f"{lived}; {acts}; memory {first:.1f} to {last:.1f} MB, {others}; rows: {rows}"


def halves(samples: list[Sample], name: str) -> tuple[float, float]:
    """Return the median of the second quarter, when all is warm, and of the last one."""
    values, part = [getattr(sample, name) for sample in samples], len(samples) // 4
    return statistics.median(values[part : 2 * part]), statistics.median(values[-part:])


# A screen that comes again leaves a socket to the collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("seconds", [SLICE_SECONDS, pytest.param(FULL_SECONDS, marks=pytest.mark.soak)])
def test_a_server_is_as_light_after_days_as_at_first(tmp_path: Path, tell: Tell, seconds: float) -> None:
    with lived(tmp_path) as life:
        began = life.now()
        samples = life.live(seconds)
        assert life.now() - began > timedelta(seconds=seconds * SPEED * 0.9)
    tell(told(samples, life, seconds))
    memory, files, greenlets = (halves(samples, name) for name in ("memory", "files", "greenlets"))
    assert memory[1] - memory[0] < MOST_MEMORY
    assert files[1] - files[0] < MOST_FILES
    assert greenlets[1] - greenlets[0] < MOST_GREENLETS
    grown = {name for name, rows in samples[-1].rows.items() if rows > 2 * samples[SAMPLES // 2].rows.get(name, 0) + 20}
    assert grown <= MEMORIES
