"""Sets of minutes, month by month: when each room was held and when it was open, packed."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from datetime import UTC, datetime

from peewee import Database

from kiosk.schedule import occupancy
from kiosk.store.plain import rows, run

LEVEL = 1
WRITE = """
    INSERT INTO past_minutes (month, past_room_id, held, opened) VALUES (?, ?, ?, ?)
    ON CONFLICT (month, past_room_id) DO UPDATE SET held = excluded.held, opened = excluded.opened
"""


def month_of(minute: int) -> int:
    """Return the month, in UTC, in which a minute lies: twelve times the year and the month from 0."""
    moment = occupancy.instant_of(minute)
    return moment.year * 12 + moment.month - 1


def origin_of(month: int) -> int:
    """Return the first minute of a month in UTC."""
    return occupancy.minute_of(datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC))


def months(start: int, end: int) -> range:
    """Return the months that the minutes [start, end) touch."""
    return range(month_of(start), month_of(end - 1) + 1)


def pack(minutes: int) -> bytes:
    """Return a set as few bytes; equal sets give equal bytes."""
    return zlib.compress(minutes.to_bytes((minutes.bit_length() + 7) // 8, "little"), LEVEL)


def unpack(packed: bytes) -> int:
    """Return the set that was packed."""
    return int.from_bytes(zlib.decompress(packed), "little")


def opened(db: Database, past_room: int, origin: int, size: int) -> int:
    """Return the minutes, from `origin` on, in which a room was open."""
    found = 0
    for first, length, (_held, known) in _parts(db, past_room, origin, size):
        found |= (known >> (first - origin_of(month_of(first))) & (1 << length) - 1) << (first - origin)
    return found


def write(db: Database, past_room: int, origin: int, size: int, held: int, opened: int) -> None:
    """Write in which of the `size` minutes from `origin` on a room was held, and was open."""
    for first, length, known in _parts(db, past_room, origin, size):
        month = month_of(first)
        cut, shift = (1 << length) - 1, first - origin_of(month)
        new = [
            before & ~(cut << shift) | (now >> (first - origin) & cut) << shift
            for before, now in zip(known, (held, opened), strict=True)
        ]
        run(db, WRITE, month, past_room, *map(pack, new))


def _parts(db: Database, past_room: int, origin: int, size: int) -> Iterator[tuple[int, int, tuple[int, int]]]:
    """Yield the parts of a stretch that lie in one month: first minute, length, and what is known of that month."""
    for month in months(origin, origin + size):
        first, end = max(origin, origin_of(month)), min(origin + size, origin_of(month + 1))
        sql = "SELECT held, opened FROM past_minutes WHERE month = ? AND past_room_id = ?"
        found = rows(db, sql, month, past_room)
        yield first, end - first, (unpack(found[0][0]), unpack(found[0][1])) if found else (0, 0)
