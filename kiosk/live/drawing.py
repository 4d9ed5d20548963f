"""Scenes drawn as the small JSON that pages play: deduplicated fragments of HTML and a version."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
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
MOST_FRAGMENTS = 20_000


class TrackJson(TypedDict):
    """A room's scenes on the wire, with the HTML of every part they name; `other`: the same in a second language."""

    version: str
    scenes: list[dict[str, Any]]
    parts: dict[str, str]
    other: NotRequired[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A room's track on one display: all its scenes, and what each part looks like, in a second language too.

    `draw`: draws a part, in every language; a part is drawn when somebody is to see it.
    """

    version: str
    scenes: tuple[Scene, ...]
    names: dict[Part, str]
    draw: Callable[[Part], tuple[str, ...]]
    _made: dict[Part, tuple[str, ...]] = field(default_factory=dict)

    def html(self, part: Part) -> tuple[str, ...]:
        """Return what a part looks like in each language."""
        found = self._made.get(part)
        if found is None:
            found = self._made[part] = self.draw(part)
        return found


class Painter:
    """Draws scenes, remembering fragments so that a change draws only what is new."""

    def __init__(self, draw: Draw, salt: str, other: Draw | None = None) -> None:
        """`salt` is whatever changes the drawing besides the scenes: the build, the languages. `other` draws too."""
        self._languages = (draw, other) if other else (draw,)
        self._salt = salt
        self._fragments: OrderedDict[tuple[object, ...], str] = OrderedDict()

    def version(self, display: Display, room: Room, home: ZoneInfo, scenes: Sequence[Scene]) -> str:
        """Return the digest of all that decides the picture."""
        # Scenes share most of their parts: each is written out once.
        names = _names(scenes)
        brief = [replace(one, slots=tuple((slot, names[slot, value]) for slot, value in one.slots)) for one in scenes]
        return digest(self._salt, display.name, repr(room), home.key, repr([*names]), repr(brief))

    def paint(
        self, display: Display, room: Room, home: ZoneInfo, scenes: tuple[Scene, ...], now: datetime, version: str = ""
    ) -> Drawn:
        """Draw the scenes that are not over at `now`, for a screen that hangs in the zone `home`.

        `version`: theirs, where it is known already.
        """
        current = coming(scenes, now)

        def drawn(part: Part) -> tuple[str, ...]:
            return tuple(self._fragment(draw, display, *part, room, home) for draw in self._languages)

        return Drawn(version or self.version(display, room, home, scenes), current, _names(current), drawn)

    def _fragment(self, draw: Draw, display: Display, slot: str, value: object, room: Room, home: ZoneInfo) -> str:
        key = (draw is self._languages[0], display.fragments, slot, value, room, home.key)
        html = self._fragments.get(key)
        if html is None:
            html = draw(display.fragments, slot, value, room, home)
            self._fragments[key] = html
            if len(self._fragments) > MOST_FRAGMENTS:
                self._fragments.popitem(last=False)
        return html


def _names(scenes: Sequence[Scene]) -> dict[Part, str]:
    """Return a short name for each part of scenes, in the order in which they come."""
    names: dict[Part, str] = {}
    for scene in scenes:
        for part in scene.slots:
            names.setdefault(part, f"p{len(names)}")
    return names


def digest(*texts: str) -> str:
    """Return a short digest of texts."""
    return hashlib.sha256("\x00".join(texts).encode()).hexdigest()[:16]


def coming(scenes: Sequence[Scene], now: datetime) -> tuple[Scene, ...]:
    """Return the scene of this moment and all that follow."""
    past = sum(1 for _, following in pairwise(scenes) if following.start <= now)
    return tuple(scenes[past:])


def track_json(drawn: Drawn, now: datetime, ahead: timedelta | None = None) -> TrackJson:
    """Return what the page plays from `now` on; `ahead`: nothing that begins later than so much after `now`."""
    come = coming(drawn.scenes, now)
    scenes = [one for one in come if ahead is None or one is come[0] or one.start <= now + ahead]
    used = {drawn.names[part]: drawn.html(part) for scene in scenes for part in scene.slots}
    parts, other = ({name: each[place] for name, each in used.items() if place < len(each)} for place in (0, 1))
    track = TrackJson(version=drawn.version, scenes=[_scene_json(scene, drawn) for scene in scenes], parts=parts)
    return {**track, "other": other} if other else track


def current_scene(drawn: Drawn, now: datetime) -> Scene:
    """Return the scene of this moment."""
    return coming(drawn.scenes, now)[0]


def current_slots(drawn: Drawn, now: datetime) -> tuple[Scene, dict[str, str]]:
    """Return the scene of this moment and the HTML of its slots."""
    scene = current_scene(drawn, now)
    return scene, {part[0]: drawn.html(part)[0] for part in scene.slots}


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
