"""The requests of the last day: every process of this installation claims blocks of them ahead, in one short write."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from peewee import Database

from kiosk.store import facts
from kiosk.store.models import EPOCH

NAME = "requests"
# A block is used up within the slice of the day it was claimed in, or given back.
SLICE = timedelta(minutes=15)
SLICES = timedelta(days=1) // SLICE


@dataclass(frozen=True, slots=True)
class Grant:
    """A block of `size` requests to be used in a slice of the day; `total`: what the day has seen, this included."""

    slice: int = -1
    size: int = 0
    total: int = 0


def slice_at(now: datetime) -> int:
    """Return the number of the slice that is under way."""
    return (now - EPOCH) // SLICE


def claim(db: Database, now: datetime, wanted: int, limit: int, back: Grant) -> Grant:
    """Claim up to `wanted` requests so that the day sees no more than `limit`; give a block's unused ones back."""
    counts = {int(number): count for number, count in json.loads(facts.read(db, NAME) or "{}").items()}
    grant = settle(counts, now, wanted, limit, back)
    facts.write(db, NAME, json.dumps(counts))
    return grant


def settle(counts: dict[int, int], now: datetime, wanted: int, limit: int, back: Grant) -> Grant:
    """Change the counts, by slice, as `claim` does; a block that was overdrawn gives less than nothing back."""
    counts[back.slice] = counts.get(back.slice, 0) - back.size
    this = slice_at(now)
    for number in [number for number in counts if number < this - SLICES]:
        del counts[number]
    total = sum(counts.values())
    size = max(0, min(wanted, limit - total))
    counts[this] = counts.get(this, 0) + size
    return Grant(this, size, total + size)
