"""Days and the window of them that is mirrored: whole days, clock changes, midnight."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from kiosk import clock
from kiosk.sync.passes import needs_full
from tests.sync.office import ADA, DAYS, Office, at, midnight

SHAPES = pytest.mark.parametrize("as_dates", [False, True])


def whole_days(office: Office, first: date, days: int, slug: str = "oak") -> str:
    """Book whole days, end exclusive."""
    address = office.address(slug)
    return office.google.world.create(ADA, "Fair", first, first + timedelta(days=days), rooms=[address])


@SHAPES
def test_whole_day_lasts_from_midnight_to_midnight_of_the_room(office: Office, as_dates: bool) -> None:
    office.google.service.set_flag("all_day_dates", as_dates)
    day = date(2026, 8, 12)
    for slug in ("oak", "ash"):
        whole_days(office, day, 1, slug)
    office.sync()
    for slug in ("oak", "ash"):
        (booking,) = office.bookings(slug)
        zone = office.rooms[slug].room.zone
        assert booking.all_day
        assert (booking.start, booking.end) == (midnight(day, zone), midnight(day + timedelta(days=1), zone))
    office.check()


@SHAPES
@pytest.mark.parametrize(
    ("day", "days", "hours"),
    [(date(2026, 10, 25), 1, 25), (date(2027, 3, 28), 1, 23), (date(2026, 10, 23), 4, 97), (date(2027, 3, 27), 3, 71)],
)
def test_whole_days_in_which_clocks_change_have_their_true_length(
    office: Office, as_dates: bool, day: date, days: int, hours: int
) -> None:
    office.google.service.set_flag("all_day_dates", as_dates)
    office.clock.instant = datetime(day.year, day.month, day.day, 8, tzinfo=UTC)
    whole_days(office, day, days)
    office.sync()
    (booking,) = office.bookings()
    assert (booking.all_day, booking.end - booking.start) == (True, timedelta(hours=hours))
    office.check()


def test_day_without_an_end_lasts_one_day_even_when_clocks_change(office: Office) -> None:
    office.clock.instant = datetime(2026, 10, 25, 8, tzinfo=UTC)
    event = whole_days(office, date(2026, 10, 25), 1)
    day = {"date": "2026-10-25"}
    office.google.world.distort(office.address("oak"), event, start=day, end=day)
    office.sync()
    (booking,) = office.bookings()
    assert booking.end - booking.start == timedelta(hours=25)


def test_meeting_over_midnight_is_no_whole_day(office: Office) -> None:
    office.book("Night shift", 12, 8)
    office.sync()
    assert not office.bookings()[0].all_day
    office.check()


def test_meetings_at_both_ends_of_the_window_are_mirrored_and_those_beyond_are_not(office: Office) -> None:
    office.sync()
    start, end = office.stretch("oak")
    for edge in (start, end):
        office.google.world.create(ADA, "Over", edge - timedelta(hours=1), edge + timedelta(hours=1),
                                   rooms=[office.address("oak")])  # fmt: skip
    office.google.world.create(ADA, "Before", start - timedelta(hours=3), start - timedelta(hours=1),
                               rooms=[office.address("oak")])  # fmt: skip
    office.google.world.create(ADA, "Beyond", end + timedelta(hours=1), end + timedelta(hours=3),
                               rooms=[office.address("oak")])  # fmt: skip
    office.sync()
    assert office.titles() == ["Over", "Over"]
    assert office.check() == 2


def test_meeting_moved_out_of_the_window_leaves_and_comes_back(office: Office) -> None:
    office.sync()
    meeting = office.book("Review", 24)
    office.sync()
    office.google.world.move(meeting, at(24 * 60), at(24 * 60 + 1))
    office.sync()
    assert office.check() == 0
    office.google.world.move(meeting, at(24), at(25))
    office.sync()
    assert office.check() == 1


def test_window_rolls_at_midnight_and_always_reaches_as_far_as_promised(office: Office) -> None:
    office.book("Far away", 24 * 11)
    office.sync()
    assert office.check() == 0
    zone = office.rooms["oak"].room.zone
    for day in range(11, 16):
        office.clock.instant = midnight(date(2026, 8, day), zone) + timedelta(seconds=1)
        office.sync()
        wanted = clock.window(office.clock(), zone, DAYS)
        assert office.stretch("oak")[0] == wanted[0]
        assert office.stretch("oak")[1] >= wanted[1]
        office.check()
    assert office.titles() == ["Far away"]


def test_meeting_that_has_passed_out_of_the_window_is_forgotten(office: Office) -> None:
    office.book("Review", 1)
    office.sync()
    office.clock.advance(days=4)
    office.sync()
    assert office.mirror("oak") == {}


def test_midnight_makes_no_room_read_everything_anew(office: Office) -> None:
    office.clock.instant = midnight(date(2026, 8, 10), office.rooms["oak"].room.zone) - timedelta(minutes=5)
    office.sync()
    office.asked()
    office.clock.advance(minutes=10)
    office.sync()
    assert office.asked() == ["delta 200"] * 4


def test_rooms_read_everything_anew_about_once_a_day_each_at_an_hour_of_its_own(office: Office) -> None:
    office.sync("oak")
    rooms = [replace(office.progress(), calendar_id=f"room-{number}@kiosk.example") for number in range(200)]
    due = [sum(needs_full(room, office.clock() + timedelta(hours=hour), DAYS) for room in rooms) for hour in range(32)]
    assert (due[17], due[31]) == (0, len(rooms))
    assert max(after - before for before, after in pairwise(due)) < len(rooms) / 5
