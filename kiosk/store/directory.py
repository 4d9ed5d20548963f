"""What the Directory says of the rooms that are here: their properties, and whether it still has them."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from peewee import Database

from kiosk.errors import UsageError
from kiosk.source import Resource
from kiosk.store import buildings, facts, revisions
from kiosk.store.models import RoomRow

log = logging.getLogger(__name__)

DUE_AT = "directory_due_at"
PROPERTIES = ("name", "building", "floor", "capacity", "equipment")
# How many characters what is said of a room may have; its equipment, all of it with what stands between.
LONGEST_TEXT, LONGEST_LIST = 200, 1000
BETWEEN = ", "


@dataclass(slots=True)
class Followed:
    """What came of reading the Directory, by slug; `known` are all of its rooms that are here.

    `moved`: from which building to which other rooms have gone.
    """

    known: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    vanished: list[str] = field(default_factory=list)
    returned: list[str] = field(default_factory=list)
    moved: set[tuple[str, str]] = field(default_factory=set)


def follow(db: Database, resources: Sequence[Resource], now: datetime) -> Followed:
    """Give linked rooms the Directory's properties, and mark those that it had once and has no longer."""
    listed = {one.calendar_id.lower(): fitted(one) for one in resources}
    followed = Followed()
    for row in RoomRow.select().where(RoomRow.calendar_id.is_null(False)).dicts().execute(db):
        resource = listed.get(row["calendar_id"].lower())
        if resource:
            _present(db, row, resource, now, followed)
        elif row["listed_at"] and not row["vanished_at"]:
            RoomRow.update(vanished_at=now).where(RoomRow.id == row["id"]).execute(db)
            followed.vanished.append(row["slug"])
    _carry(db, followed.moved)
    return followed


def fitted(resource: Resource) -> Resource:
    """Return a room of the Directory with what is too long of it cut: nobody is there to be told of it."""
    name, building, floor = map(_cut, (resource.name, resource.building, resource.floor))
    equipment: list[str] = []
    for one in map(_cut, resource.equipment):
        if len(BETWEEN.join([*equipment, one])) > LONGEST_LIST:
            break
        equipment.append(one)
    return replace(resource, name=name, building=building, floor=floor, equipment=tuple(equipment))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1].rstrip()}…"


def vanished(db: Database) -> dict[str, datetime]:
    """Return, by slug, since when the Directory no longer has a room that it once had."""
    query = RoomRow.select(RoomRow.slug, RoomRow.vanished_at).where(RoomRow.vanished_at.is_null(False))
    return dict(query.order_by(RoomRow.slug).tuples().execute(db))


def listed(db: Database, room_id: int) -> bool:
    """Tell whether a room's properties come from the Directory."""
    return bool(RoomRow.select().where((RoomRow.id == room_id) & RoomRow.listed_at.is_null(False)).exists(db))


def kept(db: Database, room_id: int) -> tuple[str, ...]:
    """Return the properties of a room that were written here, and that the Directory leaves alone."""
    row = RoomRow.select(RoomRow.kept).where(RoomRow.id == room_id).dicts().first(db)
    return tuple(row["kept"]) if row else ()


def follow_again(db: Database, room_id: int, now: datetime) -> None:
    """Let a room have the Directory's properties again, at once."""
    RoomRow.update(kept=()).where(RoomRow.id == room_id).execute(db)
    schedule(db, now)


def claim(db: Database, now: datetime, until: datetime) -> bool:
    """Take the next reading of the Directory if it is due; nobody else gets it before `until`."""
    due = due_at(db)
    if due and due > now:
        return False
    schedule(db, until)
    return True


def schedule(db: Database, at: datetime) -> None:
    """Say when the Directory is to be read next."""
    facts.write_instant(db, DUE_AT, at)


def due_at(db: Database) -> datetime | None:
    """Return when the Directory is to be read next; None when it never was."""
    return facts.read_instant(db, DUE_AT)


def _carry(db: Database, moved: Collection[tuple[str, str]]) -> None:
    """Let buildings that have another name in the Directory keep what was said of them, where it is one name."""
    for old, new in sorted(moved):
        if sum(before == old for before, _ in moved) > 1:
            continue
        try:
            with db.atomic():
                buildings.carry(db, old, new)
        except UsageError as error:
            log.warning("What was said of the building %r does not hold in %r: %s", old, new, error)


def _present(db: Database, row: dict[str, Any], resource: Resource, now: datetime, followed: Followed) -> None:
    followed.known.append(row["slug"])
    followed_ones = [name for name in PROPERTIES if name not in row["kept"]]
    changes = {name: getattr(resource, name) for name in followed_ones if getattr(resource, name) != row[name]}
    if changes:
        followed.changed.append(row["slug"])
    if "building" in changes:
        followed.moved.add((row["building"], resource.building))
    if row["vanished_at"]:
        followed.returned.append(row["slug"])
    marks = {} if row["listed_at"] and not row["vanished_at"] else {"listed_at": now, "vanished_at": None}
    if changes or marks:
        RoomRow.update(**changes, **marks).where(RoomRow.id == row["id"]).execute(db)
    if changes:
        revisions.touch(db, row["id"])
