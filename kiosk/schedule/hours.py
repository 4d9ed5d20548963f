"""When people are about: the hours in which a room is used."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from kiosk.schedule.model import Slot

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True)
class Hours:
    """Opening hours in local time, the same on each of `days` (0 is Monday); `end` is exclusive."""

    start: time
    end: time
    days: frozenset[int]


def parse(text: str) -> Hours:
    """Read "Mon-Fri 07:00-19:00", "Sat 09:00-12:00" or "07:00-19:00" (every day).

    Raises ValueError with what is allowed.
    """
    days, _, times = text.strip().rpartition(" ")
    try:
        start, end = (_time(part) for part in times.split("-"))
        first, last = (DAYS.index(part) for part in _span(days or "Mon-Sun"))
    except ValueError as error:
        raise ValueError("allowed: days and local times, such as Mon-Fri 07:00-19:00") from error
    if start >= end or first > last:
        raise ValueError("allowed: an end after its start, such as Mon-Fri 07:00-19:00")
    return Hours(start, end, frozenset(range(first, last + 1)))


def write(hours: Hours) -> str:
    """Return opening hours as `parse` reads them; their days must follow each other."""
    first, last = DAYS[min(hours.days)], DAYS[max(hours.days)]
    end = "24:00" if hours.end == time.max else hours.end.isoformat("minutes")
    return f"{first}-{last} {hours.start.isoformat('minutes')}-{end}"


def _span(days: str) -> tuple[str, str]:
    first, _, last = (part.strip().capitalize() for part in days.partition("-"))
    return first, last or first


def _time(text: str) -> time:
    if text == "24:00":
        return time.max
    found = time.fromisoformat(text)
    if found != found.replace(second=0, microsecond=0, tzinfo=None):
        raise ValueError("only hours and minutes, in local time")
    return found


def is_open(hours: Hours, instant: datetime, zone: ZoneInfo) -> bool:
    """Tell whether an instant lies in the opening hours of a place in that zone."""
    local = instant.astimezone(zone)
    return local.weekday() in hours.days and hours.start <= local.time() < hours.end


def closures(hours: Hours | None, zone: ZoneInfo, start: datetime, end: datetime) -> tuple[Slot, ...]:
    """Return the stretches of [start, end) in which a place in that zone is closed, in order; none without hours.

    Where the clock skips an opening or closing time, the skip is meant. Where it shows one twice, the place opens at
    the first and closes at the second.
    """
    if hours is None or start >= end:
        return ()
    closed, since = [], start
    for opened in _openings(hours, zone, start, end):
        if since < min(opened.start, end):
            closed.append(Slot(since, min(opened.start, end)))
        since = max(since, opened.end)
    return (*closed, Slot(since, end)) if since < end else tuple(closed)


def _openings(hours: Hours, zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[Slot]:
    day, last = start.astimezone(zone).date() - DAY, end.astimezone(zone).date()
    while day <= last:
        if day.weekday() in hours.days:
            yield Slot(_instant(day, hours.start, zone), _instant(day, hours.end, zone, second=True))
        day += DAY


def _instant(day: date, at: time, zone: ZoneInfo, second: bool = False) -> datetime:
    """Return a local time of a day as an instant, the second of two if wanted; 24:00 is the next day's first moment."""
    if at == time.max:
        return _instant(day + DAY, time.min, zone)
    local = datetime.combine(day, at, tzinfo=zone)
    earlier, later = sorted(local.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    if earlier.astimezone(zone).time() == at:
        return later if second else earlier
    return _skip(earlier, later, zone)


def _skip(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """Return the minute between two instants from which the clock is as far ahead of UTC as at the later one."""
    offset = after.astimezone(zone).utcoffset()
    minutes = range((after - before) // MINUTE)
    return before + MINUTE * bisect_left(
        minutes, True, key=lambda minute: (before + minute * MINUTE).astimezone(zone).utcoffset() == offset
    )


def written(hours: Hours) -> str:
    """Return hours as `parse` reads them."""
    days = sorted(hours.days)
    end = "24:00" if hours.end == time.max else hours.end.isoformat("minutes")
    return f"{DAYS[days[0]]}-{DAYS[days[-1]]} {hours.start.isoformat('minutes')}-{end}"
