"""When the screen is meant to be dark: hours in words, such as "Mon-Fri 07:00-19:00", in the machine's own time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True)
class Span:
    """Some days, and minutes of the day from `start` to `end`, which is exclusive."""

    days: frozenset[int]
    start: int
    end: int

    def holds(self, local: datetime) -> bool:
        """Say whether a local time lies in it; a span past midnight belongs to the day it begins on."""
        minute, day = local.hour * 60 + local.minute, local.weekday()
        if self.start < self.end:
            return day in self.days and self.start <= minute < self.end
        return (day in self.days and minute >= self.start) or ((day - 1) % 7 in self.days and minute < self.end)


def parse(text: str) -> tuple[Span, ...]:
    """Read spans with commas between them; none means always. Raises ValueError with what is allowed."""
    try:
        return tuple(_span(part) for part in text.split(",") if part.strip())
    except (ValueError, IndexError) as error:
        raise ValueError(
            f"{text!r} are no hours: write days and local times, such as Mon-Fri 07:00-19:00, Sat 09:00-12:00."
        ) from error


def are_open(spans: tuple[Span, ...], local: datetime) -> bool:
    """Say whether the screen is meant to be lit."""
    return not spans or any(span.holds(local) for span in spans)


def _span(text: str) -> Span:
    days, _, times = text.strip().rpartition(" ")
    start, end = (_minutes(part) for part in times.split("-"))
    first, _, last = (days or "Mon-Sun").partition("-")
    begin, end_day = DAYS.index(first.strip().capitalize()), DAYS.index((last or first).strip().capitalize())
    count = (end_day - begin) % 7 + 1
    return Span(frozenset((begin + each) % 7 for each in range(count)), start, end)


def _minutes(text: str) -> int:
    hour, minute = (int(part) for part in text.strip().split(":"))
    if not (0 <= minute < 60 and 0 <= hour * 60 + minute <= 24 * 60):
        raise ValueError(text)
    return hour * 60 + minute
