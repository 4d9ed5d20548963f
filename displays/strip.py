"""A local day drawn as one strip: which hours it shows, and where on it every booking lies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from kiosk.schedule.model import Booking, Slot
from kiosk.schedule.timeline import Segment, local_day, segments

HOUR = timedelta(hours=1)
USUAL_HOURS = (7, 20)
# Up to so many hours every second one is named, beyond it every fourth.
CLOSE_HOURS = 14

Kind = Literal["busy", "held", "closed"]


@dataclass(frozen=True, slots=True)
class Bar:
    """A booking on the strip, or a time when the room is closed.

    `at` and `width` are percent of the strip, clipped to the hours shown.
    """

    kind: Kind
    at: float
    width: float
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Tick:
    """A full hour that the strip names, `at` in percent."""

    at: float
    hour: datetime


@dataclass(frozen=True, slots=True)
class Strip:
    """The hours shown of a local day, with its bookings, and when the room is closed."""

    start: datetime
    end: datetime
    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    closed: tuple[Bar, ...] = ()


def strip(bookings: Sequence[Booking], day: date, zone: ZoneInfo, closures: Sequence[Slot] = ()) -> Strip:
    """Return the strip of a local day: the usual hours, widened so that no booking is out of sight.

    A booking that comes in over the strip's edge is in sight; so one that lasts all day widens nothing.
    """
    taken = [part for part in segments(bookings, day, zone) if part.booking]
    shown = _hours_shown(taken, local_day(day, zone), zone)
    bars = (_bar(part, "held" if part.booking and part.booking.held else "busy", shown) for part in taken)
    shut = (_bar(closure, "closed", shown) for closure in closures)
    return Strip(shown.start, shown.end, _in_sight(bars), _ticks(shown, day, zone), _in_sight(shut))


def _hours_shown(taken: Sequence[Segment], whole: Slot, zone: ZoneInfo) -> Slot:
    day = whole.start.astimezone(zone).date()
    first, last = (_hour(day, hour, zone) for hour in USUAL_HOURS)
    starts = [part.start for part in taken if whole.start < part.start or part.end <= first]
    ends = [part.end for part in taken if part.end < whole.end or last <= part.start]
    start = _floor(min(starts, default=first), zone)
    end = _ceiling(max(ends, default=last), zone)
    return Slot(max(min(start, first), whole.start), min(max(end, last), whole.end))


@lru_cache(maxsize=4096)
def _hour(day: date, hour: int, zone: ZoneInfo) -> datetime:
    if hour == 24:
        return local_day(day, zone).end
    return datetime.combine(day, time(hour), tzinfo=zone).astimezone(UTC)


def _bar(part: Segment | Slot, kind: Kind, shown: Slot) -> Bar:
    start, end = max(part.start, shown.start), min(part.end, shown.end)
    at = _percent(start, shown)
    return Bar(kind, at, round(_percent(end, shown) - at, 3), part.start, part.end)


def _in_sight(bars: Iterable[Bar]) -> tuple[Bar, ...]:
    return tuple(bar for bar in bars if bar.width > 0)


def _ticks(shown: Slot, day: date, zone: ZoneInfo) -> tuple[Tick, ...]:
    step = 2 if shown.end - shown.start <= CLOSE_HOURS * HOUR else 4
    hours = {_hour(day, hour, zone): hour for hour in range(24, -1, -1)}
    return tuple(
        Tick(_percent(instant, shown), instant)
        for instant, hour in sorted(hours.items())
        if hour % step == 0 and shown.start < instant < shown.end
    )


def _percent(instant: datetime, shown: Slot) -> float:
    return round(100 * ((instant - shown.start) / (shown.end - shown.start)), 3)


def _floor(instant: datetime, zone: ZoneInfo) -> datetime:
    return instant.astimezone(zone).replace(minute=0, second=0, microsecond=0).astimezone(UTC)


def _ceiling(instant: datetime, zone: ZoneInfo) -> datetime:
    floor = _floor(instant, zone)
    return floor if floor == instant else _floor(instant + HOUR, zone)
