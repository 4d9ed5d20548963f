"""Followers that wait for news of their rooms: each is woken when something of its own has changed, and not before."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from kiosk import clock, runtime
from kiosk.store import telling
from kiosk.store.database import Store

log = logging.getLogger(__name__)

# How soon is seen what hangs beside rooms by the clock, where somebody waits for that.
LOOK_SECONDS, QUIET_SECONDS = 1.0, 15.0


@dataclass
class Ear:
    """One follower that waits: the numbers of its rooms, and what wakes it."""

    rooms: frozenset[int]
    news: threading.Event = field(default_factory=threading.Event)


@dataclass
class Listeners:
    """Looks after every commit what has changed, once for all who wait."""

    store: Store
    clock: clock.Clock
    _ears: dict[int, Ear] = field(default_factory=dict)
    _rooms: dict[int, int] = field(default_factory=dict)
    _beside: str = ""
    _wake: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        """Start the loop."""
        threading.Thread(target=self._loop, name="listeners", daemon=True).start()

    def wake(self) -> None:
        """Look at once: something was committed."""
        if self._ears:
            self._wake.set()

    @contextmanager
    def ear(self, rooms: frozenset[int]) -> Iterator[threading.Event]:
        """Give what is set when something of these rooms changes from now on, or what hangs beside rooms."""
        ear = Ear(rooms)
        self._ears[id(ear)] = ear
        self._wake.set()
        try:
            yield ear.news
        finally:
            self._ears.pop(id(ear), None)

    def step(self) -> None:
        """Wake those whom something that has changed is about; whoever comes first may hear of what was before."""
        if not self._ears:
            return
        with self.store.read() as db:
            rooms, beside = telling.revisions(db), telling.beside_rooms(db, self.clock())
        before, numbers = self._rooms, rooms.keys() | self._rooms.keys()
        changed = {number for number in numbers if rooms.get(number) != before.get(number)}
        everybody, self._rooms, self._beside = beside != self._beside, rooms, beside
        for ear in list(self._ears.values()):
            if everybody or not changed.isdisjoint(ear.rooms):
                ear.news.set()

    def _loop(self) -> None:
        runtime.repeat(self.step, self._wake, self._rest, log, "Looking for what followers wait for")

    def _rest(self) -> float:
        return LOOK_SECONDS if self._ears else QUIET_SECONDS
