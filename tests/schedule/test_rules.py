"""What may be booked at a screen, when it begins and ends, and which of two colliding bookings stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.schedule.availability import conflict
from kiosk.schedule.model import Booking, Offer, Policy, Refusal, Slot
from kiosk.schedule.rules import (
    Contender,
    book_now,
    decide,
    decide_change,
    ends_at,
    extensions,
    offers,
    starts_early,
    whole_minute,
    yields,
)
from tests.schedule.values import active, at, booked, closings, instants, named, policies, quick, schedules

Schedule = list[Booking]
Closures = list[Slot]
POLICY = Policy()
MEETING = booked("10:00", "11:00")
EVENING = Slot(at("18:00"), at("07:00", 1))


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("08:45", [15, 30, 60, None]),
        ("09:00", [15, 30, 60]),
        ("09:00:59", [15, 30, 60]),
        ("09:01", [15, 30, None]),
        ("09:31", [15, None]),
        ("09:55", [None]),
        ("09:56", []),
        ("10:30", []),
        ("11:00", [15, 30, 60]),
    ],
)
def test_only_what_fits_before_the_next_meeting_is_offered(now: str, expected: list[int | None]) -> None:
    assert named(offers([MEETING], at(now), POLICY)) == expected


def test_offer_ends_where_a_booking_from_the_running_minute_would() -> None:
    offered = offers([MEETING], at("09:20:40"), POLICY)
    assert offered == (Offer(15, at("09:35")), Offer(30, at("09:50")), Offer(None, at("10:00")))


def test_until_next_is_not_offered_when_that_is_longer_than_allowed() -> None:
    policy = Policy(longest=timedelta(hours=2))
    assert named(offers([MEETING], at("07:59:59"), policy)) == [15, 30, 60]
    assert named(offers([MEETING], at("08:00"), policy)) == [15, 30, 60, None]


def test_durations_that_the_policy_would_refuse_are_not_offered() -> None:
    policy = Policy(durations=(60, 5, 30, 30, 0), shortest=timedelta(minutes=10), longest=timedelta(minutes=45))
    assert named(offers([], at("09:00"), policy)) == [30]


def test_after_a_booking_that_ended_within_the_minute_offers_wait_for_the_next() -> None:
    schedule = [booked("08:00", "09:00:20")]
    assert offers(schedule, at("09:00:40"), POLICY) == ()
    assert named(offers(schedule, at("09:01"), POLICY)) == [15, 30, 60]


@pytest.mark.parametrize(
    ("start", "end", "reason"),
    [
        pytest.param("09:20", "09:50", None, id="from the running minute"),
        pytest.param("09:20", "10:00", None, id="up to the next meeting"),
        pytest.param("09:20", "09:25", None, id="five minutes"),
        pytest.param("11:00", "12:00", None, id="later today"),
        pytest.param("09:19", "09:50", "past", id="from a minute ago"),
        pytest.param("09:20", "09:20", "too_short", id="no time at all"),
        pytest.param("09:50", "09:20", "too_short", id="backwards"),
        pytest.param("09:20", "09:24", "too_short", id="four minutes"),
        pytest.param("11:00", "19:01", "too_long", id="more than eight hours"),
    ],
)
def test_wish_is_decided_by_its_times(start: str, end: str, reason: str | None) -> None:
    refusal = decide([MEETING], at(start), at(end), at("09:20:30"), POLICY)
    assert (refusal.reason if refusal else None) == reason


def test_wish_that_overlaps_is_refused_with_the_booking_in_the_way() -> None:
    refusal = decide([MEETING], at("09:30"), at("10:01"), at("09:30"), POLICY)
    assert refusal == Refusal("taken", MEETING)


def test_wish_for_the_day_after_tomorrow_is_too_far() -> None:
    now = at("09:00")
    assert decide([], at("09:00", 2), at("10:00", 2), now, POLICY) is None
    assert decide([], at("09:01", 2), at("10:00", 2), now, POLICY) == Refusal("too_far")


def test_only_what_fits_before_the_room_closes_is_offered() -> None:
    assert named(offers([], at("17:20"), POLICY, [EVENING])) == [15, 30, None]
    assert named(offers([], at("18:00"), POLICY, [EVENING])) == []
    assert named(offers([], at("07:00", 1), POLICY, [EVENING])) == [15, 30, 60]


def test_where_nobody_may_book_nothing_is_offered_and_every_wish_refused() -> None:
    policy = Policy(bookable="nobody")
    assert offers([], at("09:00"), policy) == ()
    assert decide([], at("09:00"), at("09:30"), at("09:00"), policy) == Refusal("not_bookable")


@pytest.mark.parametrize(
    ("start", "end", "refusal"),
    [
        pytest.param("17:00", "18:00", None, id="which it only meets"),
        pytest.param("17:00", "18:01", Refusal("closed"), id="by a minute"),
        pytest.param("18:00", "19:00", Refusal("closed"), id="wholly"),
        pytest.param("10:30", "18:01", Refusal("taken", MEETING), id="and a meeting, which comes first"),
    ],
)
def test_wish_that_reaches_into_a_closure(start: str, end: str, refusal: Refusal | None) -> None:
    assert decide([MEETING], at(start), at(end), at("09:00"), POLICY, [EVENING]) == refusal


NEXT = booked("12:00", "13:00", "b")


@pytest.mark.parametrize(
    ("start", "end", "now", "refusal"),
    [
        pytest.param("10:00", "11:30", "10:50", None, id="later end"),
        pytest.param("10:00", "12:00", "10:50", None, id="up to the next"),
        pytest.param("10:00", "12:01", "10:50", Refusal("taken", NEXT), id="into the next"),
        pytest.param("10:00", "10:30", "10:20", None, id="earlier end"),
        pytest.param("10:00", "10:20", "10:20", Refusal("past"), id="over by now"),
        pytest.param("10:00", "10:00", "09:00", Refusal("too_short"), id="of no length"),
        pytest.param("09:30", "11:00", "09:30:40", None, id="from the running minute"),
        pytest.param("09:29", "11:00", "09:30:40", Refusal("past"), id="from a minute ago"),
        pytest.param("11:10", "11:50", "09:30", None, id="moved beyond itself"),
        pytest.param("11:10", "12:10", "09:30", Refusal("taken", NEXT), id="moved into the next"),
        pytest.param("09:00", "10:00", "08:00", Refusal("taken", booked("08:30", "09:30", "c")), id="moved too early"),
        pytest.param("09:45", "17:46", "09:30", Refusal("too_long"), id="for more than eight hours"),
    ],
)
def test_change_is_decided_by_what_it_adds(start: str, end: str, now: str, refusal: Refusal | None) -> None:
    schedule = [booked("08:30", "09:30", "c"), MEETING, NEXT]
    assert decide_change(schedule, MEETING, at(start), at(end), at(now), POLICY) == refusal


def test_minutes_that_a_booking_has_already_are_not_held_against_it() -> None:
    late, double = booked("17:00", "19:00"), booked("18:00", "18:30", "b")
    assert decide_change([late, double], late, at("17:00"), at("18:45"), at("17:30"), POLICY, [EVENING]) is None
    change = decide_change([late, double], late, at("17:00"), at("19:15"), at("17:30"), POLICY, [EVENING])
    assert change == Refusal("closed")


def test_booking_that_is_moved_past_another_does_not_meet_it() -> None:
    before, after = booked("09:15", "09:45", "c"), booked("11:15", "11:45", "d")
    schedule = [before, MEETING, after]
    assert decide_change(schedule, MEETING, at("08:15"), at("09:15"), at("08:00"), POLICY) is None
    assert decide_change(schedule, MEETING, at("11:45"), at("12:45"), at("08:00"), POLICY) is None


def test_booking_is_not_in_its_own_way_though_it_was_longer_a_moment_ago() -> None:
    longer = replace(MEETING, end=at("11:30"))
    assert decide_change([longer], MEETING, at("10:00"), at("11:15"), at("10:30"), POLICY) is None


def test_booking_longer_than_allowed_may_become_shorter_but_not_longer() -> None:
    fair = booked("08:00", "20:00")
    assert decide_change([fair], fair, at("08:00"), at("19:00"), at("09:00"), POLICY) is None
    assert decide_change([fair], fair, at("08:00"), at("20:01"), at("09:00"), POLICY) == Refusal("too_long")


@pytest.mark.parametrize(
    ("follows", "expected"),
    [
        pytest.param(None, [15, 30], id="nothing"),
        pytest.param("11:00", [], id="a booking at once"),
        pytest.param("11:04", [None], id="one in four minutes"),
        pytest.param("11:15", [15], id="one in a quarter of an hour"),
        pytest.param("11:20", [15, None], id="one in twenty minutes"),
        pytest.param("11:30", [15, 30], id="one in half an hour"),
        pytest.param("12:00", [15, 30, None], id="one in an hour"),
        pytest.param("12:01", [15, 30], id="one in more than an hour"),
    ],
)
def test_booking_under_way_can_be_extended_before(follows: str | None, expected: list[int | None]) -> None:
    schedule = [MEETING, *([booked(follows, "14:00", "b")] if follows else [])]
    assert named(extensions(schedule, MEETING, at("10:40"), POLICY)) == expected


def test_extension_ends_that_much_after_the_booking_or_where_the_next_begins() -> None:
    schedule = [MEETING, booked("11:20", "12:00", "b")]
    offered = extensions(schedule, MEETING, at("10:40"), POLICY)
    assert offered == (Offer(15, at("11:15")), Offer(None, at("11:20")))


def test_extension_reaches_to_the_closure_and_no_further() -> None:
    late = booked("17:00", "17:50")
    assert extensions([late], late, at("17:30"), POLICY, [EVENING]) == (Offer(None, at("18:00")),)


def test_booking_that_is_not_under_way_is_not_extended() -> None:
    assert extensions([MEETING], MEETING, at("09:59"), POLICY) == ()
    assert extensions([MEETING], MEETING, at("11:00"), POLICY) == ()


def test_extension_keeps_to_the_longest_booking_allowed() -> None:
    policy = Policy(longest=timedelta(minutes=75))
    assert named(extensions([MEETING], MEETING, at("10:40"), policy)) == [15]


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param("08:59:59", None, id="more than an hour before"),
        pytest.param("09:00:20", None, id="while the room is taken"),
        pytest.param("09:20:20", None, id="in the minute in which it becomes free"),
        pytest.param("09:21:20", "09:21", id="once it is free"),
        pytest.param("09:59:59", "09:59", id="until its start"),
        pytest.param("10:00", None, id="no longer after that"),
    ],
)
def test_next_booking_begins_early(now: str, expected: str | None) -> None:
    schedule = [booked("08:30", "09:20:10", "b"), MEETING]
    assert starts_early(schedule, MEETING, at(now), POLICY) == (at(expected) if expected else None)


def test_booking_does_not_begin_in_a_closed_room_or_become_too_long() -> None:
    closed = [Slot(at("00:00"), at("09:45"))]
    assert starts_early([MEETING], MEETING, at("09:44"), POLICY, closed) is None
    assert starts_early([MEETING], MEETING, at("09:45"), POLICY, closed) == at("09:45")
    assert starts_early([MEETING], MEETING, at("09:29"), Policy(longest=timedelta(minutes=90))) is None


def test_what_would_be_over_already_is_past() -> None:
    policy = Policy(shortest=timedelta(0))
    assert decide([], at("09:00"), at("09:00:10"), at("09:00:30"), policy) == Refusal("past")


@pytest.mark.parametrize(
    ("now", "end"),
    [
        pytest.param("10:20:59", at("10:20"), id="in the middle: the running minute"),
        pytest.param("10:00:59", None, id="in its first minute: deleted"),
        pytest.param("09:30", None, id="before it began: deleted"),
        pytest.param("11:30", at("11:00"), id="when it is over: unchanged"),
    ],
)
def test_booking_ended_early_ends(now: str, end: datetime | None) -> None:
    assert ends_at(MEETING, at(now)) == end


def test_room_ended_early_can_be_booked_at_once() -> None:
    now = at("10:20:40")
    end = ends_at(MEETING, now)
    assert end
    assert named(offers([replace(MEETING, end=end)], now, POLICY)) == [15, 30, 60]


def test_whole_minute_is_itself_and_any_other_instant_waits_for_the_next() -> None:
    assert whole_minute(at("10:00")) == at("10:00")
    assert whole_minute(at("10:00:01")) == at("10:01")


def contender(id: str, created: str | None = "10:00", ours: bool = True, accepted: bool = True) -> Contender:
    return Contender(id, at(created) if created else None, ours, accepted)


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        pytest.param(contender("x", "11:00", ours=False), True, id="an accepted meeting made elsewhere"),
        pytest.param(contender("x", ours=False, accepted=False), False, id="an unanswered invitation"),
        pytest.param(contender("x", "09:59"), True, id="an earlier one of ours"),
        pytest.param(contender("x", "10:01"), False, id="a later one of ours"),
        pytest.param(contender("a"), True, id="one of ours of the same second with a smaller id"),
        pytest.param(contender("x"), False, id="one of ours of the same second with a greater id"),
        pytest.param(contender("a", None), False, id="one of ours without a stamp"),
        pytest.param(contender("m", "09:59"), False, id="itself"),
    ],
)
def test_our_booking_yields_to(other: Contender, expected: bool) -> None:
    assert yields(contender("m"), [other]) is expected


@quick
@given(schedules(grain=20), instants(grain=7), policies, closings(grain=20))
def test_every_offer_passes_the_decision(s: Schedule, now: datetime, policy: Policy, closures: Closures) -> None:
    for offer in offers(s, now, policy, closures):
        assert offer.end > now
        assert decide(s, book_now(now), offer.end, now, policy, closures) is None


@quick
@given(schedules(grain=20), instants(grain=7), policies, closings(grain=20))
def test_every_duration_that_passes_the_decision_is_offered(
    schedule: Schedule, now: datetime, policy: Policy, closures: Closures
) -> None:
    def passes(minutes: int) -> bool:
        end = book_now(now) + timedelta(minutes=minutes)
        return not active(schedule, now) and decide(schedule, book_now(now), end, now, policy, closures) is None

    expected = sorted({minutes for minutes in policy.durations if passes(minutes)})
    assert [minutes for minutes in named(offers(schedule, now, policy, closures)) if minutes] == expected


@quick
@given(schedules(), instants(), instants(), instants(), policies, closings())
def test_what_is_allowed_overlaps_nothing(
    s: Schedule, now: datetime, start: datetime, end: datetime, policy: Policy, closures: Closures
) -> None:
    refusal = decide(s, start, end, now, policy, closures)
    in_the_way = conflict(s, start, end)
    assert refusal is not None or in_the_way is None
    assert refusal is not None or not touched(closures, start, end)
    assert refusal is None or refusal.conflict == (in_the_way if refusal.reason == "taken" else None)


@quick
@given(schedules(), instants(), instants(), instants(), policies, closings(), st.integers(0, 7))
def test_change_that_is_allowed_takes_no_minute_of_others(
    s: Schedule, now: datetime, start: datetime, end: datetime, policy: Policy, closures: Closures, which: int
) -> None:
    booking = s[which % len(s)] if s else MEETING
    if decide_change(s, booking, start, end, now, policy, closures) is None:
        others = [other for other in s if other.id != booking.id]
        added = [(start, min(end, booking.start)), (max(start, booking.end), end)]
        assert not any(conflict(others, low, high) or touched(closures, low, high) for low, high in added)
        assert end > max(now, start)


@quick
@given(schedules(grain=20), instants(grain=7), policies, closings(grain=20))
def test_every_extension_passes_the_decision(s: Schedule, now: datetime, policy: Policy, closures: Closures) -> None:
    for booking in active(s, now):
        offered = extensions(s, booking, now, policy, closures)
        assert len(offered) <= 3
        assert [offer.end for offer in offered] == sorted({offer.end for offer in offered})
        for offer in offered:
            assert offer.end > booking.end
            assert decide_change(s, booking, booking.start, offer.end, now, policy, closures) is None


def touched(closures: Closures, start: datetime, end: datetime) -> bool:
    return any(start < end and closure.start < end and start < closure.end for closure in closures)


stamps = st.one_of(st.none(), instants(grain=1800))
ours_only = st.builds(Contender, st.text("abc", min_size=1), stamps, st.just(True), st.booleans())
theirs_only = st.builds(Contender, st.text("xyz", min_size=1), stamps, st.just(False), st.booleans())


def distinct(contenders: st.SearchStrategy[Contender], least: int) -> st.SearchStrategy[list[Contender]]:
    return st.lists(contenders, min_size=least, max_size=6, unique_by=lambda contender: contender.id)


@quick
@given(distinct(ours_only, 1))
def test_among_any_of_ours_exactly_one_does_not_yield(ours: list[Contender]) -> None:
    assert [yields(mine, ours) for mine in ours].count(False) == 1


@quick
@given(distinct(ours_only, 1), distinct(theirs_only, 0))
def test_none_of_ours_stays_beside_an_accepted_meeting(ours: list[Contender], theirs: list[Contender]) -> None:
    staying = [mine for mine in ours if not yields(mine, [*ours, *theirs])]
    assert len(staying) == (0 if any(their.accepted for their in theirs) else 1)
