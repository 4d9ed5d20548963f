"""A day in a moment: the real scheduler's workers on a clock that jumps from one event to the next.

Each worker is a greenlet; a request takes its time by letting the others go on until it is over.
"""

from __future__ import annotations

import heapq
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

import greenlet

from kiosk.schedule.hours import parse
from kiosk.schedule.model import Answer, Event, Room, Slot
from kiosk.source import Busy, Calendar, Draft, Page, Since, Window
from kiosk.store import rooms
from kiosk.store.database import Store
from kiosk.sync.budget import Budget, Metered
from kiosk.sync.mirror import IDLE_SECONDS, Mirror
from kiosk.sync.passes import Pass
from tests import databases
from tests.fakes import StillClock

HOURS = parse("Mon-Fri 07:00-19:00")
ZONES = ("Europe/Berlin", "America/New_York")
# What an answer takes to come, in seconds.
QUESTION, LIST = 0.4, 0.15
# Rooms are read for the first time before anybody changes anything.
WARM_UP = timedelta(minutes=6)


@dataclass
class Time:
    """Runs greenlets one at a time, each when its moment has come."""

    clock: StillClock
    _numbers: Iterator[int] = field(default_factory=count)
    _waiting: list[tuple[datetime, int, greenlet.greenlet]] = field(default_factory=list)
    _turns: dict[greenlet.greenlet, int] = field(default_factory=dict)
    _idle: set[greenlet.greenlet] = field(default_factory=set)
    _hub: greenlet.greenlet = field(default_factory=greenlet.getcurrent)

    def start(self, act: Callable[[], None]) -> None:
        self._enter(greenlet.greenlet(act, self._hub), self.clock())

    def pause(self, seconds: float) -> None:
        """Let the others go on for so long."""
        self._enter(greenlet.getcurrent(), self.clock() + timedelta(seconds=seconds))
        self._hub.switch()

    def wait(self, seconds: float) -> None:
        """Let the others go on until something is to be done, at most for so long."""
        self._idle.add(greenlet.getcurrent())
        self.pause(seconds)
        self._idle.discard(greenlet.getcurrent())

    def set(self) -> None:
        """End the waiting of all who wait: this is an event to those who set it."""
        for one in self._idle:
            self._enter(one, self.clock())
        self._idle.clear()

    def run(self, until: datetime) -> None:
        while self._waiting and self._waiting[0][0] < until:
            at, number, one = heapq.heappop(self._waiting)
            if self._turns[one] == number:
                self.clock.instant = max(at, self.clock())
                one.switch()
        self.clock.instant = until

    def _enter(self, one: greenlet.greenlet, at: datetime) -> None:
        self._turns[one] = next(self._numbers)
        heapq.heappush(self._waiting, (at, self._turns[one], one))


@dataclass
class BusyCalendars:
    """Rooms whose events change all the time; every request takes its time, is counted, and may be refused."""

    time: Time
    chance: random.Random
    now_in: dict[int, Event] = field(default_factory=dict)
    waiting: dict[int, list[datetime]] = field(default_factory=dict)
    ages: list[tuple[int, datetime, float]] = field(default_factory=list)
    minutes: Counter[int] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    asked_at: dict[int, datetime] = field(default_factory=dict)
    gaps: list[float] = field(default_factory=list)

    def page(self, calendar_id: str, query: Window | Since, token: str | None = None) -> Page:
        self._count("list")
        room = int(calendar_id)
        event, changes = self.now_in.get(room), self.waiting.pop(room, [])
        self.time.pause(LIST)
        self.ages += [(room, at, (self.time.clock() - at).total_seconds()) for at in changes]
        gone = () if event else (f"e{room}",)
        return Page((event,) if event else (), gone, None, "c")

    def busy(self, calendar_ids: list[str], start: datetime, end: datetime) -> dict[str, Busy]:
        self._count("question")
        now = self.time.clock()
        self.gaps += [
            (now - self.asked_at[int(one)]).total_seconds() for one in calendar_ids if int(one) in self.asked_at
        ]
        self.asked_at |= {int(one): now for one in calendar_ids}
        answer = {one: self._busy(self.now_in.get(int(one)), start, end) for one in calendar_ids}
        self.time.pause(QUESTION)
        return answer

    def _busy(self, event: Event | None, start: datetime, end: datetime) -> Busy:
        inside = event and event.start < end and event.end > start
        return Busy((Slot(max(event.start, start), min(event.end, end)),)) if event and inside else Busy()

    def change(self, room: int) -> None:
        """Somebody books the room, moves the booking, or cancels it; all within the coming day."""
        now = self.time.clock()
        start = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=self.chance.randint(0, 8))
        minutes = timedelta(minutes=self.chance.randint(1, 12) * 5)
        if self.now_in.get(room) and self.chance.random() < 0.3:
            del self.now_in[room]
        else:
            self.now_in[room] = Event(f"e{room}", start, start + minutes, etag=now.isoformat(), updated=now)
        self.waiting.setdefault(room, []).append(now)

    def _count(self, kind: str) -> None:
        self.kinds[kind] += 1
        self.minutes[int(self.time.clock().timestamp() // 60)] += 1

    def describe(self, calendar_id: str) -> Calendar:
        return Calendar(calendar_id, calendar_id, "UTC")

    def get(self, calendar_id: str, event_id: str, person: str = "") -> Event:
        return self.now_in[int(calendar_id)]

    def insert(self, calendar_id: str, draft: Draft) -> Event:
        return Event(draft.id, draft.start, draft.end)

    def reshape(
        self, calendar_id: str, event: Event, start: datetime, end: datetime, zone: str, person: str = ""
    ) -> Event:
        return event

    def delete(self, calendar_id: str, event_id: str, person: str = "") -> None:
        """Nothing is deleted through the mirror."""

    def answer(self, calendar_id: str, event_id: str, answer: Answer, comment: str = "", etag: str = "") -> Event:
        return self.now_in[int(calendar_id)]

    def curtail(self, calendar_id: str, event_id: str) -> None:
        """Nothing is ended through the mirror."""


@dataclass
class Building:
    """So many rooms in two zones, mirrored by the real scheduler."""

    size: int
    store: Store
    calendars: BusyCalendars
    mirror: Mirror

    @property
    def time(self) -> Time:
        return self.calendars.time

    def zone(self, room: int) -> ZoneInfo:
        return ZoneInfo(ZONES[room % len(ZONES)])

    def read(self) -> None:
        """Start the workers and read every room, while nobody changes anything."""
        for number in range(self.mirror.workers):
            self.time.start(lambda failing=number == 0: self._work(failing=failing, asking=False))  # type: ignore[misc]
        for _ in range(self.mirror.plan(self.time.clock()).askers):
            self.time.start(lambda: self._work(listing=False))
        self.time.run(self.time.clock() + WARM_UP)
        self.calendars.gaps.clear()
        self.calendars.kinds.clear()

    def live(self, hours: float, changes_each: int) -> None:
        """Let the building live for so long, with so many changes of each room and day."""
        self.time.start(lambda: self._change(self.size * changes_each / 86_400))
        self.time.run(self.time.clock() + timedelta(hours=hours))

    def _work(self, **what: bool) -> None:
        while True:
            if not self.mirror.step(**what):
                self.time.wait(IDLE_SECONDS)

    def _change(self, per_second: float) -> None:
        while True:
            self.time.pause(self.calendars.chance.expovariate(per_second))
            self.calendars.change(self.calendars.chance.randrange(self.size))


@contextmanager
def building(folder: Path, size: int, start: datetime, per_day: int = 900_000) -> Iterator[Building]:
    """Give a building as it is `WARM_UP` before `start`; nothing is read yet."""
    clock = StillClock(start - WARM_UP)
    time = Time(clock)
    calendars = BusyCalendars(time, random.Random(size))
    with closing(Store(databases.url(folder / f"{size}.db"))) as store:
        budget = Budget(9_000, per_day)
        mirror = Mirror(
            Pass(Metered(calendars, budget, 0.95, clock), store, 14, clock),
            timedelta(seconds=10),
            HOURS,
            int(per_day * 0.95),
            chance=random.Random(7),
            _wake=time,  # type: ignore[arg-type]
        )
        made = Building(size, store, calendars, mirror)

        def add(db: object) -> None:
            for number in range(size):
                room = Room(f"r{number}", f"Room {number}", made.zone(number))
                rooms.add_linked(db, room, str(number), clock())  # type: ignore[arg-type]

        store.write(add)
        yield made
