"""Rooms, and short ways to ask what a display shows of them at a moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from displays import Scene
from kiosk.schedule.hours import parse
from kiosk.schedule.model import Booking, CheckIn, Policy, Room
from kiosk.schedule.timeline import local_day
from tests.schedule.values import BERLIN, MONDAY, ZONES, at

OAK = Room("oak", "Oak", BERLIN, building="Main building", floor="2")

# Hours of two local days, whatever the zone: what a screen of the tests' Monday can be asked for.
hours = st.integers(0, 47 * 60).map(lambda minutes: MONDAY + timedelta(minutes=minutes))
rooms = st.sampled_from(ZONES).map(lambda zone: Room("oak", "Oak", zone))


def start_of(room: Room, day: date) -> datetime:
    return local_day(day, room.zone).start


def shown(scenes: Sequence[Scene], moment: datetime) -> Scene:
    """The scene whose time has come."""
    return [scene for scene in scenes if scene.start <= moment][-1]


def slot(scene: Scene, name: str) -> Any:
    return dict(scene.slots)[name]


def lasting(start: datetime, hours: float, id: str = "a", **more: Any) -> Booking:
    return Booking(id, start, start + timedelta(hours=hours), **more)


def opened(hours: str) -> Room:
    """Oak, bookable at those hours only."""
    return replace(OAK, policy=Policy(hours=parse(hours)))


def awaiting(booking: Booking, opens: str, due: str) -> Booking:
    """The booking, for which somebody must check in."""
    return replace(booking, check_in=CheckIn(at(opens), at(due)))
