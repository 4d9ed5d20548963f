"""What may be booked at a screen, when it begins and ends, and which of two colliding bookings stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.schedule.availability import conflict
from kiosk.schedule.model import Booking, Offer, Policy, Refusal
from kiosk.schedule.rules import Contender, book_now, decide, ends_at, offers, whole_minute, yields
from tests.schedule.values import active, at, booked, instants, named, policies, quick, schedules

Schedule = list[Booking]
POLICY = Policy()
MEETING = booked("10:00", "11:00")


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
@given(schedules(grain=20), instants(grain=7), policies)
def test_every_offer_passes_the_decision(schedule: Schedule, now: datetime, policy: Policy) -> None:
    for offer in offers(schedule, now, policy):
        assert offer.end > now
        assert decide(schedule, book_now(now), offer.end, now, policy) is None


@quick
@given(schedules(grain=20), instants(grain=7), policies)
def test_every_duration_that_passes_the_decision_is_offered(schedule: Schedule, now: datetime, policy: Policy) -> None:
    def passes(minutes: int) -> bool:
        end = book_now(now) + timedelta(minutes=minutes)
        return not active(schedule, now) and decide(schedule, book_now(now), end, now, policy) is None

    expected = sorted({minutes for minutes in policy.durations if passes(minutes)})
    assert [minutes for minutes in named(offers(schedule, now, policy)) if minutes] == expected


@quick
@given(schedules(), instants(), instants(), instants(), policies)
def test_what_is_allowed_overlaps_nothing(
    s: Schedule, now: datetime, start: datetime, end: datetime, policy: Policy
) -> None:
    refusal = decide(s, start, end, now, policy)
    in_the_way = conflict(s, start, end)
    assert refusal is not None or in_the_way is None
    assert refusal is None or refusal.conflict == (in_the_way if refusal.reason == "taken" else None)


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
