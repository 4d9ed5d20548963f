"""A room that is out of order is closed, whatever its hours are and whoever has booked it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time

import pytest

from kiosk.schedule.closing import FOREVER, is_out_of_order, lifted_at, seen, shut
from kiosk.schedule.hours import parse
from kiosk.schedule.model import Outage, Policy, Room, Slot
from tests.schedule.values import BERLIN, at, booked

ROOM = Room("oak", "Oak", BERLIN)
# 18:00 by Berlin's clock, in winter.
UNTIL_SIX = Outage(date(2026, 11, 23), time(18))


def with_policy(outage: Outage | None, hours: str = "") -> Room:
    return replace(ROOM, policy=Policy(hours=parse(hours) if hours else None, out_of_order=outage))


@pytest.mark.parametrize(
    ("outage", "expected"), [(None, None), (UNTIL_SIX, at("17:00")), (Outage(), FOREVER)], ids=["no", "until", "yes"]
)
def test_it_is_lifted_at_the_time_of_the_rooms_own_clock(outage: Outage | None, expected: object) -> None:
    assert lifted_at(with_policy(outage)) == expected


def test_room_out_of_order_is_shut_until_that_is_lifted_and_outside_of_its_hours() -> None:
    room = with_policy(UNTIL_SIX, "Mon-Fri 07:00-20:00")
    assert shut(room, at("10:00"), at("22:00")) == (Slot(at("10:00"), at("17:00")), Slot(at("19:00"), at("22:00")))
    assert shut(room, at("17:00"), at("19:00")) == ()


def test_closing_times_that_touch_are_one() -> None:
    room = with_policy(UNTIL_SIX, "Mon-Fri 07:00-17:00")
    assert shut(room, at("10:00"), at("22:00")) == (Slot(at("10:00"), at("22:00")),)


def test_room_out_of_order_is_closed_though_somebody_has_booked_it() -> None:
    room, bookings = with_policy(UNTIL_SIX), [booked("16:00", "18:00")]
    found = seen(room, bookings, at("16:30"), shut(room, at("16:00"), at("20:00")))
    assert (found.status, found.until, found.changes_at) == ("closed", at("17:00"), at("17:00"))
    assert found.current == bookings[0]
    assert seen(room, bookings, at("17:00"), ()).status == "busy"


def test_nobody_knows_when_a_room_is_in_order_again_of_which_nothing_is_said() -> None:
    room = with_policy(Outage())
    assert seen(room, [], at("10:00"), shut(room, at("10:00"), at("20:00"))).until is None
    assert is_out_of_order(room, at("10:00", 300))
    assert not is_out_of_order(ROOM, at("10:00"))
