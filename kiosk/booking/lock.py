"""The lock of a room: a lease that one command at a time holds from its decision to what it stores."""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from kiosk import clock, runtime
from kiosk.errors import Busy
from kiosk.store import leases
from kiosk.store.database import Store
from kiosk.store.leases import Lease

log = logging.getLogger(__name__)

# Short, so that a killed server blocks a room for a moment only; renewed while a command is being done.
LENGTH = timedelta(seconds=10)
RENEW_SECONDS = 3.0
PATIENCE = 2.0
STEP_SECONDS = 0.05


class RoomTaken(Busy):
    """Somebody else has had the room for as long as a tap may wait."""


@dataclass
class Locks:
    """The leases that this process holds; `owner` tells it from every other."""

    store: Store
    owner: str
    clock: clock.Clock
    _held: set[Lease] = field(default_factory=set)

    def start(self) -> None:
        """Start renewing what is held."""
        threading.Thread(target=self._loop, name="leases", daemon=True).start()

    def renew(self) -> None:
        """Keep every lease that is held for another while."""
        for lease in tuple(self._held):
            self.store.write(leases.extend, lease, self.clock() + LENGTH)

    def wait_until_free(self, seconds: float) -> None:
        """Wait until this process holds no room any more, and no longer than that."""
        pause, give_up = threading.Event(), clock.monotonic() + seconds
        while self._held and clock.monotonic() < give_up:
            pause.wait(STEP_SECONDS)

    @contextmanager
    def room(self, room_id: int, patience: float = PATIENCE) -> Iterator[Lease]:
        """Hold the room's lease. Raises RoomTaken when somebody else keeps it for longer than `patience` (seconds)."""
        lease = self._wait_for(leases.of_room(room_id), patience)
        self._held.add(lease)
        try:
            yield lease
        finally:
            try:
                self.store.write(leases.give_back, lease)
            finally:
                self._held.discard(lease)

    def _wait_for(self, name: str, patience: float) -> Lease:
        # Fences that a crash of the database has taken back are given again: nobody's lease must look like another.
        owner, pause = f"{self.owner} {uuid.uuid4().hex[:8]}", threading.Event()
        give_up = clock.monotonic() + patience
        while True:
            lease = self.store.write(leases.take, name, owner, self.clock(), LENGTH)
            if lease is not None:
                return lease
            if clock.monotonic() > give_up:
                raise RoomTaken("This room is being booked right now.")
            pause.wait(STEP_SECONDS)

    def _loop(self) -> None:
        runtime.repeat(self.renew, threading.Event(), RENEW_SECONDS, log, "Renewing leases")
