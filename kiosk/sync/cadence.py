"""When to ask for a room again: a beat in good times, ever longer rests while it fails."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

# https://developers.google.com/workspace/calendar/api/guides/quota: exponential, with jitter, up to a limit.
FIRST_REST = timedelta(seconds=2)
LONGEST_REST = timedelta(seconds=60)
JITTER = 0.25


def next_beat(now: datetime, beat: timedelta, chance: random.Random) -> datetime:
    """Return the next time to ask, a little before or at the beat so that rooms spread out."""
    return now + beat * (1 - JITTER * chance.random())


def next_try(now: datetime, failures: int, beat: timedelta, chance: random.Random) -> datetime:
    """Return when to try again after `failures` failures in a row, at least one."""
    rest: timedelta = min(FIRST_REST * 2 ** min(failures - 1, 10), max(LONGEST_REST, beat))
    return now + rest * (1 + JITTER * chance.random())
