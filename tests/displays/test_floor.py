"""What a room's label and line on a plan show, and in which order free rooms are looked for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hypothesis import given

from displays.floor import project
from kiosk.schedule.availability import situation
from kiosk.schedule.model import Booking, Room
from tests.displays.rooms import OAK, hours, lasting, opened, rooms, shown, slot
from tests.schedule.values import at, booked, quick, schedules

NOON = at("11:00")


def seen(name: str, *bookings: Booking, room: Room = OAK) -> Any:
    return slot(shown(project(room, bookings, NOON), NOON), name)


def order(*bookings: Booking, room: Room = OAK) -> str:
    return shown(project(room, bookings, NOON), NOON).order


@quick
@given(schedules(hours=30), rooms, hours, hours)
def test_at_every_moment_label_and_line_show_what_the_schedule_says(
    bookings: list[Booking], room: Room, now: datetime, moment: datetime
) -> None:
    scenes = project(room, bookings, now)
    if scenes[0].start <= moment < scenes[-1].start:
        scene, status = shown(scenes, moment), situation(bookings, moment, room.policy).status
        assert {scene.status, slot(scene, "label").status, slot(scene, "row").status} == {status}


def test_a_label_says_until_when_and_never_what() -> None:
    label = seen("label", lasting(at("10:30"), 1, title="Sprint"))
    assert (label.status, label.until.at) == ("busy", at("11:30"))
    assert not hasattr(label, "use")


def test_a_line_names_the_booking_under_way_or_the_next_today() -> None:
    assert seen("row", lasting(at("10:30"), 1, title="Sprint")).use.title == "Sprint"
    assert seen("row", lasting(at("12:00"), 1, title="Later")).use.title == "Later"
    assert seen("row", lasting(at("08:00", days=1), 1)).use is None


def test_free_rooms_come_before_those_soon_taken_and_those_that_end_first_before_others() -> None:
    free, soon = order(), order(booked("11:10", "12:00"))
    first, second = order(booked("10:00", "11:30")), order(booked("10:00", "13:00"))
    closed = order(room=opened("14:00-19:00"))
    assert [free, soon, first, second] == sorted([second, closed, first, soon, free])[:4]


def test_after_the_days_it_knows_a_room_is_unknown_and_comes_last() -> None:
    last = project(OAK, [], NOON)[-1]
    assert (last.status, slot(last, "label").known, slot(last, "row").known) == ("closed", False, False)
    assert last.order > order(booked("10:00", "13:00"))
