"""This process among the others of its installation: it says that it lives, and knows who else does."""

from __future__ import annotations

import logging
import socket
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from kiosk import __version__, clock, runtime
from kiosk.clock import DAWN
from kiosk.store import processes
from kiosk.store.database import Store
from kiosk.store.processes import Process, Role

log = logging.getLogger(__name__)

BEAT_SECONDS = 3.0


@dataclass
class Presence:
    """Gives signs of life for this process; `port`: where it listens, `screens` counts those connected to it."""

    store: Store
    clock: clock.Clock
    role: Role
    port: int = 0
    screens: Callable[[], int] = lambda: 0
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    _born: datetime = DAWN

    def start(self) -> None:
        """Be here from now on."""
        self._born = self.clock()
        self.beat()
        threading.Thread(target=self._loop, name="presence", daemon=True).start()

    def beat(self) -> None:
        """Say that this process lives."""
        place = f"{socket.gethostname()}:{self.port}"
        self.store.write(
            processes.beat, Process(self.id, self.role, place, __version__, self._born, self.clock(), self.screens())
        )

    def living(self) -> list[Process]:
        """Return the processes that live, this one too."""
        with self.store.read() as db:
            return processes.living(db, self.clock())

    def homes(self) -> list[str]:
        """Return the ids of the processes to which screens can be connected."""
        return [one.id for one in self.living() if one.role == "web"]

    def heard_from(self) -> datetime | None:
        """Return since when some process could hear machines, None while none lives that could."""
        return min((one.started_at for one in self.living() if one.role == "web"), default=None)

    def screens_of_others(self) -> int:
        """Return how many screens are connected to other processes."""
        return sum(one.screens for one in self.living() if one.id != self.id)

    def lacks(self) -> str:
        """Return a sentence when nobody does the work, else nothing."""
        if any(one.role == "work" for one in self.living()):
            return ""
        return "No process works: nothing is synchronised. Start one with `kiosk serve --only work`."

    def _loop(self) -> None:
        rest = threading.Event()
        rest.wait(BEAT_SECONDS)
        runtime.repeat(self.beat, rest, BEAT_SECONDS, log, "Saying that this process lives")
