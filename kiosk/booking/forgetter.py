"""Forgetting names: once a day what is over for long enough loses them, where the organisation wants that."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from datetime import timedelta

from kiosk import clock, runtime
from kiosk.store import erasing, forgetting
from kiosk.store.database import Store
from kiosk.store.names import Forgotten

log = logging.getLogger(__name__)

LOOK_SECONDS = 600.0
EVERY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Forgetter:
    """Looks through past bookings once a day; `step` does a part at a time, so that no tap waits for it."""

    store: Store
    clock: clock.Clock

    def start(self) -> None:
        """Start the loop."""
        threading.Thread(target=self._loop, name="forgetting", daemon=True).start()

    def step(self) -> int:
        """Take names out of some of what is old enough; return out of how many rows."""
        now = self.clock()
        with self.store.read() as db:
            days, before = forgetting.after_days(db), forgetting.last(db)
            full = forgetting.log_is_full(db)
        if full:
            self._empty_log()
        if not days or (before and before <= now < before + EVERY):
            return 0
        done = self.store.write(forgetting.forget_before, now - timedelta(days=days))
        if done.total:
            log.info("Names are forgotten in %d rows that are older than %d days.", done.total, days)
        else:
            self.store.write(forgetting.note, now)
            self._empty_log()
        return done.total

    def erase(self, email: str) -> tuple[Forgotten, int]:
        """Take a person out of everything that is over; return that, and how many bookings are still to come.

        Raises UsageError.
        """
        now = self.clock()
        done = erasing.erase(self.store, email, now)
        self._empty_log()
        with self.store.read() as db:
            return done, erasing.upcoming(db, email, now)

    def _empty_log(self) -> None:
        """Take what was forgotten out of the write-ahead log too, or remember that this is still to be done."""
        emptied = self.store.empty_log()
        with self.store.read() as db:
            known_as_full = forgetting.log_is_full(db)
        if emptied == known_as_full:
            self.store.write(forgetting.note_log, not emptied)

    def _loop(self) -> None:
        runtime.repeat(self.step, threading.Event(), LOOK_SECONDS, log, "Forgetting names")
