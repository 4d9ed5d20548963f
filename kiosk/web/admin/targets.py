"""For which screens somebody may write: the organisation, buildings, floors, rooms and single screens, by choice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from kiosk.schedule.model import Room
from kiosk.schedule.notice import BOARDS, ORGANISATION, Notice, Target, floor_of, listens
from kiosk.store import rooms, screens
from kiosk.store.database import Store
from kiosk.store.rooms import StoredRoom
from kiosk.store.screens import SeenScreen
from kiosk.web.identity import Identity, may_act


@dataclass(frozen=True, slots=True)
class Choice:
    """A target that may be chosen; `group`: the heading it stands under, `word`: how a form names it."""

    target: Target
    group: str
    text: str

    @property
    def word(self) -> str:
        """Return what a form sends."""
        return quote(self.target.key, safe="")


def choices(store: Store, who: Identity, now: datetime) -> list[Choice]:
    """Return what somebody may choose: a manager only what has no room but theirs."""
    every = _rooms(store)
    known = [one.room for one in every]
    theirs = {one.room.slug for one in every if may_act(who, one)}
    found = [_whole()] if who.role == "admin" else []
    found += [_building(name) for name in _names(known, theirs, lambda room: (room.building,))]
    found += [_floor(*name) for name in _names(known, theirs, _floor_name)]
    found += [Choice(Target("room", room.slug), "Rooms", room.name) for room in known if room.slug in theirs]
    return found + ([_screen(one) for one in _boards(store, now)] if who.role == "admin" else [])


def concerns(who: Identity, one: Notice, store: Store) -> bool:
    """Tell whether somebody sees a notice in their list: managers what is for their rooms, too."""
    if who.role != "manager":
        return True
    mine = [stored.room for stored in _rooms(store) if may_act(who, stored)]
    heard: set[str] = set().union(*(listens("door", room.slug, [room]) for room in mine))
    return one.target.key in heard


def named(target: Target) -> str:
    """Return a target as the administration's pages name it."""
    return "everywhere" if target == ORGANISATION else str(target)


def reached(store: Store, target: Target, now: datetime) -> list[SeenScreen]:
    """Return the screens that are part of a target."""
    with store.read() as db:
        return [one for one in screens.every(db, now) if target.key in one.hears]


def _rooms(store: Store) -> list[StoredRoom]:
    with store.read() as db:
        return rooms.every(db)


def _names(known: list[Room], theirs: set[str], name_of: Callable[[Room], tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Return the names, in order, of the places of which every room is somebody's."""
    found: dict[tuple[str, ...], bool] = {}
    for room in known:
        name = name_of(room)
        found[name] = found.get(name, True) and room.slug in theirs
    return sorted(name for name, is_theirs in found.items() if is_theirs and all(name))


def _floor_name(room: Room) -> tuple[str, str]:
    return room.building, room.floor


def _whole() -> Choice:
    return Choice(ORGANISATION, "", "Everywhere")


def _building(name: tuple[str, ...]) -> Choice:
    return Choice(Target("building", name[0]), "Buildings", name[0])


def _floor(building: str, floor: str) -> Choice:
    return Choice(floor_of(building, floor), "Floors", f"{building}, floor {floor}")


def _screen(channel: str) -> Choice:
    return Choice(Target("screen", channel), "Boards", channel)


def _boards(store: Store, now: datetime) -> list[str]:
    """Return the boards that hang somewhere, and the one of all rooms."""
    with store.read() as db:
        seen = screens.every(db, now)
    return sorted({"lobby/all"} | {f"{one.display}/{one.slug}" for one in seen if one.display in BOARDS})
