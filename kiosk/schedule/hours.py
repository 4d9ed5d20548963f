"""When people are about: the hours in which a room is used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True)
class Hours:
    """Opening hours in local time, the same on each of `days` (0 is Monday); `end` is exclusive."""

    start: time
    end: time
    days: frozenset[int]


def parse(text: str) -> Hours:
    """Read "Mon-Fri 07:00-19:00" or "07:00-19:00" (every day). Raises ValueError with what is allowed."""
    days, _, times = text.strip().rpartition(" ")
    try:
        start, end = (_time(part) for part in times.split("-"))
        first, last = (DAYS.index(part) for part in (days or "Mon-Sun").split("-"))
    except ValueError as error:
        raise ValueError("allowed: days and local times, such as Mon-Fri 07:00-19:00") from error
    if start >= end or first > last:
        raise ValueError("allowed: an end after its start, such as Mon-Fri 07:00-19:00")
    return Hours(start, end, frozenset(range(first, last + 1)))


def _time(text: str) -> time:
    return time.max if text == "24:00" else time.fromisoformat(text)


def is_open(hours: Hours, instant: datetime, zone: ZoneInfo) -> bool:
    """Tell whether an instant lies in the opening hours of a place in that zone."""
    local = instant.astimezone(zone)
    return local.weekday() in hours.days and hours.start <= local.time() < hours.end
