"""Which rooms each kind of screen shows, and what belongs to such a screen as a whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from kiosk.errors import NotFound
from kiosk.schedule.policy import DEFAULT
from kiosk.store import look, policies, rooms
from kiosk.store.database import Store
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
    _look: dict[str, str] | None = None

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

    def look(self) -> dict[str, str]:
        """Return the version of the organisation's look, and the theme of screens whose rooms do not agree on one."""
        if self._look is None:
            with self.store.read() as db:
                theme = policies.organisation(db).get("theme", DEFAULT.theme)
                self._look = {"look": look.version(db), "theme": theme}
        return self._look


def door(slug: str, census: Census) -> Shown:
    """Return what a door shows: the room whose slug it is. Raises NotFound."""
    return Shown([census.one(slug)])


def board(slug: str, census: Census) -> Shown:
    """Return what a board shows. Raises NotFound."""
    if slug != ALL_ROOMS:
        raise NotFound(f"There is no board called {slug!r}; {ALL_ROOMS!r} shows every room.")
    return Shown(census.every())


MEMBERS: dict[str, Callable[[str, Census], Shown]] = {"door": door, "lobby": board}


def members(display: str, slug: str, census: Census) -> Shown:
    """Return what a screen shows. Raises NotFound when there is no such display, or nothing of that slug for it."""
    if display not in MEMBERS:
        raise NotFound(f"There is no display called {display!r}.")
    shown = MEMBERS[display](slug, census)
    themes = {one.room.policy.theme for one in shown.rooms}
    agreed = {"theme": themes.pop()} if len(themes) == 1 else {}
    return Shown(shown.rooms, shown.frame | census.look() | agreed)
