"""When to ask for a room again: faster while people are about, slower at night, ever more rarely while it fails."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

# https://developers.google.com/workspace/calendar/api/guides/quota: exponential, with jitter, up to a limit.
FIRST_REST = timedelta(seconds=2)
LONGEST_REST = timedelta(seconds=32)
JITTER = 0.25
DAY = timedelta(days=1)
# One free/busy question covers this many calendars:
# https://developers.google.com/workspace/calendar/api/v3/reference/freebusy/query
BATCH = 50
# What an answer to it may take before rooms wait for longer than their beat.
ANSWER = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Beats:
    """How long to wait between two looks at a room.

    `awake`: in opening hours or before a touched screen. `quiet`: else. `titles`: between two lists of a room
    whose occupancy is watched by free/busy questions. `pushed`: of a room whose changes Google announces.
    """

    awake: timedelta
    quiet: timedelta
    titles: timedelta = timedelta(minutes=30)
    pushed: timedelta = timedelta(minutes=5)


def beats(awake: timedelta) -> Beats:
    """Return the beats that go with the one of opening hours."""
    return Beats(awake, quiet=max(awake, timedelta(seconds=60)))


def look_beat(all_beats: Beats, awake: bool, pushed: bool) -> timedelta:
    """Return how soon a room's occupancy must be looked at again, by a list or a free/busy question."""
    beat = all_beats.awake if awake else all_beats.quiet
    return max(beat, all_beats.pushed) if pushed else beat


def stretched(all_beats: Beats, rooms: int, gated: bool, per_day: int) -> Beats:
    """Return beats that a day's requests suffice for, longer by the same factor where they must be.

    Counts opening hours as half the day, and keeps a fifth of the requests for changes and bookings.
    """
    factor = max(1.0, _requests(all_beats, rooms, gated) / (0.8 * per_day))
    return replace(
        all_beats, awake=all_beats.awake * factor, quiet=all_beats.quiet * factor, titles=all_beats.titles * factor
    )


def unasked(all_beats: Beats, asked: int, alone: int, per_day: int) -> Beats:
    """Return the beats of rooms that no question can be asked about: what `asked` rooms leave, a tenth at least."""
    left = 1 - _requests(all_beats, asked, True) / (0.8 * per_day)
    return stretched(all_beats, alone, False, int(per_day * max(left, 0.1)))


def questions_at_once(all_beats: Beats, rooms: int) -> int:
    """Return how many questions are under way at a time so that every room's turn comes in time."""
    return max(2, math.ceil(rooms / BATCH * (ANSWER / all_beats.awake)))


def next_beat(now: datetime, beat: timedelta, chance: random.Random) -> datetime:
    """Return the next time to look, a little before or at the beat so that rooms spread out."""
    return now + beat * (1 - JITTER * chance.random())


def next_try(now: datetime, failures: int, beat: timedelta, chance: random.Random) -> datetime:
    """Return when to try again after `failures` failures in a row, at least one."""
    rest: timedelta = min(FIRST_REST * 2 ** min(failures - 1, 10), max(LONGEST_REST, beat))
    return now + rest * (1 + JITTER * chance.random())


def _requests(all_beats: Beats, rooms: int, gated: bool) -> float:
    looks = DAY / all_beats.awake / 2 + DAY / all_beats.quiet / 2
    # A list comes a little before its beat, an eighth of the jitter's span on average.
    lists = looks / (1 - JITTER / 2)
    return looks * rooms / BATCH + rooms * (DAY / all_beats.titles) if gated else lists * rooms
