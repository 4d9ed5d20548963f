"""What a door shows, from the start of a room's local day to the end of its next one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given

from displays.door import SLOTS, project
from displays.scene import closed, window
from kiosk.schedule.availability import situation
from kiosk.schedule.model import Booking, Message, Outage, Policy, Room
from kiosk.schedule.rules import offers
from tests.displays.rooms import OAK, awaiting, hours, lasting, opened, rooms, shown, slot, start_of
from tests.schedule.values import BERLIN, MONDAY, at, booked, quick, schedules

TODAY = date(2026, 11, 23)
NOON = at("11:00")  # by Berlin's clock


def seen(*bookings: Booking, moment: datetime = NOON, part: str = "status", room: Room = OAK) -> Any:
    return slot(shown(project(room, bookings, NOON), moment), part)


def told(*messages: Message, moment: datetime = NOON, bookings: tuple[Booking, ...] = ()) -> Any:
    return slot(shown(project(OAK, bookings, NOON, messages), moment), "note")


def message(since: str, until: str, kind: Any = "missed") -> Message:
    return Message(kind, at(since), at(until), at("10:30"), at("11:30"), undo="a")


@quick
@given(schedules(hours=30), rooms, hours)
def test_scenes_run_without_a_gap_from_this_local_day_to_the_end_of_the_next(
    bookings: list[Booking], room: Room, now: datetime
) -> None:
    scenes = project(room, bookings, now)
    day = now.astimezone(room.zone).date()
    assert scenes[0].start == start_of(room, day)
    assert scenes[-1].start == start_of(room, day + timedelta(days=2))
    assert all(one.start < other.start for one, other in pairwise(scenes))


@quick
@given(schedules(hours=30), rooms, hours, hours)
def test_at_every_moment_a_door_shows_what_the_schedule_says(
    bookings: list[Booking], room: Room, now: datetime, moment: datetime
) -> None:
    scenes, closures = project(room, bookings, now), closed(room, window(room, now))
    if not scenes[0].start <= moment < scenes[-1].start:
        return
    scene, found = shown(scenes, moment), situation(bookings, moment, room.policy, closures)
    offered = [offer.minutes for offer in offers(bookings, moment, room.policy, closures)]
    assert scene.status == slot(scene, "status").status == found.status
    assert (slot(scene, "status").until is None) == (found.until is None)
    assert [choice.minutes for choice in slot(scene, "actions").choices] == offered


@quick
@given(schedules(hours=30), rooms, hours, hours)
def test_the_hours_of_a_day_may_pass_without_a_new_version(
    bookings: list[Booking], room: Room, earlier: datetime, later: datetime
) -> None:
    same_day = earlier.astimezone(room.zone).date() == later.astimezone(room.zone).date()
    assert (repr(project(room, bookings, earlier)) == repr(project(room, bookings, later))) is same_day


@quick
@given(schedules(hours=30))
def test_two_scenes_that_follow_each_other_differ(bookings: list[Booking]) -> None:
    for one, other in pairwise(project(OAK, bookings, MONDAY)):
        assert replace(one, start=other.start) != other


def test_every_scene_fills_every_slot() -> None:
    assert {tuple(name for name, _ in scene.slots) for scene in project(OAK, [], NOON)} == {SLOTS}


def test_after_the_days_it_knows_a_door_says_that_the_schedule_is_unknown() -> None:
    last = project(OAK, [booked("10:00", "12:00")], NOON)[-1]
    assert (last.status, slot(last, "status").known) == ("closed", False)
    assert slot(last, "actions").choices == ()
    assert slot(last, "timeline") is None


def test_a_free_door_offers_what_fits_before_the_next_booking() -> None:
    choices = seen(booked("11:40", "12:00"), part="actions").choices
    assert [(choice.minutes, choice.until) for choice in choices] == [(15, None), (30, None), (None, at("11:40"))]


def test_a_private_booking_says_neither_what_nor_who() -> None:
    use = seen(booked("10:00", "12:00", private=True), part="now").use
    assert (use.title, use.owner, use.private) == ("", "", True)


def test_a_held_booking_is_shown_as_held() -> None:
    assert seen(booked("10:00", "12:00", held=True)).status == "held"


def test_the_next_booking_may_be_tomorrows() -> None:
    following = seen(lasting(at("08:00", days=1), 1, title="Retrospective"), part="next")
    assert (following.use.title, following.tomorrow) == ("Retrospective", True)


def test_a_booking_after_tomorrow_is_not_named() -> None:
    assert seen(lasting(at("08:00", days=2), 1), part="next").use is None


@pytest.mark.parametrize(
    ("hours_long", "when", "whole"),
    [(3, "today", False), (13, "today", True), (20, "tomorrow", False), (37, "tomorrow", True), (60, "later", False)],
)
def test_an_end_is_said_as_people_do(hours_long: float, when: str, whole: bool) -> None:
    end = seen(lasting(at("10:00"), hours_long)).until
    assert (end.when, end.whole) == (when, whole)


def test_an_end_at_midnight_belongs_to_the_day_that_ends() -> None:
    assert seen(lasting(at("10:00"), 37)).until.day == date(2026, 11, 24)


def test_tomorrow_is_another_day_after_midnight() -> None:
    booking = lasting(at("10:00"), 30)
    before, after = (seen(booking, moment=at(clock)).until.when for clock in ("22:59", "23:00"))
    assert (before, after) == ("tomorrow", "today")


def test_a_booking_nobody_has_checked_in_for_says_until_when_somebody_must() -> None:
    booking = awaiting(booked("10:50", "12:00"), opens="10:40", due="11:05")
    line = seen(booking)
    assert (line.status, line.due) == ("checkin", at("11:05"))


def test_a_check_in_that_is_overdue_leaves_the_room_busy_until_the_server_releases_it() -> None:
    booking = awaiting(booked("10:50", "12:00"), opens="10:40", due="11:05")
    line = seen(booking, moment=at("11:05"))
    assert (line.status, line.due) == ("busy", None)


def test_a_room_outside_its_hours_is_closed_until_it_opens() -> None:
    line = seen(moment=at("22:00"), room=opened("07:00-19:00"))
    assert (line.status, line.until.at, line.until.when) == ("closed", at("06:00", days=1), "tomorrow")


def test_a_closed_room_says_the_day_it_really_opens() -> None:
    line = seen(room=opened("Wed-Fri 07:00-19:00"))
    assert (line.status, line.until.at, line.until.when) == ("closed", at("06:00", days=2), "later")


def test_a_room_that_closes_is_free_until_then_and_no_longer() -> None:
    room = opened("07:00-12:30")
    assert seen(room=room).until.at == at("11:30")
    assert [choice.minutes for choice in seen(part="actions", room=room).choices] == [15, 30]


@quick
@given(schedules(hours=30), hours)
def test_a_door_with_hours_shows_at_every_moment_what_the_schedule_says(
    bookings: list[Booking], moment: datetime
) -> None:
    room = opened("Mon-Fri 08:30-17:15")
    scenes, closures = project(room, bookings, NOON), closed(room, window(room, NOON))
    if not scenes[0].start <= moment < scenes[-1].start:
        return
    found = situation(bookings, moment, room.policy, closures)
    assert shown(scenes, moment).status == found.status


def test_a_room_that_nobody_may_book_offers_nothing() -> None:
    room = replace(OAK, policy=Policy(bookable="people"))
    assert seen(part="actions", room=room).choices == ()
    assert seen(part="timeline", room=room).later is None


def test_what_went_wrong_is_told_for_a_while() -> None:
    one = message("11:00", "11:05")
    assert told(one, moment=at("11:04")).message == one
    assert told(one, moment=at("11:05")).message is None
    assert told(one, moment=at("10:59")).message is None


def test_of_two_messages_the_later_one_is_told_first() -> None:
    first, second = message("11:00", "11:30"), message("11:10", "11:20", "hold_refused")
    heard = [told(first, second, moment=at(clock)).message for clock in ("11:05", "11:10", "11:20")]
    assert heard == [first, second, first]


def test_a_release_can_be_taken_back_while_nobody_else_has_the_room() -> None:
    one = message("11:00", "11:05")
    assert told(one).undo == "a"
    assert told(one, bookings=(booked("11:00", "12:00", "other"),)).undo == ""


@pytest.mark.parametrize(("day", "length"), [(date(2026, 3, 28), 47), (date(2026, 10, 24), 49)])
def test_a_door_crosses_the_night_in_which_clocks_change(day: date, length: int) -> None:
    midnight = start_of(Room("oak", "Oak", BERLIN), day)
    scenes = project(OAK, [], midnight)
    assert scenes[-1].start - scenes[0].start == timedelta(hours=length)
    assert [scene.start for scene in scenes] == [midnight, midnight + timedelta(hours=24), scenes[-1].start]


WEEKLY = booked("12:00", "13:00", "weekly")


def ending(*bookings: Booking, moment: str) -> tuple[datetime | None, bool]:
    """When the booking under way is said to end, and whether the next one follows at once."""
    found = seen(*bookings, moment=at(moment), part="next")
    return found.ending, found.at_once


def test_five_minutes_before_its_end_a_booking_is_said_to_end_and_what_follows() -> None:
    mine = booked("11:00", "12:00", own=True)
    assert ending(mine, WEEKLY, moment="11:54") == (None, False)
    assert ending(mine, WEEKLY, moment="11:55") == (at("12:00"), True)
    assert ending(mine, moment="11:55") == (at("12:00"), False)
    assert ending(mine, replace(WEEKLY, start=at("12:15")), moment="11:55") == (at("12:00"), False)
    assert ending(mine, WEEKLY, moment="12:00") == (None, False)


def test_shortly_before_the_end_more_time_is_what_the_door_asks_for_where_there_is_some() -> None:
    mine = booked("11:00", "12:00", own=True)
    loud = {deed.act: deed.loud for deed in seen(mine, moment=at("11:55"), part="actions").deeds}
    assert loud == {"end": False, "extend": True}
    assert [deed.loud for deed in seen(mine, WEEKLY, moment=at("11:55"), part="actions").deeds] == [True]
    assert all(deed.loud for deed in seen(mine, moment=at("11:54"), part="actions").deeds)


def test_another_room_is_offered_whenever_this_one_cannot_be_had() -> None:
    room = opened("Mon-Fri 09:00-19:00")
    assert seen(booked("10:00", "12:00"), part="actions").others
    assert seen(awaiting(lasting(at("10:55"), 1), opens="10:45", due="11:05"), part="actions").others
    assert seen(moment=at("05:00"), part="actions", room=room).others
    assert not seen(part="actions").others
    assert not seen(booked("11:10", "12:00"), part="actions").others


def test_another_room_is_offered_where_this_one_is_free_for_less_than_can_be_booked() -> None:
    assert seen(booked("11:04", "12:00"), part="actions").others
    patient = replace(OAK, policy=Policy(durations=(60,), shortest=timedelta(minutes=30)))
    assert seen(booked("11:29", "12:00"), part="actions", room=patient).others
    assert not seen(booked("11:30", "12:00"), part="actions", room=patient).others


def test_room_that_was_left_within_the_minute_sends_nobody_on() -> None:
    left = booked("10:00", "11:00:20")
    found = seen(left, moment=at("11:00:30"), part="actions")
    assert (found.choices, found.others) == ((), False)


def test_room_out_of_order_says_so_shows_its_bookings_and_cannot_be_booked() -> None:
    broken = replace(OAK, policy=Policy(out_of_order=Outage(TODAY, time(13))))
    line = seen(booked("10:00", "11:30"), room=broken)
    assert (line.status, line.broken, line.until.at) == ("closed", True, at("12:00"))
    assert seen(booked("10:00", "11:30"), room=broken, part="now").use
    assert seen(room=broken, part="actions").choices == ()
    after = seen(room=broken, moment=at("12:00"))
    assert (after.status, after.broken) == ("free", False)


def test_door_tells_what_is_reported_of_its_room() -> None:
    assert seen(room=replace(OAK, reported=("screen", "light")), part="report").kinds == ("screen", "light")
