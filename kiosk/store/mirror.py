"""How far each room's mirror is: cursors, due times, generations and failures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from peewee import Database

from kiosk.schedule.model import Event
from kiosk.store import events, rooms
from kiosk.store.models import MirrorRow, RoomRow


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the mirror of one linked room stands; `cursor` is None before the first full pass."""

    room_id: int
    calendar_id: str
    slug: str
    zone: str
    cursor: str | None
    window_end: datetime | None
    full_at: datetime | None
    checked_at: datetime | None
    generation: int
    failures: int
    reason: str
    due_at: datetime


def progress(db: Database, room_id: int) -> Progress | None:
    """Return the progress of a linked room, None when it is not linked."""
    found = _select(db, MirrorRow.room == room_id)
    return found[0] if found else None


def everything(db: Database) -> list[Progress]:
    """Return the progress of every linked room."""
    return _select(db, MirrorRow.room > 0)


def claim_due(db: Database, now: datetime, claim: timedelta, limit: int) -> list[Progress]:
    """Take up to `limit` rooms whose time has come; nobody else gets them for `claim`."""
    due = _select(db, MirrorRow.due_at <= now, limit)
    return [one for one in due if _postpone(db, one, now + claim)]


def next_due(db: Database) -> datetime | None:
    """Return when the next room is due, None when no room is linked."""
    row = MirrorRow.select(MirrorRow.due_at).order_by(MirrorRow.due_at).dicts().first(db)
    return row["due_at"] if row else None


def hasten(db: Database, room_id: int, now: datetime) -> None:
    """Move a room to the front, unless it is failing and resting."""
    where = (MirrorRow.room == room_id) & (MirrorRow.due_at > now) & (MirrorRow.failures == 0)
    MirrorRow.update(due_at=now).where(where).execute(db)


def commit_full(
    db: Database,
    room_id: int,
    generation: int,
    found: list[Event],
    cursor: str,
    window: tuple[datetime, datetime],
    now: datetime,
) -> bool:
    """Store a whole window and its cursor in one; False when a write-through overtook the pass."""
    fields = {"cursor": cursor, "window_start": window[0], "window_end": window[1], "full_at": now}
    if not _advance(db, room_id, generation, now, **fields):
        return False
    if events.replace_all(db, room_id, found):
        rooms.touch(db, room_id)
    return True


def commit_delta(
    db: Database,
    room_id: int,
    generation: int,
    kept: list[Event],
    gone: Iterable[str],
    series_gone: Iterable[str],
    cursor: str,
    now: datetime,
) -> bool:
    """Store changes and the new cursor in one; False when a write-through overtook the pass."""
    if not _advance(db, room_id, generation, now, cursor=cursor):
        return False
    changed = events.upsert(db, room_id, kept) + events.remove(db, room_id, set(gone))
    changed += sum(events.remove_series(db, room_id, series) for series in set(series_gone))
    if changed:
        rooms.touch(db, room_id)
    return True


def write_through(db: Database, room_id: int, kept: list[Event], gone: Iterable[str]) -> None:
    """Store what the calendar has just confirmed, and make every pass under way start anew."""
    MirrorRow.update(generation=MirrorRow.generation + 1).where(MirrorRow.room == room_id).execute(db)
    events.upsert(db, room_id, kept)
    events.remove(db, room_id, set(gone))
    rooms.touch(db, room_id)


def failed(db: Database, room_id: int, reason: str, due_at: datetime) -> None:
    """Remember that a pass failed and when to try again; what is mirrored stays."""
    MirrorRow.update(failures=MirrorRow.failures + 1, reason=reason, due_at=due_at).where(
        MirrorRow.room == room_id
    ).execute(db)


def read_anew(db: Database, room_id: int, now: datetime) -> None:
    """Make the next pass a full one, at once; what is mirrored stays until it is replaced."""
    MirrorRow.update(cursor=None, failures=0, due_at=now).where(MirrorRow.room == room_id).execute(db)


def schedule(db: Database, room_id: int, due_at: datetime) -> None:
    """Say when the room is to be asked next."""
    MirrorRow.update(due_at=due_at).where(MirrorRow.room == room_id).execute(db)


def _advance(db: Database, room_id: int, generation: int, now: datetime, **fields: object) -> bool:
    where = (MirrorRow.room == room_id) & (MirrorRow.generation == generation)
    values = {"checked_at": now, "failures": 0, "reason": "", **fields}
    return bool(MirrorRow.update(**values).where(where).execute(db))


def _postpone(db: Database, one: Progress, until: datetime) -> bool:
    where = (MirrorRow.room == one.room_id) & (MirrorRow.due_at == one.due_at)
    return bool(MirrorRow.update(due_at=until).where(where).execute(db))


def _select(db: Database, where: object, limit: int | None = None) -> list[Progress]:
    fields = [getattr(MirrorRow, name) for name in _OWN]
    query = MirrorRow.select(MirrorRow.room, RoomRow.calendar_id, RoomRow.slug, RoomRow.zone, *fields)
    query = query.join(RoomRow).where(where).order_by(MirrorRow.due_at).limit(limit)
    return [Progress(*row) for row in query.tuples().execute(db)]


_OWN = (
    "cursor", "window_end", "full_at", "checked_at", "generation", "failures", "reason", "due_at",
)  # fmt: skip
