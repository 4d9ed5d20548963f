"""A year with known truth: every figure of the report is what plain counting over the raw list gives.

Rooms in three zones, through changes of the clocks (by half an hour too); one is opened and one removed meanwhile;
bookings overlap, last for days, were not attended, given back, ended early, or declined.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import pytest

from kiosk import clock
from kiosk.schedule import hours, usage
from kiosk.schedule.model import Room
from kiosk.schedule.occupancy import FIGURES
from kiosk.schedule.usage import Report, Scope
from kiosk.store import past_rooms, policies, rooms
from kiosk.store import usage as reader
from kiosk.store.database import Store
from kiosk.store.usage import Wanted
from kiosk.sync.history import History
from tests.fakes import FakeCalendars, StillClock
from tests.sync import truth
from tests.sync.truth import Hall, Truth

BERLIN, KOLKATA, LORD_HOWE = (clock.zone(name) for name in ("Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe"))
OPENING = "Mon-Fri 08:00-18:00"
WEEK = frozenset(range(5))


@dataclass
class House:
    """Rooms with a history, and what truly happened in them."""

    store: Store
    halls: list[Hall]
    first: date
    last: date

    def report(self, first: date, last: date, scope: Scope) -> Report:
        return self.store.report(reader.read, Wanted(first, last, scope, BERLIN))

    def truth(self, first: date, last: date, slugs: set[str]) -> Truth:
        return truth.count([hall for hall in self.halls if hall.stored.room.slug in slugs], first, last)


def lived(store: Store, still: StillClock, seed: int, first: date, last: date) -> House:
    """Let some time pass in a house of six rooms, day by day, and close every day."""
    chance = random.Random(seed)
    middle = first + (last - first) / 2
    still.instant = truth.midnight(first, LORD_HOWE)
    history = History(store, FakeCalendars(still), hours.parse(OPENING), 10_000, 0, still, 0)
    house = House(store, [], first, last)
    opened(house, chance, "oak", BERLIN, 8, "Berlin", "1", first, last)
    opened(house, chance, "elm", BERLIN, 0, "Berlin", "2", first, last, "Mon-Sun 00:00-24:00")
    opened(house, chance, "fir", KOLKATA, 4, "Pune", "1", first, last, "Mon-Sat 09:30-17:45")
    opened(house, chance, "ash", LORD_HOWE, 16, "Island", "", first, last, "Mon-Sun 01:00-23:00")
    opened(house, chance, "yew", BERLIN, 8, "Berlin", "1", first, middle - timedelta(days=1))
    ran(history, still, middle)
    store.write(rooms.remove, house.halls[-1].stored.id)
    opened(house, chance, "box", BERLIN, 2, "Berlin", "2", middle, last)
    ran(history, still, last + timedelta(days=1))
    return house


def opened(
    house: House, chance: random.Random, slug: str, zone: object, seats: int, building: str, floor: str,
    first: date, last: date, hours_of_its_own: str = "",
) -> None:  # fmt: skip
    room = Room(slug, slug.title(), zone, building, floor, seats)  # type: ignore[arg-type]
    number = house.store.write(rooms.add, room)
    words = {"check-in": "all"} | ({"hours": hours_of_its_own} if hours_of_its_own else {})
    house.store.write(policies.change, number, words)
    with house.store.read() as db:
        stored = rooms.by_id(db, number)
    found = hours.parse(hours_of_its_own or OPENING)
    hall = Hall(stored, found.days, found.start, found.end if found.end != time.max else time.max, first, last)
    house.halls.append(hall)
    house.store.write(truth.fill, hall, chance, first, last)


def ran(history: History, still: StillClock, until: date) -> None:
    """Let the rooms be noticed as they are now, and the clock go on to the first minutes of a day in Berlin."""
    history.store.write(past_rooms.follow, still())
    still.instant = truth.midnight(until, BERLIN) + timedelta(minutes=10)
    while history.close(still()):
        pass


def agree(report: Report, counted: Truth) -> None:
    """Compare every figure of a report with the truth."""
    assert report_figures(report) == counted.figures
    heat = {(d, h, "open"): cell.open_minutes for d, row in enumerate(report.heat) for h, cell in enumerate(row)}
    heat |= {(d, h, "held"): cell.held for d, row in enumerate(report.heat) for h, cell in enumerate(row)}
    assert +Counter(heat) == +counted.heat
    assert (report.peak.most, report.peak.at) == highest(counted.at_once)
    assert report.peak.levels == {n: long for n, long in Counter(counted.at_once.values()).items() if n}
    assert {day: most for day, most in report.peak.days.items() if most} == highest_by_day(report, counted)
    assert sum((point.cell for point in report.trend), usage.Cell()) == usage.heat_total(report.heat)
    assert [(p.day, p.cell.open_minutes, p.cell.held) for p in report.trend] == steps(report, counted)


def report_figures(report: Report) -> dict[str, dict[str, int]]:
    told = {line.place.slug: line.figures for line in report.rooms if line.place}
    named = {slug: {name: getattr(figures, name) for name in FIGURES} for slug, figures in told.items()}
    return {slug: {name: number for name, number in one.items() if number} for slug, one in named.items()}


def highest(at_once: Counter[int]) -> tuple[int, datetime | None]:
    most = max(at_once.values(), default=0)
    found = min((minute for minute, number in at_once.items() if number == most), default=0)
    return most, truth.moment_of(found) if most else None


def highest_by_day(report: Report, counted: Truth) -> dict[date, int]:
    found: dict[date, int] = {}
    days: dict[int, date] = {}  # by quarters of an hour, at which all days begin
    for minute, number in (+counted.at_once).items():
        quarter = minute // 15
        if quarter not in days:
            days[quarter] = truth.moment_of(minute).astimezone(clock.zone(report.zone)).date()
        day = days[quarter]
        day = min(max(day, report.first), report.last)
        found[day] = max(found.get(day, 0), number)
    return found


def steps(report: Report, counted: Truth) -> list[tuple[date, int, int]]:
    """Return the trend's steps as the truth's days make them."""
    found: dict[date, Counter[str]] = {}
    for number in range((report.last - report.first).days + 1):
        day = report.first + timedelta(days=number)
        lengths = {"day": day, "week": day - timedelta(days=day.weekday()), "month": day.replace(day=1)}
        step = found.setdefault(max(lengths[report.step], report.first), Counter())
        step.update({word: counted.days[day, word] for word in ("open", "held")})
    return [(day, step["open"], step["held"]) for day, step in found.items()]


@pytest.fixture
def house(store: Store, still: StillClock) -> House:
    return lived(store, still, 8, date(2025, 9, 20), date(2026, 9, 19))


EVERYBODY = {"oak", "elm", "fir", "ash", "yew", "box"}


def test_every_figure_of_a_year_is_the_truth(house: House) -> None:
    for first, last, scope, slugs in (
        (house.first, house.last, Scope(), EVERYBODY),
        (date(2025, 10, 17), date(2025, 12, 3), Scope(building="Berlin"), {"oak", "elm", "yew", "box"}),
        (date(2026, 3, 1), date(2026, 3, 31), Scope(building="Berlin", floor="2"), {"elm", "box"}),
        (date(2026, 3, 29), date(2026, 3, 29), Scope(size="5-8"), {"oak", "yew"}),
        (date(2026, 4, 5), date(2026, 4, 5), Scope(room="ash"), {"ash"}),
        (date(2026, 6, 10), date(2026, 6, 20), Scope(slugs={"fir", "oak"}), {"fir", "oak"}),
    ):
        agree(house.report(first, last, scope), house.truth(first, last, slugs))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("around", [date(2025, 10, 26), date(2026, 3, 29)], ids=["autumn", "spring"])
def test_weeks_around_a_change_of_the_clocks_are_counted_to_the_minute(
    store: Store, still: StillClock, around: date, seed: int
) -> None:
    house = lived(store, still, seed, around - timedelta(days=9), around + timedelta(days=9))
    chance = random.Random(seed)
    for _ in range(3):
        first = house.first + timedelta(days=chance.randrange(10))
        last = first + timedelta(days=chance.randrange(9))
        agree(house.report(first, last, Scope()), house.truth(first, last, EVERYBODY))


def test_fewer_rooms_are_judged_by_the_minutes_in_which_more_were_in_use(store: Store, still: StillClock) -> None:
    house = lived(store, still, 5, date(2025, 9, 20), date(2025, 10, 31))
    report = house.report(house.first, house.last, Scope(building="Berlin"))
    counted = house.truth(house.first, house.last, {"oak", "elm", "yew", "box"})
    for less in range(6):
        left, told = max(4 - less, 0), report.peak.fewer(less)
        short = {minute for minute, number in counted.at_once.items() if number > left}
        days = {truth.moment_of(minute).astimezone(BERLIN).date() for minute in short}
        assert (told.left, told.minutes, told.days) == (left, len(short), len(days))
    curve = dict(report.peak.curve())
    assert curve == {n: sum(number >= n for number in counted.at_once.values()) for n in curve}
