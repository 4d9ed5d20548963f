"""One look for all loops: whoever waits for something to be committed is woken, by whichever process it was."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kiosk import runtime
from kiosk.store.database import Store

log = logging.getLogger(__name__)

# How soon what another process, such as the command line, has written is seen.
LOOK_SECONDS = 0.5


@dataclass
class Lookout:
    """Wakes `at_once` those whom this process wakes after its own commits, and `soon` those whom it does not.

    Where only reading tells what others have committed (`Store.state`), nobody is woken: all look for themselves.
    """

    store: Store
    at_once: Sequence[Callable[[], None]]
    soon: Sequence[Callable[[], None]]
    _own: int | None = None
    _seen: int | None = None

    def start(self) -> None:
        """Start looking, and waking after this process's own commits."""
        # First of all, so that what is committed by others from now on is known from what those find who are woken.
        for hears in (self.noted, *self.at_once):
            self.store.on_commit(hears)
        threading.Thread(target=self._loop, name="lookout", daemon=True).start()

    def noted(self) -> None:
        """Take note that this process has committed: who waits for that is woken without us."""
        self._own = self.store.state()

    def step(self) -> None:
        """Wake whom something concerns that was committed since the last look."""
        state = self.store.state()
        if state is None or state == self._seen:
            return
        self._seen = state
        for wake in (*(self.at_once if state != self._own else ()), *self.soon):
            wake()

    def _loop(self) -> None:
        runtime.repeat(self.step, threading.Event(), LOOK_SECONDS, log, "Looking for commits")
