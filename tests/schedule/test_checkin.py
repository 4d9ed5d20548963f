"""Which bookings wait for a check-in, until when, and what a series pays for missing some."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.schedule.checkin import awaited, due_at, strike, wants
from kiosk.schedule.model import Booking, CheckIn, CheckInFor, Policy
from tests.schedule.values import BERLIN, at, booked, instants, lengths, minutes, quick

MINE = booked("10:00", "11:00", own=True)
THEIRS = replace(booked("10:00", "11:00"), person="ada@example.com")
EVERYBODY = Policy(check_in="all")


@pytest.mark.parametrize(
    ("setting", "mine", "theirs"), [("off", False, False), ("own", True, False), ("all", True, True)]
)
def test_meetings_made_elsewhere_wait_only_where_the_room_opts_in(
    setting: CheckInFor, mine: bool, theirs: bool
) -> None:
    policy = Policy(check_in=setting)
    assert (wants(MINE, policy), wants(THEIRS, policy)) == (mine, theirs)


@pytest.mark.parametrize(
    ("change", "policy", "expected"),
    [
        pytest.param({"all_day": True}, {}, False, id="an all-day booking"),
        pytest.param({"held": True}, {}, False, id="one that Google has not seen yet"),
        pytest.param({"tentative": True}, {}, False, id="one that the room has not answered"),
        pytest.param({"attended": True}, {}, False, id="one that somebody came to"),
        pytest.param({"private": True}, {}, True, id="a private one"),
        pytest.param({"end": at("13:59")}, {}, True, id="one of not quite four hours"),
        pytest.param({"end": at("14:00")}, {}, False, id="one of four hours"),
        pytest.param({"end": at("14:00")}, {"exempt_from": None}, True, id="a long one where none is exempt"),
        pytest.param({}, {"exempt_people": ("ada@example.com",)}, False, id="one of an exempt person"),
        pytest.param({}, {"exempt_people": ("bob@example.com",)}, True, id="one of somebody else"),
        pytest.param({"person": ""}, {"exempt_people": ("ada@example.com",)}, True, id="one of nobody"),
    ],
)
def test_wants_a_check_in(change: dict[str, Any], policy: dict[str, Any], expected: bool) -> None:
    assert wants(replace(THEIRS, **change), replace(EVERYBODY, **policy)) is expected


def test_check_in_opens_before_the_start_and_is_due_after_it() -> None:
    policy = Policy(check_in="own", opens=timedelta(minutes=5), grace=timedelta(minutes=12))
    assert awaited(MINE, policy) == CheckIn(at("09:55"), at("10:12"))


def test_check_in_of_a_booking_shorter_than_the_grace_is_due_at_its_end() -> None:
    short = booked("10:00", "10:05", own=True)
    assert awaited(short, EVERYBODY) == CheckIn(at("09:50"), at("10:05"))


def test_nothing_is_awaited_where_nothing_is_wanted() -> None:
    assert awaited(MINE, Policy()) is None


@pytest.mark.parametrize(
    ("known_since", "expected"),
    [
        pytest.param("08:00", "10:10", id="long before"),
        pytest.param("10:00", "10:10", id="at its start"),
        pytest.param("10:07", "10:17", id="after its start"),
        pytest.param("10:55", "11:00", id="shortly before its end"),
        pytest.param("11:30", "11:00", id="when it is over"),
    ],
)
def test_booking_that_is_known_late_gets_the_whole_grace(known_since: str, expected: str) -> None:
    assert due_at(at("10:00"), at(known_since), EVERYBODY, at("11:00")) == at(expected)


def test_grace_lasts_as_long_as_ever_while_the_clock_is_put_back() -> None:
    start = datetime.combine(date(2026, 10, 25), time(2, 55), tzinfo=BERLIN).astimezone(UTC)
    night = Booking("n", start, start + timedelta(hours=1), own=True)
    check_in = awaited(night, EVERYBODY)
    assert check_in
    assert check_in.due_at - check_in.opens_at == timedelta(minutes=20)
    assert check_in.due_at.astimezone(BERLIN).time() == time(2, 5)


@pytest.mark.parametrize(
    ("strikes", "expected"),
    [
        (0, ["none", "none", "none", "none"]),
        (1, ["remove", "remove", "remove", "remove"]),
        (2, ["warn", "remove", "remove", "remove"]),
        (3, ["none", "warn", "remove", "remove"]),
        (4, ["none", "none", "warn", "remove"]),
    ],
)
def test_series_is_warned_at_the_last_but_one_miss_and_loses_the_room_at_the_last(
    strikes: int, expected: list[str]
) -> None:
    assert [strike(previous, Policy(strikes=strikes)) for previous in range(4)] == expected


def test_attended_occurrence_begins_the_count_anew() -> None:
    policy, missed, said = Policy(strikes=3), 0, []
    for came in (False, False, True, False, False, False):
        said.append("came" if came else strike(missed, policy))
        missed = 0 if came else missed + 1
    assert said == ["none", "warn", "came", "none", "warn", "remove"]


@quick
@given(instants(), instants(), lengths, minutes(0, 30))
def test_check_in_is_due_within_the_booking_and_not_before_the_grace(
    start: datetime, known: datetime, length: timedelta, grace: timedelta
) -> None:
    policy, end = replace(EVERYBODY, grace=grace), start + max(length, timedelta(minutes=1))
    due = due_at(start, known, policy, end)
    assert start <= due <= end
    assert due == end or due - max(start, known) == grace


@quick
@given(instants(), lengths, st.booleans(), minutes(0, 30), minutes(0, 30))
def test_predicted_check_in_opens_before_it_is_due(
    start: datetime, length: timedelta, own: bool, opens: timedelta, grace: timedelta
) -> None:
    booking = Booking("a", start, start + max(length, timedelta(minutes=1)), own=own)
    check_in = awaited(booking, Policy(check_in="own", opens=opens, grace=grace))
    assert (check_in is not None) is own
    assert check_in is None or check_in.opens_at <= start <= check_in.due_at <= booking.end
