"""Long work as rows: who waits for it, on whatever page or process, reads how far it is."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from peewee import Database

from kiosk.store.office import TaskRow

State = Literal["running", "done", "failed"]
# Who does it gives a sign of life every few seconds; after this long without one, its process has died. One that lies
# as far ahead was given by a clock that has been put back since.
SILENT = timedelta(seconds=10)
KEPT = timedelta(days=7)
INTERRUPTED = "This was interrupted, for the server was stopped: start it again."


@dataclass(frozen=True, slots=True)
class Task:
    """One piece of work: `done` of `of` parts (0: it has none to count), and what it says of itself.

    `about`: what was typed when it was asked for, such as the address of a calendar.
    """

    id: str
    name: str
    state: State
    done: int
    of: int
    says: str
    started_at: datetime
    seen_at: datetime
    ended_at: datetime | None
    about: str = ""


def begin(db: Database, name: str, now: datetime, about: str = "") -> Task | None:
    """Write down that work of that name begins; None while it is being done already.

    What was done before under that name is forgotten: whoever still did it after all has nothing to report to.
    """
    before = latest(db, name, now)
    if before and before.state == "running":
        return None
    TaskRow.delete().where((TaskRow.name == name) | (TaskRow.started_at < now - KEPT)).execute(db)
    task = Task(uuid.uuid4().hex, name, "running", 0, 0, "", now, now, None, about)
    TaskRow.insert(**{field: getattr(task, field) for field in _FIELDS}).execute(db)
    return task


def report(db: Database, task_id: str, done: int, of: int, says: str, now: datetime) -> None:
    """Say how far it is."""
    TaskRow.update(done=done, of=of, says=says, seen_at=now).where(TaskRow.id == task_id).execute(db)


def beat(db: Database, task_id: str, now: datetime) -> None:
    """Give a sign of life."""
    TaskRow.update(seen_at=now).where((TaskRow.id == task_id) & (TaskRow.state == "running")).execute(db)


def end(db: Database, task_id: str, state: State, says: str, now: datetime) -> None:
    """Say how it ended."""
    TaskRow.update(state=state, says=says, seen_at=now, ended_at=now).where(TaskRow.id == task_id).execute(db)


def latest(db: Database, name: str, now: datetime) -> Task | None:
    """Return the newest work of that name; what was left by a process that died has failed."""
    return latest_of(db, [name], now).get(name)


def latest_of(db: Database, names: Collection[str], now: datetime) -> dict[str, Task]:
    """Return the newest work of each of those names that there is."""
    query = TaskRow.select(*(getattr(TaskRow, field) for field in _FIELDS)).where(TaskRow.name.in_(list(names)))
    return {row[1]: _shown(Task(*row), now) for row in query.tuples().execute(db)}


def _shown(task: Task, now: datetime) -> Task:
    if task.state != "running" or abs(now - task.seen_at) < SILENT:
        return task
    return replace(task, state="failed", says=INTERRUPTED, ended_at=task.seen_at)


_FIELDS = tuple(Task.__slots__)
