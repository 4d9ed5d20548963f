"""Work that takes longer than somebody wants to look at a page: done in a thread, and told as a task's row."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from kiosk import clock, runtime
from kiosk.errors import KioskError, UsageError
from kiosk.store import tasks
from kiosk.store.database import Store
from kiosk.store.tasks import Task
from kiosk.sync.linking import Report

log = logging.getLogger(__name__)

# A part of the time after which work that gave no sign of life counts as dead.
BEAT_SECONDS = 3.0

# Does the work, telling how far it is, and returns a sentence about its result.
Work = Callable[[Report], str]


@dataclass(frozen=True, slots=True)
class Background:
    """Does long work once at a time under its name; other processes see it."""

    store: Store
    clock: clock.Clock = clock.now

    def start(self, name: str, work: Work, about: str = "") -> Task:
        """Begin work of that name in the background; `about`: what was typed for it, for who has to try again.

        Raises UsageError while it is being done already.
        """
        task = self._begin(name, about)
        threading.Thread(target=runtime.carrying(self._do), args=(task, work), name=name, daemon=True).start()
        return task

    def run(self, name: str, work: Work) -> str:
        """Do work of that name here and return what it says of itself; its errors are raised here too."""
        task = self._begin(name)
        try:
            with self._alive(task):
                said = work(self._reporter(task))
        except BaseException as error:
            self._end(task, "failed", str(error) or type(error).__name__)
            raise
        self._end(task, "done", said)
        return said

    def _begin(self, name: str, about: str = "") -> Task:
        task = self.store.write(tasks.begin, name, self.clock(), about)
        if task is None:
            raise UsageError("This is being done already; wait until it has ended.")
        return task

    def _do(self, task: Task, work: Work) -> None:
        try:
            with self._alive(task):
                said = work(self._reporter(task))
        except KioskError as error:
            self._end(task, "failed", str(error))
        except Exception as error:
            log.exception("%s failed", task.name)
            self._end(task, "failed", f"Internal error: {error}")
        else:
            self._end(task, "done", said)

    @contextmanager
    def _alive(self, task: Task) -> Iterator[None]:
        """Give signs of life meanwhile, however long a part of the work takes."""
        ended = threading.Event()
        beating = threading.Thread(target=self._beat, args=(task, ended), name=f"{task.name} lives", daemon=True)
        beating.start()
        try:
            yield
        finally:
            ended.set()
            beating.join()

    def _beat(self, task: Task, ended: threading.Event) -> None:
        while not ended.wait(BEAT_SECONDS):
            try:
                self.store.write(tasks.beat, task.id, self.clock())
            except Exception:
                log.exception("%s could not give a sign of life", task.name)

    def _end(self, task: Task, state: tasks.State, said: str) -> None:
        self.store.write(tasks.end, task.id, state, said, self.clock())

    def _reporter(self, task: Task) -> Report:
        def report(done: int, of: int, says: str) -> None:
            self.store.write(tasks.report, task.id, done, of, says, self.clock())

        return report
