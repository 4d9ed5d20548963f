"""Retention: once a day what is long over goes, a few rows at a time, and the database is put in order."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from kiosk import clock, runtime
from kiosk.store import pruning
from kiosk.store.database import Store
from kiosk.store.pruning import ACTS, WHAT_WAS, Rule

log = logging.getLogger(__name__)

LOOK_SECONDS = 900.0
EVERY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Pruner:
    """Deletes what was over before so many days, 0 for never; `step` does a part, so that no tap waits for it.

    `days`: bookings, check-ins, services, problems and notices; `audit_days`: the log of acts.
    """

    store: Store
    clock: clock.Clock
    days: int
    audit_days: int
    _gone: Counter[str] = field(default_factory=Counter)

    def start(self) -> None:
        """Start the loop."""
        threading.Thread(target=self._loop, name="pruning", daemon=True).start()

    def step(self) -> int:
        """Delete some of what is long over; return how many rows went, 0 when the day's work is done."""
        now = self.clock()
        with self.store.read() as db:
            before = pruning.last(db)
        if before and before <= now < before + EVERY:
            return 0
        gone = next((count for rule, since in self._rules(now) if (count := self._drop(rule, since))), 0)
        if not gone:
            self._finish(now)
        return gone

    def _rules(self, now: datetime) -> list[tuple[Rule, datetime]]:
        kept = [(rule, self.days) for rule in WHAT_WAS] + [(ACTS, self.audit_days)]
        return [(rule, now - timedelta(days=days)) for rule, days in kept if days]

    def _drop(self, rule: Rule, before: datetime) -> int:
        """Look for rows beside everybody else, and keep writers waiting only while they are deleted."""
        found = self.store.report(rule.find, before)
        gone = self.store.write(pruning.drop, rule, before, found) if found else 0
        self._gone[rule.table] += gone
        return gone

    def _finish(self, now: datetime) -> None:
        gone = {table: count for table, count in self._gone.items() if count}
        self._gone.clear()
        self.store.write(pruning.note, now, gone)
        if gone:
            said = ", ".join(f"{count} of {table}" for table, count in sorted(gone.items()))
            log.info("What was long over is gone: %s rows.", said)
        self.store.tidy()

    def _loop(self) -> None:
        runtime.repeat(self.step, threading.Event(), LOOK_SECONDS, log, "Deleting what is long over")
