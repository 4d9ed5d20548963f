"""The state of the whole at a glance: how many rooms, how fresh, what waits, what is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from peewee import Database, fn

from kiosk.store import channels, directory, mirror, people, rooms
from kiosk.store.journal import OPEN
from kiosk.store.mirror import Progress
from kiosk.store.models import CommandRow, PersonRow, instant
from kiosk.store.rooms import StoredRoom

# A room that has not been heard of for so long is told, though no request for it has failed.
SILENT = timedelta(minutes=20)


@dataclass(frozen=True, slots=True)
class Trouble:
    """A room that is not as it should be; `grave`: its screens may show what is no longer true."""

    stored: StoredRoom
    reason: str
    grave: bool
    checked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Overview:
    """`updated_at`: when Google last answered for any room. `waiting`: requests that Google has not answered."""

    rooms: int
    linked: int
    announced: int
    updated_at: datetime | None
    troubles: tuple[Trouble, ...]
    waiting: int
    waiting_since: datetime | None
    people: int
    people_at: datetime | None


def read(db: Database, now: datetime) -> Overview:
    """Return the state at an instant."""
    known = rooms.every(db)
    progress = {one.room_id: one for one in mirror.everything(db)}
    checked = [one.checked_at for one in progress.values() if one.checked_at]
    waiting, since = _waiting(db)
    return Overview(
        rooms=len(known),
        linked=len(progress),
        announced=len(channels.live(db, now) & progress.keys()),
        updated_at=max(checked, default=None),
        troubles=tuple(_troubles(db, known, progress, now)),
        waiting=waiting,
        waiting_since=since,
        people=PersonRow.select().count(db),
        people_at=people.read_at(db),
    )


def _waiting(db: Database) -> tuple[int, datetime | None]:
    query = CommandRow.select(fn.COUNT(CommandRow.id), fn.MIN(CommandRow.created_at)).where(CommandRow.state.in_(OPEN))
    count, oldest = query.tuples().first(db)
    return int(count), instant(oldest) if isinstance(oldest, int) else oldest


def _troubles(db: Database, known: list[StoredRoom], progress: dict[int, Progress], now: datetime) -> list[Trouble]:
    vanished = directory.vanished(db)
    found = []
    for stored in known:
        one = progress.get(stored.id)
        if one is None:
            continue
        reason, grave = _reason(one, now)
        if not reason and stored.room.slug in vanished:
            reason = "The Directory no longer has this room."
        if not reason and not one.can_write:
            reason = "Bookings cannot be made: the right to make changes to events is missing."
        if reason:
            found.append(Trouble(stored, reason, grave, one.checked_at))
    return sorted(found, key=lambda trouble: not trouble.grave)


def _reason(one: Progress, now: datetime) -> tuple[str, bool]:
    if one.reason:
        return one.reason, True
    if one.full_at is None:
        return "Not synchronised yet.", True
    if one.checked_at and now - one.checked_at > SILENT:
        return "Google has not been asked for some time: is the server running?", True
    return "", False
