"""Other rooms for a wish that could not be had."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from kiosk.schedule import nearby, rules
from kiosk.schedule.closing import shut
from kiosk.schedule.nearby import Candidate
from kiosk.schedule.rights import Who, may_book
from kiosk.store import diary, rooms
from kiosk.store.database import Store
from kiosk.store.rooms import StoredRoom

MOST = 3
LOOKAHEAD = timedelta(hours=12)


def alternatives(
    store: Store,
    wanted: StoredRoom,
    start: datetime,
    end: datetime,
    who: Who,
    now: datetime,
    people: int | None = None,
    equipment: Collection[str] = (),
) -> list[Candidate]:
    """Return up to three other rooms that are free for the whole wish and that `who` may book, the best first.

    Rooms of another time zone are none of them, but for those of the same building.
    """
    with store.read() as db:
        free_until = diary.free_until(db, start, end, end + LOOKAHEAD)
        every = [one for one in rooms.every(db) if one.id in free_until and one.id != wanted.id]
    found = [
        Candidate(one.room, _until(one, free_until[one.id], end))
        for one in every
        if nearby.reachable(one.room, wanted.room, start)
        and may_book(who, one.room.policy) is None
        and not _refuses(one, start, end, now)
    ]
    return nearby.rank(found, wanted.room, start, end, people, equipment)[:MOST]


def _refuses(one: StoredRoom, start: datetime, end: datetime, now: datetime) -> bool:
    return rules.decide((), start, end, now, one.room.policy, shut(one.room, start, end)) is not None


def _until(one: StoredRoom, booked: datetime | None, end: datetime) -> datetime | None:
    closing = shut(one.room, end, end + LOOKAHEAD)
    ends = [moment for moment in (booked, closing[0].start if closing else None) if moment]
    return min(ends, default=None)
