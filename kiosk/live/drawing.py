"""Scenes drawn as the small JSON that pages play: deduplicated fragments of HTML and a version."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from operator import attrgetter
from typing import Any, NotRequired, TypedDict
from zoneinfo import ZoneInfo

from displays import Display, Scene
from kiosk import clock
from kiosk.schedule.model import Room

# (template with one macro per slot, slot, value, room, zone of the place it hangs in) -> HTML
Draw = Callable[[str, str, object, Room, ZoneInfo], str]
# (slot, value): what one part of a picture is drawn from
Part = tuple[str, object]
MOST_ROOMS = 4096
# Returns all that a scene says beside its parts.
_facts = attrgetter(*(one.name for one in fields(Scene) if one.name != "slots"))


class TrackJson(TypedDict):
    """A room's scenes on the wire, with the HTML of every part they name; `other`: the same in a second language."""

    version: str
    scenes: list[dict[str, Any]]
    parts: dict[str, str]
    other: NotRequired[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A room's track on one display: all its scenes, and what each part looks like, in a second language too.

    `place`: what decides, beside a part itself, how it looks. `scenes`: in their slots are names of parts; `marks`: by
    name, what tells whether a part is drawn from the same. `draw`: draws a part, in every language; it is drawn when
    somebody is to see it, kept as long as the room's picture has it, and what it was drawn from is let go.

    A campus has thousands: most of what they hold is plain text, which the collector of garbage need not walk through.
    """

    version: str
    place: tuple[str, ...]
    scenes: tuple[Scene, ...]
    marks: dict[str, str]
    draw: Callable[[Part], tuple[str, ...]]
    _left: dict[str, Part]
    _made: dict[str, tuple[str, ...]]

    @property
    def is_seen(self) -> bool:
        """Whether anything of it was ever to be seen."""
        return bool(self._made)

    def html(self, name: str) -> tuple[str, ...]:
        """Return what a part looks like in each language."""
        part = self._left.get(name)
        if part is not None:
            self._made[name] = self.draw(part)
            self._left.pop(name, None)
        return self._made[name]

    def made(self) -> dict[str, tuple[str, ...]]:
        """Return what has been drawn, by the marks of the parts."""
        return {self.marks[name]: found for name, found in self._made.copy().items()}

    def at(self, now: datetime) -> int:
        """Return which scene is that of this moment."""
        return _past(self.scenes, now)


class Painter:
    """Draws scenes; of what was drawn of a room before, a change draws only what is new."""

    def __init__(self, draw: Draw, salt: str, other: Draw | None = None) -> None:
        """`salt` is whatever changes the drawing besides the scenes: the build, the languages. `other` draws too."""
        self._languages = (draw, other) if other else (draw,)
        self._salt = salt

    def paint(
        self,
        display: Display,
        room: Room,
        home: ZoneInfo,
        scenes: tuple[Scene, ...],
        now: datetime,
        kept: Drawn | None = None,
    ) -> Drawn:
        """Draw the scenes that are not over at `now`, for a screen that hangs in the zone `home`.

        `kept`: what was drawn before, which is returned where nothing differs.
        """
        held, parts = _named(scenes)
        written = {name: repr(part) for name, part in parts.items()}
        brief = repr([*zip(map(_facts, scenes), held, strict=True)])
        version = digest(self._salt, display.name, _written(room), home.key, brief, *written.values())
        if kept and kept.version == version:
            return kept
        place, past = (display.fragments, _written(room), home.key), _past(scenes, now)
        left, names = _renamed(scenes[past:], held[past:])
        marks = {name: digest(written[before]) for name, before in names.items()}

        def drawn(part: Part) -> tuple[str, ...]:
            return tuple(draw(display.fragments, *part, room, home) for draw in self._languages)

        known = kept.made() if kept and kept.place == place else {}
        made = {name: known[mark] for name, mark in marks.items() if mark in known}
        waiting = {name: parts[before] for name, before in names.items() if name not in made}
        return Drawn(version, place, left, marks, drawn, waiting, made)


@lru_cache(maxsize=MOST_ROOMS)
def _written(room: Room) -> str:
    """Return all of a room as a text, which is compared in less time than the room itself."""
    return repr(room)


def _named(scenes: Sequence[Scene]) -> tuple[list[tuple[str, ...]], dict[str, Part]]:
    """Return short names of each scene's parts, and each part by its name, in the order in which they come.

    Parts that are equal have one name. Most are the very object that was named before: the rest is compared.
    """
    known: dict[Part, str] = {}
    same: dict[tuple[str, int], str] = {}
    held = []
    for scene in scenes:
        names = []
        for part in scene.slots:
            one = part[0], id(part[1])
            name = same.get(one)
            if name is None:
                name = same[one] = known.setdefault(part, f"p{len(known)}")
            names.append(name)
        held.append(tuple(names))
    return held, {name: part for part, name in known.items()}


def _renamed(scenes: Sequence[Scene], held: Sequence[tuple[str, ...]]) -> tuple[tuple[Scene, ...], dict[str, str]]:
    """Return scenes with names in their slots, as those have before which there are no others; and by each the old."""
    pairs: dict[str, Part] = {}
    left = []
    for scene, names in zip(scenes, held, strict=True):
        for (slot, _), name in zip(scene.slots, names, strict=True):
            if name not in pairs:
                pairs[name] = slot, f"p{len(pairs)}"
        left.append(replace(scene, slots=tuple([pairs[name] for name in names])))
    return tuple(left), {str(new): old for old, (_, new) in pairs.items()}


def digest(*texts: str) -> str:
    """Return a short digest of texts."""
    return hashlib.sha256("\x00".join(texts).encode()).hexdigest()[:16]


def _past(scenes: Sequence[Scene], now: datetime) -> int:
    """Return how many scenes are over."""
    return sum(1 for _, following in pairwise(scenes) if following.start <= now)


def track_json(drawn: Drawn, now: datetime, ahead: timedelta | None = None) -> TrackJson:
    """Return what the page plays from `now` on; `ahead`: nothing that begins later than so much after `now`."""
    first = drawn.at(now)
    come = drawn.scenes[first:]
    told = [one for one in come if ahead is None or one is come[0] or one.start <= now + ahead]
    names = dict.fromkeys([str(name) for scene in told for _slot, name in scene.slots])
    used = {name: drawn.html(name) for name in names}
    parts, other = ({name: each[place] for name, each in used.items() if place < len(each)} for place in (0, 1))
    track = TrackJson(version=drawn.version, scenes=[_scene_json(one) for one in told], parts=parts)
    return {**track, "other": other} if other else track


def current_scene(drawn: Drawn, now: datetime) -> Scene:
    """Return the scene of this moment."""
    return drawn.scenes[drawn.at(now)]


def current_slots(drawn: Drawn, now: datetime) -> tuple[Scene, dict[str, str]]:
    """Return the scene of this moment and the HTML of its slots."""
    scene = current_scene(drawn, now)
    return scene, {slot: drawn.html(str(name))[0] for slot, name in scene.slots}


def _scene_json(scene: Scene) -> dict[str, Any]:
    since = {"free": clock.iso(scene.free)} if scene.free else {}
    return {
        "from": clock.iso(scene.start),
        "status": scene.status,
        "order": scene.order,
        "night": scene.night,
        "slots": dict(scene.slots),
        **since,
    }
