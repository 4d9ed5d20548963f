"""Rooms: finding, adding, linking, and saying that a room's screens must change."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from peewee import Database, IntegrityError, fn

from kiosk import clock
from kiosk.errors import NotFound, UsageError
from kiosk.schedule.model import Room
from kiosk.store import channels, journal, policies
from kiosk.store.models import EPOCH, CommandRow, EventRow, MirrorRow, RoomRow
from kiosk.store.revisions import touch

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class StoredRoom:
    """A room with what only the store knows: its number, calendar and revision."""

    id: int
    room: Room
    calendar_id: str | None
    revision: int


def slugify(name: str) -> str:
    """Return a name as a short word for addresses: "Übersee (2)" -> "ubersee-2"."""
    plain = unicodedata.normalize("NFKD", name.replace("ß", "ss")).encode("ascii", "ignore").decode()
    return "-".join(re.findall(r"[a-z0-9]+", plain.lower()))[:60].strip("-") or "room"


def add(db: Database, room: Room) -> int:
    """Insert a room and return its number. Raises UsageError when its slug is taken."""
    if not SLUG.fullmatch(room.slug):
        raise UsageError(f"{room.slug!r} cannot be an address: use small letters, digits and single dashes.")
    try:
        number = RoomRow.insert(**_columns(room)).execute(db)
    except IntegrityError as error:
        raise UsageError(f"There is a room with the address {room.slug!r} already.") from error
    touch(db, number)
    return int(number)


def add_linked(db: Database, room: Room, calendar_id: str, now: datetime, listed: bool = False) -> StoredRoom:
    """Insert a room under the next free slug (oak, oak-2, …) and give it its calendar.

    `listed`: the Directory has it.
    """
    room_id = add(db, replace(room, slug=_free_slug(db, room.slug)))
    link(db, room_id, room.zone.key, calendar_id, now)
    RoomRow.update(listed_at=now if listed else None).where(RoomRow.id == room_id).execute(db)
    return by_id(db, room_id)


def _free_slug(db: Database, base: str) -> str:
    alike = RoomRow.select(RoomRow.slug).where((RoomRow.slug == base) | RoomRow.slug.startswith(f"{base}-"))
    taken = {row[0] for row in alike.tuples().execute(db)}
    return next(slug for slug in _numbered(base) if slug not in taken)


def every(db: Database) -> list[StoredRoom]:
    """Return all rooms by building, floor and name."""
    order = (RoomRow.building, RoomRow.floor, fn.LOWER(RoomRow.name), RoomRow.id)
    words = policies.organisation_text(db)
    return [_stored(row, words) for row in RoomRow.select().order_by(*order).dicts().execute(db)]


def by_slug(db: Database, slug: str) -> StoredRoom:
    """Return the room with that address. Raises NotFound with a sentence."""
    row = RoomRow.select().where(RoomRow.slug == slug).dicts().first(db)
    if row is None:
        raise NotFound(f"There is no room with the address {slug!r}. `kiosk rooms list` shows them all.")
    return _stored(row, policies.organisation_text(db))


def by_id(db: Database, room_id: int) -> StoredRoom:
    """Return the room with that number. Raises NotFound."""
    row = RoomRow.select().where(RoomRow.id == room_id).dicts().first(db)
    if row is None:
        raise NotFound("This room is not here any more.")
    return _stored(row, policies.organisation_text(db))


def by_calendar(db: Database, calendar_id: str) -> StoredRoom | None:
    """Return the room that is linked to that calendar."""
    row = RoomRow.select().where(RoomRow.calendar_id == calendar_id).dicts().first(db)
    return _stored(row, policies.organisation_text(db)) if row else None


def newest_revision(db: Database) -> int:
    """Return a number that grows with every touch of any room."""
    return int(RoomRow.select(fn.COALESCE(fn.MAX(RoomRow.revision), 0)).scalar(db))


def link(db: Database, room_id: int, zone: str, calendar_id: str, now: datetime) -> None:
    """Give a room its calendar and the calendar's zone; it is read at once.

    Raises UsageError when another room has the calendar.
    """
    other = by_calendar(db, calendar_id)
    if other and other.id != room_id:
        raise UsageError(f"The calendar {calendar_id} belongs to the room {other.room.slug!r} already.")
    RoomRow.update(calendar_id=calendar_id, zone=zone).where(RoomRow.id == room_id).execute(db)
    MirrorRow.delete().where(MirrorRow.room == room_id).execute(db)
    MirrorRow.insert(room=room_id, due_at=now, look_at=now).execute(db)
    touch(db, room_id)


def unlink(db: Database, room_id: int) -> int:
    """Take a room's calendar away with everything mirrored from it; return how many events went.

    Raises UsageError while bookings of the room are not settled: they would be orphans in Google.
    """
    if journal.open_of(db, room_id):
        raise UsageError("Bookings of this room are not settled with Google yet: try again when they are.")
    removed = EventRow.delete().where(EventRow.room == room_id).execute(db)
    MirrorRow.delete().where(MirrorRow.room == room_id).execute(db)
    CommandRow.delete().where(CommandRow.room == room_id).execute(db)
    channels.abandon(db, room_id)
    changes = {"calendar_id": None, "listed_at": None, "vanished_at": None, "push_refusal": "", "push_refused_at": None}
    RoomRow.update(**changes, push_due_at=EPOCH).where(RoomRow.id == room_id).execute(db)
    touch(db, room_id)
    return int(removed)


def _numbered(base: str) -> Iterable[str]:
    yield base
    number = 2
    while True:
        yield f"{base}-{number}"
        number += 1


def _columns(room: Room) -> dict[str, object]:
    return {
        "slug": room.slug,
        "name": room.name,
        "building": room.building,
        "floor": room.floor,
        "capacity": room.capacity,
        "equipment": room.equipment,
        "zone": room.zone.key,
    }


def _stored(row: dict[str, object], organisation_words: str) -> StoredRoom:
    names = ("slug", "name", "building", "floor", "capacity", "equipment")
    policy = policies.combined(organisation_words, str(row["policy"]))
    room = Room(zone=clock.zone(str(row["zone"])), policy=policy, **{name: row[name] for name in names})  # type: ignore[arg-type]
    return StoredRoom(row["id"], room, row["calendar_id"], row["revision"])  # type: ignore[arg-type]
