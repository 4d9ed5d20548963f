"""A campus on one machine: two processes that serve, two that work, a database, Redis and nginx; any may be killed."""

from __future__ import annotations

import random
import re
import signal
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg2
import requests
from psycopg2.extras import DictCursor

from kiosk import clock
from kiosk.emulator.server import Emulator
from tests.booking.town import Span, Town
from tests.campus.wall import Wall
from tests.cluster import Cluster
from tests.crew import site
from tests.crew.machinery import Daemon, Nginx, Redis, free_port
from tests.running import SERVICE_USER, Server, wait_for

TAPPERS = 2
PROBES = 3
QUARTER = timedelta(minutes=15)
# How far ahead is booked, in quarters of an hour: what is today and tomorrow is on the glass.
HORIZON = 60
# So long is waited before it counts as never; how long it took is told.
ASKED_FOR = 180.0


@dataclass
class Base(Town):
    """The town, asked through whatever its database is."""

    database_url: str = ""

    def sql(self, query: str, *values: object) -> list[Any]:
        if self.database_url.startswith("sqlite:"):
            return super().sql(query, *values)
        line = psycopg2.connect(self.database_url, cursor_factory=DictCursor)
        with closing(line), line, line.cursor() as cursor:
            cursor.execute(query.replace("?", "%s"), values)
            return list(cursor.fetchall())


@dataclass
class Plant:
    """All parts, and what was booked: `answers` and `unanswered` by idempotency key."""

    town: Town
    redis: Redis
    nginx: Nginx
    webs: list[Server]
    works: list[Server]
    wall: Wall
    counts: Counter[str] = field(default_factory=Counter)
    answers: dict[str, tuple[int, str]] = field(default_factory=dict)
    chance: random.Random = field(default_factory=lambda: random.Random(7))
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def front(self) -> str:
        return f"http://127.0.0.1:{self.nginx.port}"

    cluster: Cluster | None = None

    def blows(self) -> dict[str, Callable[[], None]]:
        """Return what befalls each part in turn: killed, and started again as its supervisor would."""
        both = [*self.webs, *self.works]
        blows: dict[str, Callable[[], None]] = {part(one): lambda one=one: revive(one) for one in both}  # type: ignore[misc]
        blows |= {"Redis": lambda: revive(self.redis), "nginx": lambda: revive(self.nginx)}
        return blows | ({"PostgreSQL": self._lose_database} if self.cluster else {})

    def _lose_database(self) -> None:
        assert self.cluster
        self.cluster.stop(signal.SIGQUIT)
        time.sleep(1)
        self.cluster.start()

    def lacks(self) -> str:
        """Return nothing when every screen is here and shows the newest, and all rooms are fresh; else what not."""
        here = self.wall.here()
        if here < len(self.wall.screens):
            return f"{here} screens are here"
        try:
            said = [one.get("/readyz").json() for one in self.webs]
        except requests.RequestException as error:
            return str(error)
        seen = [(one.get("screens", 0), one.get("screens_behind", 0), len(one.get("reasons", ()))) for one in said]
        is_right = sum(screens for screens, _, _ in seen) == here and all(one["ready"] for one in said)
        return "" if is_right and not any(behind for _, behind, _ in seen) else f"screens, behind, stale: {seen}"

    def strike(self, blow: Callable[[], None]) -> float:
        """Let something befall a part while people book; return after how many seconds all was right again.

        That is when every screen is connected and shows the newest, among it what was entered into Google, and booked
        through nginx, after the blow.
        """
        self.is_right_in_the_end()
        began = clock.monotonic()
        blow()
        before = self.wall.told(self.probes())
        for number, slug in enumerate(before):
            self.enter(slug) if number % 2 else self.book(slug, self.later(), requests.Session())
        wait_for(lambda: self.were_told(before), ASKED_FOR, 0.1)
        self.is_right_in_the_end()
        return clock.monotonic() - began

    def is_right_in_the_end(self, seconds: float = ASKED_FOR) -> None:
        give_up = clock.monotonic() + seconds
        while lacks := self.lacks():
            assert clock.monotonic() < give_up, lacks
            time.sleep(0.2)

    def were_told(self, before: dict[str, int]) -> bool:
        told = self.wall.told(before)
        return all(told[slug] >= count + self.wall.doors(slug) for slug, count in before.items())

    def probes(self) -> list[str]:
        return self.chance.sample(sorted({slug for slug, _word in self.wall.screens}), 2 * PROBES)

    def enter(self, slug: str) -> None:
        """Write something into a room's calendar, as people do in Google, where it is free."""
        address = self.town.rooms[slug]
        with self.town.google.service.changing():
            times = (Span(start, start + QUARTER) for start in iter(self.later, None))
            free = next(one for one in times if not self.town.taken(slug, one))
            self.town.google.world.create(address, "Entered", free.start, free.end)

    def later(self) -> Any:
        """Return a quarter of an hour of today or tomorrow."""
        now = clock.now().replace(minute=0, second=0, microsecond=0)
        return now + QUARTER * self.chance.randint(5, HORIZON)

    @contextmanager
    def booking(self) -> Iterator[None]:
        """Let people book through nginx without a pause."""
        tappers = [threading.Thread(target=self._tap, args=(number,), daemon=True) for number in range(TAPPERS)]
        for one in tappers:
            one.start()
        try:
            yield
        finally:
            self.over.set()
            for one in tappers:
                one.join()

    def _tap(self, number: int) -> None:
        chance = random.Random(number)
        slugs = sorted(self.town.rooms)
        now = clock.now().replace(minute=0, second=0, microsecond=0)
        with requests.Session() as session:
            while not self.over.wait(chance.uniform(0.5, 1.5)):
                self.book(chance.choice(slugs), now + QUARTER * chance.randint(5, HORIZON), session)

    def book(self, slug: str, start: Any, session: requests.Session) -> None:
        """Book, and ask again with the same key until somebody answers, as a door does."""
        key, body = uuid.uuid4().hex, {"start": start.isoformat(), "minutes": 15}
        give_up = clock.monotonic() + ASKED_FOR
        while clock.monotonic() < give_up:
            answer = self._asked(session, slug, key, body)
            if answer is not None:
                self.answers[key] = answer
                self.counts[f"{answer[0]} {answer[1]}".strip()] += 1
                return
            self.counts["asked again"] += 1
            time.sleep(0.2)
        self.counts["never answered"] += 1

    def _asked(self, session: requests.Session, slug: str, key: str, body: dict[str, Any]) -> tuple[int, str] | None:
        url = f"{self.front}/api/v1/rooms/{slug}/bookings"
        with suppress(requests.RequestException):
            answer = session.post(url, json=body, headers={"Idempotency-Key": key}, timeout=30)
            if answer.status_code < 500:
                return answer.status_code, answer.json().get("reason", "")
            self.counts[f"answered {answer.status_code}"] += 1
        return None


def part(server: Server) -> str:
    return server.folder.name


def revive(one: Server | Daemon) -> None:
    """Kill a part, and start it again a moment later."""
    one.process.kill() if isinstance(one, Server) else one.kill()
    time.sleep(1)  # as long as systemd waits
    one.start()


def built(folder: Path, google: Emulator, database_url: str, screens: int) -> Plant:
    """Return a plant whose rooms are imported, and none of whose parts run."""
    redis = Redis(folder / "redis")
    given = settings(folder, google) | {"KIOSK_DATABASE_URL": database_url, "KIOSK_REDIS_URL": redis.url}
    webs = [process(folder, "web", number, given) for number in (1, 2)]
    works = [process(folder, "work", number, given) for number in (1, 2)]
    imported = works[0].run("rooms", "import")
    assert imported.returncode == 0, imported.stderr
    town = Base(google, folder, [], people=(), database_url=database_url)
    town.rooms = {row["slug"]: row["calendar_id"] for row in town.sql("SELECT slug, calendar_id FROM room")}
    ports = [int(one.settings["KIOSK_PORT"]) for one in webs]
    nginx = Nginx(folder / "nginx", written=lambda home, port: site.written(home, port, ports))
    return Plant(town, redis, nginx, webs, works, Wall(nginx.port, sorted(town.rooms), screens))


def settings(folder: Path, google: Emulator) -> dict[str, str]:
    google.service.quota.limit(quota_user=0, quota_project=0)
    google.write_credentials(folder / "key.json")
    return {
        "KIOSK_SECRETS": str(folder / "secrets"),
        "KIOSK_GOOGLE_CREDENTIALS": str(folder / "key.json"),
        "KIOSK_GOOGLE_SUBJECT": SERVICE_USER,
        "KIOSK_GOOGLE_ADMIN_SUBJECT": google.world.admin,
        "KIOSK_GOOGLE_ENDPOINT": google.url,
        "KIOSK_TRUSTED_PROXIES": "1",
        "KIOSK_POLL_SECONDS": "2",
        "KIOSK_OPENING_HOURS": "Mon-Sun 00:00-23:59",
        "KIOSK_REQUESTS_PER_MINUTE": "1000000",
        "KIOSK_REQUESTS_PER_DAY": "100000000",
    }


def process(folder: Path, only: str, number: int, given: dict[str, str]) -> Server:
    """Return a process on a port of its own, which it keeps when it is started again."""
    own = folder / f"{only}-{number}"
    own.mkdir()
    return Server(own, given | {"KIOSK_PORT": str(free_port())}, only=only)


@contextmanager
def running(plant: Plant) -> Iterator[None]:
    """Start everything, and let all screens come; stop it all in the end."""
    parts = [*plant.works, *plant.webs]
    try:
        plant.redis.start()
        for one in parts:
            one.start()
        plant.nginx.start()
        wait_for(lambda: all(one.get("/readyz").ok for one in plant.webs), 300, 0.5)
        plant.wall.start()
        plant.is_right_in_the_end(600)
        yield
    finally:
        plant.wall.stop()
        for daemon in (plant.nginx, plant.redis):
            daemon.stop()
        for one in parts:
            one.stop()


def complaints(plant: Plant) -> list[str]:
    """Return what the logs say that nobody should have to read."""
    logs = [one.log() for one in (*plant.webs, *plant.works)]
    return [each for log in logs for each in re.findall(r"(?m)^Traceback.*(?:\n .*)*\n\S.*", log)]
