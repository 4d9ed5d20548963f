"""Having a room to oneself while its calendar is given or taken: nobody books it meanwhile."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from kiosk import clock
from kiosk.errors import Busy
from kiosk.store import leases
from kiosk.store.database import Store
from kiosk.store.leases import Lease

LENGTH = timedelta(seconds=60)
# A booking under way has the room for seconds; one that Google keeps waiting, for longer.
PATIENCE_SECONDS = 40.0
STEP_SECONDS = 0.1


@contextmanager
def held(store: Store, room_id: int, now: clock.Clock) -> Iterator[Callable[[], None]]:
    """Hold the room's lease and give what keeps it longer. Raises Busy when somebody else does not let go of it."""
    lease = _wait_for(store, room_id, now)

    def keep() -> None:
        store.write(leases.check, lease, now())
        store.write(leases.extend, lease, now() + LENGTH)

    try:
        yield keep
    finally:
        store.write(leases.give_back, lease)


def _wait_for(store: Store, room_id: int, now: clock.Clock) -> Lease:
    owner, pause = uuid.uuid4().hex, threading.Event()
    give_up = clock.monotonic() + PATIENCE_SECONDS
    while True:
        lease = store.write(leases.take, leases.of_room(room_id), owner, now(), LENGTH)
        if lease is not None:
            return lease
        if clock.monotonic() > give_up:
            raise Busy("This room is being booked right now; try again in a moment.")
        pause.wait(STEP_SECONDS)
