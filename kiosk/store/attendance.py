"""Who came: bookings whose check-in is awaited, was given, or was missed."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from peewee import Database, Expression

from kiosk.schedule.model import Booking
from kiosk.store import facts
from kiosk.store.models import AttendanceRow
from kiosk.store.revisions import touch

ALIVE_AT = "alive_at"
# After an absence of the server that was longer than this, every awaited check-in gets that time again.
AWAY = timedelta(seconds=15)
AT_LEAST = timedelta(minutes=5)
State = Literal["open", "in", "missed", "excused"]


@dataclass(frozen=True, slots=True)
class Attendance:
    """One booking's check-in: "open" is awaited until `due_at`; `strike` counts misses in a row of its series.

    `start` is the booking's when its check-in was first awaited: one that is moved in time is awaited anew.
    """

    room_id: int
    event_id: str
    series_id: str
    title: str
    start: datetime
    end: datetime
    due_at: datetime
    state: State
    at: datetime
    by: str
    strike: int


def of_room(db: Database, room_id: int, event_ids: Iterable[str]) -> dict[str, Attendance]:
    """Return what is known of those bookings, by event id."""
    wanted = list(event_ids)
    if not wanted:
        return {}
    found = _list(db, (AttendanceRow.room == room_id) & AttendanceRow.event_id.in_(wanted))
    return {one.event_id: one for one in found}


def of_places(db: Database, places: Collection[tuple[int, str]]) -> dict[tuple[int, str], Attendance]:
    """Return what is known of bookings of any rooms, by room and event id."""
    rooms, wanted = {room_id for room_id, _ in places}, {event_id for _, event_id in places}
    found = _list(db, AttendanceRow.room.in_(rooms) & AttendanceRow.event_id.in_(wanted)) if places else ()
    return {(one.room_id, one.event_id): one for one in found}


def find(db: Database, room_id: int, event_id: str) -> Attendance | None:
    """Return what is known of a booking's check-in."""
    return of_room(db, room_id, [event_id]).get(event_id)


def await_(db: Database, room_id: int, booking: Booking, due_at: datetime, now: datetime) -> None:
    """Begin to wait for a booking's check-in, anew where it was moved; what is known of it at that time stays."""
    _write(db, room_id, booking, due_at, "open", now, "", AttendanceRow.start != booking.start)
    touch(db, room_id)


def enter(db: Database, room_id: int, booking: Booking, now: datetime, by: str) -> None:
    """Write down that somebody has checked in."""
    _write(db, room_id, booking, now, "in", now, by)


def come_after_all(db: Database, room_id: int, event_id: str, now: datetime, by: str) -> None:
    """Write down that somebody came whose booking had been given up."""
    _change(db, room_id, event_id, state="in", at=now, by=by, strike=0)


def miss(db: Database, room_id: int, event_id: str, now: datetime) -> None:
    """Write down that nobody came in time."""
    known = find(db, room_id, event_id)
    strike = strikes(db, room_id, known.series_id, known.start) + 1 if known else 1
    _change(db, room_id, event_id, state="missed", at=now, by="server", strike=strike)


def excuse(db: Database, room_id: int, event_id: str, now: datetime) -> None:
    """Wait no longer, and hold it against nobody."""
    _change(db, room_id, event_id, state="excused", at=now, strike=0)


def move(db: Database, room_id: int, event_id: str, start: datetime, end: datetime) -> None:
    """Keep a booking's attendance though it begins or ends at another time by our own doing."""
    _change(db, room_id, event_id, start=start, end=end)


def finish(db: Database, room_id: int, event_id: str, start: datetime, end: datetime, now: datetime) -> None:
    """Keep the attendance of a booking that was ended here; who has not come by then need not come any more."""
    move(db, room_id, event_id, start, end)
    known = find(db, room_id, event_id)
    if known and known.state == "open":
        excuse(db, room_id, event_id, now)


def due(db: Database, now: datetime) -> list[Attendance]:
    """Return the check-ins that were awaited until now, oldest first."""
    return _list(db, (AttendanceRow.state == "open") & (AttendanceRow.due_at <= now))


def put_off(db: Database, gap: timedelta, now: datetime) -> int:
    """Give every awaited check-in that much more time, and some minutes at least; return how many there were."""
    open_rows = _list(db, AttendanceRow.state == "open")
    for one in open_rows:
        _change(db, one.room_id, one.event_id, due_at=max(one.due_at + gap, now + AT_LEAST))
    return len(open_rows)


def be_here(db: Database, now: datetime) -> bool:
    """Write down that the server is here; True when it was away for long: nobody could check in, and gets that time."""
    away, before = was_away(db, now), facts.read_instant(db, ALIVE_AT)
    if before and away:
        put_off(db, now - before, now)
    stay(db, now)
    return away


def was_away(db: Database, now: datetime) -> bool:
    """Tell whether nobody has looked after check-ins for long: the server has only just come back."""
    before = facts.read_instant(db, ALIVE_AT)
    return before is not None and now - before > AWAY


def stay(db: Database, now: datetime) -> None:
    """Write down that the server is still here."""
    facts.write_instant(db, ALIVE_AT, now)


def strikes(db: Database, room_id: int, series_id: str, before: datetime) -> int:
    """Return how many occurrences of a series, the last before `before` among them, were missed in a row."""
    where = (
        (AttendanceRow.room == room_id)
        & (AttendanceRow.series_id == series_id)
        & (AttendanceRow.start < before)
        & AttendanceRow.state.in_(("in", "missed"))
    )
    query = AttendanceRow.select(AttendanceRow.strike).where(where).order_by(AttendanceRow.start.desc())
    row = query.tuples().first(db) if series_id else None
    return int(row[0]) if row else 0


def _change(db: Database, room_id: int, event_id: str, **values: object) -> None:
    where = (AttendanceRow.room == room_id) & (AttendanceRow.event_id == event_id)
    AttendanceRow.update(**values).where(where).execute(db)
    touch(db, room_id)


def _write(
    db: Database,
    room_id: int,
    booking: Booking,
    due_at: datetime,
    state: State,
    now: datetime,
    by: str,
    where: Expression | None = None,
) -> None:
    values = {
        "series_id": booking.series_id,
        "title": booking.title,
        "start": booking.start,
        "end": booking.end,
        "due_at": due_at,
        "state": state,
        "at": now,
        "by": by,
        "strike": 0,
    }
    insert = AttendanceRow.insert(room=room_id, event_id=booking.id, **values)
    known = [AttendanceRow.room, AttendanceRow.event_id]
    insert.on_conflict(conflict_target=known, update=values, where=where).execute(db)


def _list(db: Database, where: object) -> list[Attendance]:
    columns = [getattr(AttendanceRow, "room" if name == "room_id" else name) for name in Attendance.__slots__]
    query = AttendanceRow.select(*columns).where(where).order_by(AttendanceRow.due_at, AttendanceRow.event_id)
    return [Attendance(*row) for row in query.tuples().execute(db)]
