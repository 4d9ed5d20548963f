"""The loop that keeps every linked room true: a few workers, each taking the room whose time has come."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from kiosk.errors import SourceError
from kiosk.store import mirror
from kiosk.store.mirror import Progress
from kiosk.sync import cadence
from kiosk.sync.passes import Pass, refresh

log = logging.getLogger(__name__)

CLAIM = timedelta(seconds=90)
IDLE_SECONDS = 1.0


@dataclass
class Mirror:
    """Workers over the linked rooms; `beat` is the time between two questions for the same room.

    `recovered` is called when a room that failed is synchronised again.
    """

    work: Pass
    beat: timedelta
    workers: int = 4
    recovered: Callable[[], None] = lambda: None
    chance: random.Random = field(default_factory=random.Random)
    _wake: threading.Event = field(default_factory=threading.Event)
    _failing: set[int] = field(default_factory=set)

    def start(self) -> None:
        """Start the workers."""
        for number in range(self.workers):
            threading.Thread(target=self._loop, name=f"sync-{number}", daemon=True).start()

    def hasten(self, room_id: int) -> None:
        """Ask for this room next: somebody stands before it or something was announced."""
        self.work.store.write(mirror.hasten, room_id, self.work.clock())
        self._wake.set()

    def step(self) -> bool:
        """Bring at most one due room up to date; False when none was due."""
        now = self.work.clock()
        due = self.work.store.write(mirror.claim_due, now, CLAIM, 1) if self._any_due() else []
        for progress in due:
            self._refresh(progress)
        return bool(due)

    def _any_due(self) -> bool:
        with self.work.store.read() as db:
            due_at = mirror.next_due(db)
        return due_at is not None and due_at <= self.work.clock()

    def _refresh(self, progress: Progress) -> None:
        try:
            refresh(self.work, progress.room_id)
        except SourceError as error:
            self._rest(progress, str(error))
        except Exception as error:
            log.exception("%s: synchronisation failed", progress.slug)
            self._rest(progress, f"Internal error: {error}")
        else:
            self._succeeded(progress)

    def _succeeded(self, progress: Progress) -> None:
        due_at = cadence.next_beat(self.work.clock(), self.beat, self.chance)
        self.work.store.write(mirror.schedule, progress.room_id, due_at)
        if progress.room_id in self._failing:
            self._failing.discard(progress.room_id)
            log.info("%s: synchronised again", progress.slug)
            self.recovered()

    def _rest(self, progress: Progress, reason: str) -> None:
        now = self.work.clock()
        due_at = cadence.next_try(now, progress.failures + 1, self.beat, self.chance)
        self.work.store.write(mirror.failed, progress.room_id, reason, due_at)
        if progress.room_id not in self._failing:
            self._failing.add(progress.room_id)
            log.warning("%s: not synchronised: %s", progress.slug, reason)

    def _loop(self) -> None:
        while True:
            if not self._step_safely():
                self._wake.wait(IDLE_SECONDS)
                self._wake.clear()

    def _step_safely(self) -> bool:
        try:
            return self.step()
        except Exception:
            log.exception("The synchronisation stumbled and goes on")
            return False
