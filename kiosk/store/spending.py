"""The requests of the last day and minute: processes of one installation claim blocks of them ahead."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from peewee import Database

from kiosk.store import facts
from kiosk.store.models import EPOCH


@dataclass(frozen=True, slots=True)
class Stretch:
    """A sliding stretch of so many slices; a block is used up within the slice it was claimed in, or given back."""

    name: str
    slice: timedelta
    slices: int

    def slice_at(self, now: datetime) -> int:
        """Return the number of the slice that is under way."""
        return (now - EPOCH) // self.slice


NAME = "requests"
DAY = Stretch(NAME, timedelta(minutes=15), 96)
MINUTE = Stretch("requests_minute", timedelta(seconds=5), 12)


@dataclass(frozen=True, slots=True)
class Grant:
    """A block of `size` requests to be used in a slice; `total`: what the stretch has seen, this included."""

    slice: int = -1
    size: int = 0
    total: int = 0


def claim(db: Database, now: datetime, wanted: int, limit: int, back: Grant, of: Stretch = DAY) -> Grant:
    """Claim up to `wanted` requests so that no stretch sees more than `limit`; give a block's unused ones back."""
    counts = {int(number): count for number, count in json.loads(facts.read(db, of.name) or "{}").items()}
    grant = settle(counts, now, wanted, limit, back, of)
    facts.write(db, of.name, json.dumps(counts))
    return grant


def settle(counts: dict[int, int], now: datetime, wanted: int, limit: int, back: Grant, of: Stretch = DAY) -> Grant:
    """Change the counts, by slice, as `claim` does; a block that was overdrawn gives less than nothing back."""
    counts[back.slice] = counts.get(back.slice, 0) - back.size
    this = of.slice_at(now)
    for number in [number for number in counts if number < this - of.slices]:
        del counts[number]
    total = sum(counts.values())
    size = max(0, min(wanted, limit - total))
    counts[this] = counts.get(this, 0) + size
    return Grant(this, size, total + size)
