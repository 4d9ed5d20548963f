"""Days without gap or overlap, whatever the clocks do, and the moments at which screens change."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.schedule.availability import in_order, situation
from kiosk.schedule.model import Booking, CheckIn, Policy, Slot
from kiosk.schedule.rules import extensions, offers, starts_early
from kiosk.schedule.timeline import Segment, local_day, moments, segments
from tests.schedule.values import (
    BERLIN,
    KOLKATA,
    LORD_HOWE,
    MONDAY,
    NEW_YORK,
    SANTIAGO,
    at,
    booked,
    closings,
    days,
    instants,
    policies,
    quick,
    schedules,
    zones,
)

Schedule = list[Booking]
Closures = list[Slot]
LONDON = ZoneInfo("Europe/London")
INSTANT = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        (BERLIN, date(2026, 11, 23), 24),
        (BERLIN, date(2026, 3, 29), 23),
        (BERLIN, date(2026, 10, 25), 25),
        (NEW_YORK, date(2026, 3, 8), 23),
        (NEW_YORK, date(2026, 11, 1), 25),
        (LORD_HOWE, date(2026, 10, 4), 23.5),
        (LORD_HOWE, date(2026, 4, 5), 24.5),
        (KOLKATA, date(2026, 3, 29), 24),
        (SANTIAGO, date(2026, 9, 6), 23),
    ],
)
def test_local_day_has_its_true_length(zone: ZoneInfo, day: date, hours: float) -> None:
    span = local_day(day, zone)
    assert span.end - span.start == timedelta(hours=hours)


def test_local_day_is_given_in_utc() -> None:
    span = local_day(date(2026, 11, 23), NEW_YORK)
    assert (span.start, span.start.utcoffset()) == (at("05:00"), timedelta(0))


def test_day_without_midnight_begins_when_the_clock_skips_it() -> None:
    start = local_day(date(2026, 9, 6), SANTIAGO).start
    assert start.astimezone(SANTIAGO).hour == 1
    assert (start - INSTANT).astimezone(SANTIAGO).date() == date(2026, 9, 5)


def test_day_is_cut_into_free_and_booked_segments() -> None:
    first, second = booked("09:00", "10:00"), booked("10:00", "11:30", "b")
    assert segments([second, first], date(2026, 11, 23), LONDON) == (
        Segment(at("00:00"), at("09:00"), None),
        Segment(at("09:00"), at("10:00"), first),
        Segment(at("10:00"), at("11:30"), second),
        Segment(at("11:30"), at("00:00", 1), None),
    )


def test_overlapping_booking_gets_what_the_earlier_leaves() -> None:
    early, late = booked("00:00", "20:00"), booked("19:00", "23:00", "b")
    cut = segments([early, late], date(2026, 11, 23), LONDON)
    assert [(part.end, part.booking) for part in cut] == [
        (at("20:00"), early),
        (at("23:00"), late),
        (at("00:00", 1), None),
    ]


def test_booking_of_several_days_fills_the_day_between() -> None:
    fair = Booking("fair", at("08:00"), at("18:00", 3))
    assert segments([fair], date(2026, 11, 24), LONDON) == (Segment(at("00:00", 1), at("00:00", 2), fair),)


def test_all_day_booking_fills_the_long_day_of_the_clock_change() -> None:
    span = local_day(date(2026, 10, 25), BERLIN)
    fair = Booking("fair", span.start, span.end, all_day=True)
    (only,) = segments([fair], date(2026, 10, 25), BERLIN)
    assert only.end - only.start == timedelta(hours=25)


def test_moments_of_a_meeting_are_those_at_which_a_screen_changes() -> None:
    policy = Policy(durations=(30,), shortest=timedelta(minutes=5), longest=timedelta(hours=1))
    clocks = ["08:50", "09:00", "09:30", "09:31", "09:45", "09:56", "10:00", "11:00"]
    meeting = booked("10:00", "11:00")
    assert list(moments([meeting], at("08:50"), at("12:00"), policy)) == [at(clock) for clock in clocks]


def test_back_to_back_bookings_leave_no_moment_for_soon() -> None:
    schedule = [booked("10:00", "11:00"), booked("11:00", "12:00", "b")]
    assert moments(schedule, at("10:30"), at("12:00"), Policy()) == (at("10:30"), at("11:00"))


def test_short_gap_has_no_moment_before_it_begins() -> None:
    schedule = [booked("10:00", "11:00"), booked("11:10", "12:00", "b")]
    clocks = ["10:30", "11:00", "11:06", "11:10"]
    assert list(moments(schedule, at("10:30"), at("12:00"), Policy())) == [at(clock) for clock in clocks]


def test_check_in_has_moments_when_it_opens_and_when_it_is_due() -> None:
    meeting = replace(booked("10:00", "11:00"), check_in=CheckIn(at("09:52"), at("10:07")))
    found = moments([meeting], at("09:51"), at("10:30"), Policy())
    assert list(found) == [at(clock) for clock in ("09:51", "09:52", "09:56", "10:00", "10:07")]


def test_closure_has_moments_when_it_begins_and_ends_and_as_offers_shrink_before() -> None:
    closures = [Slot(at("18:00"), at("20:00"))]
    policy = Policy(durations=(30,), longest=timedelta(hours=1))
    found = moments([], at("17:20"), at("22:00"), policy, closures)
    assert {at("17:31"), at("17:56"), at("18:00"), at("20:00")} <= set(found)


def test_booking_has_a_moment_from_which_it_may_begin_early() -> None:
    policy = Policy(durations=(), longest=timedelta(minutes=90), soon=timedelta(0))
    found = moments([booked("10:00", "11:00")], at("08:50"), at("10:00"), policy)
    assert {at("09:00"), at("09:30")} <= set(found)


def test_empty_schedule_has_one_moment_and_empty_window_none() -> None:
    assert moments([], at("10:00"), at("12:00"), Policy()) == (at("10:00"),)
    assert moments([booked("10:00", "11:00")], at("10:00"), at("10:00"), Policy()) == ()


@st.composite
def bookings_around(draw: st.DrawFn, day: date) -> Schedule:
    """Bookings of up to two days in and around a day, in quarters of an hour."""
    start = datetime(day.year, day.month, day.day, tzinfo=MONDAY.tzinfo) - timedelta(days=1)
    quarters = st.tuples(st.integers(0, 300), st.integers(-4, 200))
    return [
        Booking(
            f"e{number}",
            start + begin * timedelta(minutes=15),
            start + (begin + long) * timedelta(minutes=15),
        )
        for number, (begin, long) in enumerate(draw(st.lists(quarters, max_size=8)))
    ]


@quick
@given(st.data(), days, zones)
def test_segments_cover_the_day_without_gap_overlap_or_lost_minute(
    data: st.DataObject, day: date, zone: ZoneInfo
) -> None:
    cut = segments(data.draw(bookings_around(day)), day, zone)
    span = local_day(day, zone)
    assert (cut[0].start, cut[-1].end) == (span.start, span.end)
    assert all(part.start < part.end for part in cut)
    assert all(earlier.end == later.start for earlier, later in pairwise(cut))
    assert sum((part.end - part.start for part in cut), timedelta(0)) == span.end - span.start


@quick
@given(st.data(), days, zones)
def test_segment_has_the_booking_that_a_door_would_show_then(data: st.DataObject, day: date, zone: ZoneInfo) -> None:
    schedule = data.draw(bookings_around(day))
    for part in segments(schedule, day, zone):
        for instant in (part.start, part.start + (part.end - part.start) / 2, part.end - INSTANT):
            assert situation(schedule, instant, Policy()).current == part.booking


@quick
@given(days, zones, st.integers(1, 10))
def test_days_follow_each_other_without_gap(day: date, zone: ZoneInfo, count: int) -> None:
    week = [local_day(day + timedelta(days=number), zone) for number in range(count)]
    assert all(earlier.end == later.start for earlier, later in pairwise(week))
    first, beyond = week[0].start.astimezone(zone), week[-1].end.astimezone(zone)
    shift = (beyond.utcoffset() or timedelta(0)) - (first.utcoffset() or timedelta(0))
    assert week[-1].end - week[0].start == timedelta(days=count) - shift + skipped(beyond) - skipped(first)


def skipped(midnight: datetime) -> timedelta:
    """How much of a day's beginning the clock left out."""
    return timedelta(hours=midnight.hour, minutes=midnight.minute)


@quick
@given(schedules(grain=20), instants(), instants(), policies, closings())
def test_moments_are_sorted_unique_and_start_the_window(
    s: Schedule, start: datetime, end: datetime, policy: Policy, closures: Closures
) -> None:
    found = moments(s, start, end, policy, closures)
    assert all(earlier < later for earlier, later in pairwise(found))
    assert found[:1] == ((start,) if start < end else ())
    assert all(moment < end for moment in found)


@quick
@given(schedules(grain=20), instants(grain=7), policies, closings(grain=20))
def test_situation_is_constant_between_two_moments(
    s: Schedule, start: datetime, policy: Policy, closures: Closures
) -> None:
    for moment, following in pairwise((*moments(s, start, at("16:00"), policy, closures), at("16:00"))):
        first = situation(s, moment, policy, closures)
        assert situation(s, moment + (following - moment) / 2, policy, closures) == first
        assert situation(s, following - INSTANT, policy, closures) == first


@quick
@given(schedules(grain=20), instants(grain=7), policies, closings(grain=20), st.floats(0, 1, exclude_max=True))
def test_what_can_be_done_is_constant_between_two_moments(
    s: Schedule, start: datetime, policy: Policy, closures: Closures, part: float
) -> None:
    for moment, following in pairwise((*moments(s, start, at("16:00"), policy, closures), at("16:00"))):
        first = possible(s, moment, policy, closures)
        assert possible(s, moment + part * (following - moment - INSTANT), policy, closures) == first
        assert possible(s, following - INSTANT, policy, closures) == first


def possible(schedule: Schedule, now: datetime, policy: Policy, closures: Closures) -> tuple[object, ...]:
    """What can be booked, begun, extended and checked in to, without the ends that move with the clock."""
    offered, lasting = offers(schedule, now, policy, closures), in_order(schedule)
    return (
        [(offer.minutes, None if offer.minutes else offer.end) for offer in offered],
        [starts_early(schedule, booking, now, policy, closures) is None for booking in lasting],
        [extensions(schedule, booking, now, policy, closures) for booking in lasting],
        [bool(one.check_in and one.check_in.opens_at <= now < one.check_in.due_at) for one in lasting],
    )
