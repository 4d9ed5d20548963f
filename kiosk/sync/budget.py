"""The requests Google allows: counted over a sliding minute and a sliding day, and never exceeded."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from kiosk import clock
from kiosk.errors import RateLimited
from kiosk.schedule.model import Answer, Event
from kiosk.source import Busy, Calendar, CalendarSource, Draft, Page, Since, Window
from kiosk.store import spending
from kiosk.store.database import Store
from kiosk.store.spending import DAY, MINUTE, Grant, Stretch

OUT_OF_BUDGET = "budget"
# A day's requests are claimed in blocks: a small one after a start, then twice as many each time, up to this part of
# the day. What is claimed when a process dies is lost, so that one that dies again and again must not lose much.
FIRST_BLOCK = 8
BLOCKS = 1000
# The same of a minute, where several processes share that too.
MINUTE_BLOCKS = 50
# When all are claimed, it is not asked again at once whether some have become free.
NEXT_CLAIM = timedelta(seconds=10)
NEXT_SECOND = timedelta(seconds=1)
# How often whoever waits for the minute to pass looks again.
LOOK_SECONDS = 0.2

Claim = Callable[[datetime, int, int, Grant], Grant]


@dataclass
class Tally:
    """How many requests fell into a sliding stretch, counted in slices of it."""

    length: timedelta
    slices: int
    counts: dict[int, int] = field(default_factory=dict)
    total: int = 0
    newest: int = 0

    def add(self, now: datetime) -> None:
        """Count a request."""
        number = self._number(now)
        self.counts[number] = self.counts.get(number, 0) + 1
        self.total += 1

    def recent(self, now: datetime) -> int:
        """Return how many requests the stretch that ends now has seen, at least."""
        before, self.newest = self.newest, self._number(now)
        if self.newest != before:
            for number in [number for number in self.counts if number < self.newest - self.slices]:
                self.total -= self.counts.pop(number)
        return self.total

    def _number(self, now: datetime) -> int:
        return int((now - clock.DAWN) / (self.length / self.slices))


def shared(store: Store, block: int = 0, of: Stretch = DAY) -> Claim:
    """Return the claiming of requests that all processes with this database share, `block` at a time at most."""

    def claim(now: datetime, wanted: int, limit: int, back: Grant) -> Grant:
        return store.write(spending.claim, now, min(wanted, block or wanted), limit, back, of)

    return claim


def _of_this_process() -> Claim:
    return partial(spending.settle, {})


@dataclass
class Ration:
    """What a stretch allows all who share the `claim`: blocks of it are claimed ahead, so that requests cost no write.

    `most`: the largest block. `again`: how soon it is asked anew, where nothing was left, whether something is.
    """

    claim: Claim
    of: Stretch
    most: int
    again: timedelta
    _block: Grant = field(default_factory=Grant)
    _left: int = 0
    _next: int = FIRST_BLOCK
    _refused: tuple[int, datetime] = (0, clock.DAWN)

    def allows(self, now: datetime, limit: int) -> bool:
        """Tell whether another request keeps the stretch within the limit."""
        self.renew(now, limit)
        return self._left > 0 and self.used() < limit

    def count(self) -> None:
        """Count a request."""
        self._left -= 1

    def used(self) -> int:
        """Return how many requests the stretch has seen, as far as this process knows."""
        return self._block.total - self._left

    def renew(self, now: datetime, limit: int) -> None:
        """Claim a block when there is none for this slice, or nothing left of it."""
        if self._left > 0 and self._block.slice == self.of.slice_at(now):
            return
        if limit <= self._refused[0] and now < self._refused[1]:
            return
        unused = replace(self._block, size=self._left)
        self._block = self.claim(now, min(self._next, self.most), limit, unused)
        self._next = min(self._next * 2, self.most)
        self._left = self._block.size
        if not self._left:
            self._refused = (limit, now + self.again)


@dataclass
class Budget:
    """The limits of any minute and of any day; safe to share between workers.

    All that share the `claim` keep to the day together, and all that share the `minute_claim` to the minute; without
    one, a process counts its minutes alone.
    """

    per_minute: int
    per_day: int
    claim: Claim = field(default_factory=_of_this_process)
    minute_claim: Claim | None = None
    _tally: Tally = field(default_factory=lambda: Tally(timedelta(minutes=1), 60))
    _day: Ration = field(init=False)
    _minute: Ration | None = None
    _counting: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        """Prepare to claim; nothing is claimed before the first request."""
        self._day = Ration(self.claim, DAY, max(1, self.per_day // BLOCKS), NEXT_CLAIM)
        if self.minute_claim:
            self._minute = Ration(self.minute_claim, MINUTE, max(1, self.per_minute // MINUTE_BLOCKS), NEXT_SECOND)

    def spend(self, now: datetime, share: float = 1.0) -> None:
        """Count a request that is about to leave. Raises RateLimited when it would exceed that share of a limit."""
        with self._counting:
            if not self._minute_allows(now, share) or not self._day.allows(now, math.ceil(self.per_day * share)):
                raise RateLimited("The requests that Google allows are used up for now.", OUT_OF_BUDGET)
            self._count(now)

    def count(self, now: datetime) -> None:
        """Count a request that has left unasked, as a library's own second try does; it is never refused."""
        with self._counting:
            self._renew(now)
            self._count(now)

    def left(self, now: datetime) -> tuple[int, int]:
        """Return how many requests are left of this minute's and this day's, as far as this process knows."""
        with self._counting:
            self._renew(now)
            used = self._minute.used() if self._minute else self._tally.recent(now)
            return self.per_minute - used, self.per_day - self._day.used()

    def soon_free(self, now: datetime, share: float = 1.0) -> bool:
        """Tell whether that share of the day has requests left, so that only the minute has to pass."""
        with self._counting:
            return self._day.allows(now, math.ceil(self.per_day * share))

    def _minute_allows(self, now: datetime, share: float) -> bool:
        if self._minute:
            return self._minute.allows(now, math.ceil(self.per_minute * share))
        return self._tally.recent(now) < self.per_minute * share

    def _renew(self, now: datetime) -> None:
        self._day.renew(now, self.per_day)
        if self._minute:
            self._minute.renew(now, self.per_minute)

    def _count(self, now: datetime) -> None:
        self._tally.add(now)
        self._day.count()
        if self._minute:
            self._minute.count()


@dataclass(frozen=True, slots=True)
class Metered:
    """A source whose every request is counted first; `share` of the budget is the most it may use.

    `patience`: for so many seconds a request waits until the minute has room for it, before it is refused.
    """

    source: CalendarSource
    budget: Budget
    share: float
    clock: clock.Clock
    patience: float = 0.0

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

    def answer(self, calendar_id: str, event_id: str, answer: Answer, comment: str = "", etag: str = "") -> Event:
        """Give the room's own answer; two requests."""
        self._spend()
        self._spend()
        return self.source.answer(calendar_id, event_id, answer, comment, etag)

    def curtail(self, calendar_id: str, event_id: str) -> None:
        """Take a date of a series and all that follow out of a calendar; three requests."""
        for _ in range(3):
            self._spend()
        self.source.curtail(calendar_id, event_id)

    def _spend(self) -> None:
        pause, give_up = threading.Event(), clock.monotonic() + self.patience
        while True:
            try:
                self.budget.spend(self.clock(), self.share)
            except RateLimited:
                if clock.monotonic() >= give_up or not self.budget.soon_free(self.clock(), self.share):
                    raise
            else:
                return
            pause.wait(LOOK_SECONDS)
