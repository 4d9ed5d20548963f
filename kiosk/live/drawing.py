"""Scenes drawn as the small JSON that pages play: deduplicated fragments of HTML and a version."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any, NotRequired, TypedDict
from zoneinfo import ZoneInfo

from displays import Display, Scene
from kiosk import clock
from kiosk.schedule.model import Room

# (template with one macro per slot, slot, value, room, zone of the place it hangs in) -> HTML
Draw = Callable[[str, str, object, Room, ZoneInfo], str]
MOST_FRAGMENTS = 20_000


class TrackJson(TypedDict):
    """A room's scenes on the wire, with the HTML of every part they name; `other`: the same in a second language."""

    version: str
    scenes: list[dict[str, Any]]
    parts: dict[str, str]
    other: NotRequired[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A room's track on one display: all its scenes, and what each part looks like, in a second language too."""

    version: str
    scenes: tuple[Scene, ...]
    parts: dict[str, str]
    names: dict[tuple[str, object], str]
    other: dict[str, str] = field(default_factory=dict)


class Painter:
    """Draws scenes, remembering fragments so that a change draws only what is new."""

    def __init__(self, draw: Draw, salt: str, other: Draw | None = None) -> None:
        """`salt` is whatever changes the drawing besides the scenes: the build, the languages. `other` draws too."""
        self._draw = draw
        self._other = other
        self._salt = salt
        self._fragments: OrderedDict[tuple[object, ...], str] = OrderedDict()

    def version(self, display: Display, room: Room, home: ZoneInfo, scenes: Sequence[Scene]) -> str:
        """Return the digest of all that decides the picture."""
        return digest(self._salt, display.name, repr(room), home.key, repr(scenes))

    def paint(self, display: Display, room: Room, home: ZoneInfo, scenes: tuple[Scene, ...], now: datetime) -> Drawn:
        """Draw the scenes that are not over at `now`, for a screen that hangs in the zone `home`."""
        current = coming(scenes, now)
        names: dict[tuple[str, object], str] = {}
        for scene in current:
            for part in scene.slots:
                names.setdefault(part, f"p{len(names)}")

        def drawn(draw: Draw) -> dict[str, str]:
            return {name: self._fragment(draw, display, *part, room, home) for part, name in names.items()}

        other = drawn(self._other) if self._other else {}
        return Drawn(self.version(display, room, home, scenes), current, drawn(self._draw), names, other)

    def _fragment(self, draw: Draw, display: Display, slot: str, value: object, room: Room, home: ZoneInfo) -> str:
        key = (draw is self._other, display.fragments, slot, value, room, home.key)
        html = self._fragments.get(key)
        if html is None:
            html = draw(display.fragments, slot, value, room, home)
            self._fragments[key] = html
            if len(self._fragments) > MOST_FRAGMENTS:
                self._fragments.popitem(last=False)
        return html


def digest(*texts: str) -> str:
    """Return a short digest of texts."""
    return hashlib.sha256("\x00".join(texts).encode()).hexdigest()[:16]


def coming(scenes: Sequence[Scene], now: datetime) -> tuple[Scene, ...]:
    """Return the scene of this moment and all that follow."""
    past = sum(1 for _, following in pairwise(scenes) if following.start <= now)
    return tuple(scenes[past:])


def track_json(drawn: Drawn, now: datetime) -> TrackJson:
    """Return what the page plays from `now` on."""
    scenes = coming(drawn.scenes, now)
    used = {drawn.names[pair] for scene in scenes for pair in scene.slots}
    parts, other = ({name: html for name, html in all_.items() if name in used} for all_ in (drawn.parts, drawn.other))
    track = TrackJson(version=drawn.version, scenes=[_scene_json(scene, drawn) for scene in scenes], parts=parts)
    return {**track, "other": other} if other else track


def current_slots(drawn: Drawn, now: datetime) -> tuple[Scene, dict[str, str]]:
    """Return the scene of this moment and the HTML of its slots."""
    scene = coming(drawn.scenes, now)[0]
    return scene, {slot: drawn.parts[drawn.names[slot, value]] for slot, value in scene.slots}


def _scene_json(scene: Scene, drawn: Drawn) -> dict[str, Any]:
    since = {"free": clock.iso(scene.free)} if scene.free else {}
    return {
        "from": clock.iso(scene.start),
        "status": scene.status,
        "order": scene.order,
        "night": scene.night,
        "slots": {slot: drawn.names[slot, value] for slot, value in scene.slots},
        **since,
    }
