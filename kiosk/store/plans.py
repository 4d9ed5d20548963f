"""Plans of floors: what was uploaded, which rooms are where on it, and where a screen before it stands."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, count
from typing import Any

from peewee import Database, IntegrityError

from kiosk.errors import NotFound, UsageError
from kiosk.schedule.nearby import level
from kiosk.store import rooms
from kiosk.store.drawings import Drawing
from kiosk.store.office import PlaceRow, PlanRow
from kiosk.store.outlines import Part
from kiosk.store.rooms import StoredRoom

LONGEST_TEXT = 80
DIGITS = re.compile(r"\d+")
# Everything but the content, which may be large and is read only to be sent.
COLUMNS = ("id", "slug", "name", "building", "floor", "kind", "box", "width", "height", "here_x", "here_y", "version")

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Plan:
    """A floor's plan; `box`, `width` and `height` in its own units, `here` in parts of them, None where nobody said."""

    id: int
    slug: str
    name: str
    building: str
    floor: str
    kind: str
    box: str
    width: float
    height: float
    here: Point | None
    version: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a room is: an element of the drawing and its outline, or a point in parts of the plan's sides."""

    room_id: int
    element: str = ""
    outline: str = ""
    at: Point | None = None


def every(db: Database) -> list[Plan]:
    """Return all plans by building and floor, floors as people count them."""
    found = [_plan(row) for row in _select().dicts().execute(db)]
    return sorted(found, key=lambda one: (_natural(one.building), *_storey(one.floor), _natural(one.name)))


def find(db: Database, slug: str) -> Plan:
    """Return one plan. Raises NotFound."""
    row = _select().where(PlanRow.slug == slug).dicts().first(db)
    if row is None:
        raise NotFound(f"There is no plan called {slug!r}. `kiosk plans list` shows them all.")
    return _plan(row)


def of_building(db: Database, plan: Plan) -> list[Plan]:
    """Return the plans of a plan's building by floor; only itself where it names no building."""
    return [one for one in every(db) if one.building == plan.building] if plan.building else [plan]


def content(db: Database, plan: Plan) -> tuple[bytes, str]:
    """Return a plan's file and its type. Raises NotFound."""
    row = PlanRow.select(PlanRow.content, PlanRow.mime).where(PlanRow.id == plan.id).dicts().first(db)
    if row is None:
        raise NotFound("This plan is not here any more.")
    return bytes(row["content"]), row["mime"]


def places(db: Database, plan: Plan) -> list[Place]:
    """Return where rooms are on a plan, by the rooms' numbers."""
    query = PlaceRow.select().where(PlaceRow.plan == plan.id).order_by(PlaceRow.room)
    return [_place(row) for row in query.dicts().execute(db)]


def add(db: Database, name: str, building: str, floor: str, drawing: Drawing) -> Plan:
    """Add a plan under a free word made from its name. Raises UsageError."""
    words = _words(name, building, floor)
    base, taken = rooms.slugify(words["name"]), {one.slug for one in every(db)}
    slug = next(word for word in chain((base,), (f"{base}-{n}" for n in count(2))) if word not in taken)
    PlanRow.insert(slug=slug, **words, **_columns(drawing)).execute(db)
    return find(db, slug)


def replace(db: Database, slug: str, drawing: Drawing, parts: Sequence[Part]) -> Plan:
    """Give a plan another file; rooms keep their elements, whose outlines are those of the new file.

    `parts`: what may stand for rooms in the new file. Raises NotFound; UsageError for a file of the other kind while
    rooms are placed, since their places would mean nothing in it.
    """
    plan = find(db, slug)
    known = places(db, plan)
    if known and plan.kind != drawing.kind:
        raise UsageError("Rooms are placed on this plan: a drawing replaces a drawing, and a picture a picture.")
    PlanRow.update(**_columns(drawing)).where(PlanRow.id == plan.id).execute(db)
    outlines = {part.element: part.outline for part in parts}
    for one in known:
        of_it = (PlaceRow.plan == plan.id) & (PlaceRow.room == one.room_id)
        PlaceRow.update(outline=outlines.get(one.element, "")).where(of_it).execute(db)
    return find(db, slug)


def change(db: Database, slug: str, name: str, building: str, floor: str, here: Point | None) -> Plan:
    """Change what is said of a plan; its word stays. Raises NotFound, UsageError."""
    plan = find(db, slug)
    x, y = _inside(here) if here else (None, None)
    words = _words(name, building, floor)
    PlanRow.update(**words, here_x=x, here_y=y).where(PlanRow.id == plan.id).execute(db)
    return find(db, slug)


def put(db: Database, slug: str, wanted: Sequence[Place]) -> None:
    """Put rooms on a plan, and take all others off it. Raises NotFound; UsageError when a room is there twice."""
    plan = find(db, slug)
    PlaceRow.delete().where(PlaceRow.plan == plan.id).execute(db)
    for one in wanted:
        x, y = _inside(one.at) if one.at else (None, None)
        row = {"plan": plan.id, "room": one.room_id, "element": one.element, "outline": one.outline, "x": x, "y": y}
        try:
            PlaceRow.insert(**row).execute(db)
        except IntegrityError as error:
            raise UsageError("A room can be at one place of a plan only, and must be there.") from error


def put_called(db: Database, slug: str, parts: Sequence[Part]) -> int:
    """Put the rooms on a plan whose word or name its parts have, and no others; return how many. Raises NotFound."""
    plan = find(db, slug)
    known = [one for one in rooms.every(db) if plan.building in ("", one.room.building)]
    called = suggestions(parts, known)
    put(db, slug, [Place(called[part.element], part.element, part.outline) for part in parts if part.element in called])
    return len(called)


def remove(db: Database, slug: str) -> Plan:
    """Delete a plan; its rooms stay. Raises NotFound."""
    plan = find(db, slug)
    PlanRow.delete().where(PlanRow.id == plan.id).execute(db)
    return plan


def suggestions(parts: Sequence[Part], known: Sequence[StoredRoom], besides: Sequence[Place] = ()) -> dict[str, int]:
    """Return rooms by the elements that have their word or name, for rooms and elements that have no place yet."""
    taken, placed = {one.element for one in besides}, {one.room_id for one in besides}
    called: dict[str, int] = {}
    for stored in known:
        if stored.id not in placed:
            called[rooms.slugify(stored.room.name)] = stored.id
    called |= {stored.room.slug: stored.id for stored in known if stored.id not in placed}
    found: dict[str, int] = {}
    for part in parts:
        number = called.get(rooms.slugify(part.label)) or called.get(rooms.slugify(part.element))
        if number and part.element not in taken and number not in found.values():
            found[part.element] = number
    return found


def _select() -> Any:
    return PlanRow.select(*(getattr(PlanRow, name) for name in COLUMNS))


def _plan(row: dict[str, object]) -> Plan:
    x, y = row.pop("here_x"), row.pop("here_y")
    here = None if x is None or y is None else (x, y)
    return Plan(here=here, **row)  # type: ignore[arg-type]


def _place(row: dict[str, object]) -> Place:
    x, y = row["x"], row["y"]
    at = None if x is None or y is None else (x, y)
    return Place(row["room"], row["element"], row["outline"], at)  # type: ignore[arg-type]


def _words(name: str, building: str, floor: str) -> dict[str, str]:
    said = {"name": name, "building": building, "floor": floor}
    words = {key: " ".join(value.split()) for key, value in said.items()}
    if not words["name"] or max(len(one) for one in words.values()) > LONGEST_TEXT:
        raise UsageError(f"A plan has a name; name, building and floor have {LONGEST_TEXT} characters at most.")
    return words


def _columns(drawing: Drawing) -> dict[str, object]:
    return {
        "kind": drawing.kind,
        "mime": drawing.mime,
        "content": drawing.content,
        "box": drawing.box,
        "width": drawing.width,
        "height": drawing.height,
        "version": hashlib.sha256(drawing.content).hexdigest()[:16],
    }


def _inside(at: Point) -> Point:
    if not all(0 <= one <= 1 for one in at):
        raise UsageError("A place on a plan is 0 to 100 % of its width and its height.")
    return at


def _storey(floor: str) -> tuple[bool, int, str]:
    """Return what sorts floors upwards; those whose height their name does not tell stand behind the others."""
    height = level(floor)
    return height is None, height or 0, _natural(floor)


def _natural(text: str) -> str:
    return DIGITS.sub(lambda number: number[0].zfill(6), text.casefold())
