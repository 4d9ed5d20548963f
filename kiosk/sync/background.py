"""Work that takes longer than somebody wants to look at a page: done in a thread, and told as a task's row."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from kiosk import clock
from kiosk.errors import KioskError, UsageError
from kiosk.store import tasks
from kiosk.store.database import Store
from kiosk.store.tasks import Task
from kiosk.sync.linking import Report

log = logging.getLogger(__name__)

# Does the work, telling how far it is, and returns a sentence about its result.
Work = Callable[[Report], str]


@dataclass(frozen=True, slots=True)
class Background:
    """Does long work once at a time under its name; other processes see it."""

    store: Store
    clock: clock.Clock = clock.now

    def start(self, name: str, work: Work) -> Task:
        """Begin work of that name in the background. Raises UsageError while it is being done already."""
        task = self._begin(name)
        threading.Thread(target=self._do, args=(task, work), name=name, daemon=True).start()
        return task

    def run(self, name: str, work: Work) -> str:
        """Do work of that name here and return what it says of itself; its errors are raised here too."""
        task = self._begin(name)
        try:
            said = work(self._reporter(task))
        except BaseException as error:
            self._end(task, "failed", str(error) or type(error).__name__)
            raise
        self._end(task, "done", said)
        return said

    def _begin(self, name: str) -> Task:
        task = self.store.write(tasks.begin, name, self.clock())
        if task is None:
            raise UsageError("This is being done already; wait until it has ended.")
        return task

    def _do(self, task: Task, work: Work) -> None:
        try:
            said = work(self._reporter(task))
        except KioskError as error:
            self._end(task, "failed", str(error))
        except Exception as error:
            log.exception("%s failed", task.name)
            self._end(task, "failed", f"Internal error: {error}")
        else:
            self._end(task, "done", said)

    def _end(self, task: Task, state: tasks.State, said: str) -> None:
        self.store.write(tasks.end, task.id, state, said, self.clock())

    def _reporter(self, task: Task) -> Report:
        def report(done: int, of: int, says: str) -> None:
            self.store.write(tasks.report, task.id, done, of, says, self.clock())

        return report
