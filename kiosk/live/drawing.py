"""Scenes drawn as the small JSON that pages play: deduplicated fragments of HTML and a version."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise
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


class TrackJson(TypedDict):
    """A room's scenes on the wire, with the HTML of every part they name; `other`: the same in a second language."""

    version: str
    scenes: list[dict[str, Any]]
    parts: dict[str, str]
    other: NotRequired[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A room's track on one display: all its scenes, and what each part looks like, in a second language too.

    `place`: what decides, beside a part itself, how it looks. `names`: of each scene's slots, in their order, the short
    name of the part that is in it; `parts`: each by its name. `draw`: draws a part, in every language; a part is drawn
    when somebody is to see it, and kept as long as the room's picture has it.
    """

    version: str
    place: tuple[str, ...]
    scenes: tuple[Scene, ...]
    names: tuple[tuple[str, ...], ...]
    parts: dict[str, Part]
    draw: Callable[[Part], tuple[str, ...]]
    _made: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def html(self, name: str) -> tuple[str, ...]:
        """Return what a part looks like in each language."""
        found = self._made.get(name)
        if found is None:
            found = self._made[name] = self.draw(self.parts[name])
        return found

    def made(self) -> dict[Part, tuple[str, ...]]:
        """Return what has been drawn, by part."""
        return {self.parts[name]: found for name, found in self._made.copy().items()}

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
        names, parts = _named(scenes)
        version = self._version(display, room, home, scenes, names, parts)
        if kept and kept.version == version:
            return kept
        past = _past(scenes, now)
        current, left = _renamed(names[past:], parts)
        place = (display.fragments, _written(room), home.key)

        def drawn(part: Part) -> tuple[str, ...]:
            return tuple(draw(display.fragments, *part, room, home) for draw in self._languages)

        before = kept.made() if kept and kept.place == place else {}
        known = {name: before[part] for name, part in left.items() if part in before} if before else {}
        return Drawn(version, place, scenes[past:], current, left, drawn, known)

    def _version(
        self,
        display: Display,
        room: Room,
        home: ZoneInfo,
        scenes: Sequence[Scene],
        names: Sequence[tuple[str, ...]],
        parts: dict[str, Part],
    ) -> str:
        """Return the digest of all that decides the picture."""
        # Scenes share most of their parts: each is written out once.
        brief = [(replace(scene, slots=()), held) for scene, held in zip(scenes, names, strict=True)]
        written = repr([*parts.values()]), repr(brief)
        return digest(self._salt, display.name, _written(room), home.key, *written)


@lru_cache(maxsize=MOST_ROOMS)
def _written(room: Room) -> str:
    """Return all of a room as a text, which is compared in less time than the room itself."""
    return repr(room)


def _named(scenes: Sequence[Scene]) -> tuple[tuple[tuple[str, ...], ...], dict[str, Part]]:
    """Return short names of each scene's parts, and each part by its name, in the order in which they come.

    Parts that are equal have one name. Most are the very object that was named before: the rest is compared.
    """
    known: dict[Part, str] = {}
    same: dict[tuple[str, int], str] = {}

    def name(part: Part) -> str:
        one = part[0], id(part[1])
        found = same.get(one)
        if found is None:
            found = same[one] = known.setdefault(part, f"p{len(known)}")
        return found

    names = tuple(tuple([name(part) for part in scene.slots]) for scene in scenes)
    return names, {name: part for part, name in known.items()}


def _renamed(
    names: Sequence[tuple[str, ...]], parts: dict[str, Part]
) -> tuple[tuple[tuple[str, ...], ...], dict[str, Part]]:
    """Return names as those of scenes before which there are no others, and the parts that they have."""
    new: dict[str, str] = {}
    renamed = tuple(tuple([new.setdefault(name, f"p{len(new)}") for name in held]) for held in names)
    return renamed, {now: parts[before] for before, now in new.items()}


def digest(*texts: str) -> str:
    """Return a short digest of texts."""
    return hashlib.sha256("\x00".join(texts).encode()).hexdigest()[:16]


def _past(scenes: Sequence[Scene], now: datetime) -> int:
    """Return how many scenes are over."""
    return sum(1 for _, following in pairwise(scenes) if following.start <= now)


def track_json(drawn: Drawn, now: datetime, ahead: timedelta | None = None) -> TrackJson:
    """Return what the page plays from `now` on; `ahead`: nothing that begins later than so much after `now`."""
    first = drawn.at(now)
    come = [*zip(drawn.scenes, drawn.names, strict=True)][first:]
    told = [one for one in come if ahead is None or one is come[0] or one[0].start <= now + ahead]
    used = {name: drawn.html(name) for _scene, names in told for name in names}
    parts, other = ({name: each[place] for name, each in used.items() if place < len(each)} for place in (0, 1))
    track = TrackJson(version=drawn.version, scenes=[_scene_json(*one) for one in told], parts=parts)
    return {**track, "other": other} if other else track


def current_scene(drawn: Drawn, now: datetime) -> Scene:
    """Return the scene of this moment."""
    return drawn.scenes[drawn.at(now)]


def current_slots(drawn: Drawn, now: datetime) -> tuple[Scene, dict[str, str]]:
    """Return the scene of this moment and the HTML of its slots."""
    here = drawn.at(now)
    scene, names = drawn.scenes[here], drawn.names[here]
    return scene, {slot: drawn.html(name)[0] for (slot, _), name in zip(scene.slots, names, strict=True)}


def _scene_json(scene: Scene, names: tuple[str, ...]) -> dict[str, Any]:
    since = {"free": clock.iso(scene.free)} if scene.free else {}
    return {
        "from": clock.iso(scene.start),
        "status": scene.status,
        "order": scene.order,
        "night": scene.night,
        "slots": {slot: name for (slot, _), name in zip(scene.slots, names, strict=True)},
        **since,
    }
