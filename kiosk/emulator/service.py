"""What every part of the running stand-in shares: the store, traffic, faults, quota, pushes, answering rooms."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from kiosk.emulator import answers, channels
from kiosk.emulator.clock import Clock
from kiosk.emulator.faults import Faults
from kiosk.emulator.pushes import Pushes
from kiosk.emulator.quota import Quota
from kiosk.emulator.store import Store
from kiosk.emulator.traffic import Traffic

logger = logging.getLogger(__name__)
FLAGS = ("empty_pages", "short_pages", "sparse_tombstones", "stray_tombstones", "all_day_dates",
         "rooms_decline_strangers")  # fmt: skip


class Service:
    """One stand-in; `start()` begins the thread in which rooms answer invitations."""

    def __init__(self, database: str = ":memory:", clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self.store = Store(database, self.clock)
        self.traffic = Traffic()
        self.faults = Faults()
        self.quota = Quota(self.clock)
        self.pushes = Pushes(self.store, self.faults)
        self._wake = threading.Event()
        self._stopping = False
        self._rooms = threading.Thread(target=self._answer_invitations, name="rooms", daemon=True)

    def start(self) -> None:
        """Let rooms answer and messages go out."""
        self._rooms.start()
        self.pushes.start()

    def wake(self) -> None:
        """Look again at what is due: the clock was set, or things were put on their way."""
        self._wake.set()
        self.pushes.wake()

    def stop(self) -> None:
        """End all threads and close the store."""
        self._stopping = True
        self.faults.stopping.set()
        self._wake.set()
        if self._rooms.is_alive():
            self._rooms.join()
        self.pushes.stop()
        self.store.close()

    @contextmanager
    def changing(self) -> Iterator[None]:
        """A transaction, after which rooms that answer without delay have answered, and channels are told."""
        with self.store.transaction():
            yield
            self.give_due_answers()
            told = channels.announce(self.store)
            waiting = answers.next_due(self.store) is not None
        if told:
            self.pushes.wake()
        if waiting:
            self._wake.set()

    def give_due_answers(self) -> None:
        """Rooms answer what is due."""
        while answers.give_due(self.store, self.clock.microseconds()):
            pass

    def settle(self) -> None:
        """Rooms answer everything, due or not."""
        with self.changing():
            while answers.next_due(self.store) is not None:
                answers.give_due(self.store, 1 << 62)

    def flag(self, name: str) -> bool:
        """Whether one of FLAGS is up."""
        return self.store.meta(f"flag_{name}") == "1"

    def set_flag(self, name: str, up: bool) -> None:
        """Change how faithful to which of Google's oddities the answers are; ValueError for an unknown one."""
        if name not in FLAGS:
            raise ValueError(f"unknown flag {name!r}, choose from {', '.join(FLAGS)}")
        self.store.set_meta(f"flag_{name}", "1" if up else "0")

    def _answer_invitations(self) -> None:
        while not self._stopping:
            self._wake.clear()
            try:
                pause = self._answer_once()
            except Exception:
                logger.exception("a room could not answer")
                pause = 1.0
            if not self._stopping:
                self._wake.wait(pause)

    def _answer_once(self) -> float | None:
        """One step: answer what is due; returns the seconds until the next answer, None when there is none."""
        with self.store.transaction():
            self.give_due_answers()
            told = channels.announce(self.store)
            due = answers.next_due(self.store)
        if told:
            self.pushes.wake()
        return None if due is None else max(0.0, (due - self.clock.microseconds()) / 1_000_000)
