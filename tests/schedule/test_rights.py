"""Who may do what about a booking, and in which way."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.schedule.model import Bookable, Booking, CheckIn, Policy
from kiosk.schedule.rights import Act, Way, Who, may_book, ways
from tests.schedule.values import at, booked, quick

ACTS: tuple[Act, ...] = get_args(Act)
CHANGES: tuple[Act, ...] = ("extend", "end", "start", "cancel")
PANEL, ADMIN, SERVER = Who("panel"), Who("admin"), Who("server")
ADA, BOB = Who("person", "ada@example.com", "Ada Lovelace"), Who("person", "bob@example.com")
EVERYBODY = (PANEL, ADA, BOB, ADMIN, SERVER)

ANONYMOUS = replace(booked("10:00", "11:00", own=True), by_room=True)
ADAS = replace(booked("10:00", "11:00", own=True), person="ada@example.com")
MEETING = replace(booked("10:00", "11:00"), person="ada@example.com")
IN_THE_ROOM = replace(booked("10:00", "11:00"), by_room=True)
OF_NOBODY = booked("10:00", "11:00")

STRICT = Policy()
RELEASING = Policy(owners_release=True)
EDITING = Policy(edit_meetings=True)
BOTH = Policy(owners_release=True, edit_meetings=True)
POLICIES = (STRICT, RELEASING, EDITING, BOTH)


def allowed(booking: Booking, who: Who, policy: Policy) -> dict[Act, tuple[Way, ...]]:
    """What may be done at all, and how."""
    found = {act: ways(act, booking, who, policy) for act in ACTS}
    return {act: way for act, way in found.items() if way}


@pytest.mark.parametrize(("who", "policy"), list(product(EVERYBODY, POLICIES)))
def test_anonymous_booking_made_here_is_anybodys(who: Who, policy: Policy) -> None:
    assert allowed(ANONYMOUS, who, policy) == dict.fromkeys((*CHANGES, "release"), ("room",))


@pytest.mark.parametrize("policy", POLICIES)
def test_booking_made_here_in_a_persons_name_is_that_persons(policy: Policy) -> None:
    assert allowed(ADAS, ADA, policy) == {**dict.fromkeys(CHANGES, ("organizer",)), "release": ("release",)}


@pytest.mark.parametrize("booking", [ADAS, MEETING, IN_THE_ROOM, OF_NOBODY])
@pytest.mark.parametrize("who", [PANEL, BOB, ADMIN])
def test_nobody_else_changes_it_unless_the_policy_says_so(booking: Booking, who: Who) -> None:
    assert allowed(booking, who, STRICT) == {}


def test_organizer_of_a_meeting_made_elsewhere_manages_it_there() -> None:
    assert allowed(MEETING, ADA, STRICT) == {}


@pytest.mark.parametrize(
    ("booking", "who", "way"),
    [
        pytest.param(MEETING, ADA, "release", id="its organizer"),
        pytest.param(MEETING, ADMIN, "release", id="an administrator"),
        pytest.param(ADAS, ADMIN, "release", id="an administrator, one made here"),
        pytest.param(OF_NOBODY, ADMIN, "release", id="an administrator, one whose organizer is unknown"),
        pytest.param(IN_THE_ROOM, ADMIN, "room", id="an administrator, one that the room itself organizes"),
    ],
)
def test_where_owners_release_a_booking_is_released_or_ended_by(booking: Booking, who: Who, way: Way) -> None:
    assert allowed(booking, who, RELEASING) == {"release": (way,), "end": (way,)}


@pytest.mark.parametrize("booking", [ADAS, MEETING, IN_THE_ROOM, OF_NOBODY])
@pytest.mark.parametrize("who", [PANEL, BOB])
def test_where_owners_release_nobody_else_does(booking: Booking, who: Who) -> None:
    assert allowed(booking, who, RELEASING) == {}


@pytest.mark.parametrize("booking", [ADAS, MEETING])
@pytest.mark.parametrize("who", [PANEL, BOB, ADMIN])
def test_where_meetings_are_edited_anybody_ends_extends_and_begins_them(booking: Booking, who: Who) -> None:
    expected = {"extend": ("organizer",), "end": ("organizer", "release"), "start": ("organizer",)}
    assert allowed(booking, who, EDITING) == expected


@pytest.mark.parametrize("booking", [IN_THE_ROOM, OF_NOBODY])
def test_where_meetings_are_edited_one_without_an_organizer_is_not(booking: Booking) -> None:
    assert allowed(booking, PANEL, EDITING) == {}
    assert set(allowed(booking, ADMIN, BOTH)) == {"release", "end"}


@pytest.mark.parametrize(
    ("booking", "way"), [(ADAS, "release"), (MEETING, "release"), (OF_NOBODY, "release"), (IN_THE_ROOM, "room")]
)
def test_server_releases_any_booking_and_does_nothing_else(booking: Booking, way: Way) -> None:
    assert allowed(booking, SERVER, STRICT) == {"release": (way,)}


@pytest.mark.parametrize("booking", [ANONYMOUS, ADAS, MEETING, IN_THE_ROOM, OF_NOBODY])
def test_anybody_checks_in_where_that_is_awaited(booking: Booking) -> None:
    waiting = replace(booking, check_in=CheckIn(at("09:50"), at("10:10")))
    assert {ways("check_in", waiting, who, STRICT) for who in EVERYBODY} == {("room",)}
    assert {ways("check_in", booking, who, BOTH) for who in EVERYBODY} == {()}


@pytest.mark.parametrize(
    ("bookable", "panel", "others"),
    [("anyone", None, None), ("people", "people_only", None), ("nobody", "not_bookable", "not_bookable")],
)
def test_whoever_may_book_is_told_by_the_policy(bookable: Bookable, panel: str | None, others: str | None) -> None:
    policy = Policy(bookable=bookable)
    assert may_book(PANEL, policy) == panel
    assert {may_book(who, policy) for who in (ADA, ADMIN)} == {others}


people = st.sampled_from(("", "ada@example.com", "bob@example.com"))
anything = st.builds(
    lambda person, own: replace(OF_NOBODY, person=person, own=own, by_room=not person), people, st.booleans()
)


@quick
@given(anything, st.sampled_from(EVERYBODY), st.sampled_from(POLICIES))
def test_organizers_copy_is_touched_only_where_somebody_organizes(booking: Booking, who: Who, policy: Policy) -> None:
    for act in CHANGES:
        found = ways(act, booking, who, policy)
        assert "organizer" not in found or booking.person
        assert "room" not in found or not booking.person


@quick
@given(anything, st.sampled_from(EVERYBODY), st.sampled_from(POLICIES))
def test_policy_only_ever_adds_rights(booking: Booking, who: Who, policy: Policy) -> None:
    assert set(allowed(booking, who, STRICT)) <= set(allowed(booking, who, policy)) <= set(allowed(booking, who, BOTH))
