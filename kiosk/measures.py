"""What this process has counted and timed since its start: plain numbers, which /metrics writes down."""

from __future__ import annotations

import logging
import threading
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from kiosk import clock

# Upper bounds in seconds; the last bucket has none.
BOUNDS = (
    *(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5),
    *(1.0, 2.5, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0),
)


@dataclass(slots=True)
class Histogram:
    """Durations in seconds, counted by bucket."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    total: float = 0.0

    def add(self, seconds: float) -> None:
        """Count one duration; clocks that disagree make it zero, not negative."""
        self.counts[bisect_left(BOUNDS, max(seconds, 0.0))] += 1
        self.total += max(seconds, 0.0)

    def quantile(self, share: float) -> float | None:
        """Return the upper bound of the bucket that holds this share of the durations, None without any."""
        wanted, seen = share * sum(self.counts), 0
        for bound, count in zip((*BOUNDS, float("inf")), self.counts, strict=True):
            seen += count
            if count and seen >= wanted:
                return bound
        return None


@dataclass
class Measures:
    """Durations and numbers of this process; safe to share between its workers.

    `database`: by "read", "write" and "report". `google`: by Google's name of the method; `google_results`: by that
    and "ok" or the kind of failure. `http`: by part of the server; `http_answers`: by part, method and status.
    `logged`: by logger and level, from warnings on.
    """

    database: defaultdict[str, Histogram] = field(default_factory=lambda: defaultdict(Histogram))
    google: defaultdict[str, Histogram] = field(default_factory=lambda: defaultdict(Histogram))
    google_results: Counter[tuple[str, str]] = field(default_factory=Counter)
    http: defaultdict[str, Histogram] = field(default_factory=lambda: defaultdict(Histogram))
    http_answers: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    logged: Counter[tuple[str, str]] = field(default_factory=Counter)
    _counting: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def timing(self, what: str) -> Iterator[None]:
        """Time a use of the database."""
        started = clock.monotonic()
        try:
            yield
        finally:
            with self._counting:
                self.database[what].add(clock.monotonic() - started)

    def asked_google(self, method: str, result: str, seconds: float) -> None:
        """Count a request to Google and how it ended."""
        with self._counting:
            self.google[method].add(seconds)
            self.google_results[method, result] += 1

    def answered(self, part: str, method: str, status: int, seconds: float) -> None:
        """Count an answer of this server."""
        with self._counting:
            self.http[part].add(seconds)
            self.http_answers[part, method, str(status)] += 1


class Complaints(logging.Handler):
    """Counts what is logged as a warning or worse."""

    def __init__(self, measures: Measures) -> None:
        super().__init__(logging.WARNING)
        self._measures = measures

    def emit(self, record: logging.LogRecord) -> None:
        """Count a line; without a lock of ours, for lines come from real threads too."""
        self._measures.logged[record.name, record.levelname.lower()] += 1
