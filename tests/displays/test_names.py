"""In whose name a door lets people book, and change what was booked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from displays.deeds import Deed
from displays.door import project
from displays.names import elsewhere, names
from kiosk.schedule.hours import parse
from kiosk.schedule.model import Booking, Policy
from tests.displays.rooms import OAK, awaiting, lasting, shown, slot
from tests.schedule.values import at, booked

NOON = at("11:00")
ANNAS = lasting(at("10:00"), 2, "annas", title="Review", owner="Anna", person="anna@example.org", own=True)
NAMES = Policy(names=True)
PEOPLE = Policy(bookable="people", names=True)
ELSEWHERE = Policy(bookable="people")


def seen(part: str, *bookings: Booking, policy: Policy) -> Any:
    return slot(shown(project(replace(OAK, policy=policy), bookings, NOON), NOON), part)


def offered(*bookings: Booking, policy: Policy) -> tuple[Deed, ...]:
    deeds: tuple[Deed, ...] = seen("actions", *bookings, policy=policy).deeds
    return deeds


@pytest.mark.parametrize(
    ("policy", "whose"),
    [
        (Policy(), "room"),
        (NAMES, "either"),
        (PEOPLE, "person"),
        (ELSEWHERE, None),
        (Policy(bookable="nobody", names=True), None),
    ],
)
def test_one_books_in_the_rooms_name_or_ones_own_as_the_policy_says(policy: Policy, whose: str | None) -> None:
    assert names(policy) == whose


def test_durations_are_offered_to_people_who_say_who_they_are() -> None:
    actions = seen("actions", policy=PEOPLE)
    assert ([choice.minutes for choice in actions.choices], actions.names) == ([15, 30, 60], "person")
    assert seen("later", policy=PEOPLE).names == "person"


def test_a_room_that_people_book_elsewhere_says_so_while_it_is_free() -> None:
    assert seen("actions", policy=ELSEWHERE).elsewhere
    assert not seen("actions", ANNAS, policy=ELSEWHERE).elsewhere
    assert not seen("actions", policy=replace(ELSEWHERE, hours=parse("Mon-Fri 13:00-19:00"))).elsewhere


@pytest.mark.parametrize("policy", [Policy(), NAMES, PEOPLE, Policy(bookable="nobody")])
def test_other_rooms_send_nobody_elsewhere(policy: Policy) -> None:
    assert not elsewhere(policy)


def test_ones_own_booking_is_ended_and_extended_with_ones_pin() -> None:
    deeds = offered(ANNAS, policy=NAMES)
    assert [(deed.act, deed.minutes) for deed in deeds] == [("end", None), ("extend", 15), ("extend", 30)]
    assert {(deed.whose, deed.asks) for deed in deeds} == {("Anna", None)}


def test_ones_own_booking_is_started_early_with_ones_pin() -> None:
    following = replace(ANNAS, start=at("11:30"), end=at("12:30"))
    assert [(deed.act, deed.whose) for deed in offered(following, policy=NAMES)] == [("start", "Anna")]


def test_a_check_in_asks_nobody_for_a_pin() -> None:
    deeds = offered(awaiting(ANNAS, opens="09:50", due="11:10"), policy=NAMES)
    assert [(deed.act, deed.whose) for deed in deeds] == [("check_in", None), ("end", "Anna")]


def test_whoever_has_a_meeting_of_google_releases_its_room_with_a_pin_where_owners_may() -> None:
    theirs = replace(ANNAS, own=False)
    assert offered(theirs, policy=NAMES) == ()
    released = offered(theirs, policy=replace(NAMES, owners_release=True))
    assert [(deed.act, deed.whose) for deed in released] == [("end", "Anna")]


def test_what_was_booked_for_nobody_needs_no_pin() -> None:
    mine = booked("10:00", "12:00", "mine", own=True)
    assert {deed.whose for deed in offered(mine, policy=NAMES)} == {None}


@pytest.mark.parametrize("private", [False, True])
def test_scenes_hold_nobodys_address(private: bool) -> None:
    booking = replace(ANNAS, private=private, owner="" if private else "Anna")
    scenes = project(replace(OAK, policy=NAMES), [booking], NOON)
    assert "anna@" not in repr(scenes)
