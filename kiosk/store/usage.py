"""Reading the history: a report over any period and rooms, from sums that are kept and sets of minutes.

What takes long is done in many small steps, most of them the database's or of sets as a whole, so that whoever runs in
another thread is never kept waiting.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from peewee import Database

from kiosk import clock
from kiosk.schedule import concurrency, occupancy, usage
from kiosk.schedule.concurrency import Planes
from kiosk.schedule.occupancy import FIGURES, Figures
from kiosk.schedule.usage import Cell, Line, Peak, Place, Report, Scope
from kiosk.store import minutes, past_rooms
from kiosk.store.past_rooms import PastRoom, bounds
from kiosk.store.plain import marks, rows

Progress = Callable[[int, int], None]
HOURS, WEEKDAYS = 24, 7
QUARTER = 15
AN_HOUR = (1 << occupancy.HOUR) - 1


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a report is about: local days, both included, and rooms; `home`: the zone in which peaks are told."""

    first: date
    last: date
    scope: Scope
    home: ZoneInfo


@dataclass(slots=True)
class Tally:
    """What is counted month by month."""

    heat: dict[tuple[int, int], Cell] = field(default_factory=dict)
    days: dict[date, Cell] = field(default_factory=dict)
    most: dict[date, int] = field(default_factory=dict)
    levels: Counter[int] = field(default_factory=Counter)
    peak: tuple[int, int] = (0, -1)


def places(db: Database, scope: Scope) -> list[Place]:
    """Return the rooms of a scope that the history knows, removed ones too, by building, floor and name."""
    found = past_rooms.every(db)
    slugs = _slugs(found)
    every = [_place(past, slugs[past.id]) for past in found]
    return [place for place in every if scope.has(place)]


def _slugs(found: Sequence[PastRoom]) -> dict[int, str]:
    """Return the word by which each room is asked for: whoever has a slug now, or had it last, goes by it alone."""
    owners: dict[str, int] = {}
    for past in sorted(found, key=lambda past: (past.room_id is not None, past.id)):
        owners[past.slug] = past.id
    return {past.id: past.slug if owners[past.slug] == past.id else f"{past.slug}~{past.id}" for past in found}


def _place(past: PastRoom, slug: str) -> Place:
    told = (past.name, past.building, past.floor, past.capacity, past.zone)
    return Place(past.id, slug, *told, removed=past.room_id is None)


def known_days(db: Database) -> tuple[date, date] | None:
    """Return the first and the last day of which anything is kept, None when there is none."""
    [(month,)] = rows(db, "SELECT MIN(month) FROM past_month")
    [(first, last)] = rows(db, "SELECT MIN(first_day), MAX(closed_day) FROM past_room WHERE first_day IS NOT NULL")
    if month is None or first is None:
        return None
    kept = date(month // 12, month % 12 + 1, 1)
    return max(kept, date.fromordinal(first)), date.fromordinal(last)


def read(db: Database, wanted: Wanted, progress: Progress = lambda _done, _of: None) -> Report:
    """Return the report; rooms of which nothing is kept in that time are left out."""
    chosen = {place.id: place for place in places(db, wanted.scope)}
    found = figures(db, list(chosen), wanted.first, wanted.last)
    there = {number: place for number, place in chosen.items() if number in found}
    zones = {place.zone for place in there.values()}
    home = clock.zone(zones.pop()) if len(zones) == 1 else wanted.home
    tally = _count(db, there, wanted, home, progress)
    step = usage.step_of(wanted.first, wanted.last)
    most, at = tally.peak
    return Report(
        first=wanted.first,
        last=wanted.last,
        rooms=tuple(Line(place.name, 1, found[number], place) for number, place in there.items()),
        heat=_heat(tally.heat),
        step=step,
        trend=usage.trend(tally.days, tally.most, step),
        peak=Peak(len(there), most, occupancy.instant_of(at) if most else None, tally.levels, tally.most),
        zone=home.key,
    )


def figures(db: Database, numbers: Sequence[int], first: date, last: date) -> dict[int, Figures]:
    """Return, by room, the sum of its days: whole months are read as such, and the days around them one by one."""
    start, end = _whole_months(first, last)
    parts, values = [], []
    if start < end:
        parts.append(f"SELECT past_room_id, {NAMES} FROM past_month WHERE {_among(numbers)} AND month BETWEEN ? AND ?")
        values += [*numbers, _month(start), _month(end - timedelta(days=1))]
    for one, other in _days_around(first, last, start, end):
        parts.append(f"SELECT past_room_id, {NAMES} FROM past_day WHERE {_among(numbers)} AND day BETWEEN ? AND ?")
        values += [*numbers, one.toordinal(), other.toordinal()]
    sql = f"SELECT past_room_id, {SUMS} FROM ({' UNION ALL '.join(parts)}) AS part GROUP BY past_room_id"
    return {number: Figures(*sums) for number, *sums in rows(db, sql, *values)}


def _whole_months(first: date, last: date) -> tuple[date, date]:
    """Return the first day of the first whole month, and the day after the last; as much when there is none."""
    start = first if first.day == 1 else (first.replace(day=1) + timedelta(days=31)).replace(day=1)
    end = (last + timedelta(days=1)).replace(day=1)
    return start, max(start, end)


def _days_around(first: date, last: date, start: date, end: date) -> list[tuple[date, date]]:
    day = timedelta(days=1)
    if start >= end:
        return [(first, last)]
    around = [(first, start - day), (end, last)]
    return [(one, other) for one, other in around if one <= other]


def _month(day: date) -> int:
    return day.year * 12 + day.month - 1


def _count(db: Database, there: Mapping[int, Place], wanted: Wanted, home: ZoneInfo, progress: Progress) -> Tally:
    tally, ends = Tally(), [_ends(wanted, clock.zone(name)) for name in {place.zone for place in there.values()}]
    if not ends:
        return tally
    months = minutes.months(min(start for start, _ in ends), max(end for _, end in ends))
    for number, month in enumerate(months):
        progress(number, len(months))
        _count_month(db, there, wanted, home, month, tally)
    progress(len(months), len(months))
    return tally


def _ends(wanted: Wanted, zone: ZoneInfo) -> tuple[int, int]:
    last = bounds(wanted.last.toordinal(), zone)
    return bounds(wanted.first.toordinal(), zone).origin, last.origin + last.size


def _count_month(
    db: Database, there: Mapping[int, Place], wanted: Wanted, home: ZoneInfo, month: int, tally: Tally
) -> None:
    origin = minutes.origin_of(month)
    size = minutes.origin_of(month + 1) - origin
    everybody: Planes = []
    for name, groups in _planes(db, there, month).items():
        zone = clock.zone(name)
        period = occupancy.span(*_ends(wanted, zone), origin, size)
        opened: Planes = []
        used: Planes = []
        for open_minutes, count, held in groups:
            mine = open_minutes & period
            concurrency.add_times(opened, mine, count)
            concurrency.merge(used, concurrency.within(held, mine))
            concurrency.merge(everybody, concurrency.within(held, period))
        _count_hours(tally, zone, month, period, opened, used)
        _count_days(tally, wanted, zone, (origin, size), opened, used)
    _count_peaks(tally, wanted, home, (origin, size), everybody)


def _planes(db: Database, there: Mapping[int, Place], month: int) -> dict[str, list[tuple[int, int, Planes]]]:
    """Return, by zone and opening minutes, how many rooms there are and how many of them were held at every minute."""
    sql = f"SELECT past_room_id, held, opened FROM past_minutes WHERE month = ? AND {_among([*there])}"
    counts: Counter[tuple[str, bytes]] = Counter()
    planes: dict[tuple[str, bytes], Planes] = {}
    for number, held, opened in rows(db, sql, month, *there):
        group = (there[number].zone, bytes(opened))
        counts[group] += 1
        concurrency.add(planes.setdefault(group, []), minutes.unpack(held))
    found: dict[str, list[tuple[int, int, Planes]]] = {}
    for (zone, opened), count in counts.items():
        found.setdefault(zone, []).append((minutes.unpack(opened), count, planes[zone, opened]))
    return found


def _count_hours(
    tally: Tally, zone: ZoneInfo, month: int, period: int, opened: Sequence[int], used: Sequence[int]
) -> None:
    for key, everything in _hours(zone, month).items():
        hour = everything & period
        if hour:
            cell = Cell(concurrency.total(opened, hour), concurrency.total(used, hour))
            tally.heat[key] = tally.heat.get(key, Cell()) + cell


def _count_days(
    tally: Tally, wanted: Wanted, zone: ZoneInfo, where: tuple[int, int], opened: Sequence[int], used: Sequence[int]
) -> None:
    for day, here in _days(wanted, zone, *where):
        cell = Cell(concurrency.total(opened, here), concurrency.total(used, here))
        tally.days[day] = tally.days.get(day, Cell()) + cell


def _count_peaks(tally: Tally, wanted: Wanted, home: ZoneInfo, where: tuple[int, int], everybody: Planes) -> None:
    origin, size = where
    everything = (1 << size) - 1
    for count, long in concurrency.levels(everybody, everything).items():
        if count:
            tally.levels[count] += long
    most, first = concurrency.most(everybody, everything)
    if most > tally.peak[0]:
        tally.peak = most, origin + first
    for day, here in _days(wanted, home, origin, size, open_ended=True):
        tally.most[day] = max(tally.most.get(day, 0), concurrency.most(everybody, here)[0])


def _days(
    wanted: Wanted, zone: ZoneInfo, origin: int, size: int, open_ended: bool = False
) -> Iterable[tuple[date, int]]:
    """Yield the days of the period that a month touches, each as a set of its minutes.

    `open_ended`: what lies before the first or after the last counts with these, for rooms of other zones.
    """
    ends = [occupancy.instant_of(minute).date().toordinal() for minute in (origin, origin + size)]
    near = range(max(wanted.first.toordinal(), ends[0] - 2), min(wanted.last.toordinal(), ends[1] + 2) + 1)
    for day in near:
        here = bounds(day, zone)
        first, last = here.origin, here.origin + here.size
        if open_ended and day == wanted.first.toordinal():
            first = origin
        if open_ended and day == wanted.last.toordinal():
            last = origin + size
        found = occupancy.span(first, last, origin, size)
        if found:
            yield date.fromordinal(day), found


@lru_cache(maxsize=64)
def _hours(zone: ZoneInfo, month: int) -> Mapping[tuple[int, int], int]:
    """Return, by weekday and local hour, its minutes in a month; an hour that comes twice has twice as many."""
    origin = minutes.origin_of(month)
    size = minutes.origin_of(month + 1) - origin
    found: dict[tuple[int, int], int] = {}
    first = date(month // 12, month % 12 + 1, 1).toordinal() - 1
    for day in range(first, first + 34):
        here, weekday = bounds(day, zone), date.fromordinal(day).weekday()
        shift = here.origin - origin
        for hour, long in _hours_of(here, zone):
            moved = long << shift if shift >= 0 else long >> -shift
            found[weekday, hour] = found.get((weekday, hour), 0) | moved
    cut = (1 << size) - 1
    return {key: cut & bits for key, bits in found.items() if cut & bits}


def _hours_of(here: past_rooms.Bounds, zone: ZoneInfo) -> Iterable[tuple[int, int]]:
    """Return a day's hours, each as a set of minutes from the day's first one."""
    if here.size == occupancy.DAY:
        return [(hour, AN_HOUR << hour * occupancy.HOUR) for hour in range(HOURS)]
    found: dict[int, int] = {}
    for quarter in range(0, here.size, QUARTER):
        hour = _local(here.origin + quarter, zone).hour
        found[hour] = found.get(hour, 0) | occupancy.span(quarter, quarter + QUARTER, 0, here.size)
    return list(found.items())


def _local(minute: int, zone: ZoneInfo) -> datetime:
    return occupancy.instant_of(minute).astimezone(zone)


def _heat(found: Mapping[tuple[int, int], Cell]) -> tuple[tuple[Cell, ...], ...]:
    return tuple(tuple(found.get((weekday, hour), Cell()) for hour in range(HOURS)) for weekday in range(WEEKDAYS))


def _among(numbers: Sequence[int]) -> str:
    return f"past_room_id IN ({marks(numbers)})"


NAMES = ", ".join(FIGURES)
SUMS = ", ".join(f"SUM({name})" for name in FIGURES)
