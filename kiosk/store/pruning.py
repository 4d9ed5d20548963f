"""Parting with rows that are long over: nothing that is still shown, counted, undone or answered by goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import Database

from kiosk.store import acts, facts, journal
from kiosk.store.models import milliseconds
from kiosk.store.plain import marks, rows, run

LAST = "pruned_at"
# Rows that are deleted in one transaction.
CHUNK = 500
# A booking's commands stay while any of them is open, and while its event is still mirrored: they say whose it is.
SETTLED = f"""
    NOT {journal.IS_OPEN} AND settled_at < ? AND "end" < ? AND COALESCE(old_end, "end") < ?
    AND NOT EXISTS (SELECT 1 FROM event WHERE event.room_id = command.room_id AND event.event_id = command.event_id)
    AND NOT EXISTS (
        SELECT 1 FROM command AS other WHERE other.event_id = command.event_id
        AND other.state IN ({", ".join(repr(state) for state in journal.OPEN)})
    )
"""


@dataclass(frozen=True, slots=True)
class Rule:
    """Which rows of a table are long over; each `?` of `where` is the instant before which that must have been."""

    table: str
    where: str
    key: tuple[str, ...] = ("id",)

    def find(self, db: Database, before: datetime) -> list[tuple[Any, ...]]:
        """Return the keys of some rows that can go."""
        sql = f"SELECT {', '.join(self.key)} FROM {self.table} WHERE {self.where} LIMIT {CHUNK}"
        return rows(db, sql, *self._moments(before))

    def drop(self, db: Database, before: datetime, found: Sequence[tuple[Any, ...]]) -> int:
        """Delete those of the rows that still can go; return how many did."""
        one = f"({marks(self.key)})"
        sql = f"DELETE FROM {self.table} WHERE ({', '.join(self.key)}) IN (VALUES {', '.join([one] * len(found))})"
        values = [value for key in found for value in key]
        return int(run(db, f"{sql} AND ({self.where})", *values, *self._moments(before)).rowcount) if found else 0

    def _moments(self, before: datetime) -> list[int]:
        return [milliseconds(before)] * self.where.count("?")


# Events of linked rooms come and go with the mirror's window; those of other rooms are nowhere else.
EVENTS = Rule("event", '"end" < ? AND room_id IN (SELECT id FROM room WHERE calendar_id IS NULL)')
COMMANDS = Rule("command", SETTLED)
CHECK_INS = Rule("attendance", "\"end\" < ? AND state <> 'open'", ("room_id", "event_id"))
REQUESTS = Rule("request", "start < ? AND created_at < ?")
PROBLEMS = Rule("problem", "state IN ('done', 'withdrawn') AND COALESCE(changed_at, reported_at) < ?")
NOTICES = Rule("notice", 'ended_at < ? OR "end" < ?')
ACTS = Rule("act", "at < ?")
# In this order: a command can go once its event has.
WHAT_WAS = (EVENTS, COMMANDS, CHECK_INS, REQUESTS, PROBLEMS, NOTICES)


def last(db: Database) -> datetime | None:
    """Return when everything that was long over had gone."""
    return facts.read_instant(db, LAST)


def note(db: Database, now: datetime, gone: Mapping[str, int]) -> None:
    """Write down that everything long over is gone, and in the log of acts how many rows went if any did."""
    facts.write_instant(db, LAST, now)
    if gone:
        acts.record(db, acts.Act(now, "server", "", "prune", "", "", "done", detail=dict(gone)))


def drop(db: Database, rule: Rule, before: datetime, found: Sequence[tuple[Any, ...]]) -> int:
    """Delete rows that a rule has found, of those that still can go; return how many."""
    if rule is ACTS:
        acts.begin_at(db, before)
    return rule.drop(db, before, found)
