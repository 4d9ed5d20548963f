"""Bringing machines what they are asked to do: to their open page at once, else to the program that waits for it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from kiosk import clock, runtime
from kiosk.clock import DAWN
from kiosk.store import devices, errands, finds, tokens
from kiosk.store.database import Store
from kiosk.store.errands import Errand
from kiosk.store.finds import Find
from kiosk.store.glance import Glance

log = logging.getLogger(__name__)

# What a page does by itself, where one is connected.
BY_PAGE = ("identify", "reload")
LOOK_SECONDS, QUIET_SECONDS = 1.0, 15.0
EXPIRE = timedelta(minutes=1)
# What a machine has sent is looked at soon, or not at all.
KEPT = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Pages:
    """The open pages of machines: whether one is connected, and how it is told to do something."""

    has: Callable[[int], bool]
    tell: Callable[[int, Errand], None]


class Shelf(Protocol):
    """Where what machines send is kept, by the errand's number, until it is over."""

    def keep(self, errand: int, one: Find) -> None:
        """Keep something; what is over goes."""

    def find(self, errand: int, now: datetime) -> Find | None:
        """Return what was sent for an errand, None when nothing is here, or not any more."""


@dataclass(frozen=True, slots=True)
class InMemory:
    """Keeps it in this process's memory, and never on a disk."""

    _finds: dict[int, Find] = field(default_factory=dict)
    _noting: threading.Lock = field(default_factory=threading.Lock)

    def keep(self, errand: int, one: Find) -> None:
        """Keep something; what is over goes."""
        with self._noting:
            for gone in [number for number, other in self._finds.items() if not other.is_good(one.at)]:
                del self._finds[gone]
            for gone in list(self._finds)[: len(self._finds) + 1 - finds.MOST]:
                del self._finds[gone]
            self._finds[errand] = one

    def find(self, errand: int, now: datetime) -> Find | None:
        """Return what was sent for an errand, None when nothing is here, or not any more."""
        found = self._finds.get(errand)
        return found if found and found.is_good(now) else None


@dataclass(frozen=True, slots=True)
class InStore:
    """Keeps it where all processes find it: whoever asks may be answered by another one than who was sent it."""

    store: Store

    def keep(self, errand: int, one: Find) -> None:
        """Keep something; what is over goes."""
        self.store.write(finds.keep, errand, one)

    def find(self, errand: int, now: datetime) -> Find | None:
        """Return what was sent for an errand, None when nothing is here, or not any more."""
        with self.store.read() as db:
            return finds.find(db, errand, now)


@dataclass
class Courier:
    """Hands errands out, each once, and keeps what machines send with their answers for a few minutes."""

    store: Store
    clock: clock.Clock
    pages: Pages
    shelf: Shelf = field(default_factory=InMemory)
    _waiting: dict[int, list[threading.Event]] = field(default_factory=dict)
    _expired_at: datetime = DAWN
    _endings: int = 0
    _waits: bool = True
    _wake: threading.Event = field(default_factory=threading.Event)
    _noting: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        """Look for errands only where something was committed since the last look."""
        self._look = Glance(self.store, lambda db: (errands.queued(db), tokens.endings(db)))

    def start(self) -> None:
        """Start looking for errands, those that other processes ask for too."""
        threading.Thread(target=self._loop, name="courier", daemon=True).start()

    def wake(self) -> None:
        """Look at once: something was asked for."""
        self._wake.set()

    def step(self) -> None:
        """Bring what waits to open pages, and wake the machines that wait for the rest."""
        now = self.clock()
        queued, endings = self._look.value()
        self._waits = bool(queued)
        waiting = [(device, act) for device, act, until in queued if until > now]
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
        self.shelf.keep(errand, Find(kind, content, now, now + KEPT))

    def find(self, errand: int) -> Find | None:
        """Return what a machine has sent for an errand, None when that is too long ago, or nothing came."""
        return self.shelf.find(errand, self.clock())

    def _expire(self, now: datetime) -> None:
        if abs(now - self._expired_at) >= EXPIRE:
            self._expired_at = now
            self.store.write(finds.expire_with_errands, now)

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
        runtime.repeat(self.step, self._wake, self._rest, log, "Bringing errands")

    def _rest(self) -> float:
        return LOOK_SECONDS if self._waits else self.store.rest(LOOK_SECONDS, QUIET_SECONDS)
