"""Several doors on one screen: each is a door with what has its place."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from displays import door, doors
from displays.doors import MOST
from kiosk.schedule.model import Booking, Policy
from tests.displays.rooms import OAK, awaiting, lasting, shown, slot
from tests.schedule.values import at, booked

NOON = at("11:00")
MINE = booked("10:00", "12:00", "mine", own=True)


def part(name: str, *bookings: Booking, policy: Policy = OAK.policy, moment: datetime = NOON) -> Any:
    return slot(shown(doors.project(replace(OAK, policy=policy), bookings, NOON), moment), name)


def test_every_part_says_what_a_door_says() -> None:
    alone = shown(door.project(OAK, [MINE], NOON), NOON)
    assert [name for name, _ in shown(doors.project(OAK, [MINE], NOON), NOON).slots] == list(doors.SLOTS)
    assert all(part(name, MINE) == slot(alone, name) for name in ("status", "note", "now", "next"))


def test_shortest_and_the_longest_booking_have_their_place() -> None:
    choices = part("actions", policy=Policy(durations=(15, 30, 45, 60)), moment=NOON).choices
    assert [one.minutes for one in choices] == [15, 30, 60]
    until = part("actions", booked("12:30", "13:00")).choices
    assert [one.minutes for one in until] == [15, 30, None]


@pytest.mark.parametrize(
    "bookings",
    [(), (MINE,), (MINE, booked("12:20", "13:00", "b")), (booked("11:12", "12:00", own=True),)],
    ids=["free", "busy", "followed", "soon"],
)
def test_nothing_offers_more_than_has_its_place(bookings: tuple[Booking, ...]) -> None:
    found = part("actions", *bookings)
    assert 1 <= len(found.choices) + len(found.deeds) <= MOST
    assert not found.others


def test_check_in_comes_before_anything_else() -> None:
    awaited = awaiting(lasting(at("10:55"), 1, own=True), opens="10:45", due="11:05")
    assert [deed.act for deed in part("actions", awaited).deeds] == ["check_in", "end"]


def test_room_that_only_people_may_book_asks_for_the_name_first() -> None:
    assert part("actions", policy=Policy(names=True, bookable="people")).names == "person"
    assert part("actions", policy=Policy(names=True)).names == "room"


def test_after_what_is_known_the_part_says_so() -> None:
    assert not slot(doors.unknown(OAK, NOON), "status").known
    assert not slot(doors.project(OAK, [], NOON)[-1], "status").known
