"""The register of bookings: those of many rooms, found by time, room, person or words, sorted and paged."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from peewee import Database

from kiosk.schedule.availability import NOT_A_USE
from kiosk.schedule.model import Booking
from kiosk.store import diary, people, rooms
from kiosk.store.models import milliseconds
from kiosk.store.plain import marks, rows
from kiosk.store.rooms import StoredRoom

Kind = Literal["all", "own", "external", "anonymous", "held"]
Order = Literal["start", "room", "person"]
KINDS: tuple[Kind, ...] = get_args(Kind)
ORDERS: tuple[Order, ...] = get_args(Order)


@dataclass(frozen=True, slots=True)
class Search:
    """Bookings that overlap [start, end) in those rooms (None: in all), with that person, with all those words.

    `person` is an address, or a part of one or of a name; what is private has no title and no person here. `kind`:
    made here, made in Google, of nobody known, or not yet in Google.
    """

    start: datetime
    end: datetime
    rooms: Collection[int] | None = None
    person: str = ""
    words: str = ""
    kind: Kind = "all"
    order: Order = "start"
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A booking and its room."""

    stored: StoredRoom
    booking: Booking


@dataclass(frozen=True, slots=True)
class Found:
    """One page of what was found, of `total` in all."""

    entries: list[Entry]
    total: int


def search(db: Database, wanted: Search, offset: int, limit: int) -> Found:
    """Return a page of the bookings that are wanted."""
    source, values = _wanted(wanted, people.read_at(db) is not None)
    [(total,)] = rows(db, f"{USES} SELECT COUNT(*) {source}", *values)
    order = f"ORDER BY {_order(wanted)} LIMIT ? OFFSET ?"
    page = rows(db, f"{USES} SELECT room_id, event_id {source} {order}", *values, limit, offset)
    known = rooms.some(db, {room_id for room_id, _event_id in page})
    booked = diary.picked(db, page)
    return Found([Entry(known[place[0]], booked[place]) for place in page if place in booked], int(total))


def _wanted(wanted: Search, people_are_known: bool) -> tuple[str, list[Any]]:
    """Return the rest of the statement after its columns, and the values of all its marks."""
    span = [milliseconds(wanted.end), milliseconds(wanted.start)]
    values: list[Any] = [*span, *span]
    where = ["1 = 1"]
    if wanted.rooms is not None:
        where.append(f"room_id IN ({marks([*wanted.rooms])})")
        values += wanted.rooms
    for word in wanted.words.lower().split():
        where.append(_like("LOWER(title)", "LOWER(room)", "who", "LOWER(COALESCE(p.name, ''))"))
        values += [_pattern(word)] * 4
    for word in wanted.person.lower().split():
        where.append(_like("who", "LOWER(COALESCE(p.name, ''))"))
        values += [_pattern(word)] * 2
    where.append(_of_kind(wanted.kind, people_are_known))
    return f"FROM uses LEFT JOIN person p ON p.email = who WHERE {' AND '.join(where)}", values


def _of_kind(kind: Kind, people_are_known: bool) -> str:
    nobody = "(who = '' OR p.email IS NULL)" if people_are_known else "who = ''"
    return {
        "all": "1 = 1",
        "own": "own = 1",
        "external": "own = 0",
        "anonymous": f"hidden = 0 AND {nobody}",
        "held": "held = 1",
    }[kind]


def _order(wanted: Search) -> str:
    way = "DESC" if wanted.descending else "ASC"
    first = {"start": "begins", "room": "LOWER(room)", "person": "LOWER(COALESCE(p.name, who))"}[wanted.order]
    return f"{first} {way}, begins, LOWER(room), room_id, event_id"


def _like(*columns: str) -> str:
    return f"({' OR '.join(f'{column} LIKE ? ESCAPE {ESCAPE}' for column in columns)})"


def _pattern(word: str) -> str:
    escaped = word.replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return f"%{escaped}%"


ESCAPE = "'!'"
# Whom a booking is for, as the rules of availability have it: nobody where a room or another calendar organizes it.
WHO = """
    CASE WHEN e.private OR COALESCE(c.person, '') = '' AND
        (e.organized_by_room OR LOWER(e.organizer_email) LIKE '%calendar.google.com') THEN ''
    ELSE LOWER(COALESCE(NULLIF(c.person, ''), e.organizer_email, '')) END
"""
USES = f"""
    WITH uses AS (
        SELECT e.room_id, e.event_id, e.start AS begins, r.name AS room,
            CASE WHEN e.private THEN '' ELSE e.title END AS title, {WHO} AS who,
            CASE WHEN c.id IS NULL THEN 0 ELSE 1 END AS own, CASE WHEN e.private THEN 1 ELSE 0 END AS hidden, 0 AS held
        FROM event e JOIN room r ON r.id = e.room_id
        LEFT JOIN command c ON c.room_id = e.room_id AND c.event_id = e.event_id AND c.kind = 'book'
        WHERE e.start < ? AND e."end" > ? AND e.start < e."end" AND NOT e.transparent AND e.answer <> 'declined'
            AND e.kind NOT IN ({", ".join(repr(kind) for kind in sorted(NOT_A_USE))})
        UNION ALL
        SELECT c.room_id, c.event_id, c.start, r.name, c.title, LOWER(c.person), 1, 0, 1
        FROM command c JOIN room r ON r.id = c.room_id
        WHERE c.kind = 'book' AND c.state = 'held' AND c.start < ? AND c."end" > ?
            AND NOT EXISTS (SELECT 1 FROM event e WHERE e.room_id = c.room_id AND e.event_id = c.event_id)
    )
"""
