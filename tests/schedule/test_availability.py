"""Which events take the room, and what the room's situation is at any moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given

from kiosk.schedule.availability import bookings, conflict, fill, free_slots, occupies, runs, situation
from kiosk.schedule.model import Answer, Booking, CheckIn, Event, Person, Policy, Slot
from tests.schedule.values import (
    ADA,
    active,
    at,
    booked,
    closings,
    event,
    events,
    instants,
    policies,
    quick,
    schedules,
    steps,
)

Schedule = list[Booking]
Closures = list[Slot]
POLICY = Policy()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param({}, True, id="accepted"),
        pytest.param({"answer": "needsAction"}, True, id="unanswered"),
        pytest.param({"answer": "tentative"}, True, id="answered with perhaps"),
        pytest.param({"answer": "declined"}, False, id="declined by the room"),
        pytest.param({"cancelled": True}, False, id="cancelled"),
        pytest.param({"transparent": True}, False, id="marked as available"),
        pytest.param({"private": True, "title": ""}, True, id="private"),
        pytest.param({"all_day": True, "start": at("00:00"), "end": at("00:00", 1)}, True, id="all day"),
        pytest.param({"end": at("11:00", 3)}, True, id="several days"),
        pytest.param({"kind": "workingLocation"}, False, id="working location"),
        pytest.param({"kind": "birthday"}, False, id="birthday"),
        pytest.param({"kind": "fromGmail"}, True, id="made from a mail"),
        pytest.param({"kind": "invented next year"}, True, id="of a kind unknown to us"),
        pytest.param({"end": at("10:00")}, False, id="of no length"),
        pytest.param({"end": at("09:00")}, False, id="ending before it starts"),
    ],
)
def test_event_occupies_the_room(change: dict[str, Any], expected: bool) -> None:
    assert occupies(replace(event(), **change)) is expected


def test_bookings_are_sorted_whatever_the_order_of_events() -> None:
    events = [event("12:00", "13:00", "c"), event("09:00", "11:00", "b"), event("09:00", "10:00", "z")]
    assert [booking.id for booking in bookings(events, own=())] == ["z", "b", "c"]


def test_private_event_shows_neither_title_nor_owner() -> None:
    (booking,) = bookings([replace(event(), private=True, organizer=ADA)], own=())
    assert (booking.private, booking.title, booking.owner) == (True, "", "")


def test_private_hold_shows_neither_title_nor_owner() -> None:
    hold = replace(booked("10:00", "11:00", private=True, held=True), title="Secret", owner="Ada")
    assert bookings([], own=(), holds=[hold]) == (replace(hold, title="", owner=""),)


@pytest.mark.parametrize(
    ("organizer", "by_room", "owner"),
    [
        pytest.param(ADA, False, "Ada Lovelace", id="a person"),
        pytest.param(Person("ada@example.com"), False, "ada@example.com", id="a person without a name"),
        pytest.param(None, False, "", id="nobody"),
        pytest.param(Person("c_1@resource.calendar.google.com", "Room A"), True, "", id="the room itself"),
        pytest.param(Person("c_1@group.calendar.google.com", "Team"), False, "Team", id="a team's calendar"),
        pytest.param(Person("c_1@group.calendar.google.com"), False, "", id="a calendar without a name"),
    ],
)
def test_owner_of_a_booking_is_its_organizer(organizer: Person | None, by_room: bool, owner: str) -> None:
    (booking,) = bookings([replace(event(), organizer=organizer, organized_by_room=by_room)], own=())
    assert booking.owner == owner


@pytest.mark.parametrize(
    ("organizer", "by_room", "person"),
    [
        pytest.param(
            Person("Ada@Example.com", "Ada Lovelace"), False, "ada@example.com", id="an address in small letters"
        ),
        pytest.param(None, False, "", id="nobody, when the organizer is unknown"),
        pytest.param(
            Person("c_1@resource.calendar.google.com", "Room A"), True, "", id="nobody, when the room organizes"
        ),
        pytest.param(
            Person("c_1@group.calendar.google.com", "Team"), False, "", id="nobody, when a calendar organizes"
        ),
    ],
)
def test_person_of_a_booking_is(organizer: Person | None, by_room: bool, person: str) -> None:
    (booking,) = bookings([replace(event(), organizer=organizer, organized_by_room=by_room)], own=())
    assert (booking.person, booking.by_room) == (person, by_room)


def test_private_booking_still_knows_whose_it_is() -> None:
    (booking,) = bookings([replace(event(), private=True, organizer=ADA)], own=())
    assert (booking.owner, booking.person) == ("", "ada@example.com")


def test_occurrence_knows_its_series() -> None:
    (booking,) = bookings([replace(event(), series_id="weekly")], own=())
    assert booking.series_id == "weekly"


def test_own_booking_is_told_by_its_id() -> None:
    booking_of_ours, other = bookings([event(id="ours"), event(id="theirs")], own={"ours", "gone"})
    assert (booking_of_ours.own, other.own) == (True, False)


@pytest.mark.parametrize(("answer", "tentative"), [("needsAction", True), ("tentative", True), ("accepted", False)])
def test_invitation_without_the_rooms_yes_is_tentative(answer: Answer, tentative: bool) -> None:
    (booking,) = bookings([replace(event(), answer=answer)], own=())
    assert booking.tentative is tentative


def test_hold_is_shown_among_the_bookings() -> None:
    hold = booked("09:00", "10:00", "h", own=True, held=True)
    assert [b.id for b in bookings([event()], own=(), holds=[hold])] == ["h", "a"]


def test_hold_gives_way_to_its_event_even_when_that_was_declined() -> None:
    hold = booked("10:00", "11:00", held=True)
    assert bookings([event()], own=(), holds=[hold])[0].held is False
    assert bookings([replace(event(), answer="declined")], own=(), holds=[hold]) == ()


def test_empty_schedule_is_free_for_ever() -> None:
    now = situation([], at("10:00"), POLICY)
    assert (now.status, now.current, now.next, now.until, now.changes_at) == ("free", None, None, None, None)


def test_free_room_turns_soon_a_quarter_of_an_hour_before_the_next_booking() -> None:
    meeting = booked("10:00", "11:00")
    before = situation([meeting], at("09:44:59"), POLICY)
    assert (before.status, before.until, before.changes_at) == ("free", at("10:00"), at("09:45"))
    after = situation([meeting], at("09:45"), POLICY)
    assert (after.status, after.next, after.until, after.changes_at) == ("soon", meeting, *[at("10:00")] * 2)


def test_booking_begins_at_its_start_and_is_over_at_its_end() -> None:
    meeting = booked("10:00", "11:00")
    assert situation([meeting], at("10:00"), POLICY).current == meeting
    assert situation([meeting], at("11:00"), POLICY).status == "free"


def test_back_to_back_bookings_are_busy_until_the_last_ends() -> None:
    first, second, third = (
        booked("10:00", "11:00"),
        booked("11:00", "12:00", "b"),
        booked("12:30", "13:00", "c"),
    )
    now = situation([first, second, third], at("10:30"), POLICY)
    assert (now.current, now.next, now.until, now.changes_at) == (first, second, at("12:00"), at("11:00"))


def test_booking_inside_a_longer_one_does_not_end_the_run() -> None:
    long, inner = booked("09:00", "12:00"), booked("10:00", "10:30", "b")
    now = situation([inner, long], at("10:15"), POLICY)
    assert (now.current, now.next, now.until, now.changes_at) == (long, None, at("12:00"), at("12:00"))


def test_room_is_held_only_when_the_booking_under_way_is() -> None:
    hold, meeting = booked("10:00", "11:00", held=True), booked("10:30", "12:00", "b")
    assert situation([hold, meeting], at("10:45"), POLICY).status == "held"
    assert situation([hold, meeting], at("11:00"), POLICY).status == "busy"


@pytest.mark.parametrize(
    ("now", "status", "changes_at"),
    [
        pytest.param("09:59:59", "soon", "10:00", id="before the start"),
        pytest.param("10:00", "checkin", "10:10", id="at the start"),
        pytest.param("10:09:59", "checkin", "10:10", id="until the last second"),
        pytest.param("10:10", "busy", "11:00", id="no longer once it is due"),
    ],
)
def test_booking_under_way_waits_for_its_check_in(now: str, status: str, changes_at: str) -> None:
    meeting = replace(booked("10:00", "11:00"), check_in=CheckIn(at("09:50"), at("10:10")))
    seen = situation([meeting], at(now), POLICY)
    assert (seen.status, seen.changes_at) == (status, at(changes_at))


def test_held_booking_is_held_before_it_waits_for_anybody() -> None:
    hold = replace(booked("10:00", "11:00", held=True), check_in=CheckIn(at("09:50"), at("10:10")))
    assert situation([hold], at("10:05"), POLICY).status == "held"


EVENING = Slot(at("18:00"), at("07:00", 1))


def test_free_room_is_free_until_it_closes_and_closed_until_it_opens() -> None:
    before, after = (situation([], at(now), POLICY, [EVENING]) for now in ("17:50", "18:00"))
    assert (before.status, before.until, before.changes_at) == ("free", at("18:00"), at("18:00"))
    assert (after.status, after.until, after.changes_at) == ("closed", at("07:00", 1), at("07:00", 1))
    assert situation([], at("07:00", 1), POLICY, [EVENING]).status == "free"


def test_room_that_closes_before_the_next_booking_is_not_said_to_be_taken_soon() -> None:
    meeting = booked("18:05", "19:00")
    seen = situation([meeting], at("17:55"), POLICY, [EVENING])
    assert (seen.status, seen.next, seen.until) == ("free", meeting, at("18:00"))


def test_booking_in_a_closed_room_takes_it_all_the_same() -> None:
    late = booked("17:30", "19:00")
    assert situation([late], at("18:30"), POLICY, [EVENING]).until == at("19:00")
    closed = situation([booked("20:00", "21:00")], at("19:30"), POLICY, [EVENING])
    assert (closed.status, closed.until, closed.changes_at) == ("closed", EVENING.end, at("20:00"))


def test_booking_of_several_days_takes_the_room_in_between() -> None:
    fair = Booking("fair", at("08:00"), at("18:00", 3))
    assert situation([fair], at("02:00", 2), POLICY).until == at("18:00", 3)


def test_touching_is_no_conflict() -> None:
    meeting = booked("10:00", "11:00")
    assert conflict([meeting], at("09:00"), at("10:00")) is None
    assert conflict([meeting], at("11:00"), at("12:00")) is None
    assert conflict([meeting], at("10:59"), at("12:00")) == meeting


def test_no_time_at_all_conflicts_with_nothing() -> None:
    assert conflict([booked("10:00", "11:00")], at("10:30"), at("10:30")) is None


def test_gaps_too_short_are_not_offered_as_free_slots() -> None:
    schedule = [booked("10:00", "11:00"), booked("11:14", "12:00", "b"), booked("12:15", "13:00", "c")]
    slots = free_slots(schedule, at("10:30"), at("13:00"), timedelta(minutes=15))
    assert slots == (Slot(at("12:00"), at("12:15")),)


@quick
@given(schedules(), instants(), instants())
def test_free_slots_are_the_complement_of_the_bookings(schedule: Schedule, start: datetime, end: datetime) -> None:
    slots = free_slots(schedule, start, end)
    for instant in steps(start, end, timedelta(seconds=30)):
        assert any(slot.start <= instant < slot.end for slot in slots) is not bool(active(schedule, instant))


@quick
@given(schedules(), instants(), instants())
def test_free_slots_neither_touch_nor_conflict(schedule: Schedule, start: datetime, end: datetime) -> None:
    slots = free_slots(schedule, start, end)
    assert all(earlier.end < later.start for earlier, later in pairwise(slots))
    assert all(start <= slot.start < slot.end <= end for slot in slots)
    assert all(conflict(schedule, slot.start, slot.end) is None for slot in slots)


@quick
@given(schedules())
def test_runs_have_free_time_between_them(schedule: Schedule) -> None:
    merged = runs(schedule)
    assert all(earlier.end < later.start for earlier, later in pairwise(merged))


@quick
@given(schedules(), instants(), policies, closings())
def test_situation_changes_exactly_when_it_says(
    schedule: Schedule, now: datetime, policy: Policy, closures: Closures
) -> None:
    def shown(instant: datetime) -> tuple[object, ...]:
        seen = situation(schedule, instant, policy, closures)
        return seen.status, seen.current, seen.next, seen.until

    later = steps(now, at("16:00"), timedelta(seconds=30))[1:]
    changed = next((instant for instant in later if shown(instant) != shown(now)), None)
    assert situation(schedule, now, policy, closures).changes_at == changed


@quick
@given(schedules(), instants(), policies, closings())
def test_until_is_when_the_room_turns_from_free_to_taken_or_back(
    schedule: Schedule, now: datetime, policy: Policy, closures: Closures
) -> None:
    taken, closed = bool(active(schedule, now)), bool(shut(closures, now))

    def lasts(instant: datetime) -> bool:
        if taken:
            return bool(active(schedule, instant))
        return bool(shut(closures, instant)) is closed and (closed or not active(schedule, instant))

    turned = next((instant for instant in steps(now, at("16:00"), timedelta(seconds=30)) if not lasts(instant)), None)
    assert situation(schedule, now, policy, closures).until == turned


@quick
@given(schedules(), instants(), policies, closings())
def test_status_agrees_with_the_bookings_under_way(
    schedule: Schedule, now: datetime, policy: Policy, closures: Closures
) -> None:
    seen = situation(schedule, now, policy, closures)
    under_way = active(schedule, now)
    assert (seen.current in under_way) if under_way else (seen.current is None)
    assert (seen.status in {"busy", "held", "checkin"}) is bool(under_way)
    assert (seen.status == "closed") is (not under_way and bool(shut(closures, now)))
    assert seen.status != "soon" or (seen.next and seen.next.start - now <= policy.soon)


def shut(closures: Closures, instant: datetime) -> list[Slot]:
    return [closure for closure in closures if closure.start <= instant < closure.end]


@quick
@given(events, schedules())
def test_bookings_are_what_occupies_and_the_holds_not_yet_answered(found: list[Event], holds: Schedule) -> None:
    merged = bookings(found, own=(), holds=holds)
    answered = {event.id for event in found}
    waiting = {hold.id for hold in holds if hold.start < hold.end} - answered
    assert {booking.id for booking in merged} == waiting | {event.id for event in found if occupies(event)}
    assert list(merged) == sorted(merged, key=lambda booking: (booking.start, booking.end, booking.id))
    assert all(booking.start < booking.end for booking in merged)
    assert not any(booking.title or booking.owner for booking in merged if booking.private)


@pytest.mark.parametrize(
    ("events", "filled"),
    [
        ([], False),
        ([event("10:30", "11:30"), event("09:00", "10:30")], True),
        ([event("09:00", "10:15"), event("10:30", "12:00")], False),
        ([event("10:15", "12:00")], False),
        ([event("09:00", "10:45")], False),
        ([replace(event("09:00", "12:00"), answer="declined")], False),
    ],
)
def test_events_fill_a_stretch_where_one_takes_the_room_at_every_moment(events: list[Event], filled: bool) -> None:
    assert fill(events, at("10:00"), at("11:00")) is filled
