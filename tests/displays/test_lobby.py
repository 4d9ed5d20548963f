"""What a room's row on a board shows."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from typing import Any

from hypothesis import given

from displays.lobby import place, project
from kiosk.schedule.availability import situation
from kiosk.schedule.model import Booking, Room
from tests.displays.rooms import OAK, awaiting, hours, lasting, opened, rooms, shown, slot
from tests.schedule.values import BERLIN, at, booked, quick, schedules

NOON = at("11:00")


def seen(*bookings: Booking) -> Any:
    return slot(shown(project(OAK, bookings, NOON), NOON), "row")


@quick
@given(schedules(hours=30), rooms, hours, hours)
def test_at_every_moment_a_row_shows_what_the_schedule_says(
    bookings: list[Booking], room: Room, now: datetime, moment: datetime
) -> None:
    scenes = project(room, bookings, now)
    assert all(one.start < other.start for one, other in pairwise(scenes))
    if scenes[0].start <= moment < scenes[-1].start:
        status = situation(bookings, moment, room.policy).status
        assert (shown(scenes, moment).status, slot(shown(scenes, moment), "row").status) == (status, status)


def test_a_busy_row_names_the_booking_under_way() -> None:
    assert (
        seen(lasting(at("10:30"), 1, title="Sprint"), lasting(at("12:00"), 1, "b", title="Later")).use.title == "Sprint"
    )


def test_a_free_row_names_what_follows_today() -> None:
    assert seen(lasting(at("12:00"), 1, title="Later")).use.title == "Later"


def test_a_free_row_says_nothing_of_tomorrow() -> None:
    assert seen(lasting(at("08:00", days=1), 1)).use is None


def test_a_row_says_that_a_check_in_is_awaited_and_until_when_the_room_is_booked() -> None:
    row = seen(awaiting(booked("10:50", "12:00"), opens="10:40", due="11:05"))
    assert (row.status, row.until.at) == ("checkin", at("12:00"))


def test_a_closed_row_says_when_the_room_opens_and_what_comes_then() -> None:
    first = lasting(at("12:00"), 1, title="First")
    row = slot(shown(project(opened("13:00-19:00"), [first], NOON), NOON), "row")
    assert (row.status, row.until.at, row.use.title) == ("closed", at("12:00"), "First")


def test_after_the_days_it_knows_a_row_says_that_the_schedule_is_unknown() -> None:
    last = project(OAK, [booked("10:00", "12:00")], NOON)[-1]
    assert (last.status, slot(last, "row").known) == ("closed", False)


def test_rooms_are_sorted_by_building_floor_and_name_as_people_count() -> None:
    wanted = [("A", "2", "Room 2"), ("A", "2", "room 10"), ("A", "10", "Elm"), ("B", "1", "Ash")]
    keys = [place(Room("x", name, BERLIN, building, floor)) for building, floor, name in wanted]
    assert keys == sorted(keys)


def test_a_room_keeps_its_place_whatever_happens_in_it() -> None:
    orders = {scene.order for scene in project(OAK, [booked("10:00", "12:00")], NOON)}
    assert orders == {place(OAK)}
