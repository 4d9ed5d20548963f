"""Other rooms for a wish that could not be had."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from kiosk.schedule.model import Room
from kiosk.store import diary, rooms
from kiosk.store.database import Store
from kiosk.store.rooms import StoredRoom

MOST = 3
LOOKAHEAD = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Alternative:
    """A room that is free for the whole wish; `until` is when it stops being free, None when not soon."""

    room: Room
    until: datetime | None


def alternatives(store: Store, wanted: StoredRoom, start: datetime, end: datetime) -> list[Alternative]:
    """Return up to three free rooms of the same building: same floor first, then the closest capacity."""
    with store.read() as db:
        others = [one for one in rooms.every(db) if _is_other(one, wanted) and diary.is_known(db, one)]
        taken = {one.id: diary.between(db, one.id, start, end + LOOKAHEAD) for one in others}
    free = [one for one in others if not any(booking.start < end for booking in taken[one.id])]
    free.sort(key=lambda one: _distance(one.room, wanted.room))
    return [Alternative(one.room, taken[one.id][0].start if taken[one.id] else None) for one in free[:MOST]]


def _is_other(one: StoredRoom, wanted: StoredRoom) -> bool:
    return one.id != wanted.id and one.room.building == wanted.room.building


def _distance(room: Room, wanted: Room) -> tuple[bool, int, str]:
    return room.floor != wanted.floor, abs(room.capacity - wanted.capacity), room.name
