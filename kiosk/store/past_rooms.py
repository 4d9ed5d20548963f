"""The rooms of the history: what is closed of each, and what of its past is still to be read."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from peewee import Database

from kiosk import clock
from kiosk.schedule import occupancy
from kiosk.store.models import instant, milliseconds
from kiosk.store.past import PastRoomRow
from kiosk.store.plain import rows, run

# How much of a calendar's past is read when it is linked.
READ_DAYS = 90
FOLLOWED = ("slug", "name", "building", "floor", "capacity", "zone")


@dataclass(frozen=True, slots=True)
class PastRoom:
    """A room as the history knows it; `room_id` is None when the room was removed. Days are ordinals."""

    id: int
    room_id: int | None
    slug: str
    name: str
    building: str
    floor: str
    capacity: int
    zone: str
    calendar: str
    first_day: int | None
    closed_day: int
    read_from: int | None
    read_to: int | None
    due_at: datetime
    failures: int
    reason: str


@dataclass(frozen=True, slots=True)
class Bounds:
    """A local day as minutes: the first one, and how many there are (23, 24 or 25 hours, mostly)."""

    origin: int
    size: int


def bounds(day: int, zone: ZoneInfo) -> Bounds:
    """Return the minutes of a local day."""
    first, after = (occupancy.minute_of(midnight(one, zone)) for one in (day, day + 1))
    return Bounds(first, after - first)


def midnight(day: int, zone: ZoneInfo) -> datetime:
    """Return the instant at which a local day begins."""
    return clock.local_midnight(date.fromordinal(day), zone)


def day_of(moment: datetime, zone: ZoneInfo) -> int:
    """Return the local day in which an instant lies."""
    return moment.astimezone(zone).date().toordinal()


def every(db: Database) -> list[PastRoom]:
    """Return all rooms that the history knows, removed ones too, by building, floor and name."""
    return _list(db, "1 = 1 ORDER BY building, floor, LOWER(name), id")


def of_room(db: Database, room_id: int) -> PastRoom | None:
    """Return the history's room for one of ours, None before there is any."""
    return next(iter(_list(db, "room_id = ?", room_id)), None)


def by_id(db: Database, number: int) -> PastRoom:
    """Return a room of the history."""
    return _list(db, "id = ?", number)[0]


def follow(db: Database, now: datetime) -> int:
    """Let the history know every room as it is called and where it is now; return how many were new or changed.

    What a calendar that was newly given to a room had before today is to be read; a room that comes back goes on.
    """
    found = strangers(db)
    for room_id, calendar, *told in found:
        zone = clock.zone(str(told[FOLLOWED.index("zone")]))
        today = day_of(now, zone)
        known = of_room(db, room_id) or _come_back(db, room_id, calendar)
        if known is None:
            fresh = dict(zip(FOLLOWED, told, strict=True)) | {"room": room_id, "closed_day": today - 1}
            PastRoomRow.insert(**fresh).execute(db)
        changes: dict[str, Any] = dict(zip(FOLLOWED, told, strict=True))
        if calendar and (known is None or known.calendar != calendar):
            span = {"read_from": today - READ_DAYS, "read_to": today - 1}
            changes |= {"calendar": calendar, "due_at": now, "failures": 0, "reason": "", **span}
        PastRoomRow.update(**changes).where(PastRoomRow.room == room_id).execute(db)
    return len(found)


def _come_back(db: Database, room_id: int, calendar: str | None) -> PastRoom | None:
    """Let a room that was removed, and added again with its calendar, go on with its history; None for all others.

    Another one beside it would read the same bookings again, and they would count twice.
    """
    where = "room_id IS NULL AND calendar_before = ? ORDER BY closed_day DESC, id DESC LIMIT 1"
    for past in _list(db, where, calendar) if calendar else ():
        run(db, "UPDATE past_room SET room_id = ? WHERE id = ?", room_id, past.id)
    return of_room(db, room_id)


def strangers(db: Database) -> list[tuple[Any, ...]]:
    """Return the rooms that the history does not know, or knows otherwise: number, calendar, and what it follows."""
    differs = " OR ".join(f"p.{name} <> r.{name}" for name in FOLLOWED)
    told = ", ".join(f"r.{name}" for name in FOLLOWED)
    sql = f"""
        SELECT r.id, r.calendar_id, {told} FROM room r LEFT JOIN past_room p ON p.room_id = r.id
        WHERE p.id IS NULL OR (r.calendar_id IS NOT NULL AND p.calendar <> r.calendar_id) OR {differs}
    """
    return rows(db, sql)


def closable(db: Database, now: datetime, settled: timedelta, limit: int) -> list[PastRoom]:
    """Return some rooms with a day to close: it ended `settled` ago, and their calendars were read since it did."""
    sql = "SELECT DISTINCT zone FROM past_room WHERE room_id IS NOT NULL"
    found: list[PastRoom] = []
    for (name,) in rows(db, sql):
        zone = clock.zone(name)
        over = day_of(now - settled, zone) - 1
        read = milliseconds(midnight(over + 1, zone))
        where = f"""
            room_id IS NOT NULL AND zone = ? AND closed_day < ? AND ({READ_SINCE} OR {UNLINKED})
            ORDER BY closed_day, id LIMIT ?
        """
        found += _list(db, where, name, over, read, limit - len(found))
    return found


def to_read(db: Database, now: datetime) -> PastRoom | None:
    """Return the room whose past is to be read next, as far as its time has come."""
    where = f"{WAITING} AND due_at <= ? ORDER BY due_at, id LIMIT 1"
    return next(iter(_list(db, where, milliseconds(now))), None)


def claim(db: Database, now: datetime, length: timedelta) -> PastRoom | None:
    """Take the room whose past is to be read next, as it is; no other process gets it for a while."""
    found = to_read(db, now)
    if found:
        change(db, found, due_at=now + length)
    return found


def unread(db: Database) -> tuple[int, int]:
    """Return for how many rooms some past is still to be read, and how many of these have failed."""
    sql = f"SELECT COUNT(*), COALESCE(SUM(CASE WHEN failures > 0 THEN 1 ELSE 0 END), 0) FROM past_room WHERE {WAITING}"
    [(waiting, failing)] = rows(db, sql)
    return waiting, failing


def behind(db: Database, day: int) -> int:
    """Return how many rooms have a day up to this one that is not closed yet, or whose past is still to be read."""
    where = f"room_id IS NOT NULL AND (closed_day < ? OR {WAITING})"
    [(number,)] = rows(db, f"SELECT COUNT(*) FROM past_room WHERE {where}", day)
    return int(number)


def reopen(db: Database, room_id: int, since: datetime) -> None:
    """Let the days from an instant on be closed anew: the calendar has been read as a whole."""
    known = of_room(db, room_id)
    if known:
        day = day_of(since, clock.zone(known.zone))
        run(db, "UPDATE past_room SET closed_day = ? WHERE id = ? AND closed_day >= ?", day - 1, known.id, day)


def skip_to(db: Database, past: PastRoom, day: int) -> None:
    """Leave the days before one to be read from Google: the mirror does not have them any more."""
    first = past.closed_day + 1 if past.read_from is None else min(past.read_from, past.closed_day + 1)
    change(db, past, read_from=first, read_to=day - 1, closed_day=day - 1)


def has_read(db: Database, past: PastRoom, day: int, due_at: datetime) -> None:
    """Write down that a room's past has been read up to a day, and since when more of it is due."""
    more = past.read_to is not None and day < past.read_to
    span = {"read_from": day + 1} if more else {"read_from": None, "read_to": None}
    change(db, past, failures=0, reason="", due_at=due_at, **span)


def rest(db: Database, past: PastRoom, reason: str, due_at: datetime) -> None:
    """Try to read a room's past again at that time."""
    change(db, past, failures=past.failures + 1, reason=reason, due_at=due_at)


def put_off(db: Database, past: PastRoom, due_at: datetime) -> None:
    """Try to read a room's past at that time; nothing has failed."""
    change(db, past, due_at=due_at)


def change(db: Database, past: PastRoom, /, **values: Any) -> None:
    """Write what is known of a room now."""
    PastRoomRow.update(**values).where(PastRoomRow.id == past.id).execute(db)


def _list(db: Database, where: str, *values: Any) -> list[PastRoom]:
    return list(map(_past_room, rows(db, f"SELECT {_COLUMNS} FROM past_room WHERE {where}", *values)))


def _past_room(row: Iterable[Any]) -> PastRoom:
    named = dict(zip(_FIELDS, row, strict=True))
    return PastRoom(**{**named, "due_at": instant(named["due_at"])})


_FIELDS = tuple(one.name for one in dataclasses.fields(PastRoom))
_COLUMNS = ", ".join(_FIELDS)
UNLINKED = "EXISTS (SELECT 1 FROM room r WHERE r.id = past_room.room_id AND r.calendar_id IS NULL)"
READ_SINCE = "EXISTS (SELECT 1 FROM mirror m WHERE m.room_id = past_room.room_id AND m.checked_at >= ?)"
WAITING = f"room_id IS NOT NULL AND read_from IS NOT NULL AND NOT {UNLINKED}"
