"""The requests Google allows: counted over a sliding minute and a sliding day, and never exceeded."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from kiosk import clock
from kiosk.errors import RateLimited
from kiosk.schedule.model import Answer, Event
from kiosk.source import Busy, Calendar, CalendarSource, Draft, Page, Since, Window

OUT_OF_BUDGET = "budget"


@dataclass
class Tally:
    """How many requests fell into a sliding stretch, counted in slices of it."""

    length: timedelta
    slices: int
    counts: dict[int, int] = field(default_factory=dict)
    total: int = 0

    def add(self, now: datetime) -> None:
        """Count a request."""
        number = self._number(now)
        self.counts[number] = self.counts.get(number, 0) + 1
        self.total += 1

    def recent(self, now: datetime) -> int:
        """Return how many requests the stretch that ends now has seen, at least."""
        oldest = self._number(now) - self.slices
        for number in [number for number in self.counts if number < oldest]:
            self.total -= self.counts.pop(number)
        return self.total

    def _number(self, now: datetime) -> int:
        return int((now - clock.DAWN) / (self.length / self.slices))


@dataclass
class Budget:
    """The limits of any minute and of any day."""

    per_minute: int
    per_day: int
    minute: Tally = field(default_factory=lambda: Tally(timedelta(minutes=1), 60))
    day: Tally = field(default_factory=lambda: Tally(timedelta(days=1), 1440))
    _counting: threading.Lock = field(default_factory=threading.Lock)

    def spend(self, now: datetime, share: float = 1.0) -> None:
        """Count a request that is about to leave. Raises RateLimited when it would exceed that share of a limit."""
        with self._counting:
            minute, day = self.minute.recent(now), self.day.recent(now)
            if minute >= self.per_minute * share or day >= self.per_day * share:
                raise RateLimited("The requests that Google allows are used up for now.", OUT_OF_BUDGET)
            self.minute.add(now)
            self.day.add(now)

    def left(self, now: datetime) -> tuple[int, int]:
        """Return how many requests are left of this minute's and of this day's."""
        with self._counting:
            return self.per_minute - self.minute.recent(now), self.per_day - self.day.recent(now)


@dataclass(frozen=True, slots=True)
class Metered:
    """A source whose every request is counted first; `share` of the budget is the most it may use."""

    source: CalendarSource
    budget: Budget
    share: float
    clock: clock.Clock

    def page(self, calendar_id: str, query: Window | Since, token: str | None = None) -> Page:
        """Return one page of events."""
        self._spend()
        return self.source.page(calendar_id, query, token)

    def busy(self, calendar_ids: list[str], start: datetime, end: datetime) -> dict[str, Busy]:
        """Return when calendars are busy."""
        self._spend()
        return self.source.busy(calendar_ids, start, end)

    def describe(self, calendar_id: str) -> Calendar:
        """Return what a calendar says of itself; two requests."""
        self._spend()
        self._spend()
        return self.source.describe(calendar_id)

    def get(self, calendar_id: str, event_id: str, person: str = "") -> Event:
        """Return one event."""
        self._spend()
        return self.source.get(calendar_id, event_id, person)

    def insert(self, calendar_id: str, draft: Draft) -> Event:
        """Make an event."""
        self._spend()
        return self.source.insert(calendar_id, draft)

    def reshape(
        self, calendar_id: str, event: Event, start: datetime, end: datetime, zone: str, person: str = ""
    ) -> Event:
        """Move an event's start and end."""
        self._spend()
        return self.source.reshape(calendar_id, event, start, end, zone, person)

    def delete(self, calendar_id: str, event_id: str, person: str = "") -> None:
        """Remove an event."""
        self._spend()
        self.source.delete(calendar_id, event_id, person)

    def answer(self, calendar_id: str, event_id: str, answer: Answer, comment: str = "") -> Event:
        """Give the room's own answer; two requests."""
        self._spend()
        self._spend()
        return self.source.answer(calendar_id, event_id, answer, comment)

    def _spend(self) -> None:
        self.budget.spend(self.clock(), self.share)
