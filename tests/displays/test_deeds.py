"""What can be done at a door about a booking, and what is asked before."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given

from displays.deeds import ANYBODY, Deed
from displays.door import project
from kiosk.schedule.model import Booking, Policy
from kiosk.schedule.rights import ways
from kiosk.schedule.rules import extensions, starts_early
from tests.displays.rooms import OAK, awaiting, hours, lasting, shown, slot
from tests.schedule.values import at, booked, quick, schedules

NOON = at("11:00")
MINE = booked("10:00", "12:00", "mine", own=True)
THEIRS = lasting(at("10:00"), 2, "theirs", title="Review", owner="Ada", person="ada@example.com")
EDIT = Policy(edit_meetings=True)


def offered(*bookings: Booking, moment: datetime = NOON, policy: Policy = OAK.policy) -> tuple[Deed, ...]:
    scenes = project(replace(OAK, policy=policy), bookings, NOON)
    return tuple(slot(shown(scenes, moment), "actions").deeds)


def said(deeds: tuple[Deed, ...]) -> list[tuple[str, str, int | None]]:
    return [(deed.act, deed.booking, deed.minutes) for deed in deeds]


def test_a_booking_made_here_can_be_ended_and_extended_without_a_question() -> None:
    deeds = offered(MINE)
    assert said(deeds) == [("end", "mine", None), ("extend", "mine", 15), ("extend", "mine", 30)]
    assert all(deed.asks is None and deed.loud for deed in deeds)


def test_it_is_extended_until_the_next_booking_where_that_comes_first() -> None:
    deeds = offered(MINE, booked("12:20", "13:00", "b"))
    assert [(deed.minutes, deed.until) for deed in deeds if deed.act == "extend"] == [(15, None), (None, at("12:20"))]


def test_it_is_not_extended_into_the_next_booking() -> None:
    assert said(offered(MINE, booked("12:00", "13:00", "b"))) == [("end", "mine", None)]


def test_a_held_booking_can_be_ended_only() -> None:
    assert said(offered(replace(MINE, held=True))) == [("end", "mine", None)]


@pytest.mark.parametrize("booking", [THEIRS, replace(THEIRS, own=True)])
def test_a_meeting_of_a_person_offers_nothing(booking: Booking) -> None:
    assert offered(booking) == ()


def test_a_meeting_of_a_person_is_changed_after_a_question_where_the_policy_says_so() -> None:
    deeds = offered(THEIRS, policy=EDIT)
    assert [deed.act for deed in deeds] == ["end", "extend", "extend"]
    assert {deed.asks.owner for deed in deeds if deed.asks} == {"Ada"}
    assert all(deed.asks for deed in deeds)


def test_a_meeting_whose_organizer_is_unknown_offers_nothing_even_so() -> None:
    assert offered(replace(THEIRS, person=""), policy=EDIT) == ()


def test_an_awaited_check_in_is_asked_for_aloud_and_ending_only_offered() -> None:
    deeds = offered(awaiting(MINE, opens="09:50", due="11:10"))
    assert [(deed.act, deed.loud) for deed in deeds] == [("check_in", True), ("end", False)]


def test_anybody_may_check_in_for_a_meeting_of_others() -> None:
    assert said(offered(awaiting(THEIRS, opens="09:50", due="11:10"))) == [("check_in", "theirs", None)]


def test_a_check_in_is_offered_early_from_when_it_opens() -> None:
    booking = awaiting(lasting(at("11:10"), 1, "next", person="ada@example.com"), opens="11:00", due="11:20")
    assert offered(booking, moment=at("10:59")) == ()
    assert [(deed.act, deed.loud) for deed in offered(booking)] == [("check_in", False)]


def test_the_next_booking_made_here_can_be_started_within_the_hour_before() -> None:
    following = booked("12:00", "13:00", "mine", own=True)
    assert offered(following, moment=at("10:59:59")) == ()
    assert said(offered(following)) == [("start", "mine", None)]


def test_it_is_not_started_while_somebody_has_the_room() -> None:
    following = booked("12:00", "13:00", "mine", own=True)
    assert offered(booked("10:50", "11:30", "b"), following) == ()


def test_a_long_booking_is_started_as_soon_as_it_would_not_be_too_long() -> None:
    following = lasting(at("11:30"), 8, "mine", own=True)
    assert offered(following) == ()
    shorter = lasting(at("11:30"), 7.75, "mine", own=True)
    assert [bool(offered(shorter, moment=at(clock))) for clock in ("11:14", "11:15")] == [False, True]


@quick
@given(schedules(hours=30), hours)
def test_at_every_moment_a_door_offers_what_the_rules_allow(bookings: list[Booking], moment: datetime) -> None:
    own = [replace(booking, own=True, held=False) for booking in bookings]
    scene = shown(project(OAK, own, NOON), moment) if moment >= at("00:00") else None
    if scene is None or not slot(scene, "status").known:
        return
    deeds = slot(scene, "actions").deeds
    for deed in deeds:
        booking = next(one for one in own if one.id == deed.booking)
        assert ways(deed.act, booking, ANYBODY, OAK.policy)
    starts = [deed.booking for deed in deeds if deed.act == "start"]
    free = scene.status in ("free", "soon")
    upcoming = next((one for one in sorted(own, key=lambda b: (b.start, b.end, b.id)) if one.start > moment), None)
    may = free and upcoming and upcoming.start < upcoming.end and starts_early(own, upcoming, moment, OAK.policy)
    assert bool(starts) == bool(may)
    extended = {(deed.booking, deed.minutes) for deed in deeds if deed.act == "extend"}
    for number in {identity for identity, _ in extended}:
        booking = next(one for one in own if one.id == number)
        assert {one.minutes for one in extensions(own, booking, moment, OAK.policy)} == {m for _, m in extended}
