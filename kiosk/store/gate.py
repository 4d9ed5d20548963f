"""Rooms whose occupancy is watched by free/busy questions: when each is due, and which answers are known to differ."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from peewee import Database

from kiosk.schedule.model import Slot
from kiosk.store.events import takes_the_room
from kiosk.store.models import instant, milliseconds
from kiosk.store.plain import marks, rows, run

# A question that is not full takes along rooms that are due this soon, so that questions stay full.
SOON = timedelta(seconds=3)
DUE = """
    SELECT m.room_id, r.calendar_id, r.zone, m.digest, r.slug, m.look_at FROM mirror m JOIN room r ON r.id = m.room_id
    WHERE m.look_at <= ? AND m.failures = 0 AND m.cursor IS NOT NULL ORDER BY m.look_at LIMIT ?
"""
NEXT = "SELECT look_at FROM mirror WHERE failures = 0 AND cursor IS NOT NULL ORDER BY look_at LIMIT 1"
TAKEN = """
    SELECT room_id, "start", "end", transparent, answer, kind FROM event
    WHERE room_id IN ({}) AND "end" > ? AND "start" < ?
"""

Beats = Iterable[tuple[timedelta, list[int]]]
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Watched:
    """A room to ask about; `digest` stands for an answer that differs from what its lists say, empty without any."""

    room_id: int
    calendar_id: str
    zone: str
    digest: str
    slug: str


@dataclass(frozen=True, slots=True)
class Learnt:
    """What an answered question told: rooms that are as we know them, rooms to be listed now, changed digests."""

    fresh: list[int]
    due: list[int]
    digests: dict[int, str]


def claim_due(db: Database, now: datetime, claim: timedelta, most: int) -> list[Watched]:
    """Take up to `most` rooms that are due, filled up with those that soon will be.

    Empty while none is due. Nobody else gets them for `claim`. Failing and never listed rooms are not asked about.
    """
    found = rows(db, DUE, milliseconds(now + SOON), most)
    if not found or found[0][-1] > milliseconds(now):
        return []
    postpone(db, [row[0] for row in found], now + claim)
    return [Watched(*row[:5]) for row in found]


def next_due(db: Database) -> datetime | None:
    """Return when the next room is to be asked about."""
    found = rows(db, NEXT)
    return instant(found[0][0]) if found else None


def postpone(db: Database, room_ids: Sequence[int], until: datetime) -> None:
    """Do not ask about these rooms before then."""
    if room_ids:
        sql = f"UPDATE mirror SET look_at = ? WHERE room_id IN ({marks(room_ids)})"
        run(db, sql, milliseconds(until), *room_ids)


def occupancy(db: Database, room_ids: Sequence[int], window: Slot) -> dict[int, list[Span]]:
    """Return when each room is taken by its mirrored events, in milliseconds and in no order; free rooms are absent."""
    taken: dict[int, list[Span]] = {}
    bounds = milliseconds(window.start), milliseconds(window.end)
    for room, start, end, *facts in rows(db, TAKEN.format(marks(room_ids)), *room_ids, *bounds):
        if takes_the_room(*facts):
            taken.setdefault(room, []).append((start, end))
    return taken


def listed_since(db: Database, room_ids: Sequence[int], moment: datetime) -> set[int]:
    """Return which of these rooms have been listed after that moment."""
    sql = f"SELECT room_id FROM mirror WHERE room_id IN ({marks(room_ids)}) AND checked_at > ?"
    return {row[0] for row in rows(db, sql, *room_ids, milliseconds(moment))}


def note(db: Database, learnt: Learnt, asked_at: datetime, beats: Beats = ()) -> None:
    """Write down what a question told that was asked then, and when its rooms are asked about next."""
    asked = milliseconds(asked_at)
    if learnt.fresh:
        where = f"room_id IN ({marks(learnt.fresh)}) AND (checked_at IS NULL OR checked_at < ?)"
        run(db, f"UPDATE mirror SET checked_at = ? WHERE {where}", asked, *learnt.fresh, asked)
    list_now(db, learnt.due, asked_at)
    for room, digest in learnt.digests.items():
        run(db, "UPDATE mirror SET digest = ? WHERE room_id = ?", digest, room)
    schedule(db, beats, asked_at)


def list_now(db: Database, room_ids: Sequence[int], now: datetime) -> None:
    """Let these rooms be listed at once; those that wait for it already keep their place."""
    if room_ids:
        where = f"room_id IN ({marks(room_ids)}) AND due_at > ?"
        run(db, f"UPDATE mirror SET due_at = ? WHERE {where}", milliseconds(now), *room_ids, milliseconds(now))


def schedule(db: Database, beats: Beats, now: datetime) -> None:
    """Say when rooms are to be asked about next; `beats` pairs a beat with the rooms that have it."""
    for beat, room_ids in beats:
        sql = f"UPDATE mirror SET look_at = ?, beat = ? WHERE room_id IN ({marks(room_ids)})"
        run(db, sql, milliseconds(now + beat), int(beat.total_seconds()), *room_ids)
