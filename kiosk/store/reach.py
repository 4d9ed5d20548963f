"""Which rooms a display shows, as its address says: nobody else is to be reached from the machine that shows it."""

from __future__ import annotations

from typing import Literal, get_args

from peewee import Database

from kiosk.errors import UsageError
from kiosk.store import boards, plans, rooms
from kiosk.store.rooms import StoredRoom

Display = Literal["door", "doors", "lobby", "floor"]
DISPLAYS: tuple[Display, ...] = get_args(Display)
# Between the rooms of a screen that several share, in its address.
BETWEEN = "+"
MOST_DOORS = 3


def check(db: Database, display: str, slug: str) -> None:
    """Raise UsageError unless there is such a display to be shown; NotFound when what it shows is not there."""
    if display not in DISPLAYS:
        raise UsageError(f"There is no display called {display!r}; there are {', '.join(DISPLAYS)}.")
    if display == "lobby":
        boards.find(db, slug)
    elif display == "floor":
        plans.find(db, slug)
    else:
        _doors(db, display, slug)


def slugs(db: Database, display: str, slug: str) -> frozenset[str]:
    """Return the slugs of the rooms that a display shows; none where it shows nothing any more."""
    if display in {"door", "doors"}:
        return frozenset(slug.split(BETWEEN) if display == "doors" else [slug])
    try:
        return frozenset(one.room.slug for one in _of_many(db, display, slug))
    except UsageError:
        return frozenset()


def plan_slugs(db: Database, display: str, slug: str) -> frozenset[str]:
    """Return the slugs of the plans that a display shows."""
    try:
        own = plans.find(db, slug) if display == "floor" else None
    except UsageError:
        return frozenset()
    return frozenset(one.slug for one in plans.of_building(db, own)) if own else frozenset()


def choices(db: Database) -> list[tuple[Display, str, str]]:
    """Return (display, slug, name) of everything that a machine can be given to show, but pairs of doors."""
    doors = [(DISPLAYS[0], one.room.slug, one.room.name) for one in rooms.every(db)]
    lobbies = [(DISPLAYS[2], one.slug, one.name or "All rooms") for one in boards.every(db)]
    floors = [(DISPLAYS[3], one.slug, one.name) for one in plans.every(db)]
    return [*doors, *lobbies, *floors]


def _doors(db: Database, display: str, slug: str) -> None:
    named = slug.split(BETWEEN) if display == "doors" else [slug]
    if display == "doors" and (not 2 <= len(named) <= MOST_DOORS or len(set(named)) < len(named)):
        raise UsageError(
            f"A screen of several doors shows two or {MOST_DOORS} different rooms, such as oak{BETWEEN}elm."
        )
    for one in named:
        rooms.by_slug(db, one)


def _of_many(db: Database, display: str, slug: str) -> list[StoredRoom]:
    every = rooms.every(db)
    if display == "lobby":
        board = boards.find(db, slug)
        return [one for one in every if board.has(one.room)]
    shown = {place.room_id for plan in plans.of_building(db, plans.find(db, slug)) for place in plans.places(db, plan)}
    return [one for one in every if one.id in shown]
