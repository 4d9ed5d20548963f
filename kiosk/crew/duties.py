"""Work that one process of an installation does at a time: whoever holds its lease, until it dies."""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from kiosk import clock, runtime
from kiosk.errors import KioskError
from kiosk.store import leases
from kiosk.store.database import Store
from kiosk.store.leases import Lease

log = logging.getLogger(__name__)

# Short, so that others go on with a dead process's work after some seconds; renewed often in that time.
LENGTH = timedelta(seconds=6)
LOOK_SECONDS = 1.5


@dataclass
class Duties:
    """Takes kinds of work, and keeps them; who has lost one that runs has to begin anew.

    Nothing stops work that has started, so `lost` is to end the process. Meanwhile nothing is done twice: every piece
    of work is claimed in the database as well.
    """

    store: Store
    clock: clock.Clock
    lost: Callable[[], None] = runtime.begin_again
    owner: str = field(default_factory=lambda: uuid.uuid4().hex)
    _starts: Mapping[str, Callable[[], None]] = field(default_factory=dict)
    _held: dict[str, Lease] = field(default_factory=dict)

    def start(self, starts: Mapping[str, Callable[[], None]]) -> None:
        """Look for work from now on; `starts`: what starts each kind of it."""
        self._starts = starts
        threading.Thread(target=self._loop, name="duties", daemon=True).start()

    def step(self) -> None:
        """Keep what this process does, and take what nobody does: one thing at a time, so that others get some too."""
        for name, lease in self._held.items():
            if not self.store.write(leases.extend, lease, self.clock() + LENGTH):
                log.warning("Somebody else has taken over %r: this process begins anew.", name)
                self.lost()
        free = self._free()
        if free:
            self._take(free)

    def held(self) -> list[str]:
        """Return what this process does."""
        return sorted(self._held)

    def _free(self) -> str:
        now = self.clock()
        with self.store.read() as db:
            return next(
                (one for one in self._starts if one not in self._held and not leases.held(db, of(one), now)), ""
            )

    def _take(self, name: str) -> None:
        lease = self.store.write(leases.take, of(name), self.owner, self.clock(), LENGTH)
        if lease:
            self._held[name] = lease
            self._begin(name)

    def _begin(self, name: str) -> None:
        """Start a kind of work; where only a part of it has started, nobody can start the rest, or stop that part."""
        try:
            self._starts[name]()
        except Exception as error:
            known = isinstance(error, KioskError)
            log.warning("%r cannot be begun (%s): this process begins anew.", name, error, exc_info=not known)
            self.lost()
        else:
            log.info("This process does %r from now on.", name)

    def _loop(self) -> None:
        runtime.repeat(self.step, threading.Event(), LOOK_SECONDS, log, "Looking for work")


def of(name: str) -> str:
    """Return the name of the lease under which work is done."""
    return f"duty:{name}"
