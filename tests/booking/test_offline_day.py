"""A day with a broken line: the doors go on taking bookings, and every one of them comes to an end that is told."""

from __future__ import annotations

import os
import random
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from kiosk.store.database import Store
from tests.booking.offline import Day
from tests.conftest import Tell
from tests.fakes import MONDAY, FakeCalendars, StillClock

SCALE = float(os.environ.get("SOAK_SCALE", "1"))


def test_every_hold_of_a_day_offline_is_confirmed_or_refused_and_told(store: Store, tell: Tell) -> None:
    counts = spend(store, 7)
    tell(summary(counts))
    assert {"held, then confirmed", "held, then refused taken", "held, then refused past"} <= set(counts)


@pytest.mark.soak
def test_every_hold_of_many_days_offline_is_confirmed_or_refused_and_told(tmp_path: Path, tell: Tell) -> None:
    counts: Counter[str] = Counter()
    for seed in range(int(50 * SCALE)):
        counts += spend(Store(f"sqlite:///{tmp_path / f'{seed}.db'}"), seed)
    tell(summary(counts))


def spend(store: Store, seed: int) -> Counter[str]:
    """Live through a day on which the line breaks three times, for long and for short."""
    still, chance = StillClock(MONDAY - timedelta(hours=3)), random.Random(seed)
    day = Day(store, chance, still, FakeCalendars(still))
    for minutes in (chance.randint(5, 40), 8 * 60, chance.randint(5, 90)):
        day.live(60)
        day.dying = True
        day.live(minutes)
        day.reconnect()
    return day.counts


def summary(counts: Counter[str]) -> str:
    return ", ".join(f"{number} {name}" for name, number in sorted(counts.items()))
