"""A room on somebody's phone: what its door shows, but whoever has signed in may book where only people may."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from displays import door
from displays.scene import Scene, merged
from kiosk.schedule.model import Booking, Message, Room

# Problems are reported where somebody stands before the room.
SLOTS = tuple(name for name in door.SLOTS if name != "report")


def project(
    room: Room, bookings: Sequence[Booking], now: datetime, messages: Sequence[Message] = ()
) -> tuple[Scene, ...]:
    """Return the scenes of a room over its local day of `now` and the next one, as its door has them.

    On a phone people say who they are by signing in, whether or not they may do so by a PIN at the door.
    """
    named = replace(room, policy=replace(room.policy, names=True))
    return merged([_part(scene) for scene in door.project(named, bookings, now, messages)])


def unknown(room: Room, moment: datetime) -> Scene:
    """Return the scene that says, from a moment on, that nothing is known of the room."""
    return _part(door.unknown(room, moment))


def _part(scene: Scene) -> Scene:
    return replace(scene, slots=tuple((name, value) for name, value in scene.slots if name in SLOTS))
