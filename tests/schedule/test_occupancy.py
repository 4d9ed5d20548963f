"""The figures of a room's day are what counting every minute and booking by hand gives."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.schedule import occupancy
from kiosk.schedule.occupancy import FIGURES, Figures, Stay

ORIGIN, SIZE = 10_000, 300
OPEN = range(60, 240)
OPENED = occupancy.span(ORIGIN + 60, ORIGIN + 240, ORIGIN, SIZE)


def at(minute: int, length: int, planned: int = 0, **more: object) -> Stay:
    """Return a booking that begins so many minutes into the day; `planned`: how long it was to be."""
    start = ORIGIN + minute
    return Stay(start, start + length, start + (planned or length), **more)  # type: ignore[arg-type]


def figures(*stays: Stay, capacity: int = 10) -> dict[str, int]:
    """Return the figures that are not zero, without the opening hours'."""
    found = occupancy.of_day(stays, ORIGIN, SIZE, OPENED, capacity)
    return {name: getattr(found, name) for name in FIGURES if getattr(found, name) and name != "open_minutes"}


def test_minutes_count_once_and_inside_opening_hours() -> None:
    assert figures(at(30, 60), at(80, 20)) == {"bookings": 2, "booked": 40, "held": 40, "outside": 30}


def test_nobody_came_and_the_room_was_given_back_and_taken_by_others() -> None:
    missed = at(100, 10, 60, checked_in="missed", released=True)
    expected = {"bookings": 2, "booked": 60, "held": 35, "ghost": 10, "released": 50, "rebooked": 25, "promised": 60}
    counts = {"awaited": 1, "missed": 1, "releases": 1, "ad_hoc": 1, "made_here": 1, "lead_spot": 1}
    assert figures(missed, at(120, 25, here=True, lead=0)) == expected | counts


def test_minute_that_somebody_used_is_no_ghost() -> None:
    assert figures(at(100, 60, checked_in="missed"), at(110, 30))["ghost"] == 30


def test_ending_early_gives_minutes_back() -> None:
    expected = {"booked": 60, "held": 20, "early": 40, "ends_early": 1, "bookings": 1, "awaited": 1, "came": 1}
    assert figures(at(100, 20, 60, checked_in="in")) == expected | {"promised": 60}


@pytest.mark.parametrize(("gap", "close"), [(0, 1), (5, 1), (6, 0), (-1, 0)])
def test_bookings_are_back_to_back_up_to_five_minutes_apart(gap: int, close: int) -> None:
    assert figures(at(100, 30), at(130 + gap, 30)).get("back_to_back", 0) == close


def test_booking_that_follows_one_of_the_day_before_is_back_to_back() -> None:
    assert figures(at(-60, 58), at(0, 30)) == {"bookings": 1, "outside": 30, "back_to_back": 1}


@pytest.mark.parametrize(
    ("lead", "name"),
    [
        (0, "lead_spot"),
        (5, "lead_spot"),
        (6, "lead_hour"),
        (60, "lead_hour"),
        (1440, "lead_day"),
        (1441, "lead_week"),
        (10_081, "lead_month"),
        (40_321, "lead_beyond"),
    ],
)
def test_lead_time_is_counted_by_steps(lead: int, name: str) -> None:
    assert figures(at(100, 30, lead=lead))[name] == 1


@pytest.mark.parametrize(
    ("people", "capacity", "name"),
    [
        (1, 4, "fill_quarter"),
        (5, 10, "fill_half"),
        (51, 100, "fill_most"),
        (10, 10, "fill_whole"),
        (11, 10, "fill_beyond"),
    ],
)
def test_meetings_are_counted_by_how_full_the_room_was(people: int, capacity: int, name: str) -> None:
    found = figures(at(100, 30, people=people), capacity=capacity)
    assert (found[name], found["people"], found["seats"], found["sized"]) == (1, people, capacity, 1)


def test_meeting_of_unknown_size_or_in_a_room_of_unknown_size_is_not_sized() -> None:
    assert "sized" not in figures(at(100, 30)) | figures(at(100, 30, people=4), capacity=0)


def test_booking_made_elsewhere_is_never_ad_hoc() -> None:
    assert "ad_hoc" not in figures(at(100, 30, lead=0), at(140, 30, here=True, lead=6), at(180, 9, here=True))


@st.composite
def bookings(draw: st.DrawFn) -> Stay:
    minute, length = draw(st.integers(-80, SIZE + 20)), draw(st.integers(1, 120))
    planned = draw(st.integers(length, length + 60))
    checked_in = draw(st.sampled_from(("", "in", "missed")))
    return at(minute, length, planned, checked_in=checked_in, released=planned > length and draw(st.booleans()))


@given(st.lists(bookings(), max_size=8))
def test_minutes_are_those_of_looking_at_each(stays: list[Stay]) -> None:
    found = occupancy.of_day(stays, ORIGIN, SIZE, OPENED, 0)

    def minutes(condition: object, where: range = OPEN) -> int:
        return sum(condition(ORIGIN + minute) for minute in where)  # type: ignore[operator]

    def holding(minute: int) -> list[Stay]:
        return [one for one in stays if one.start <= minute < one.end]

    def given_back(minute: int, released: bool) -> bool:
        return any(one.end <= minute < one.planned and one.released == released for one in stays)

    assert found.open_minutes == len(OPEN)
    assert found.held == minutes(lambda minute: bool(holding(minute)))
    assert found.booked == minutes(lambda minute: any(one.start <= minute < one.planned for one in stays))
    assert found.ghost == minutes(lambda m: bool(holding(m)) and all(one.checked_in == "missed" for one in holding(m)))
    assert found.released == minutes(lambda minute: given_back(minute, True))
    assert found.rebooked == minutes(lambda minute: given_back(minute, True) and bool(holding(minute)))
    assert found.early == minutes(lambda minute: given_back(minute, False))
    outside = range(SIZE)
    assert found.outside == minutes(lambda m: bool(holding(m)) and m - ORIGIN not in OPEN, outside)
    assert found.bookings == sum(0 <= one.start - ORIGIN < SIZE for one in stays)


def test_figures_are_added() -> None:
    one, two = Figures(open_minutes=1, people=4), Figures(open_minutes=2, held=3)
    assert one + two == occupancy.together([one, two]) == Figures(open_minutes=3, held=3, people=4)
    assert occupancy.together([]) == Figures()
