"""A simulated day: how fresh many rooms stay, and how many requests that takes."""

from __future__ import annotations

import os
import statistics
from datetime import datetime
from pathlib import Path

import pytest

from kiosk import clock
from kiosk.schedule.hours import is_open
from tests.conftest import Tell
from tests.fakes import MONDAY
from tests.sync.simulation import HOURS, Building, building


def live(folder: Path, size: int, start: datetime, hours: float, changes_each: int, tell: Tell) -> tuple[float, float]:
    """Let a building live, tell what came of it, and return the 95th percentiles of age, open and closed."""
    with building(folder, size, start) as made:
        made.read()
        began = clock.monotonic()
        made.live(hours, changes_each)
        took = clock.monotonic() - began
    ages = ages_of(made)
    calendars = made.calendars
    p95 = percentile(ages[True]), percentile(ages[False])
    tell(
        f"{size} rooms, {hours:g} h: {calendars.kinds.total()} requests ({dict(calendars.kinds)}), "
        f"busiest minute {max(calendars.minutes.values())}; {len(ages[True])} changes in opening hours "
        f"p95 {p95[0]:.1f} s, {len(ages[False])} outside p95 {p95[1]:.1f} s; between two questions about a room "
        f"p95 {percentile(calendars.gaps):.1f} s; {took / hours:.0f} s of computing for an hour"
    )
    assert max(calendars.minutes.values()) < 10_000
    assert sum(calendars.minutes.values()) < 1_000_000
    return p95


def ages_of(made: Building) -> dict[bool, list[float]]:
    ages: dict[bool, list[float]] = {True: [], False: []}
    for room, changed, age in made.calendars.ages:
        ages[is_open(HOURS, changed, made.zone(room))].append(age)
    return ages


def percentile(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[18] if len(values) > 20 else 0.0


@pytest.mark.parametrize("size", [20, 300])
def test_rooms_stay_fresh_in_opening_hours_and_at_night(tmp_path: Path, size: int, tell: Tell) -> None:
    # 06:50 in Berlin: rooms there wake up, those of New York sleep.
    opened, closed = live(tmp_path, size, MONDAY.replace(hour=4, minute=50), 0.4, 40_000 // size, tell)
    assert opened <= 12
    assert closed <= 75


@pytest.mark.soak
@pytest.mark.parametrize("size", [100, 5000])
def test_whole_day_stays_within_googles_limits(tmp_path: Path, size: int, tell: Tell) -> None:
    hours = min(24.0, 24.0 * float(os.environ.get("SOAK_SCALE", "1")))
    opened, closed = live(tmp_path, size, MONDAY.replace(hour=0), hours, 12, tell)
    assert opened <= 12
    assert closed <= 75
