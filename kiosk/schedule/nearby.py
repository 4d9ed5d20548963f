"""Which of several free rooms suits best in place of another one."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from kiosk.schedule.model import Room

# Free for an hour more than wished is as good as free for ever.
MARGINS = (timedelta(minutes=60), timedelta(minutes=30), timedelta(minutes=15), timedelta(0))
FLOOR_UNKNOWN = 1000
Direction = Literal["same", "up", "down", "floor", "building", ""]
GROUND = frozenset({"ground", "g", "gf", "eg", "erdgeschoss", "parterre", "rdc", "rez", "pb", "baja", "terra"})
BELOW = frozenset({"b", "basement", "ug", "untergeschoss", "keller", "kg", "sub", "cellar", "ss"})


@dataclass(frozen=True, slots=True)
class Candidate:
    """A room that could be had instead; `free_until`: when it stops being free, None when nothing known ends that."""

    room: Room
    free_until: datetime | None


def rank(
    candidates: Iterable[Candidate],
    wanted: Room,
    start: datetime,
    end: datetime,
    people: int | None = None,
    equipment: Collection[str] = (),
) -> list[Candidate]:
    """Return the candidates, the one that suits best first, in place of `wanted` for [start, end).

    In this order: the same building; how long it is free beyond the wish, by the classes of `MARGINS`, then for half of
    the wish at least; the same floor, then the nearer one; room enough for `people` (or as many as `wanted` has), and
    the least too much of it; the fewest things missing of `equipment` (or of what `wanted` has); the name, and the slug
    where even that is the same.
    """
    need = people or wanted.capacity
    things = {_plain(thing) for thing in equipment or wanted.equipment}

    def key(one: Candidate) -> tuple[object, ...]:
        return (
            _plain(one.room.building) != _plain(wanted.building),
            _margin(one, start, end),
            *_way(one.room.floor, wanted.floor),
            *_fit(one.room.capacity, need),
            len(things - {_plain(thing) for thing in one.room.equipment}),
            _plain(one.room.name),
            one.room.slug,
        )

    return sorted(candidates, key=key)


def reachable(room: Room, wanted: Room, moment: datetime) -> bool:
    """Tell whether somebody before `wanted` could go to a room: where clocks show another time is another town."""
    if wanted.building.strip() and _plain(room.building) == _plain(wanted.building):
        return True
    return moment.astimezone(room.zone).utcoffset() == moment.astimezone(wanted.zone).utcoffset()


def level(floor: str) -> int | None:
    """Return a floor's height above ground, 0 for the ground floor; None when its name does not tell.

    Understands "2", "2nd floor", "1. OG", "Ground", "EG", "B1" and "-1".
    """
    text = floor.casefold().replace("\u2212", "-")
    words = set(re.findall(r"[^\W\d_]+", text))
    number = re.search(r"(?<!\w)-\d+|\d+", text)
    if number:
        height = int(number[0])
        return -abs(height) if words & BELOW else height
    if words & BELOW:
        return -1
    return 0 if words & GROUND else None


def way(room: Room, wanted: Room) -> tuple[Direction, int]:
    """Return in which direction a room lies from `wanted`, and how many floors away.

    "same": on the same floor, where floors are named at all; "floor": on another one, nobody knows how far;
    "building": in another building; "": nobody has said where the rooms are.
    """
    if _plain(room.building) != _plain(wanted.building):
        return "building", 0
    if _plain(room.floor) == _plain(wanted.floor):
        return ("same" if room.floor.strip() else ""), 0
    here, there = level(wanted.floor), level(room.floor)
    if here is None or there is None or here == there:
        return "floor", 0
    return ("up" if there > here else "down"), abs(there - here)


def _margin(one: Candidate, start: datetime, end: datetime) -> int:
    if one.free_until is None:
        return 0
    spare = one.free_until - end
    classes = (*MARGINS, -(end - start) / 2)
    return next((place for place, margin in enumerate(classes) if spare >= margin), len(classes))


def _way(floor: str, wanted: str) -> tuple[bool, int]:
    if _plain(floor) == _plain(wanted):
        return False, 0
    here, there = level(floor), level(wanted)
    return True, FLOOR_UNKNOWN if here is None or there is None else abs(here - there)


def _fit(capacity: int, need: int) -> tuple[int, int]:
    """Rooms with enough places come first, then those of which nobody knows, then those with too few."""
    if not capacity:
        return (1 if need else 0), 0
    return (0 if capacity >= need else 2), abs(capacity - need)


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
