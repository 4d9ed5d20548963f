"""The log of acts: who did what, from where, and what became of it; only its oldest part goes, all of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from peewee import Database

from kiosk.store import facts, outbox
from kiosk.store.guards import Guard
from kiosk.store.models import MILLISECOND, ActRow

Detail = Mapping[str, str | int]
# From when on the log is kept; what is older may go.
BEGINS = "acts_begin_at"


@dataclass(frozen=True, slots=True)
class Act:
    """What `actor` did from `place`: `act` about `event_id` in the room with the slug `room`, with its result.

    `actor` is "panel", "server", or an address or name; `reason` a word of a refusal. `detail`: what else is worth
    knowing later, in a few words and numbers.
    """

    at: datetime
    actor: str
    place: str
    act: str
    room: str
    event_id: str
    result: str
    reason: str = ""
    detail: Detail = field(default_factory=dict)


def difference(before: Mapping[str, object], after: Mapping[str, object]) -> dict[str, str]:
    """Return what has changed, as the log tells it: by name, "old → new"; what was or is nothing is left empty."""
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return {name: f"{_said(before.get(name))} → {_said(after.get(name))}".strip() for name in names}


def _said(value: object) -> str:
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def record(db: Database, act: Act) -> None:
    """Add an act to the log, and what webhooks are to be told of it to what waits to be sent."""
    values = {name: getattr(act, name) for name in _FIELDS}
    detail = json.dumps(dict(act.detail), ensure_ascii=False, sort_keys=True)
    ActRow.insert(values | {"detail": detail}).execute(db)
    outbox.tell(db, act)


def begin_at(db: Database, moment: datetime) -> None:
    """Say that the log begins at an instant, for good: what is older may be deleted, nothing else."""
    if moment > (begins(db) or moment - MILLISECOND):
        facts.write_instant(db, BEGINS, moment)


def begins(db: Database) -> datetime | None:
    """Return from when on the log is whole, None when nothing was ever deleted."""
    return facts.read_instant(db, BEGINS)


def recent(db: Database, room: str | None = None, limit: int = 100, before: datetime | None = None) -> list[Act]:
    """Return the newest acts, newest first, of one room (a slug) or of all, from before an instant.

    The next page begins `before` the last act of this one: acts of one instant are never torn apart, so that
    a page may be a little longer than `limit`.
    """
    where = (ActRow.room == room) if room else (ActRow.id > 0)
    page = _rows(db, (where & (ActRow.at < before)) if before else where, limit)
    if len(page) < limit or not page:
        return [act for _, act in page]
    number, last = page[-1]
    alike = _rows(db, where & (ActRow.at == last.at) & (ActRow.id < number), None)
    return [act for _, act in (*page, *alike)]


@dataclass(frozen=True, slots=True)
class Search:
    """What to look for in the log; what is empty or None matches everything.

    `actor`, `act`, `result`: the word or a part of it; `room`: a slug; `text`: a part of anything that an act tells.
    """

    actor: str = ""
    act: str = ""
    room: str = ""
    result: str = ""
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None


def search(db: Database, wanted: Search, limit: int, before: int | None = None) -> list[tuple[int, Act]]:
    """Return matching acts, newest first, each with its number; the next page begins `before` the last one's."""
    query = ActRow.select(ActRow.id, *(getattr(ActRow, name) for name in _FIELDS)).order_by(ActRow.id.desc())
    for condition in _conditions(wanted):
        query = query.where(condition)
    if before is not None:
        query = query.where(ActRow.id < before)
    return [(row[0], Act(*(*row[1:-1], json.loads(row[-1])))) for row in query.limit(limit).tuples().execute(db)]


def _conditions(wanted: Search) -> list[Any]:
    """Return what acts must fulfil, all of it."""
    parts = (ActRow.actor, wanted.actor), (ActRow.act, wanted.act), (ActRow.result, wanted.result)
    found: list[Any] = [column.contains(text) for column, text in parts if text]
    found += [ActRow.room == wanted.room] if wanted.room else []
    found += [ActRow.at >= wanted.since] if wanted.since else []
    found += [ActRow.at < wanted.until] if wanted.until else []
    told = (ActRow.actor, ActRow.place, ActRow.act, ActRow.room, ActRow.event_id, ActRow.reason, ActRow.detail)
    if wanted.text:
        found.append(reduce(or_, (column.contains(wanted.text) for column in told)))
    return found


def _rows(db: Database, where: object, limit: int | None) -> list[tuple[int, Act]]:
    columns = [getattr(ActRow, name) for name in _FIELDS]
    query = ActRow.select(ActRow.id, *columns).where(where).order_by(ActRow.at.desc(), ActRow.id.desc()).limit(limit)
    return [(row[0], Act(*(*row[1:-1], json.loads(row[-1])))) for row in query.tuples().execute(db)]


_FIELDS = tuple(Act.__slots__)
# The database itself keeps the log: only what lies before its beginning is taken out of it, and names can be
# forgotten but not changed.
STAYS = "OLD.at >= COALESCE((SELECT CAST(value AS BIGINT) FROM meta WHERE name = 'acts_begin_at'), OLD.at)"
IS_SAID = """
    NEW.id <> OLD.id OR NEW.at <> OLD.at OR NEW.act <> OLD.act OR NEW.room <> OLD.room
    OR NEW.event_id <> OLD.event_id OR NEW.result <> OLD.result OR NEW.reason <> OLD.reason
    OR (NEW.actor <> OLD.actor AND NEW.actor NOT IN ('panel', 'server', 'person', 'admin', 'somebody'))
    OR (NEW.place <> OLD.place AND NEW.place <> '')
    OR (NEW.detail <> OLD.detail AND NEW.detail <> '{}')
"""
ONLY_GROWS = "the log of acts only grows"
GUARDS = (
    Guard("act_stays", "act", "DELETE", STAYS, ONLY_GROWS),
    Guard("act_is_said", "act", "UPDATE", IS_SAID, f"{ONLY_GROWS}; names in it can be forgotten, nothing else"),
)
