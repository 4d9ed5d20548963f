"""How far each room's mirror is: cursors, due times, generations and failures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from peewee import Database

from kiosk.schedule.model import Event
from kiosk.store import events, leases, revisions
from kiosk.store.models import MirrorRow, RoomRow


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the mirror of one linked room stands; `cursor` is None before the first full pass."""

    room_id: int
    calendar_id: str
    slug: str
    zone: str
    cursor: str | None
    window_end: datetime | None
    full_at: datetime | None
    checked_at: datetime | None
    generation: int
    failures: int
    reason: str
    due_at: datetime
    beat: int
    can_write: bool
    expired_at: datetime | None
    expiries: int


def progress(db: Database, room_id: int) -> Progress | None:
    """Return the progress of a linked room, None when it is not linked."""
    found = _select(db, MirrorRow.room == room_id)
    return found[0] if found else None


def everything(db: Database) -> list[Progress]:
    """Return the progress of every linked room."""
    return _select(db, MirrorRow.room > 0)


def claim_due(db: Database, now: datetime, claim: timedelta, failing: bool) -> Progress | None:
    """Take a room whose time has come, nobody else gets it for `claim`; a failing one only if asked for."""
    healthy = _select(db, (MirrorRow.due_at <= now) & (MirrorRow.failures == 0), 1)
    ill = _select(db, (MirrorRow.due_at <= now) & (MirrorRow.failures > 0), 1) if failing and not healthy else []
    taken = (one for one in (*healthy, *ill) if _postpone(db, one, now + claim))
    return next((replace(one, due_at=now + claim) for one in taken), None)


def next_due(db: Database, failing: bool) -> datetime | None:
    """Return when the next room is due, failing ones counted only if asked for; None when there is none."""
    query = MirrorRow.select(MirrorRow.due_at).order_by(MirrorRow.due_at)
    row = (query if failing else query.where(MirrorRow.failures == 0)).dicts().first(db)
    return row["due_at"] if row else None


def forgive(db: Database, now: datetime) -> None:
    """Let every room that rests after a failure be read now: the source has come back."""
    MirrorRow.update(due_at=now, failures=0).where((MirrorRow.failures > 0) & (MirrorRow.due_at > now)).execute(db)


def bring_forward(db: Database, latest: datetime) -> None:
    """Let no healthy room wait for its list longer than until `latest`."""
    MirrorRow.update(due_at=latest).where((MirrorRow.failures == 0) & (MirrorRow.due_at > latest)).execute(db)


def count(db: Database) -> int:
    """Return how many rooms are linked."""
    return int(MirrorRow.select().count(db))


def hasten(db: Database, room_id: int, now: datetime, failing: bool = False) -> None:
    """Move a room to the front; one that rests after a failure only if asked for."""
    where = (MirrorRow.room == room_id) & (MirrorRow.due_at > now)
    MirrorRow.update(due_at=now).where(where if failing else where & (MirrorRow.failures == 0)).execute(db)


def commit_full(
    db: Database,
    room_id: int,
    generation: int,
    found: list[Event],
    cursor: str,
    window: tuple[datetime, datetime],
    now: datetime,
    can_write: bool = True,
) -> bool:
    """Store a whole window and its cursor in one; False when a write-through overtook the pass."""
    span = {"window_start": window[0], "window_end": window[1]}
    fields = {"cursor": cursor, "full_at": now, "can_write": can_write, **span}
    first = not MirrorRow.select().where((MirrorRow.room == room_id) & MirrorRow.full_at.is_null(False)).exists(db)
    if not _advance(db, room_id, generation, now, **fields):
        return False
    if events.replace_all(db, room_id, found) or first:
        revisions.touch(db, room_id)
    return True


def commit_delta(
    db: Database,
    room_id: int,
    generation: int,
    kept: list[Event],
    gone: Iterable[str],
    series_gone: Iterable[str],
    cursor: str,
    now: datetime,
    can_write: bool = True,
) -> bool:
    """Store changes and the new cursor in one; False when a write-through overtook the pass."""
    if not _advance(db, room_id, generation, now, cursor=cursor, can_write=can_write):
        return False
    # What goes, goes first: an event that has become a series leaves an id behind that its instances name.
    changed = events.remove(db, room_id, set(gone)) + events.remove_series(db, room_id, set(series_gone))
    changed += events.upsert(db, room_id, kept)
    if changed:
        revisions.touch(db, room_id)
    return True


def write_through(db: Database, room_id: int, kept: list[Event], gone: Iterable[str]) -> None:
    """Store what the calendar has just confirmed, and make every pass under way start anew."""
    MirrorRow.update(generation=MirrorRow.generation + 1).where(MirrorRow.room == room_id).execute(db)
    events.upsert(db, room_id, kept)
    events.remove(db, room_id, set(gone))
    revisions.touch(db, room_id)


def failed(db: Database, room_id: int, reason: str, due_at: datetime) -> None:
    """Remember that a pass failed and when to try again; what is mirrored stays."""
    MirrorRow.update(failures=MirrorRow.failures + 1, reason=reason, due_at=due_at).where(
        MirrorRow.room == room_id
    ).execute(db)


def expired(db: Database, room_id: int, expiries: int, now: datetime) -> None:
    """Forget a cursor that the source no longer honours; what is mirrored stays until it is replaced."""
    where = MirrorRow.room == room_id
    MirrorRow.update(cursor=None, expired_at=now, expiries=expiries).where(where).execute(db)


def read_anew(db: Database, room_id: int, now: datetime) -> None:
    """Make the next pass a full one, at once; what is mirrored stays until it is replaced."""
    changes = {"cursor": None, "expired_at": None, "expiries": 0, "failures": 0, "due_at": now}
    MirrorRow.update(**changes).where(MirrorRow.room == room_id).execute(db)


def schedule(db: Database, claimed: Progress, due_at: datetime, beat: timedelta | None) -> None:
    """Say when a claimed room is to be listed next, unless somebody has hastened it since it was claimed.

    `beat` is given when the list is all that watches it.
    """
    unhurried = (MirrorRow.room == claimed.room_id) & (MirrorRow.due_at == claimed.due_at)
    MirrorRow.update(due_at=due_at).where(unhurried).execute(db)
    if beat:
        MirrorRow.update(beat=int(beat.total_seconds())).where(MirrorRow.room == claimed.room_id).execute(db)


def all_due(db: Database, now: datetime) -> None:
    """Look at every room now: the server has started, or the clock was put back."""
    MirrorRow.update(due_at=now, look_at=now).execute(db)


def _advance(db: Database, room_id: int, generation: int, now: datetime, **fields: object) -> bool:
    """Move the cursor on, unless a write-through has overtaken the pass or is about to.

    A booking stores what it has read under the room's lease; a pass that came in between would be undone by it,
    and the cursor would be past the change.
    """
    if leases.held(db, leases.of_room(room_id), now):
        return False
    where = (MirrorRow.room == room_id) & (MirrorRow.generation == generation)
    values = {"checked_at": now, "failures": 0, "reason": "", **fields}
    return bool(MirrorRow.update(**values).where(where).execute(db))


def _postpone(db: Database, one: Progress, until: datetime) -> bool:
    where = (MirrorRow.room == one.room_id) & (MirrorRow.due_at == one.due_at)
    return bool(MirrorRow.update(due_at=until).where(where).execute(db))


def _select(db: Database, where: object, limit: int | None = None) -> list[Progress]:
    fields = [getattr(MirrorRow, name) for name in _OWN]
    query = MirrorRow.select(MirrorRow.room, RoomRow.calendar_id, RoomRow.slug, RoomRow.zone, *fields)
    query = query.join(RoomRow).where(where).order_by(MirrorRow.due_at).limit(limit)
    return [Progress(*row) for row in query.tuples().execute(db)]


_OWN = (
    "cursor", "window_end", "full_at", "checked_at", "generation", "failures", "reason", "due_at", "beat", "can_write",
    "expired_at", "expiries",
)  # fmt: skip
