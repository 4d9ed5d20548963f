"""The lock of a room: a lease that one command at a time holds from its decision to what it stores."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from kiosk import clock
from kiosk.errors import Busy
from kiosk.store import leases
from kiosk.store.database import Store
from kiosk.store.leases import Lease

LENGTH = timedelta(seconds=60)
PATIENCE_SECONDS = 2.0
STEP_SECONDS = 0.05


@contextmanager
def room_lock(store: Store, room_id: int, owner: str, now: clock.Clock) -> Iterator[Lease]:
    """Hold the room's lease. Raises Busy when somebody else keeps it for more than two seconds."""
    lease = _wait_for(store, f"room:{room_id}", owner, now)
    try:
        yield lease
    finally:
        store.write(leases.give_back, lease)


def _wait_for(store: Store, name: str, owner: str, now: clock.Clock) -> Lease:
    pause = threading.Event()
    give_up = clock.monotonic() + PATIENCE_SECONDS
    while True:
        lease = store.write(leases.take, name, owner, now(), LENGTH)
        if lease is not None:
            return lease
        if clock.monotonic() > give_up:
            raise Busy("This room is being booked right now.")
        pause.wait(STEP_SECONDS)
