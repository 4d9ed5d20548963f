"""Rooms whose occupancy is watched by free/busy questions: when each is due, and what was answered last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from peewee import Database

from kiosk.store.models import MirrorRow, RoomRow

# A question that is not full takes along rooms that are due this soon, so that questions stay full.
SOON = timedelta(seconds=3)


@dataclass(frozen=True, slots=True)
class Watched:
    """A room to ask about; `digest` stands for the last answer, empty before the first."""

    room_id: int
    calendar_id: str
    zone: str
    digest: str


def claim_due(db: Database, now: datetime, claim: timedelta, most: int) -> list[Watched]:
    """Take up to `most` rooms that are due, filled up with those that soon will be.

    Empty while none is due. Nobody else gets them for `claim`. Failing and never listed rooms are not asked about.
    """
    watchable = (MirrorRow.failures == 0) & MirrorRow.cursor.is_null(False)
    fields = (MirrorRow.room, RoomRow.calendar_id, RoomRow.zone, MirrorRow.digest, MirrorRow.look_at)
    query = MirrorRow.select(*fields).join(RoomRow).where(watchable & (MirrorRow.look_at <= now + SOON))
    rows = list(query.order_by(MirrorRow.look_at).limit(most).tuples().execute(db))
    if not rows or rows[0][4] > now:
        return []
    ids = [row[0] for row in rows]
    MirrorRow.update(look_at=now + claim).where(MirrorRow.room.in_(ids)).execute(db)
    return [Watched(*row[:4]) for row in rows]


def next_due(db: Database) -> datetime | None:
    """Return when the next room is to be asked about."""
    watchable = (MirrorRow.failures == 0) & MirrorRow.cursor.is_null(False)
    row = MirrorRow.select(MirrorRow.look_at).where(watchable).order_by(MirrorRow.look_at).dicts().first(db)
    return row["look_at"] if row else None


def note(db: Database, fresh: list[int], due: list[int], digests: Mapping[int, str], now: datetime) -> None:
    """Write down which rooms are as we know them, which must be listed now, and the answers that were new."""
    MirrorRow.update(checked_at=now).where(MirrorRow.room.in_(fresh)).execute(db)
    MirrorRow.update(due_at=now).where(MirrorRow.room.in_(due)).execute(db)
    for room, digest in digests.items():
        MirrorRow.update(digest=digest).where(MirrorRow.room == room).execute(db)


def schedule(db: Database, beats: Iterable[tuple[timedelta, list[int]]], now: datetime) -> None:
    """Say when rooms are to be asked about next; `beats` pairs a beat with the rooms that have it."""
    for beat, rooms in beats:
        changes = {"look_at": now + beat, "beat": int(beat.total_seconds())}
        MirrorRow.update(**changes).where(MirrorRow.room.in_(rooms)).execute(db)
