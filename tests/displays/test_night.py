"""When the screens of a room may be dimmed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from displays import REGISTRY, Scene
from kiosk.schedule.hours import is_open, parse
from kiosk.schedule.model import Booking, Policy, Room
from tests.displays.rooms import OAK, hours, opened, rooms, shown
from tests.schedule.values import active, at, booked, quick, schedules

OFFICE = parse("Mon-Fri 07:00-19:00")
both = pytest.mark.parametrize("display", ["door", "lobby"])


def scenes(display: str, room: Room, *bookings: Booking) -> tuple[Scene, ...]:
    return REGISTRY[display].scenes(room, bookings, at("09:00"))


@both
@quick
@given(schedules(hours=30), rooms, hours)
def test_it_is_night_outside_of_the_hours_while_nobody_has_the_room(
    display: str, bookings: list[Booking], room: Room, moment: object
) -> None:
    found = scenes(display, replace(room, policy=Policy(hours=OFFICE)), *bookings)
    if found[0].start <= moment < found[-1].start:  # type: ignore[operator]
        wanted = not is_open(OFFICE, moment, room.zone) and not active(bookings, moment)  # type: ignore[arg-type]
        assert shown(found, moment).night == wanted  # type: ignore[arg-type]


@both
def test_a_room_without_hours_has_no_night(display: str) -> None:
    assert not any(scene.night for scene in scenes(display, OAK, booked("10:00", "11:00")))


@both
def test_a_room_that_is_always_light_has_no_night(display: str) -> None:
    room = replace(OAK, policy=Policy(hours=OFFICE, light="always"))
    assert not any(scene.night for scene in scenes(display, room))


@both
def test_hours_of_light_go_before_the_hours_in_which_the_room_is_open(display: str) -> None:
    room = replace(OAK, policy=Policy(hours=OFFICE, light=parse("Mon-Fri 06:30-20:00")))
    found = scenes(display, room)
    clocks = ("05:29", "05:30", "18:59", "19:00")
    assert [shown(found, at(clock)).night for clock in clocks] == [True, False, False, True]


@both
def test_what_is_not_known_is_no_night(display: str) -> None:
    assert not scenes(display, opened("07:00-19:00"))[-1].night
