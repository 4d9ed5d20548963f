"""Single bookings of the history: written when a day is closed, followed while Google may change them, then dropped."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from peewee import Database, Expression

from kiosk.schedule.occupancy import CheckedIn, Stay
from kiosk.store import facts
from kiosk.store.past import StayRow
from kiosk.store.plain import marks, rows, run

Mark = Callable[[str], int | None]
CHUNK = 400


@dataclass(frozen=True, slots=True)
class Kept:
    """A stay with the marks of its event, series and organizer; None where there is none, or it was forgotten."""

    stay: Stay
    key: int | None
    series: int | None = None
    person: int | None = None


def marker(db: Database) -> Mark:
    """Return what turns a word into its mark: 63 bits of a hash under this installation's secret; None for no word."""
    secret = (facts.read(db, "secret") or "").encode()[:64]

    def mark(word: str) -> int | None:
        digest = hashlib.blake2b(word.encode(), digest_size=8, key=secret).digest()
        return int.from_bytes(digest, "big") >> 1 if word else None

    return mark


def overlapping(db: Database, past_room: int, start: int, end: int) -> list[Stay]:
    """Return the stays of a room that were booked for any time from `start` on and begin before `end`."""
    return [one.stay for one in _list(db, "past_room_id = ? AND start < ? AND planned >= ?", past_room, end, start)]


def replace_span(db: Database, past_room: int, start: int, end: int, found: Sequence[Kept]) -> None:
    """Make the stays that begin in [start, end) these, with what began earlier and goes on.

    What was forgotten stays, and what was made here: a calendar that was linked later has never known it. So does
    who checked in: that may have been forgotten elsewhere, since check-in is off now or the calendar was taken away.
    """
    came = {one.key: one.stay.checked_in for one in known(db, past_room, [one.key for one in found if one.key], ())}
    begun = (StayRow.past_room == past_room) & (StayRow.start >= start) & (StayRow.start < end)
    StayRow.delete().where(begun & StayRow.key.is_null(False) & ~StayRow.here).execute(db)
    wanted = [one for one in found if one.stay.start < end]
    keys = [one.key for one in wanted if one.key is not None]
    _drop(db, past_room, keys)
    add(db, past_room, [_checked_in(one, came) for one in wanted])


def add(db: Database, past_room: int, found: Iterable[Kept]) -> None:
    """Write stays, but for those that are here already with their marks forgotten."""
    for one in found:
        if not _is_forgotten(db, past_room, one.stay):
            told = [getattr(one.stay, name) for name in _FIELDS]
            run(db, INSERT, past_room, one.key, one.series, one.person, *told)


def known(db: Database, past_room: int, keys: Collection[int], series: Collection[int]) -> list[Kept]:
    """Return the stays of a room with any of these marks."""
    both = (StayRow.key.in_(list(keys))) | (StayRow.series.in_(list(series)))
    query = StayRow.select(*COLUMNS).where((StayRow.past_room == past_room) & both)
    return [_kept(row) for row in query.tuples().execute(db)]


def drop(db: Database, past_room: int, found: Iterable[Kept]) -> None:
    """Delete stays."""
    _drop(db, past_room, [one.key for one in found if one.key is not None])


def forget(db: Database, where: Expression) -> int:
    """Take the marks off some stays, so that nobody can tell any more whose they were; return of how many."""
    nobody = {"key": None, "series": None, "person": None}
    return int(StayRow.update(**nobody).where(where).execute(db))


def drop_before(db: Database, minute: int, limit: int) -> int:
    """Delete some stays that were over before a minute; return how many. Their days' figures stay."""
    query = StayRow.select(StayRow.id).where(StayRow.planned < minute).limit(limit)
    ids = [row[0] for row in query.tuples().execute(db)]
    return int(StayRow.delete().where(StayRow.id.in_(ids)).execute(db))


def changed(one: Kept, stay: Stay) -> Kept:
    """Return a stay at its new time, with what only this server knows of it."""
    before = one.stay
    planned = before.planned if (stay.start, stay.end) == (before.start, before.end) else stay.planned
    mine = {"checked_in": before.checked_in, "here": before.here, "lead": before.lead, "planned": planned}
    return replace(one, stay=replace(stay, **mine))  # type: ignore[arg-type]


def _checked_in(one: Kept, came: Mapping[int | None, CheckedIn]) -> Kept:
    return replace(one, stay=replace(one.stay, checked_in=one.stay.checked_in or came.get(one.key, "")))


def _drop(db: Database, past_room: int, keys: Sequence[int]) -> None:
    for first in range(0, len(keys), CHUNK):
        where = (StayRow.past_room == past_room) & StayRow.key.in_(list(keys[first : first + CHUNK]))
        StayRow.delete().where(where).execute(db)


def _is_forgotten(db: Database, past_room: int, stay: Stay) -> bool:
    sql = "SELECT 1 FROM stay WHERE past_room_id = ? AND start = ? AND planned = ? AND key IS NULL LIMIT 1"
    return bool(rows(db, sql, past_room, stay.start, stay.planned))


def _list(db: Database, where: str, *values: Any) -> list[Kept]:
    return [_kept(row) for row in rows(db, f"SELECT {_NAMES} FROM stay WHERE {where} ORDER BY start", *values)]


def _kept(row: Sequence[Any]) -> Kept:
    key, series, person, *told = row
    named = dict(zip(_FIELDS, told, strict=True))
    return Kept(Stay(**named | {name: bool(named[name]) for name in ("here", "released")}), key, series, person)


_FIELDS = tuple(one.name for one in fields(Stay))
_NAMES = ", ".join(f'"{name}"' for name in ("key", "series", "person", *_FIELDS))
COLUMNS = tuple(getattr(StayRow, name) for name in ("key", "series", "person", *_FIELDS))
INSERT = f"INSERT INTO stay (past_room_id, {_NAMES}) VALUES (?, ?, ?, ?, {marks(_FIELDS)})"
