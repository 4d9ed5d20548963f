"""One free/busy question for many rooms finds those that changed, and the requests allowed are never exceeded."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk import clock
from kiosk.errors import RateLimited, Unreachable
from kiosk.schedule.hours import is_open, parse
from kiosk.schedule.model import Room
from kiosk.store import events, mirror, rooms
from kiosk.store.database import Store
from kiosk.sync import cadence
from kiosk.sync.budget import Budget, Metered
from kiosk.sync.mirror import Mirror
from kiosk.sync.passes import Pass
from tests.fakes import MONDAY, FakeCalendars, StillClock, meeting

HOURS = parse("Mon-Fri 07:00-19:00")
COUNT = 120


@pytest.fixture
def calendars(still: StillClock) -> FakeCalendars:
    return FakeCalendars(still, events={f"room{number}@x": {} for number in range(COUNT)})


@pytest.fixture
def watcher(store: Store, calendars: FakeCalendars, still: StillClock) -> Mirror:
    """More rooms than are listed alone, all listed once."""

    def add(db: object) -> None:
        for number in range(COUNT):
            room = Room(f"room{number}", f"Room {number}", ZoneInfo("Europe/Berlin"))
            rooms.add_linked(db, room, f"room{number}@x", still())  # type: ignore[arg-type]

    store.write(add)
    made = Mirror(Pass(calendars, store, 7, still), timedelta(seconds=10), HOURS, 900_000, chance=random.Random(1))
    settle(made)
    calendars.requests.clear()
    return made


def settle(watcher: Mirror) -> None:
    while watcher.step():
        pass


def number_of(watcher: Mirror, slug: str) -> int:
    with watcher.work.store.read() as db:
        return rooms.by_slug(db, slug).id


def test_quiet_rooms_cost_one_question_for_fifty(watcher: Mirror, calendars: FakeCalendars, still: StillClock) -> None:
    still.advance(seconds=11)
    settle(watcher)
    assert calendars.requests == ["busy"] * 3


def test_changed_room_is_listed_at_once_and_only_that_one(
    watcher: Mirror, calendars: FakeCalendars, still: StillClock
) -> None:
    calendars.put("room77@x", meeting(1, still()))
    still.advance(seconds=11)
    settle(watcher)
    assert sorted(calendars.requests) == ["busy"] * 3 + ["page"]
    with watcher.work.store.read() as db:
        assert events.ids(db, number_of(watcher, "room77")) == {"m1"}
    calendars.requests.clear()
    still.advance(seconds=11)
    settle(watcher)
    assert calendars.requests == ["busy"] * 3


def test_every_room_is_listed_for_its_titles_at_a_slower_beat(
    watcher: Mirror, calendars: FakeCalendars, still: StillClock
) -> None:
    event = calendars.put("room5@x", meeting(1, still()))
    still.advance(seconds=11)
    settle(watcher)
    calendars.put("room5@x", replace(event, title="Renamed"))
    for _ in range(31):
        still.advance(minutes=1)
        settle(watcher)
    with watcher.work.store.read() as db:
        found = events.find(db, number_of(watcher, "room5"), "m1")
    assert found
    assert found.title == "Renamed"


def test_answered_question_makes_rooms_fresh(watcher: Mirror, still: StillClock) -> None:
    still.advance(seconds=11)
    settle(watcher)
    with watcher.work.store.read() as db:
        assert {one.checked_at for one in mirror.everything(db)} == {still()}


def test_room_the_question_cannot_see_is_listed_to_learn_why(
    watcher: Mirror, calendars: FakeCalendars, still: StillClock
) -> None:
    del calendars.events["room3@x"]
    still.advance(seconds=11)
    settle(watcher)
    assert sorted(calendars.requests) == ["busy"] * 3 + ["page"]


def test_day_rolling_over_costs_no_lists(watcher: Mirror, calendars: FakeCalendars, still: StillClock) -> None:
    calendars.put("room5@x", meeting(1, still() + timedelta(hours=30)))
    still.advance(seconds=11)
    settle(watcher)
    while still().day == MONDAY.day:
        still.advance(minutes=5)
        settle(watcher)
    calendars.requests.clear()
    still.advance(seconds=61)
    settle(watcher)
    # Lists for titles come by their own beat; none of the rooms is due because of the new day.
    assert calendars.requests.count("busy") == 3
    assert calendars.requests.count("page") < 10


def test_failing_question_rests_and_comes_back(watcher: Mirror, calendars: FakeCalendars, still: StillClock) -> None:
    def fail(_request: str) -> None:
        raise Unreachable("Google cannot be reached.")

    calendars.before.append(fail)
    still.advance(seconds=11)
    settle(watcher)
    calendars.before.clear()
    calendars.put("room77@x", meeting(1, still()))
    still.advance(minutes=2)
    settle(watcher)
    with watcher.work.store.read() as db:
        assert events.ids(db, number_of(watcher, "room77")) == {"m1"}


def test_few_rooms_are_listed_without_questions(calendars: FakeCalendars, still: StillClock, watcher: Mirror) -> None:
    watcher.listed_alone = COUNT
    still.advance(minutes=2)
    settle(watcher)
    still.advance(seconds=11)
    settle(watcher)
    calendars.requests.clear()
    still.advance(seconds=11)
    settle(watcher)
    assert calendars.requests == ["page"] * COUNT


def test_touched_screen_is_looked_at_like_in_opening_hours(watcher: Mirror, still: StillClock) -> None:
    still.instant = MONDAY + timedelta(hours=15)  # 01:00 in Berlin
    room = number_of(watcher, "room5")
    beats = watcher.plan(still()).beats
    assert watcher._look_beat(room, "Europe/Berlin", still()) == beats.quiet
    watcher.touched(room)
    assert watcher._look_beat(room, "Europe/Berlin", still()) == beats.awake


def test_failing_rooms_take_the_turn_of_no_healthy_one(
    store: Store, calendars: FakeCalendars, still: StillClock, watcher: Mirror
) -> None:
    for number in range(20):
        del calendars.events[f"room{number}@x"]
    ill = {number_of(watcher, f"room{number}") for number in range(20)}
    for room in ill:
        store.write(mirror.failed, room, "Not found", still())
    while watcher.step(failing=False):
        pass
    with store.read() as db:
        assert {one.room_id for one in mirror.everything(db) if one.failures} == ill


def test_clock_put_back_blinds_nobody(watcher: Mirror, calendars: FakeCalendars, still: StillClock) -> None:
    still.advance(seconds=11)
    settle(watcher)
    still.advance(hours=-1)
    calendars.requests.clear()
    calendars.put("room77@x", meeting(1, still()))
    settle(watcher)
    with watcher.work.store.read() as db:
        assert events.ids(db, number_of(watcher, "room77")) == {"m1"}


def test_announcement_during_a_pass_is_not_lost(watcher: Mirror, calendars: FakeCalendars, still: StillClock) -> None:
    room = number_of(watcher, "room5")
    watcher.hasten(room)
    said: list[str] = []

    def announce(request: str) -> None:
        if request == "page" and not said:
            said.append(request)
            still.advance(milliseconds=5)
            watcher.hasten(room)

    calendars.after.append(announce)
    assert watcher.step()
    calendars.requests.clear()
    assert watcher.step()
    assert calendars.requests == ["page"]


@pytest.mark.parametrize(
    ("text", "instant", "opened"),
    [
        ("Mon-Fri 07:00-19:00", "2026-08-10T05:00:00Z", True),
        ("Mon-Fri 07:00-19:00", "2026-08-10T04:59:59Z", False),
        ("Mon-Fri 07:00-19:00", "2026-08-10T17:00:00Z", False),
        ("Mon-Fri 07:00-19:00", "2026-08-15T10:00:00Z", False),
        ("00:00-24:00", "2026-08-15T22:00:00Z", True),
    ],
)
def test_opening_hours_are_local(text: str, instant: str, opened: bool) -> None:
    assert is_open(parse(text), clock.parse(instant), ZoneInfo("Europe/Berlin")) is opened


@pytest.mark.parametrize("text", ["", "07:00", "19:00-07:00", "Fri-Mon 07:00-19:00", "daily 07:00-19:00", "7-19"])
def test_opening_hours_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="allowed"):
        parse(text)


@given(st.lists(st.floats(0, 90), max_size=200), st.integers(1, 20))
def test_no_minute_ever_sees_more_requests_than_allowed(pauses: list[float], limit: int) -> None:
    budget, now, left = Budget(limit, 1_000_000), MONDAY, []
    for pause in pauses:
        now += timedelta(seconds=pause / 10)
        try:
            budget.spend(now)
        except RateLimited:
            continue
        left.append(now)
        assert sum(1 for at in left if now - at < timedelta(minutes=1)) <= limit


def test_synchronisation_leaves_requests_to_bookings(calendars: FakeCalendars, still: StillClock) -> None:
    budget = Budget(100, 1_000_000)
    sync, desk = (Metered(calendars, budget, share, still) for share in (0.95, 1.0))
    for _ in range(95):
        sync.busy([], still(), still())
    with pytest.raises(RateLimited):
        sync.busy([], still(), still())
    desk.busy([], still(), still())
    assert budget.left(still()) == (4, 1_000_000 - 96)


@given(st.integers(1, 20_000), st.integers(2, 600))
def test_beats_are_stretched_until_a_day_suffices(count: int, seconds: int) -> None:
    gated = count > 100
    beats = cadence.stretched(cadence.beats(timedelta(seconds=seconds)), count, gated, 900_000)
    assert cadence._requests(beats, count, gated) <= 0.81 * 900_000
