"""The processes of one installation: each says again and again that it lives, and what it does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from peewee import Database

from kiosk.store.together import ProcessRow

Role = Literal["web", "work"]
# Who has given no sign for so long is taken for dead; a sign that lies as far ahead was given by another clock.
SILENT = timedelta(seconds=12)
KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Process:
    """One process; `place`: where it listens, on which machine."""

    id: str
    role: Role
    place: str
    version: str
    started_at: datetime
    seen_at: datetime
    screens: int = 0


def beat(db: Database, one: Process) -> None:
    """Write down that a process lives; those that have been dead for long are forgotten."""
    values = {name: getattr(one, name) for name in Process.__slots__}
    changes = {"seen_at": one.seen_at, "screens": one.screens}
    ProcessRow.insert(values).on_conflict(conflict_target=[ProcessRow.id], update=changes).execute(db)
    ProcessRow.delete().where(ProcessRow.seen_at < one.seen_at - KEPT).execute(db)


def living(db: Database, now: datetime) -> list[Process]:
    """Return the processes that live, oldest first."""
    where = (ProcessRow.seen_at > now - SILENT) & (ProcessRow.seen_at < now + SILENT)
    found = ProcessRow.select().where(where).order_by(ProcessRow.started_at, ProcessRow.id).execute(db)
    return [Process(*(getattr(row, name) for name in Process.__slots__)) for row in found]
