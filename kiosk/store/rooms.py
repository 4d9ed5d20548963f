"""Rooms: finding, adding, linking, and saying that a room's screens must change."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from peewee import Database, IntegrityError

from kiosk import clock
from kiosk.errors import NotFound, UsageError
from kiosk.schedule.model import Room
from kiosk.store import accounts, acts, buildings, carrying, channels, journal, levels, policies
from kiosk.store.directory import BETWEEN, LONGEST_LIST, LONGEST_TEXT, PROPERTIES
from kiosk.store.levels import Texts
from kiosk.store.models import EPOCH, AttendanceRow, CommandRow, EventRow, MirrorRow, RoomRow, words
from kiosk.store.past import PastRoomRow
from kiosk.store.plain import marks as marks_of
from kiosk.store.plain import rows
from kiosk.store.revisions import touch

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LONGEST_SLUG = 80
# The administration has pages of these names beside those of the rooms.
RESERVED = ("new", "import")
COLUMNS = "id, calendar_id, revision, policy, slug, name, building, floor, capacity, equipment, zone, reported"
# A room's revision, slug and name.
Mark = tuple[int, str, str]


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
    slug = "-".join(re.findall(r"[a-z0-9]+", plain.lower()))[:60].strip("-") or "room"
    return f"{slug}-room" if slug in RESERVED else slug


def add(db: Database, room: Room) -> int:
    """Insert a room and return its number. Raises UsageError when its slug is taken."""
    _check(room)
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
    return _list(db, "ORDER BY building, floor, LOWER(name), id")


def some(db: Database, numbers: Collection[int]) -> dict[int, StoredRoom]:
    """Return those rooms by their numbers."""
    return {one.id: one for one in _list(db, f"WHERE id IN ({marks_of([*numbers])})", *numbers)}


def by_slug(db: Database, slug: str) -> StoredRoom:
    """Return the room with that address. Raises NotFound with a sentence."""
    found = _list(db, "WHERE slug = ?", slug)
    if not found:
        raise NotFound(f"There is no room with the address {slug!r}. `kiosk rooms list` shows them all.")
    return found[0]


def by_id(db: Database, room_id: int) -> StoredRoom:
    """Return the room with that number. Raises NotFound."""
    found = _list(db, "WHERE id = ?", room_id)
    if not found:
        raise NotFound("This room is not here any more.")
    return found[0]


def by_calendar(db: Database, calendar_id: str) -> StoredRoom | None:
    """Return the room that is linked to that calendar."""
    return next(iter(_list(db, "WHERE calendar_id = ?", calendar_id)), None)


def newest_revision(db: Database) -> int:
    """Return a number that grows with every touch of any room."""
    [(newest,)] = rows(db, "SELECT COALESCE(MAX(revision), 0) FROM room")
    return int(newest)


def marks(db: Database) -> dict[int, Mark]:
    """Return by its number what tells each room from what it was.

    A number, and a revision with it, may be given again when a room is removed.
    """
    return {row[0]: (row[1], row[2], row[3]) for row in rows(db, "SELECT id, revision, slug, name FROM room")}


def change(db: Database, room_id: int, wanted: Room, merges: bool = True) -> StoredRoom:
    """Give a room another address, name, place, size, equipment or time zone; its policy stays.

    What is changed of a room that the Directory lists is kept from then on: the Directory no longer overwrites it. A
    building of which this was the last room goes on under the new name, with its catalogue, caterers and policies;
    with `merges` also where other rooms have that name.
    Raises UsageError when the address is taken or a value cannot be used, and for the zone of a linked room, which is
    its calendar's; NotFound.
    """
    stored = by_id(db, room_id)
    _check(wanted)
    before, after = _columns(stored.room), _columns(wanted)
    changes = {name: value for name, value in after.items() if value != before[name]}
    if "zone" in changes and stored.calendar_id:
        raise UsageError("A linked room has the time zone of its calendar: change it in Google Calendar.")
    if not changes:
        return stored
    row = RoomRow.select(RoomRow.kept, RoomRow.listed_at).where(RoomRow.id == room_id).dicts().first(db)
    mine = {name for name in changes if name in PROPERTIES} if row["listed_at"] else set()
    try:
        kept = sorted({*row["kept"], *mine})
        RoomRow.update(**changes, kept=kept).where(RoomRow.id == room_id).execute(db)
    except IntegrityError as error:
        raise UsageError(f"There is a room with the address {wanted.slug!r} already.") from error
    if "slug" in changes:
        accounts.rename_room(db, stored.room.slug, wanted.slug)
        carrying.room(db, stored.room.slug, wanted.slug)
    buildings.carry(db, stored.room.building, wanted.building, merges)
    touch(db, room_id)
    return by_id(db, room_id)


def difference(before: Room, after: Room) -> dict[str, str]:
    """Return what of a room has changed, as the log of acts tells it."""
    return acts.difference(_columns(before), _columns(after))


def remove(db: Database, room_id: int) -> None:
    """Delete a room with its bookings and its journal. Raises UsageError while it is linked; NotFound."""
    stored = by_id(db, room_id)
    if stored.calendar_id:
        raise UsageError(f"The room {stored.room.slug!r} is linked: disconnect it first.")
    accounts.rename_room(db, stored.room.slug, "")
    RoomRow.delete().where(RoomRow.id == room_id).execute(db)


def link(db: Database, room_id: int, zone: str, calendar_id: str, now: datetime) -> None:
    """Give a room its calendar and the calendar's zone; it is read at once.

    Raises UsageError when another room has the calendar.
    """
    other = by_calendar(db, calendar_id)
    if other and other.id != room_id:
        raise UsageError(f"The calendar {calendar_id} belongs to the room {other.room.slug!r} already.")
    generation = _end_mirror(db, room_id)
    RoomRow.update(calendar_id=calendar_id, zone=zone).where(RoomRow.id == room_id).execute(db)
    MirrorRow.insert(room=room_id, due_at=now, look_at=now, generation=generation).execute(db)
    touch(db, room_id)


def unlink(db: Database, room_id: int) -> int:
    """Take a room's calendar away with all that is managed there; return how many events went.

    Bookings made here stay the room's. Raises UsageError while some are not settled: they would be orphans in Google.
    """
    if journal.open_of(db, room_id):
        raise UsageError("Bookings of this room are not settled with Google yet: try again when they are.")
    made_here = CommandRow.select(CommandRow.event_id).where((CommandRow.room == room_id) & (CommandRow.kind == "book"))
    AttendanceRow.delete().where((AttendanceRow.room == room_id) & AttendanceRow.event_id.not_in(made_here)).execute(db)
    removed = EventRow.delete().where((EventRow.room == room_id) & EventRow.event_id.not_in(made_here)).execute(db)
    _end_mirror(db, room_id)
    # Whichever calendar is linked next, this one too, its past is read.
    linked = (PastRoomRow.room == room_id) & (PastRoomRow.calendar != "")
    PastRoomRow.update(calendar="", calendar_before=PastRoomRow.calendar).where(linked).execute(db)
    channels.abandon(db, room_id)
    changes = {"calendar_id": None, "listed_at": None, "vanished_at": None, "push_refusal": "", "push_refused_at": None}
    RoomRow.update(**changes, push_due_at=EPOCH, kept=()).where(RoomRow.id == room_id).execute(db)
    touch(db, room_id)
    return int(removed)


def _end_mirror(db: Database, room_id: int) -> int:
    """End a room's mirror; return the generation of the next: a pass that is still under way must not store in that."""
    ended = MirrorRow.select(MirrorRow.generation).where(MirrorRow.room == room_id).tuples().first(db)
    if ended:
        RoomRow.update(generation=ended[0] + 1).where(RoomRow.id == room_id).execute(db)
        MirrorRow.delete().where(MirrorRow.room == room_id).execute(db)
    return int(RoomRow.select(RoomRow.generation).where(RoomRow.id == room_id).scalar(db) or 0)


def _check(room: Room) -> None:
    if not SLUG.fullmatch(room.slug) or len(room.slug) > LONGEST_SLUG:
        raise UsageError(f"{room.slug!r} cannot be an address: use small letters, digits and single dashes.")
    if room.slug in RESERVED:
        raise UsageError(f"{room.slug!r} cannot be a room's address: a page of the administration has it.")
    if not room.name.strip():
        raise UsageError("A room needs a name.")
    if room.capacity < 0:
        raise UsageError("A room seats nobody or more.")
    for what, text in (("name", room.name), ("building", room.building), ("floor", room.floor)):
        _check_length(what, text, LONGEST_TEXT)
    _check_length("equipment", BETWEEN.join(room.equipment), LONGEST_LIST)


def _check_length(what: str, text: str, longest: int) -> None:
    if len(text) > longest:
        raise UsageError(f"A room's {what} has at most {longest} characters, and this has {len(text)}.")


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


def _list(db: Database, which: str, *values: object) -> list[StoredRoom]:
    texts = levels.texts(db)
    return [_stored(row, texts) for row in rows(db, f"SELECT {COLUMNS} FROM room {which}", *values)]


def _stored(row: Sequence[Any], texts: Texts) -> StoredRoom:
    number, calendar_id, revision, policy, slug, name, building, floor, capacity, equipment, zone, reported = row
    held = policies.combined(*texts.above(building, floor), policy)
    place = (slug, name, clock.zone(zone), building, floor, capacity, words(equipment))
    return StoredRoom(number, Room(*place, policy=held, reported=words(reported)), calendar_id, revision)
