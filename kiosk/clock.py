"""The only reader of the system clock, and the few words for days and zones."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Clock = Callable[[], datetime]
DAWN = datetime(1970, 1, 1, tzinfo=UTC)


def now() -> datetime:
    """Return this instant, aware, in UTC."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Return seconds that never go backwards, for measuring how long something took."""
    return time.monotonic()


def zone(name: str) -> ZoneInfo:
    """Return the IANA zone of that name.

    Raises ValueError with a sentence when there is none (calendars do contain unknown names).
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is not a time zone of the IANA database, such as Europe/Berlin") from error


def local_midnight(day: date, tz: ZoneInfo) -> datetime:
    """Return the instant, in UTC, at which that local day begins."""
    return datetime(day.year, day.month, day.day, tzinfo=tz).astimezone(UTC)


def window(instant: datetime, tz: ZoneInfo, days: int) -> tuple[datetime, datetime]:
    """Return the mirrored stretch around an instant: from yesterday's midnight to that of `days` days ahead."""
    today = instant.astimezone(tz).date()
    return local_midnight(today - timedelta(days=1), tz), local_midnight(today + timedelta(days=days + 1), tz)


def iso(instant: datetime) -> str:
    """Write an instant as RFC 3339 in UTC, to the second when it has no fraction: 2026-08-10T08:00:00Z."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def parse(text: str) -> datetime:
    """Read an RFC 3339 instant of our times that carries an offset, as UTC. Raises ValueError otherwise."""
    instant = datetime.fromisoformat(text)
    if not 2000 <= instant.year <= 2200:
        raise ValueError(f"{text!r} is too far from now")
    if instant.tzinfo is None:
        raise ValueError(f"{text!r} has no offset from UTC; write it like 2026-08-10T10:00:00+02:00")
    return instant.astimezone(UTC)
