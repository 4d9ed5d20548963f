"""Which rooms each kind of screen shows, and what belongs to such a screen as a whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from displays import Display, lobby
from kiosk.errors import NotFound
from kiosk.schedule.policy import DEFAULT
from kiosk.store import boards, look, plans, policies, rooms
from kiosk.store.boards import Board
from kiosk.store.database import Store
from kiosk.store.plans import Place, Plan
from kiosk.store.rooms import Mark, StoredRoom

ALL_ROOMS = boards.ALL
# Between the rooms of a screen that several share, in its address.
BETWEEN = "+"
MOST_DOORS = 3
# Of more rooms than this it is quicker to read all.
MOST_TOUCHED = 50
# The screens before which somebody stands who looks at one room, or acts in one of several.
TOUCHED = ("door", "doors", "phone")


@dataclass(frozen=True, slots=True)
class Shown:
    """What a screen shows: its rooms, and its `frame`, what JSON says of the screen as a whole.

    `display`: draws the rooms in this screen's own way; None where the kind of screen has but one.
    """

    rooms: list[StoredRoom]
    frame: dict[str, Any] = field(default_factory=dict)
    display: Display | None = None


@dataclass
class Census:
    """The rooms that there are at one moment; all of them are read only when somebody asks for all."""

    store: Store
    _every: dict[str, StoredRoom] | None = None
    _asked: dict[str, StoredRoom] = field(default_factory=dict)
    _look: str | None = None
    _theme: str | None = None

    def one(self, slug: str) -> StoredRoom:
        """Return a room. Raises NotFound."""
        known = self._asked if self._every is None else self._every
        if slug not in known:
            with self.store.read() as db:
                known[slug] = rooms.by_slug(db, slug)
        return known[slug]

    def every(self) -> list[StoredRoom]:
        """Return all rooms."""
        if self._every is None:
            with self.store.read() as db:
                self._every = {one.room.slug: one for one in rooms.every(db)}
        return list(self._every.values())

    def look(self) -> dict[str, str]:
        """Return the version of the organisation's look, and the theme of screens whose rooms do not agree on one."""
        if self._theme is None:
            with self.store.read() as db:
                self._theme = policies.organisation(db).get("theme", DEFAULT.theme)
        return {"look": self.look_version(), "theme": self._theme}

    def look_version(self) -> str:
        """Return the version of the organisation's look."""
        if self._look is None:
            with self.store.read() as db:
                self._look = look.version(db)
        return self._look


@dataclass
class Register:
    """All rooms, kept from one census to the next: only those that were touched since are read again.

    One of which nothing has changed is the very same object in both.
    """

    store: Store
    _known: dict[int, StoredRoom] = field(default_factory=dict)
    _marks: dict[int, Mark] = field(default_factory=dict)

    def census(self) -> Census:
        """Return a census of now that knows all rooms already, in the order that screens have."""
        with self.store.read() as db:
            marks = rooms.marks(db)
            before = self._marks
            touched = [number for number, mark in marks.items() if before.get(number) != mark]
            fresh = rooms.some(db, touched) if 0 < len(touched) <= MOST_TOUCHED else {}
            if marks.keys() != self._known.keys() or len(fresh) < len(touched) or not self._are_alike(fresh):
                self._known = {one.id: self._same(one) for one in rooms.every(db)}
        self._known |= fresh
        self._marks = marks
        return Census(self.store, {one.room.slug: one for one in self._known.values()})

    def _same(self, one: StoredRoom) -> StoredRoom:
        known = self._known.get(one.id)
        return known if known and known == one else one

    def _are_alike(self, fresh: dict[int, StoredRoom]) -> bool:
        """Tell whether rooms are called as before: then they stand where they stood."""
        return all(one.room == self._known[number].room for number, one in fresh.items())


def door(slug: str, census: Census) -> Shown:
    """Return what a door shows: the room whose slug it is. Raises NotFound."""
    return Shown([census.one(slug)])


def doors(slug: str, census: Census) -> Shown:
    """Return what a screen of two or three rooms shows, in the order of its address: oak+elm. Raises NotFound."""
    slugs = slug.split(BETWEEN)
    if not 2 <= len(slugs) <= MOST_DOORS or len(set(slugs)) < len(slugs):
        raise NotFound(f"A screen shows two or {MOST_DOORS} different rooms, such as /doors/oak{BETWEEN}elm.")
    return Shown([census.one(one) for one in slugs])


def board(slug: str, census: Census) -> Shown:
    """Return what a board shows. Raises NotFound."""
    with census.store.read() as db:
        found = boards.find(db, slug)
    chosen = [one for one in census.every() if found.has(one.room)]
    places = {(one.room.building, one.room.floor) for one in chosen}
    # One heading over everything tells nothing that the rows could not.
    look = replace(found, grouped=found.grouped and len(places) > 1)
    return Shown(chosen, _frame(look), lobby.display(_look(look)))


def _frame(board: Board) -> dict[str, Any]:
    """Return what a page must know of its board, and what tells it that the board is drawn otherwise now."""
    names = ("grouped", "free_first", "least_minutes", "shows", "hangs")
    return {"title": board.name, **{name: getattr(board, name) for name in names}}


def _look(board: Board) -> lobby.Board:
    least = timedelta(minutes=board.least_minutes)
    return lobby.Board(board.shows, board.grouped, board.free_first, least, board.hangs)


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


MEMBERS: dict[str, Callable[[str, Census], Shown]] = {
    "door": door,
    "doors": doors,
    "lobby": board,
    "phone": door,
    "floor": floor,
}


def members(display: str, slug: str, census: Census) -> Shown:
    """Return what a screen shows. Raises NotFound when there is no such display, or nothing of that slug for it."""
    if display not in MEMBERS:
        raise NotFound(f"There is no display called {display!r}.")
    shown = MEMBERS[display](slug, census)
    themes = {one.room.policy.theme for one in shown.rooms}
    worn = {"look": census.look_version(), "theme": themes.pop()} if len(themes) == 1 else census.look()
    return replace(shown, frame=shown.frame | worn)
