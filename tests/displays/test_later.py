"""What a door says can be booked later today or tomorrow."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given

from displays.door import project
from displays.later import Later, Terms
from displays.scene import closed, window
from kiosk.schedule.model import Booking, Policy, Room, Slot
from kiosk.schedule.rules import decide
from tests.displays.rooms import OAK, hours, lasting, opened, shown, slot, start_of
from tests.schedule.values import at, booked, quick, schedules

NOON = at("11:00")
TODAY = date(2026, 11, 23)
MINUTE = timedelta(minutes=1)


def offered(*bookings: Booking, room: Room = OAK, moment: datetime = NOON) -> Later | None:
    later: Later | None = slot(shown(project(room, bookings, NOON), moment), "timeline").later
    return later


def midnight(days: int) -> datetime:
    return start_of(OAK, TODAY + timedelta(days=days))


def test_a_free_day_is_free_from_midnight_to_midnight() -> None:
    assert offered() == Later(
        (Slot(midnight(0), midnight(1)),), (Slot(midnight(1), midnight(2)),), Terms((15, 30, 60), 2 * 24 * 60, "room")
    )


def test_what_is_taken_or_closed_is_not_offered() -> None:
    later = offered(booked("09:00", "10:00"), lasting(at("12:00", days=1), 1, "b"), room=opened("07:00-19:00"))
    assert later
    assert later.today == (Slot(at("06:00"), at("09:00")), Slot(at("10:00"), at("18:00")))
    assert later.tomorrow == tuple(
        Slot(at(start, days=1), at(end, days=1)) for start, end in (("06:00", "12:00"), ("13:00", "18:00"))
    )


def test_a_gap_that_is_shorter_than_any_booking_is_not_offered() -> None:
    later = offered(booked("09:00", "10:00"), booked("10:10", "12:00", "b"))
    assert later
    assert Slot(at("10:00"), at("10:10")) not in later.today


def test_after_midnight_only_that_day_is_known() -> None:
    later = offered(moment=midnight(1))
    assert later
    assert (later.today, later.tomorrow) == ((Slot(midnight(1), midnight(2)),), ())


@pytest.mark.parametrize(
    "policy",
    [Policy(bookable="nobody"), Policy(bookable="people"), Policy(durations=()), Policy(ahead=timedelta(0))],
)
def test_where_nobody_may_book_later_nothing_is_offered(policy: Policy) -> None:
    assert offered(room=replace(OAK, policy=policy)) is None


def test_only_durations_that_may_be_booked_are_offered() -> None:
    later = offered(room=replace(OAK, policy=Policy(durations=(5, 30, 600), shortest=15 * MINUTE)))
    assert later
    assert later.terms.durations == (30,)


@quick
@given(schedules(hours=30), hours)
def test_whatever_is_offered_passes_the_rules(bookings: list[Booking], moment: datetime) -> None:
    room = opened("08:00-17:00")
    closures, long_ago = closed(room, window(room, NOON)), midnight(0)
    later = offered(*bookings, room=room, moment=NOON)
    assert later
    for stretch in (*later.today, *later.tomorrow):
        end = stretch.start + min(later.terms.durations) * MINUTE
        assert decide(bookings, stretch.start, end, long_ago, room.policy, closures) is None
        assert (
            decide(bookings, stretch.end - (end - stretch.start), stretch.end, long_ago, room.policy, closures) is None
        )
