"""What a report of occupancy costs over two years of a thousand rooms, some five million bookings.

The bookings are made up from a seed and go through the rules that close a day; what is kept of them is written in bulk.
Then reports of a month and of a year are read as the page and the API read them, and the page itself is drawn, by a
server with eventlet in its own process: the stall is how late a short sleep came back meanwhile. The machine's own
measures stand first: a loop of plain Python, and a plain sum over one column of all days.

usage: python -m bench.occupancy [ROOMS [DAYS]]
"""

from __future__ import annotations

import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from bench import _machine, _stalls

ROOMS, DAYS = 1000, 730
LAST = date(2026, 10, 31)
KEPT_DAYS = 100


def main(rooms: int, days: int) -> None:
    from kiosk import runtime

    runtime.patch("eventlet")
    with tempfile.TemporaryDirectory() as name:
        measure(Path(name), rooms, days)


def measure(folder: Path, rooms: int, days: int) -> None:
    from kiosk import app, assembly, clock, memory, settings
    from kiosk.schedule.usage import Scope
    from kiosk.store import occupancy_text, usage
    from kiosk.store.usage import Wanted
    from tests.web.visitors import Reception

    database = folder / "kiosk.db"
    given = {"database_url": f"sqlite:///{database}", "secrets": str(folder / "secrets"), "async_mode": "eventlet"}
    parts = assembly.open_parts(settings.load({}, **given))
    began = time.perf_counter()
    bookings = build(database, rooms, days)
    size = sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
    print(f"{rooms} rooms, {days} days, {bookings} bookings: {time.perf_counter() - began:.0f} s, {size / 1e6:.0f} MB")
    baseline(database)
    server = app.build(parts)
    server.warm()
    memory.freeze()
    reception = Reception(parts, server)
    admin, zone = reception.account("admin"), clock.zone("Europe/Berlin")
    for what, first in (("month", LAST.replace(day=1)), ("30 days", LAST - timedelta(days=40)), ("year", a_year())):
        last = LAST if what != "30 days" else LAST - timedelta(days=11)
        wanted = Wanted(first, last, Scope(), zone)
        report(f"{what}: report", lambda wanted=wanted: parts.store.report(usage.read, wanted))
        report(f"{what}: JSON", lambda wanted=wanted: parts.store.report(occupancy_text.as_json, wanted))
        asked = f"from={first}&to={last}"
        report(f"{what}: page", lambda asked=asked: admin.get(f"/admin/occupancy?{asked}").data)
        report(
            f"{what}: page of a building", lambda asked=asked: admin.get(f"/admin/occupancy?{asked}&building=B1").data
        )


def a_year() -> date:
    return LAST - timedelta(days=364)


def baseline(database: Path) -> None:
    def plain_sum() -> Any:
        with sqlite3.connect(database) as db:
            return db.execute("SELECT SUM(held) FROM past_day").fetchone()

    print(f"this machine: {_machine.ROUNDS} rounds of plain Python {_machine.calibrate():.0f} ms")
    print(f"this machine: plain sum over every day of every room {_machine.best(plain_sum) * 1000:.0f} ms")
    report("this machine: a rest of half a second", lambda: time.sleep(0.5))


def report(what: str, step: Callable[[], object]) -> None:
    """Run a step some times; print the first and the fastest run, the CPU of one, and the longest stall of any."""
    with _stalls.watched() as late:
        cpu = time.process_time()
        runs = [_machine.timed(step) for _ in range(_machine.TIMES)]
        cpu = time.process_time() - cpu
    told = f"first {runs[0] * 1000:.0f} ms, best {min(runs) * 1000:.0f} ms, CPU {cpu * 1000 / _machine.TIMES:.0f} ms"
    print(f"{what}: {told}, longest stall {max(late) * 1000:.1f} ms", flush=True)


def build(database: Path, rooms: int, days: int) -> int:
    """Write the history of many rooms; return how many bookings there were."""
    from kiosk.store import past

    written, first = 0, LAST - timedelta(days=days - 1)
    with sqlite3.connect(database) as db:
        db.execute("PRAGMA synchronous=off")
        for number in range(1, rooms + 1):
            written += write_room(db, past, number, first)
    return written


def write_room(db: sqlite3.Connection, past: Any, number: int, first: date) -> int:
    from kiosk.schedule import occupancy
    from kiosk.store import minutes

    building, capacity = f"B{number % 10}", (4, 6, 8, 12, 20)[number % 5]
    about = {"id": number, "slug": f"room-{number}", "name": f"Room {number}", "zone": "Europe/Berlin"}
    about |= {"building": building, "floor": str(number % 4), "capacity": capacity}
    about |= {"first_day": first.toordinal(), "closed_day": LAST.toordinal()}
    db.execute(*past.PastRoomRow.insert(about).sql())
    held: dict[int, int] = {}
    opened: dict[int, int] = {}
    days: list[tuple[int, ...]] = []
    kept: list[tuple[Any, ...]] = []
    bookings = 0
    for day, origin, size, open_minutes, stays in lived(number, first):
        figures = occupancy.of_day(stays, origin, size, open_minutes, capacity)
        days.append((number, day.toordinal(), *occupancy.values(figures)))
        month = minutes.month_of(origin + 720)
        shift = origin - minutes.origin_of(month)
        # What of a month's first day lies in the month before is night, and left out.
        sets = ((held, occupancy.held(stays, origin, size)), (opened, open_minutes))
        for months, bits in sets:
            months[month] = months.get(month, 0) | (bits << shift if shift >= 0 else bits >> -shift)
        bookings += len(stays)
        if (LAST - day).days < KEPT_DAYS:
            kept += [(number, hash((number, s.start)) >> 2, s.start, s.end, s.planned, s.lead, s.people) for s in stays]
    db.executemany(f"INSERT INTO past_day VALUES ({marks(days[0])})", days)
    db.executemany(
        "INSERT INTO past_minutes (past_room_id, month, held, opened) VALUES (?, ?, ?, ?)",
        [(number, month, minutes.pack(bits), minutes.pack(opened[month])) for month, bits in held.items()],
    )
    columns = "past_room_id, key, start, end, planned, lead, people, checked_in, here, released"
    db.executemany(f"INSERT INTO stay ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, '', 0, 0)", kept)
    sum_months(db, number)
    return bookings


def sum_months(db: sqlite3.Connection, number: int) -> None:
    from kiosk.schedule.occupancy import FIGURES

    sums: dict[int, list[int]] = {}
    names = ", ".join(FIGURES)
    for day, *figures in db.execute(f"SELECT day, {names} FROM past_day WHERE past_room_id = ?", (number,)):
        when = date.fromordinal(day)
        month = when.year * 12 + when.month - 1
        sums[month] = [one + other for one, other in zip(sums.get(month, [0] * len(figures)), figures, strict=True)]
    rows = [(number, month, *figures) for month, figures in sums.items()]
    db.executemany(f"INSERT INTO past_month (past_room_id, month, {names}) VALUES ({marks(rows[0])})", rows)


def lived(number: int, first: date) -> Iterator[tuple[date, int, int, int, list[Any]]]:
    """Yield a room's days: the day, its first minute and length, its open minutes, and about seven bookings."""
    from kiosk import clock
    from kiosk.schedule.occupancy import Stay, span
    from kiosk.store.past_rooms import bounds

    chance, zone = random.Random(number), clock.zone("Europe/Berlin")
    for ahead in range((LAST - first).days + 1):
        day = first + timedelta(days=ahead)
        here = bounds(day.toordinal(), zone)
        working = day.weekday() < 5
        hours = span(here.origin + 7 * 60, here.origin + 19 * 60, here.origin, here.size) if working else 0
        stays = []
        for _ in range(chance.randint(6, 14) if working else chance.randint(0, 1)):
            start = here.origin + chance.randrange(7 * 60, 18 * 60, 15)
            end = start + chance.choice((15, 30, 30, 60, 60, 90))
            state = chance.choice(("", "", "in", "missed"))
            stays.append(Stay(start, end, end, chance.randrange(20_000), chance.randint(0, 9), state))
        yield day, here.origin, here.size, hours, stays


def marks(values: Any) -> str:
    return ", ".join("?" * len(values))


if __name__ == "__main__":
    main(*([int(word) for word in sys.argv[1:3]] + [ROOMS, DAYS][len(sys.argv) - 1 :]))
