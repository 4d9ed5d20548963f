"""Bringing machines what they are asked to do: to their open page at once, else to the program that waits for it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from kiosk import clock, runtime
from kiosk.clock import DAWN
from kiosk.store import devices, errands, tokens
from kiosk.store.database import Store
from kiosk.store.errands import Errand

log = logging.getLogger(__name__)

# What a page does by itself, where one is connected.
BY_PAGE = ("identify", "reload")
LOOK_SECONDS = 1.0
EXPIRE = timedelta(minutes=1)
# What a machine has sent is looked at soon, or not at all; it lies in memory and never on a disk.
KEPT = timedelta(minutes=10)
MOST_FINDS = 200


@dataclass(frozen=True, slots=True)
class Pages:
    """The open pages of machines: whether one is connected, and how it is told to do something."""

    has: Callable[[int], bool]
    tell: Callable[[int, Errand], None]


@dataclass(frozen=True, slots=True)
class Find:
    """A picture or a text that a machine has sent for an errand, good until `until`."""

    kind: str
    content: bytes
    at: datetime
    until: datetime


@dataclass
class Courier:
    """Hands errands out, each once, and keeps what machines send with their answers for a few minutes."""

    store: Store
    clock: clock.Clock
    pages: Pages
    _waiting: dict[int, list[threading.Event]] = field(default_factory=dict)
    _finds: dict[int, Find] = field(default_factory=dict)
    _expired_at: datetime = DAWN
    _endings: int = 0
    _wake: threading.Event = field(default_factory=threading.Event)
    _noting: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> None:
        """Start looking for errands, those that other processes ask for too."""
        threading.Thread(target=self._loop, name="courier", daemon=True).start()

    def wake(self) -> None:
        """Look at once: something was asked for."""
        self._wake.set()

    def step(self) -> None:
        """Bring what waits to open pages, and wake the machines that wait for the rest."""
        now = self.clock()
        with self.store.read() as db:
            waiting, endings = errands.waiting(db, now), tokens.endings(db)
        self._expire(now)
        if endings != self._endings:
            self._endings = endings
            self._call_all()
        for device in {device for device, act in waiting if act in BY_PAGE}:
            self._bring(device, now)
        for device in {device for device, _act in waiting}:
            self._call(device)

    def wait(self, device: int, seconds: float) -> list[Errand]:
        """Return what a machine is to do now; where there is nothing, wait for something for so long.

        One that is let in no more waits no longer, and is given nothing.
        """
        bell, give_up = threading.Event(), clock.monotonic() + seconds
        with self._noting:
            self._waiting.setdefault(device, []).append(bell)
        try:
            while True:
                is_let_in = self._is_let_in(device)
                found = self._take(device) if is_let_in else []
                left = give_up - clock.monotonic()
                if found or left <= 0 or not is_let_in:
                    return found
                bell.wait(left)
                bell.clear()
        finally:
            self._leave(device, bell)

    def keep(self, errand: int, kind: str, content: bytes) -> None:
        """Keep what a machine has sent for an errand for a few minutes."""
        now = self.clock()
        with self._noting:
            living = [(number, one) for number, one in self._finds.items() if self._is_good(one, now)]
            self._finds = dict(living[-MOST_FINDS:])
            self._finds[errand] = Find(kind, content, now, now + KEPT)

    def find(self, errand: int) -> Find | None:
        """Return what a machine has sent for an errand, None when that is too long ago, or nothing came."""
        found = self._finds.get(errand)
        return found if found and self._is_good(found, self.clock()) else None

    def _expire(self, now: datetime) -> None:
        if abs(now - self._expired_at) >= EXPIRE:
            self._expired_at = now
            self.store.write(errands.expire, now)

    def _is_good(self, one: Find, now: datetime) -> bool:
        return one.at <= now < one.until

    def _is_let_in(self, device: int) -> bool:
        with self.store.read() as db:
            return devices.is_let_in(db, device)

    def _take(self, device: int) -> list[Errand]:
        now = self.clock()
        with self.store.read() as db:
            if all(one != device for one, _act in errands.waiting(db, now)):
                return []
        return self.store.write(errands.take, device, now)

    def _bring(self, device: int, now: datetime) -> None:
        """Let the open page of a machine do what pages can; where none is open it stays for who waits."""
        if self.pages.has(device):
            for one in self.store.write(errands.take, device, now, BY_PAGE):
                self.pages.tell(device, one)

    def _call(self, device: int) -> None:
        with self._noting:
            bells = list(self._waiting.get(device, ()))
        for bell in bells:
            bell.set()

    def _call_all(self) -> None:
        with self._noting:
            waiting = list(self._waiting)
        for device in waiting:
            self._call(device)

    def _leave(self, device: int, bell: threading.Event) -> None:
        with self._noting:
            bells = self._waiting.get(device, [])
            bells.remove(bell)
            if not bells:
                self._waiting.pop(device, None)

    def _loop(self) -> None:
        runtime.repeat(self.step, self._wake, LOOK_SECONDS, log, "Bringing errands")
