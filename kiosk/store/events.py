"""The mirrored events of a room: replaced as a whole by a full pass, changed one by one by a delta."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any

from peewee import Database

from kiosk.schedule.availability import occupies
from kiosk.schedule.model import Event, Person
from kiosk.store.models import EPOCH, MILLISECOND, EventRow, instant, milliseconds
from kiosk.store.plain import marks, rows, run

PLAIN = (
    "title", "all_day", "private", "transparent", "kind", "answer",
    "organized_by_room", "attendees", "series_id", "ical_uid", "etag",
)  # fmt: skip
_plain = attrgetter(*PLAIN)
COLUMNS = (
    "room_id", "event_id", "start", "end", *PLAIN, "organizer_email", "organizer_name", "created", "updated",
)  # fmt: skip
FLAGS = {"all_day", "private", "transparent", "organized_by_room"}
SELECT = f"""SELECT {", ".join(f'"{name}"' for name in COLUMNS)} FROM event"""
CHUNK = 500
# How many rows a statement writes: few sizes, so that each is prepared once.
BATCHES = (64, 16, 4, 1)


def upsert(db: Database, room_id: int, events: Iterable[Event]) -> int:
    """Insert events, or replace those that differ; return how many rows changed.

    Everything is compared: an event keeps its etag when our role changes, and with it what we may see of it.
    """
    # The last of those with the same id counts: no statement may change a row twice.
    wanted = [*{event.id: _row(room_id, event) for event in events}.values()]
    return sum(run(db, _upsert_sql(len(part)), *itertools.chain(*part)).rowcount for part in _batches(wanted))


def replace_all(db: Database, room_id: int, events: Sequence[Event]) -> int:
    """Make the room's rows exactly these events; return how many rows changed."""
    changed = upsert(db, room_id, events)
    stale = ids(db, room_id) - {event.id for event in events}
    return changed + remove(db, room_id, stale)


def remove(db: Database, room_id: int, event_ids: Collection[str]) -> int:
    """Delete rows by event id; return how many there were."""
    query = EventRow.delete()
    return sum(
        query.where((EventRow.room == room_id) & EventRow.event_id.in_(chunk)).execute(db)
        for chunk in _chunks(list(event_ids))
    )


def remove_series(db: Database, room_id: int, series_ids: Collection[str]) -> int:
    """Delete every instance of recurring events; return how many there were."""
    query = EventRow.delete()
    return sum(
        query.where((EventRow.room == room_id) & EventRow.series_id.in_(chunk)).execute(db)
        for chunk in _chunks(list(series_ids))
    )


def ids(db: Database, room_id: int) -> set[str]:
    """Return the ids of all mirrored events of a room."""
    return {event_id for (event_id,) in rows(db, "SELECT event_id FROM event WHERE room_id = ?", room_id)}


def between(db: Database, room_id: int, start: datetime, end: datetime) -> list[Event]:
    """Return the events that overlap [start, end), earliest first."""
    where = 'room_id = ? AND start < ? AND "end" > ? ORDER BY start, event_id'
    return [_event(row) for row in rows(db, f"{SELECT} WHERE {where}", room_id, milliseconds(end), milliseconds(start))]


def find(db: Database, room_id: int, event_id: str) -> Event | None:
    """Return one mirrored event of a room, or None."""
    found = rows(db, f"{SELECT} WHERE room_id = ? AND event_id = ?", room_id, event_id)
    return _event(found[0]) if found else None


def picked(db: Database, places: Collection[tuple[int, str]]) -> dict[tuple[int, str], Event]:
    """Return those events, each by its room and id, that are mirrored: each is looked up, none is searched for."""
    wanted: list[tuple[int, str]] = [*places]
    here: dict[tuple[int, str], tuple[Any, ...]] = {}
    for first in range(0, len(wanted), CHUNK):
        part = wanted[first : first + CHUNK]
        # Joined with a table of pairs the index serves; with `IN` of pairs or ids all events would be read.
        pairs = f"WITH wanted(r, e) AS (VALUES {', '.join(['(?, ?)'] * len(part))})"
        sql = f"{pairs} {SELECT} JOIN wanted ON room_id = r AND event_id = e"
        here |= {(row[0], row[1]): row for row in rows(db, sql, *(value for place in part for value in place))}
    return {place: _event(here[place]) for place in wanted if place in here}


def first_uses(db: Database, start: datetime, end: datetime) -> dict[int, datetime]:
    """Return, by room, when it is first taken of all that overlaps [start, end)."""
    sql = """
        SELECT room_id, transparent, answer, kind, MIN(start) FROM event
        WHERE start < ? AND "end" > ? AND start < "end" GROUP BY room_id, transparent, answer, kind
    """
    first: dict[int, int] = {}
    for room, *facts, begins in rows(db, sql, milliseconds(end), milliseconds(start)):
        if takes_the_room(*facts):
            first[room] = min(begins, first.get(room, begins))
    return {room: instant(begins) for room, begins in first.items()}


@lru_cache(maxsize=256)
def takes_the_room(transparent: int, answer: str, kind: str) -> bool:
    """Tell, as `occupies` does, whether a row that lasts takes its room."""
    event = Event("", EPOCH, EPOCH + MILLISECOND, transparent=bool(transparent), answer=answer, kind=kind)  # type: ignore[arg-type]
    return occupies(event)


def rooms_of(db: Database, event_id: str) -> set[int]:
    """Return the rooms in whose calendars the event is."""
    return {row[0] for row in EventRow.select(EventRow.room).where(EventRow.event_id == event_id).tuples().execute(db)}


def following(db: Database, room_id: int, series_id: str, start: datetime) -> list[str]:
    """Return the ids of a series' dates that begin at `start` or later."""
    where = (EventRow.room == room_id) & (EventRow.series_id == series_id) & (EventRow.start >= start)
    return [row[0] for row in EventRow.select(EventRow.event_id).where(where).tuples().execute(db)]


@lru_cache(maxsize=len(BATCHES))
def _upsert_sql(count: int) -> str:
    quoted = [f'"{name}"' for name in COLUMNS]
    updates = ", ".join(f"{name} = excluded.{name}" for name in quoted[2:])
    differs = " OR ".join(f'"event".{name} IS DISTINCT FROM excluded.{name}' for name in quoted[2:])
    return (
        f'INSERT INTO "event" ({", ".join(quoted)}) VALUES {", ".join([f"({marks(COLUMNS)})"] * count)} '
        f'ON CONFLICT ("room_id", "event_id") DO UPDATE SET {updates} WHERE {differs}'
    )


def _row(room_id: int, event: Event) -> tuple[Any, ...]:
    organizer = event.organizer or Person("")
    created = milliseconds(event.created) if event.created else None
    updated = milliseconds(event.updated) if event.updated else None
    times = (milliseconds(event.start), milliseconds(event.end))
    return (room_id, event.id, *times, *_plain(event), organizer.email or None, organizer.name, created, updated)


def _event(row: Sequence[Any]) -> Event:
    _room, event_id, start, end, *facts, email, name, created, updated = row
    named = zip(PLAIN, facts, strict=True)
    plain: dict[str, Any] = {field: bool(value) if field in FLAGS else value for field, value in named}
    return Event(
        event_id,
        instant(start),
        instant(end),
        **plain,
        organizer=Person(email, name) if email else None,
        created=None if created is None else instant(created),
        updated=None if updated is None else instant(updated),
    )


def _batches(values: Sequence[tuple[Any, ...]]) -> Iterator[Sequence[tuple[Any, ...]]]:
    first = 0
    for size in BATCHES:
        while len(values) - first >= size:
            yield values[first : first + size]
            first += size


def _chunks(values: list[str]) -> Iterator[list[str]]:
    for first in range(0, len(values), CHUNK):
        yield values[first : first + CHUNK]
