"""The log of acts: who did what, from where, and what became of it; it only ever grows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from peewee import Database

from kiosk.store.models import ActRow

Detail = Mapping[str, str | int]


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


def record(db: Database, act: Act) -> None:
    """Add an act to the log."""
    values = {name: getattr(act, name) for name in _FIELDS}
    detail = json.dumps(dict(act.detail), ensure_ascii=False, sort_keys=True)
    ActRow.insert(values | {"detail": detail}).execute(db)


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


def _rows(db: Database, where: object, limit: int | None) -> list[tuple[int, Act]]:
    columns = [getattr(ActRow, name) for name in _FIELDS]
    query = ActRow.select(ActRow.id, *columns).where(where).order_by(ActRow.at.desc(), ActRow.id.desc()).limit(limit)
    return [(row[0], Act(*(*row[1:-1], json.loads(row[-1])))) for row in query.tuples().execute(db)]


_FIELDS = tuple(Act.__slots__)
