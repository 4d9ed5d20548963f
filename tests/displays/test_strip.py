"""A local day drawn as a strip."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given

from displays.strip import Strip, strip
from kiosk.schedule.availability import runs
from kiosk.schedule.model import Booking, Slot
from kiosk.schedule.timeline import local_day
from tests.displays.rooms import lasting
from tests.schedule.values import BERLIN, MONDAY, days, quick, schedules, zones

TODAY = date(2026, 11, 23)


def local(hour: float, days: int = 0) -> datetime:
    """That hour by Berlin's clock, on the tests' Monday or some days later."""
    return local_day(TODAY, BERLIN).start + timedelta(days=days, hours=hour)


def hours_of(*bookings: Booking) -> tuple[float, float]:
    drawn, midnight = strip(bookings, TODAY, BERLIN), local(0)
    return (drawn.start - midnight) / timedelta(hours=1), (drawn.end - midnight) / timedelta(hours=1)


def test_an_ordinary_day_is_shown_from_seven_to_eight() -> None:
    assert hours_of(lasting(local(9), 2)) == (7, 20)


def test_early_and_late_bookings_widen_it_to_full_hours() -> None:
    assert hours_of(lasting(local(5.5), 1), lasting(local(20.25), 1, "b")) == (5, 22)


def test_a_booking_that_lasts_all_day_widens_nothing() -> None:
    assert hours_of(lasting(local(0), 24)) == (7, 20)


def test_a_booking_into_the_night_shows_the_evening() -> None:
    assert hours_of(lasting(local(21), 6)) == (7, 24)


def test_a_booking_that_comes_in_from_the_night_shows_it_when_it_ends_early() -> None:
    assert hours_of(lasting(local(-2), 5)) == (0, 20)
    assert hours_of(lasting(local(-2), 12)) == (7, 20)


def test_bars_lie_where_the_bookings_are() -> None:
    (bar,) = strip([lasting(local(7), 6.5, held=True)], TODAY, BERLIN).bars
    assert (bar.kind, bar.at, bar.width) == ("held", 0, 50)


def test_closed_hours_lie_under_the_bookings() -> None:
    drawn = strip([lasting(local(7), 2)], TODAY, BERLIN, [Slot(local(0), local(13.5)), Slot(local(21), local(24))])
    assert [(bar.kind, bar.at, bar.width) for bar in drawn.closed] == [("closed", 0, 50)]
    assert [bar.kind for bar in drawn.bars] == ["busy"]


def test_only_every_second_hour_is_named() -> None:
    assert [tick.hour for tick in strip([], TODAY, BERLIN).ticks] == [local(hour) for hour in range(8, 20, 2)]


def test_on_the_day_clocks_go_back_an_hour_is_wider_than_another() -> None:
    day = date(2026, 10, 25)
    midnight = local_day(day, BERLIN).start
    drawn = strip([lasting(midnight, 1), lasting(midnight + timedelta(hours=22), 3, "b")], day, BERLIN)
    assert drawn.end - drawn.start == timedelta(hours=25)
    assert [bar.at + bar.width for bar in drawn.bars] == [4, 100]


@quick
@given(schedules(hours=30), days, zones)
def test_no_stretch_that_is_taken_is_out_of_sight(bookings: list[Booking], day: date, zone: ZoneInfo) -> None:
    shift = local_day(day, zone).start - MONDAY
    moved = [Booking(one.id, one.start + shift, one.end + shift) for one in bookings]
    drawn, whole = strip(moved, day, zone), local_day(day, zone)
    taken = [run for run in runs(moved) if run.start < whole.end and whole.start < run.end]
    assert all(one.start < drawn.end and drawn.start < one.end for one in taken)
    assert_is_sound(drawn)
    assert whole.start <= drawn.start < drawn.end <= whole.end


def assert_is_sound(drawn: Strip) -> None:
    edges = [edge for bar in drawn.bars for edge in (bar.at, round(bar.at + bar.width, 3))]
    assert edges == sorted(edges)
    assert all(0 <= edge <= 100 for edge in edges)
    assert all(0 < tick.at < 100 for tick in drawn.ticks)
