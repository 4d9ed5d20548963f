"""Leases: who may act on a room until when, taken and given back in short transactions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from peewee import Database

from kiosk.errors import LeaseLost
from kiosk.store.models import LeaseRow

LONGEST = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Lease:
    """A right to act, valid while the row still shows this owner and fence."""

    name: str
    owner: str
    fence: int


def of_room(room_id: int) -> str:
    """Return the name of the lease under which a room is booked."""
    return f"room:{room_id}"


def held(db: Database, name: str, now: datetime) -> bool:
    """Tell whether somebody holds the lease."""
    return bool(LeaseRow.select().where((LeaseRow.name == name) & _is_live(now)).exists(db))


def take(db: Database, name: str, owner: str, now: datetime, length: timedelta) -> Lease | None:
    """Take the lease if nobody holds it; None when somebody does."""
    LeaseRow.insert(name=name, owner="", expires_at=now, fence=0).on_conflict_ignore().execute(db)
    where = (LeaseRow.name == name) & ~_is_live(now)
    changes = {"owner": owner, "expires_at": now + length, "fence": LeaseRow.fence + 1}
    if not LeaseRow.update(**changes).where(where).execute(db):
        return None
    row = LeaseRow.select(LeaseRow.fence).where(LeaseRow.name == name).tuples().first(db)
    return Lease(name, owner, row[0])


def give_back(db: Database, lease: Lease) -> None:
    """Give the lease back; nothing happens when it has passed to somebody else."""
    LeaseRow.update(owner="").where(_is_ours(lease)).execute(db)


def extend(db: Database, lease: Lease, until: datetime) -> None:
    """Keep a lease longer; nothing happens when it has passed to somebody else."""
    LeaseRow.update(expires_at=until).where(_is_ours(lease)).execute(db)


def check(db: Database, lease: Lease, now: datetime) -> None:
    """Raise LeaseLost when the lease has run out: what was learnt under it must not be stored."""
    where = _is_ours(lease) & (LeaseRow.expires_at > now)
    if not LeaseRow.select().where(where).exists(db):
        raise LeaseLost("Somebody else may have acted on this room meanwhile.")


def _is_live(now: datetime) -> Any:
    # One that ends later than any lease can was taken by a clock that has been put back since.
    soon = (LeaseRow.expires_at > now) & (LeaseRow.expires_at <= now + LONGEST)
    return (LeaseRow.owner != "") & soon


def _is_ours(lease: Lease) -> object:
    return (LeaseRow.name == lease.name) & (LeaseRow.owner == lease.owner) & (LeaseRow.fence == lease.fence)
