"""Leases: who may act on a room until when, taken and given back in short transactions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from peewee import Database

from kiosk.errors import LeaseLost
from kiosk.store.models import milliseconds
from kiosk.store.plain import rows, run

LONGEST = timedelta(minutes=2)
# A room that was claimed to be read, or asked about, is nobody else's for so long, unless it is scheduled before.
CLAIM = timedelta(seconds=90)
ROOM = "room:"


@dataclass(frozen=True, slots=True)
class Lease:
    """A right to act, valid while the row still shows this owner and fence."""

    name: str
    owner: str
    fence: int


def of_room(room_id: int) -> str:
    """Return the name of the lease under which a room is booked."""
    return f"{ROOM}{room_id}"


def held(db: Database, name: str, now: datetime) -> bool:
    """Tell whether somebody holds the lease."""
    return bool(rows(db, f"SELECT 1 FROM lease WHERE name = ? AND {LIVE}", name, *_span(now)))


def take(db: Database, name: str, owner: str, now: datetime, length: timedelta) -> Lease | None:
    """Take the lease if nobody holds it; None when somebody does."""
    run(db, INSERT, name, milliseconds(now))
    changes = (owner, milliseconds(now + length))
    if not run(db, TAKE, *changes, name, *_span(now)).rowcount:
        return None
    return Lease(name, owner, rows(db, "SELECT fence FROM lease WHERE name = ?", name)[0][0])


def give_back(db: Database, lease: Lease) -> None:
    """Give the lease back; nothing happens when it has passed to somebody else."""
    run(db, f"UPDATE lease SET owner = '' WHERE {OURS}", lease.name, lease.owner, lease.fence)


def extend(db: Database, lease: Lease, until: datetime) -> bool:
    """Keep a lease longer; False, and nothing happens, when it has passed to somebody else."""
    ours = lease.name, lease.owner, lease.fence
    return bool(run(db, f"UPDATE lease SET expires_at = ? WHERE {OURS}", milliseconds(until), *ours).rowcount)


def end_claims(db: Database, now: datetime) -> None:
    """End what was claimed to be read or asked about, since nobody may know of it any more; passes under way run again.

    Rooms that free/busy questions watch are asked about at once, and read where they turn out to have changed.
    """
    due = "CASE WHEN due_at > ? THEN due_at ELSE 0 END"
    run(
        db,
        f"UPDATE mirror SET generation = generation + 1, look_at = 0, due_at = {due}",
        milliseconds(now + CLAIM),
    )


def check(db: Database, lease: Lease, now: datetime) -> None:
    """Raise LeaseLost when the lease has run out: what was learnt under it must not be stored."""
    sql = f"SELECT 1 FROM lease WHERE {OURS} AND expires_at > ?"
    if not rows(db, sql, lease.name, lease.owner, lease.fence, milliseconds(now)):
        raise LeaseLost("Somebody else may have acted on this room meanwhile.")


def _span(now: datetime) -> tuple[int, int]:
    # One that ends later than any lease can was taken by a clock that has been put back since.
    return milliseconds(now), milliseconds(now + LONGEST)


OURS = "name = ? AND owner = ? AND fence = ?"
LIVE = "owner <> '' AND expires_at > ? AND expires_at <= ?"
INSERT = "INSERT INTO lease (name, owner, expires_at, fence) VALUES (?, '', ?, 0) ON CONFLICT DO NOTHING"
TAKE = f"UPDATE lease SET owner = ?, expires_at = ?, fence = fence + 1 WHERE name = ? AND NOT ({LIVE})"
