"""Two or three doors on one screen: of each the status, the bookings, and its main act."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from displays import door
from displays.deeds import Deed
from displays.door import Actions, Choice
from displays.scene import Scene, merged
from kiosk.schedule.model import Booking, Message, Room

SLOTS = ("status", "note", "now", "next", "actions")
# So many buttons have their size in a third of the smallest screen.
MOST = 3


def project(
    room: Room, bookings: Sequence[Booking], now: datetime, messages: Sequence[Message] = ()
) -> tuple[Scene, ...]:
    """Return the scenes of one room's part over its local day of `now` and the next one."""
    return merged([_part(scene) for scene in door.project(room, bookings, now, messages)])


def unknown(room: Room, moment: datetime) -> Scene:
    """Return the scene that says, from a moment on, that nothing is known of the room."""
    return _part(door.unknown(room, moment))


def _part(scene: Scene) -> Scene:
    return replace(scene, slots=tuple((name, _short(value)) for name, value in scene.slots if name in SLOTS))


def _short(value: object) -> object:
    """Leave of what can be done what has its place."""
    if not isinstance(value, Actions):
        return value
    deeds = _main(value.deeds, MOST - bool(value.choices))
    choices = _few(value.choices, MOST - len(deeds))
    # Asking for one's name first takes a button of its own; where only people may book, every button asks.
    names = "room" if value.names == "either" else value.names
    return replace(value, choices=choices, deeds=deeds, names=names, others=False)


def _few(choices: tuple[Choice, ...], most: int) -> tuple[Choice, ...]:
    """Return the shortest ones and the longest one."""
    return choices if len(choices) <= most else (*choices[: most - 1], choices[-1])


def _main(deeds: tuple[Deed, ...], most: int) -> tuple[Deed, ...]:
    """Return what the screen asks for, and what else has its place."""
    return tuple(sorted(deeds, key=lambda deed: not deed.loud)[:most])
