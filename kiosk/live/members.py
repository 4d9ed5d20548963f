"""Which rooms each kind of screen shows, and what belongs to such a screen as a whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from kiosk.errors import NotFound
from kiosk.store import plans, rooms
from kiosk.store.database import Store
from kiosk.store.plans import Place, Plan
from kiosk.store.rooms import StoredRoom

ALL_ROOMS = "all"


@dataclass(frozen=True, slots=True)
class Shown:
    """What a screen shows: its rooms, and its `frame`, what JSON says of the screen as a whole."""

    rooms: list[StoredRoom]
    frame: dict[str, Any] = field(default_factory=dict)


@dataclass
class Census:
    """The rooms that there are at one moment; all of them are read only when somebody asks for all."""

    store: Store
    _every: dict[str, StoredRoom] | None = None

    def one(self, slug: str) -> StoredRoom:
        """Return a room. Raises NotFound."""
        if self._every is None or slug not in self._every:
            with self.store.read() as db:
                return rooms.by_slug(db, slug)
        return self._every[slug]

    def every(self) -> list[StoredRoom]:
        """Return all rooms."""
        if self._every is None:
            with self.store.read() as db:
                self._every = {one.room.slug: one for one in rooms.every(db)}
        return list(self._every.values())


def door(slug: str, census: Census) -> Shown:
    """Return what a door shows: the room whose slug it is. Raises NotFound."""
    return Shown([census.one(slug)])


def board(slug: str, census: Census) -> Shown:
    """Return what a board shows. Raises NotFound."""
    if slug != ALL_ROOMS:
        raise NotFound(f"There is no board called {slug!r}; {ALL_ROOMS!r} shows every room.")
    return Shown(census.every())


def floor(slug: str, census: Census) -> Shown:
    """Return what the screen of a plan shows: the floors of its building, and the rooms on them. Raises NotFound."""
    with census.store.read() as db:
        own = plans.find(db, slug)
        floors = [(plan, plans.places(db, plan)) for plan in plans.of_building(db, own)]
    known = {one.id: one for one in census.every()}
    placed = {place.room_id for _, there in floors for place in there}
    frame = {"title": own.name, "own": own.slug, "floors": [_floor(plan, there, known) for plan, there in floors]}
    return Shown([one for one in known.values() if one.id in placed], frame)


def _floor(plan: Plan, there: list[Place], known: dict[int, StoredRoom]) -> dict[str, Any]:
    """Return what a page needs to draw a plan; its rooms in the order of their numbers."""
    by_id = {place.room_id: place for place in there}
    found = [(stored, by_id[number]) for number, stored in known.items() if number in by_id]
    return {
        "slug": plan.slug,
        "name": plan.floor or plan.name,
        "kind": plan.kind,
        "image": f"/floor/{plan.slug}/plan/{plan.version}",
        "width": plan.width,
        "height": plan.height,
        "box": plan.box,
        "here": plan.here,
        "places": [
            {"room": stored.room.slug, "name": stored.room.name, "outline": place.outline, "at": place.at}
            for stored, place in found
            if place.outline or place.at
        ],
    }


MEMBERS: dict[str, Callable[[str, Census], Shown]] = {"door": door, "lobby": board, "floor": floor}


def members(display: str, slug: str, census: Census) -> Shown:
    """Return what a screen shows. Raises NotFound when there is no such display, or nothing of that slug for it."""
    if display not in MEMBERS:
        raise NotFound(f"There is no display called {display!r}.")
    return MEMBERS[display](slug, census)
