"""A simulated day: how fresh many rooms stay, and how many requests that takes."""

from __future__ import annotations

import heapq
import os
import random
import statistics
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from kiosk.schedule.hours import is_open, parse
from kiosk.schedule.model import Answer, Event, Room, Slot
from kiosk.source import Busy, Calendar, Draft, Page, Since, Window
from kiosk.store import gate, mirror, rooms
from kiosk.store.database import Store
from kiosk.sync.budget import Budget, Metered
from kiosk.sync.mirror import Mirror
from kiosk.sync.passes import Pass
from tests.fakes import MONDAY, StillClock

HOURS = parse("Mon-Fri 07:00-19:00")
ZONES = ("Europe/Berlin", "America/New_York")
# What a request takes at Google and on the way, added to every age: the simulation itself takes no time.
LATENCY = 0.6


@dataclass
class CountingCalendars:
    """Rooms whose events change all the time, and a count of every request by minute."""

    clock: StillClock
    chance: random.Random
    log: list[tuple[int, Event]] = field(default_factory=list)
    now_in: dict[int, Event] = field(default_factory=dict)
    waiting: dict[int, list[datetime]] = field(default_factory=dict)
    ages: list[tuple[int, datetime, float]] = field(default_factory=list)
    minutes: Counter[int] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    since: dict[int, int] = field(default_factory=dict)

    def page(self, calendar_id: str, query: Window | Since, token: str | None = None) -> Page:
        self._count("list")
        room = int(calendar_id)
        for changed in self.waiting.pop(room, []):
            self.ages.append((room, changed, (self.clock() - changed).total_seconds() + LATENCY))
        event = self.now_in.get(room)
        gone = () if event else (f"e{room}",)
        return Page((event,) if event else (), gone, None, "c")

    def busy(self, calendar_ids: list[str], start: datetime, end: datetime) -> dict[str, Busy]:
        self._count("free/busy")
        answer: dict[str, Busy] = {}
        for one in calendar_ids:
            event = self.now_in.get(int(one))
            inside = event and event.start < end and event.end > start
            answer[one] = Busy((Slot(max(event.start, start), min(event.end, end)),) if event and inside else ())
        return answer

    def change(self, room: int) -> None:
        """Somebody books the room, moves the booking, or cancels it; all within the coming day."""
        now = self.clock()
        start = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=self.chance.randint(0, 8))
        event = Event(
            f"e{room}", start, start + timedelta(minutes=self.chance.randint(1, 12) * 5), etag=now.isoformat()
        )
        before = self.now_in.get(room)
        if before and self.chance.random() < 0.3:
            del self.now_in[room]
        else:
            self.now_in[room] = event
        self.waiting.setdefault(room, []).append(now)

    def _count(self, kind: str) -> None:
        self.kinds[kind] += 1
        self.minutes[int(self.clock().timestamp() // 60)] += 1

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

    def answer(self, calendar_id: str, event_id: str, answer: Answer, comment: str = "") -> Event:
        return self.now_in[int(calendar_id)]


def simulate(
    folder: Path, count: int, start: datetime, hours: float, changes: int
) -> tuple[CountingCalendars, dict[int, str]]:
    """Run the real scheduler on a clock that jumps from one due moment to the next; changes come at random."""
    clock, chance = StillClock(start), random.Random(count)
    calendars = CountingCalendars(clock, chance)
    store = Store(f"sqlite:///{folder / f'{count}.db'}")
    zones = {number: ZONES[number % len(ZONES)] for number in range(count)}

    def add(db: object) -> None:
        for number, zone in zones.items():
            room = Room(f"r{number}", f"Room {number}", ZoneInfo(zone))
            rooms.add_linked(db, room, str(number), start)  # type: ignore[arg-type]

    store.write(add)
    budget = Budget(9_000, 900_000)
    watcher = Mirror(
        Pass(Metered(calendars, budget, 0.95, clock), store, 14, clock),
        timedelta(seconds=10),
        HOURS,
        855_000,
        chance=random.Random(7),
    )
    play(watcher, calendars, clock, start + timedelta(hours=hours), count, changes)
    store.close()
    return calendars, zones


def play(
    watcher: Mirror, calendars: CountingCalendars, clock: StillClock, end: datetime, count: int, each: int
) -> None:
    # `each` changes a room and day: a heap of the moments at which they come.
    changes = [clock() + timedelta(seconds=calendars.chance.uniform(60, 86_400)) for _ in range(count * each)]
    heapq.heapify(changes)
    while clock() < end:
        while watcher.step():
            pass
        with watcher.work.store.read() as db:
            due = [at for at in (mirror.next_due(db, failing=True), gate.next_due(db)) if at]
        following = min([*due, changes[0]])
        clock.instant = max(following, clock() + timedelta(milliseconds=50))
        while changes and changes[0] <= clock():
            heapq.heappop(changes)
            calendars.change(calendars.chance.randrange(count))


def report(calendars: CountingCalendars, zones: dict[int, str], count: int, hours: float) -> tuple[float, float, int]:
    """Print and return the 95th percentiles of age in opening hours and outside, and the busiest minute."""
    opened: list[float] = []
    closed: list[float] = []
    for room, changed, age in calendars.ages:
        (opened if is_open(HOURS, changed, ZoneInfo(zones[room])) else closed).append(age)
    p95 = [statistics.quantiles(ages, n=20)[18] if len(ages) > 20 else 0.0 for ages in (opened, closed)]
    total, busiest = sum(calendars.minutes.values()), max(calendars.minutes.values())
    print(
        f"\n{count} rooms, {hours:g} h: {total} requests ({dict(calendars.kinds)}), busiest minute {busiest}; "
        f"{len(opened)} changes in opening hours p95 {p95[0]:.1f} s, {len(closed)} outside p95 {p95[1]:.1f} s"
    )
    return p95[0], p95[1], busiest


@pytest.mark.parametrize("count", [20, 300])
def test_rooms_stay_fresh_in_opening_hours_and_at_night(tmp_path: Path, count: int) -> None:
    hours = 0.4
    # 06:50 in Berlin: rooms there wake up, those of New York sleep.
    calendars, zones = simulate(tmp_path, count, MONDAY.replace(hour=4, minute=50), hours, 40_000 // count)
    opened, closed, busiest = report(calendars, zones, count, hours)
    assert opened <= 12
    assert closed <= 75
    assert busiest < 10_000


@pytest.mark.soak
@pytest.mark.parametrize("count", [100, 5000])
def test_whole_day_stays_within_googles_limits(tmp_path: Path, count: int) -> None:
    hours = min(24.0, 24.0 * float(os.environ.get("SOAK_SCALE", "1")))
    calendars, zones = simulate(tmp_path, count, MONDAY.replace(hour=0), hours, 12)
    opened, closed, busiest = report(calendars, zones, count, hours)
    assert opened <= 12
    assert closed <= 75
    assert busiest < 10_000
    assert sum(calendars.minutes.values()) < 1_000_000
