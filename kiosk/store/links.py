"""What a room loses and keeps when it gets a calendar, or gives it up: bookings made here, the journal, the mirror."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from peewee import Database

from kiosk.errors import UsageError
from kiosk.schedule.availability import occupies
from kiosk.schedule.model import Event
from kiosk.store import acts, events, journal, mirror, rooms
from kiosk.store.acts import Act
from kiosk.store.journal import Command
from kiosk.store.models import AttendanceRow, milliseconds
from kiosk.store.plain import marks, rows, run
from kiosk.store.revisions import slug_of

Reason = Literal["linked", "unlinked"]
# Of rooms without a calendar: what decides whether an event takes its room, and how many there are; holds always do.
ALL_LOCAL = f"""
    SELECT transparent, answer, event.kind, COUNT(*) FROM event JOIN room ON room.id = room_id
    WHERE calendar_id IS NULL AND "end" > ? AND start < "end" GROUP BY transparent, answer, event.kind
    UNION ALL
    SELECT FALSE, 'accepted', 'default', COUNT(*) FROM command JOIN room ON room.id = room_id
    WHERE calendar_id IS NULL AND command.kind = 'book' AND state IN ({marks(journal.OPEN)}) AND "end" > ?
"""


@dataclass(frozen=True, slots=True)
class Own:
    """A booking made here as Google has it: on the room's calendar, or on that of `person`."""

    event_id: str
    person: str


class NotConfirmed(UsageError):
    """Linking deletes `count` bookings, and nobody has said that so many may go; `agreed`: so many may."""

    def __init__(self, slug: str, count: int, agreed: int = 0) -> None:
        more = f", and not {agreed} as was agreed" if agreed else ""
        super().__init__(f"Linking the room {slug!r} deletes {told(count)} made here{more}: say that they may go.")
        self.count = count


def told(count: int) -> str:
    """Return how many future bookings there are, in words."""
    return "1 future booking" if count == 1 else f"{count} future bookings"


def local_bookings(db: Database, room_id: int, now: datetime) -> int:
    """Return how many bookings that are not over a room without a calendar has, holds included."""
    return len(_local(db, room_id, now)) + len(_held(db, room_id, now))


def all_local_bookings(db: Database, now: datetime) -> int:
    """Return how many such bookings all rooms without a calendar have: one query, however many rooms there are."""
    found = rows(db, ALL_LOCAL, milliseconds(now), *journal.OPEN, milliseconds(now))
    return sum(count for *facts, count in found if events.takes_the_room(*facts))


def link(db: Database, room_id: int, zone: str, calendar_id: str, agreed: int, now: datetime, read_by: datetime) -> int:
    """Give a room its calendar in place of the bookings it had of its own; return how many of them went.

    What of its journal is open is refused, and told at its door where it was a hold. `read_by`: until then whoever
    links the room reads the calendar, and nobody else begins to. `agreed`: so many may go, which is how many somebody
    was told of; raises NotConfirmed when it is more.
    """
    stored = rooms.by_id(db, room_id)
    slug = stored.room.slug
    if stored.calendar_id:
        raise UsageError(f"The room {slug!r} has just been linked to {stored.calendar_id}.")
    count = local_bookings(db, stored.id, now)
    if count > agreed:
        raise NotConfirmed(slug, count, agreed)
    refuse_open(db, stored.id, "linked", now)
    gone = _local(db, stored.id, now)
    for event in gone:
        _drop(db, stored.id, slug, event, now)
    rooms.link(db, stored.id, zone, calendar_id, now)
    mirror.read_anew(db, stored.id, read_by)
    return count


def refuse_open(db: Database, room_id: int, reason: Reason, now: datetime) -> list[Command]:
    """Settle as refused what of a room's journal is open; return that."""
    found = journal.open_of(db, room_id)
    for command in found:
        if command.state == "withdrawing":
            journal.settle_withdrawn(db, command, now)
        else:
            journal.settle(db, command, "refused", reason, now)
    return found


def unlink(db: Database, room_id: int, now: datetime) -> tuple[int, list[Command]]:
    """Take a room's calendar away with what is managed there; return how many events went, and what was refused."""
    refused = refuse_open(db, room_id, "unlinked", now)
    return rooms.unlink(db, room_id), refused


def own_in_google(db: Database, room_id: int, now: datetime) -> list[Own]:
    """Return the bookings made here that are in Google and not over, as far as the mirror knows, earliest first."""
    sql = """
        SELECT e.event_id, c.way, c.person FROM event e
        JOIN command c ON c.room_id = e.room_id AND c.event_id = e.event_id AND c.kind = 'book'
        WHERE e.room_id = ? AND e."end" > ? AND e.answer <> 'declined' ORDER BY e.start, e.event_id
    """
    found = rows(db, sql, room_id, milliseconds(now))
    return [Own(event_id, person if way == "organizer" else "") for event_id, way, person in found]


def _local(db: Database, room_id: int, now: datetime) -> list[Event]:
    sql = 'SELECT event_id FROM event WHERE room_id = ? AND "end" > ? ORDER BY start, event_id'
    found = (events.find(db, room_id, row[0]) for row in rows(db, sql, room_id, milliseconds(now)))
    return [event for event in found if event and occupies(event)]


def _held(db: Database, room_id: int, now: datetime) -> list[Command]:
    return [one for one in journal.open_of(db, room_id) if one.kind == "book" and one.end > now]


def _drop(db: Database, room_id: int, slug: str, event: Event, now: datetime) -> None:
    """Delete a booking that only this database had; a request for it that is repeated is refused from now on."""
    events.remove(db, room_id, [event.id])
    AttendanceRow.delete().where((AttendanceRow.room == room_id) & (AttendanceRow.event_id == event.id)).execute(db)
    changes = "state = 'refused', reason = 'linked', held_at = NULL"
    run(db, f"UPDATE command SET {changes} WHERE room_id = ? AND event_id = ? AND kind = 'book'", room_id, event.id)
    span = {"start": milliseconds(event.start), "end": milliseconds(event.end)}
    acts.record(db, Act(now, "server", "", "delete_local", slug_of(db, room_id) or slug, event.id, "done", "", span))
