"""How far each room's mirror is: cursors, due times, generations and failures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import Any

from peewee import Database

from kiosk.schedule.model import Event
from kiosk.store import events, history, leases, past_rooms, revisions
from kiosk.store.beside import keep
from kiosk.store.models import MirrorRow, instant, milliseconds
from kiosk.store.plain import marks, rows, run


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


@dataclass(frozen=True, slots=True)
class Beside:
    """What came with a pass beside its events: as of when the source itself knew them, and what a hub told besides."""

    as_of: datetime | None = None
    told: str = ""


NOTHING_BESIDE = Beside()


@dataclass(frozen=True, slots=True)
class Committed:
    """What a pass has changed: ids of events that are new or were changed at their source, and of those removed."""

    changed: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)


COLUMNS = ", ".join(
    ("m.room_id", "r.calendar_id", "r.slug", "r.zone", *(f"m.{one.name}" for one in fields(Progress)[4:]))
)
SELECT = f"SELECT {COLUMNS} FROM mirror m JOIN room r ON r.id = m.room_id WHERE"
INSTANTS = [number for number, one in enumerate(fields(Progress)) if "datetime" in str(one.type)]
CAN_WRITE = [one.name for one in fields(Progress)].index("can_write")


def progress(db: Database, room_id: int) -> Progress | None:
    """Return the progress of a linked room, None when it is not linked."""
    found = rows(db, f"{SELECT} m.room_id = ?", room_id)
    return _progress(found[0]) if found else None


def everything(db: Database) -> list[Progress]:
    """Return the progress of every linked room."""
    return [_progress(row) for row in rows(db, f"{SELECT} m.room_id > 0 ORDER BY m.due_at")]


def claim_due(db: Database, now: datetime, claim: timedelta, failing: bool) -> Progress | None:
    """Take a room whose time has come, nobody else gets it for `claim`; a failing one only if asked for."""
    healthy = rows(db, f"{SELECT} m.due_at <= ? AND m.failures = 0 ORDER BY m.due_at LIMIT 1", milliseconds(now))
    ill = f"{SELECT} m.due_at <= ? AND m.failures > 0 ORDER BY m.due_at LIMIT 1"
    found = healthy or (rows(db, ill, milliseconds(now)) if failing else [])
    taken = (one for one in map(_progress, found) if _postpone(db, one, now + claim))
    return next((replace(one, due_at=now + claim) for one in taken), None)


def next_due(db: Database, failing: bool) -> datetime | None:
    """Return when the next room is due, failing ones counted only if asked for; None when there is none."""
    where = "" if failing else "WHERE failures = 0"
    found = rows(db, f"SELECT due_at FROM mirror {where} ORDER BY due_at LIMIT 1")
    return instant(found[0][0]) if found else None


def forgive(db: Database, now: datetime) -> None:
    """Let every room that rests after a failure be read now: the source has come back."""
    MirrorRow.update(due_at=now, failures=0).where((MirrorRow.failures > 0) & (MirrorRow.due_at > now)).execute(db)


def bring_forward(db: Database, now: datetime, share: float) -> None:
    """Let every healthy room wait for its list only that share of the time it still has to wait."""
    sql = "UPDATE mirror SET due_at = ? + (due_at - ?) * ? / 1000 WHERE failures = 0 AND due_at > ?"
    moment = milliseconds(now)
    run(db, sql, moment, moment, int(share * 1000), moment)


def count(db: Database) -> int:
    """Return how many rooms are linked."""
    return int(MirrorRow.select().count(db))


def hasten(db: Database, room_id: int, now: datetime, failing: bool = False) -> None:
    """Move a room to the front; one that rests after a failure only if asked for."""
    where = (MirrorRow.room == room_id) & (MirrorRow.due_at > now)
    MirrorRow.update(due_at=now).where(where if failing else where & (MirrorRow.failures == 0)).execute(db)


def touch(db: Database, room_id: int, now: datetime) -> None:
    """Somebody stands before the room's screen: ask for it next, and often for a while."""
    hasten(db, room_id, now, failing=True)
    MirrorRow.update(touched_at=now).where(MirrorRow.room == room_id).execute(db)


def touched(db: Database, since: datetime) -> set[int]:
    """Return the rooms before whose screens somebody has stood since then, seen from any process."""
    return {row[0] for row in rows(db, "SELECT room_id FROM mirror WHERE touched_at > ?", milliseconds(since))}


def commit_full(
    db: Database,
    room_id: int,
    generation: int,
    found: list[Event],
    cursor: str,
    window: tuple[datetime, datetime],
    now: datetime,
    can_write: bool = True,
    zone: str = "",
    beside: Beside = NOTHING_BESIDE,
) -> Committed | None:
    """Store a whole window and its cursor in one; None when a write-through overtook the pass.

    `zone`: the calendar's own, empty where the source does not say.
    """
    before = _window(db, room_id)
    span = {"window_start": milliseconds(window[0]), "window_end": milliseconds(window[1])}
    stamps = {"cursor": cursor, "full_at": milliseconds(now), "can_write": can_write, **span, **_checked(beside, now)}
    if not _advance(db, room_id, generation, now, **stamps):
        return None
    past_rooms.reopen(db, room_id, window[0])
    committed = _full_difference(db, room_id, found, before, window) if before else Committed()
    keep(db, room_id, beside.told, now)
    if events.replace_all(db, room_id, found):
        _rows_changed(db, room_id)
    elif not before:
        revisions.touch(db, room_id)
    _follow_zone(db, room_id, zone)
    return committed


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
    zone: str = "",
    past: Iterable[Event] = (),
    beside: Beside = NOTHING_BESIDE,
) -> Committed | None:
    """Store changes and the new cursor in one; None when a write-through overtook the pass.

    `past`: what was changed and lies outside of the window; the history follows that as far as it is over.
    """
    if not _advance(db, room_id, generation, now, cursor=cursor, can_write=can_write, **_checked(beside, now)):
        return None
    keep(db, room_id, beside.told, now)
    ids, series = set(gone), set(series_gone)
    history.correct(db, room_id, [*kept, *past], series)
    committed = _delta_difference(db, room_id, kept, ids, series)
    # What goes, goes first: an event that has become a series leaves an id behind that its instances name.
    changed = events.remove(db, room_id, ids) + events.remove_series(db, room_id, series)
    changed += events.upsert(db, room_id, kept)
    if changed:
        _rows_changed(db, room_id)
    if _follow_zone(db, room_id, zone):  # its whole days begin at another midnight now
        read_anew(db, room_id, now)
    return committed


def write_through(db: Database, room_id: int, kept: list[Event], gone: Iterable[str]) -> None:
    """Store what the calendar has just confirmed, and make every pass under way start anew."""
    MirrorRow.update(generation=MirrorRow.generation + 1).where(MirrorRow.room == room_id).execute(db)
    events.upsert(db, room_id, kept)
    events.remove(db, room_id, set(gone))
    _rows_changed(db, room_id)


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


def schedule(db: Database, claimed: Progress, due_at: datetime, beat: timedelta | None, reason: str = "") -> None:
    """Say when a claimed room is to be listed next, unless somebody has hastened it since it was claimed.

    `beat` is given when the list is all that watches it, and `reason` when that is not as it should be.
    """
    unhurried = claimed.room_id, milliseconds(claimed.due_at)
    run(db, "UPDATE mirror SET due_at = ? WHERE room_id = ? AND due_at = ?", milliseconds(due_at), *unhurried)
    if beat:
        seconds = int(beat.total_seconds())
        run(db, "UPDATE mirror SET beat = ?, reason = ? WHERE room_id = ?", seconds, reason, claimed.room_id)


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
    values = {"checked_at": milliseconds(now), "failures": 0, "reason": "", **fields}
    changes = ", ".join(f"{name} = ?" for name in values)
    where = "WHERE room_id = ? AND generation = ?"
    return bool(run(db, f"UPDATE mirror SET {changes} {where}", *values.values(), room_id, generation).rowcount)


def _checked(beside: Beside, now: datetime) -> dict[str, int]:
    """Return when the room was last known to be true: a hub may know that from an earlier time only."""
    return {"checked_at": milliseconds(min(beside.as_of or now, now))}


def confirm(db: Database, known: Mapping[int, tuple[str, datetime | None]]) -> None:
    """Note as of when a hub knows rooms, given with how their cursor begins if nothing of theirs is unread."""
    sql = "UPDATE mirror SET checked_at = ? WHERE room_id = ? AND failures = 0 AND substr(cursor, 1, ?) = ?"
    for room_id, (start, as_of) in known.items():
        if as_of:
            run(db, sql, milliseconds(as_of), room_id, len(start), start)


def _rows_changed(db: Database, room_id: int) -> None:
    """Let screens be drawn anew, and compare the next free/busy answer without regard to earlier ones."""
    run(db, "UPDATE mirror SET digest = '' WHERE room_id = ? AND digest <> ''", room_id)
    revisions.touch(db, room_id)


def _follow_zone(db: Database, room_id: int, zone: str) -> bool:
    """Take over the calendar's time zone; tell whether it was another one."""
    if not zone or not run(db, "UPDATE room SET zone = ? WHERE id = ? AND zone <> ?", zone, room_id, zone).rowcount:
        return False
    revisions.touch(db, room_id)
    return True


def _window(db: Database, room_id: int) -> tuple[int, int] | None:
    """Return the stretch of the last full pass in milliseconds, None before the first."""
    sql = "SELECT window_start, window_end FROM mirror WHERE room_id = ? AND full_at IS NOT NULL"
    found = rows(db, sql, room_id)
    return (found[0][0], found[0][1]) if found else None


def _delta_difference(db: Database, room_id: int, kept: list[Event], gone: set[str], series: set[str]) -> Committed:
    """Compare what a delta brings with what is stored; stamps tell whether an event was changed at its source."""
    ids = [*gone, *(event.id for event in kept)]
    if not ids and not series:
        return Committed()
    matching = f"(event_id IN ({marks(ids)}) OR series_id IN ({marks([*series])}))"
    known = dict(
        rows(db, f"SELECT event_id, updated FROM event WHERE room_id = ? AND {matching}", room_id, *ids, *series)
    )
    return Committed({event.id for event in kept if _is_new(event, known)}, known.keys() - {event.id for event in kept})


def _full_difference(
    db: Database, room_id: int, kept: list[Event], before: tuple[int, int], window: tuple[datetime, datetime]
) -> Committed:
    """Compare a whole window with what is stored; what only came into or fell out of the window is no change."""
    stored = rows(db, 'SELECT event_id, updated, "end" FROM event WHERE room_id = ?', room_id)
    known = {row[0]: row[1] for row in stored}
    changed = {event.id for event in kept if milliseconds(event.start) < before[1] and _is_new(event, known)}
    start, here = milliseconds(window[0]), {event.id for event in kept}
    return Committed(changed, {row[0] for row in stored if row[2] > start} - here)


def _is_new(event: Event, known: dict[str, int | None]) -> bool:
    updated = milliseconds(event.updated) if event.updated else None
    return event.id not in known or known[event.id] != updated


def _postpone(db: Database, one: Progress, until: datetime) -> bool:
    sql = "UPDATE mirror SET due_at = ? WHERE room_id = ? AND due_at = ?"
    return bool(run(db, sql, milliseconds(until), one.room_id, milliseconds(one.due_at)).rowcount)


def _progress(row: tuple[Any, ...]) -> Progress:
    values = list(row)
    for number in INSTANTS:
        values[number] = None if row[number] is None else instant(row[number])
    values[CAN_WRITE] = bool(row[CAN_WRITE])
    return Progress(*values)
