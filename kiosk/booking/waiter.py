"""Services follow their bookings: what was asked for moves with a booking, and is taken back with it."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass

from kiosk import clock, runtime
from kiosk.store import astray
from kiosk.store.database import Store

log = logging.getLogger(__name__)

IDLE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Waiter:
    """Looks after what is asked for with bookings that are still to begin."""

    store: Store
    clock: clock.Clock

    def start(self) -> None:
        """Start the loop."""
        threading.Thread(target=self._loop, name="services", daemon=True).start()

    def step(self) -> None:
        """Let every request follow its booking."""
        now = self.clock()
        for one in self.store.report(astray.found, now):
            self.store.write(astray.follow, one.id, now)

    def _loop(self) -> None:
        runtime.repeat(self.step, threading.Event(), IDLE_SECONDS, log, "Following bookings with services")
