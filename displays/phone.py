"""A room on somebody's phone: what its door shows, but whoever has signed in may book where only people may."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from displays import door
from displays.scene import Scene
from kiosk.schedule.model import Booking, Message, Room

SLOTS = door.SLOTS


def project(
    room: Room, bookings: Sequence[Booking], now: datetime, messages: Sequence[Message] = ()
) -> tuple[Scene, ...]:
    """Return the scenes of a room over its local day of `now` and the next one, as its door has them.

    On a phone people say who they are by signing in, whether or not they may do so by a PIN at the door.
    """
    named = replace(room, policy=replace(room.policy, names=True))
    return door.project(named, bookings, now, messages)


def unknown(room: Room, moment: datetime) -> Scene:
    """Return the scene that says, from a moment on, that nothing is known of the room."""
    return door.unknown(room, moment)
