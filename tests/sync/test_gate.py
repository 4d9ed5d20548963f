"""One free/busy question for many rooms finds those that changed, and the requests allowed are never exceeded."""

from __future__ import annotations

import random
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk import clock
from kiosk.errors import KioskError
from kiosk.schedule.hours import is_open, parse
from kiosk.schedule.model import Room, Slot
from kiosk.source import Busy
from kiosk.store import events, gate, leases, mirror, rooms
from kiosk.store.database import Store
from kiosk.sync import cadence
from kiosk.sync.mirror import Mirror
from kiosk.sync.passes import Pass, refresh
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


def ids_in(watcher: Mirror, slug: str) -> set[str]:
    with watcher.work.store.read() as db:
        return events.ids(db, rooms.by_slug(db, slug).id)


def ask_again(watcher: Mirror, still: StillClock) -> None:
    """Let the next beat come, and everything be done that is due then."""
    still.advance(seconds=11)
    settle(watcher)


def answer_busy(calendars: FakeCalendars, patch: pytest.MonkeyPatch, calendar_id: str, slot: Slot) -> None:
    """Have free/busy questions say of a calendar what its lists do not."""
    original = calendars.busy

    def busy(calendar_ids: list[str], start: datetime, end: datetime) -> dict[str, Busy]:
        answer = original(calendar_ids, start, end)
        return answer | ({calendar_id: Busy((slot,))} if calendar_id in calendar_ids else {})

    patch.setattr(calendars, "busy", busy)


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


def test_who_takes_over_asks_about_many_rooms_and_lists_those_that_have_changed(
    watcher: Mirror, calendars: FakeCalendars, still: StillClock
) -> None:
    calendars.put("room77@x", meeting(1, still()))
    watcher.begin()
    settle(watcher)
    assert sorted(calendars.requests) == ["busy"] * 3 + ["page"]
    assert ids_in(watcher, "room77") == {"m1"}


def test_who_takes_over_reads_what_another_had_claimed(watcher: Mirror, still: StillClock) -> None:
    watcher.work.store.write(mirror.hasten, number_of(watcher, "room5"), still())
    claimed = watcher.work.store.write(mirror.claim_due, still(), leases.CLAIM, failing=False)
    watcher.begin()
    again = watcher.work.store.write(mirror.claim_due, still(), leases.CLAIM, failing=False)
    assert claimed
    assert again
    assert (claimed.slug, again.slug) == ("room5", "room5")


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


def test_change_undone_between_two_questions_is_seen_by_the_next(
    watcher: Mirror, calendars: FakeCalendars, still: StillClock
) -> None:
    event = calendars.put("room77@x", meeting(1, MONDAY))
    ask_again(watcher, still)
    assert ids_in(watcher, "room77") == {"m1"}
    calendars.put("room77@x", replace(event, cancelled=True))
    watcher.hasten(number_of(watcher, "room77"))
    settle(watcher)
    assert ids_in(watcher, "room77") == set()
    calendars.put("room77@x", meeting(2, MONDAY))  # the same time again: Google answers as it did before
    ask_again(watcher, still)
    assert ids_in(watcher, "room77") == {"m2"}


def test_meeting_cancelled_after_a_list_brought_it_leaves_no_ghost(
    watcher: Mirror, calendars: FakeCalendars, still: StillClock
) -> None:
    ask_again(watcher, still)
    event = calendars.put("room77@x", meeting(1, MONDAY))
    watcher.touched(number_of(watcher, "room77"))
    settle(watcher)
    assert ids_in(watcher, "room77") == {"m1"}
    calendars.put("room77@x", replace(event, cancelled=True))
    ask_again(watcher, still)
    assert ids_in(watcher, "room77") == set()


def test_difference_that_lists_do_not_show_is_listed_twice_and_then_left(
    watcher: Mirror, calendars: FakeCalendars, still: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_busy(calendars, monkeypatch, "room77@x", Slot(still(), still() + timedelta(hours=1)))
    calendars.requests.clear()
    for _ in range(6):
        ask_again(watcher, still)
    assert calendars.requests.count("page") == 2
    calendars.put("room77@x", meeting(1, still() + timedelta(hours=3)))
    watcher.hasten(number_of(watcher, "room77"))
    for _ in range(6):
        ask_again(watcher, still)
    assert calendars.requests.count("page") == 5  # rows have changed since: it is looked at anew


def test_answer_that_is_older_than_the_list_is_not_remembered_against_the_room(
    watcher: Mirror, calendars: FakeCalendars, still: StillClock
) -> None:
    original = calendars.busy

    def busy(calendar_ids: list[str], start: datetime, end: datetime) -> dict[str, Busy]:
        answer = original(calendar_ids, start, end)
        still.advance(milliseconds=200)
        if "room0@x" in calendar_ids:
            calendars.put("room0@x", meeting(1, still()))
            assert refresh(watcher.work, number_of(watcher, "room0"))
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(calendars, "busy", busy)
        ask_again(watcher, still)
    claimed = watcher.work.store.write(gate.claim_due, still() + timedelta(days=1), timedelta(0), COUNT)
    assert {one.digest for one in claimed} == {""}
    assert ids_in(watcher, "room0") == {"m1"}


def test_more_questions_are_under_way_at_once_when_rooms_need_them(
    watcher: Mirror, still: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    hired: list[str] = []
    monkeypatch.setattr(Mirror, "_work", lambda _self, name, *_how: hired.append(name))
    watcher._plan = None
    watcher.start()
    assert hired == ["sync-0", "sync-1", "sync-2", "sync-3", "gate-1", "gate-2"]
    watcher.beat = timedelta(seconds=0.8)
    still.advance(minutes=1)
    watcher.plan(still())
    assert hired[6:] == ["gate-3"]


@given(st.integers(101, 20_000), st.floats(2, 60))
def test_questions_that_take_a_second_are_asked_in_time(count: int, seconds: float) -> None:
    beats = cadence.beats(timedelta(seconds=seconds))
    assert cadence.questions_at_once(beats, count) >= count / cadence.BATCH / seconds - 0.01


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


def test_screen_that_was_touched_at_another_process_is_looked_at_so_too(watcher: Mirror, still: StillClock) -> None:
    still.instant = MONDAY + timedelta(hours=15)  # 01:00 in Berlin
    room, other = number_of(watcher, "room5"), Mirror(watcher.work, watcher.beat, HOURS, 900_000)
    other.touched(room)
    assert watcher._look_beat(room, "Europe/Berlin", still()) == watcher.plan(still()).beats.awake


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


@given(st.integers(1, 20_000), st.integers(2, 600))
def test_beats_are_stretched_until_a_day_suffices(count: int, seconds: int) -> None:
    gated = count > 100
    beats = cadence.stretched(cadence.beats(timedelta(seconds=seconds)), count, gated, 900_000)
    assert cadence._requests(beats, count, gated) <= 0.81 * 900_000


class Absent(Store):
    """A database that goes away when it is told to."""

    away = False

    def write(self, *args: Any, **kwargs: Any) -> Any:
        if self.away:
            raise KioskError("The database is away.")
        return super().write(*args, **kwargs)


def test_rooms_that_were_under_way_when_the_database_went_are_taken_up_when_it_is_back(
    tmp_path: Path, calendars: FakeCalendars, still: StillClock
) -> None:
    with closing(Absent(f"sqlite:///{tmp_path / 'absent.db'}")) as absent:
        for number in range(3):
            calendars.events[f"room{number}@x"] = {}
            room = Room(f"room{number}", f"Room {number}", ZoneInfo("Europe/Berlin"))
            absent.write(rooms.add_linked, room, f"room{number}@x", still())
        made = Mirror(Pass(calendars, absent, 7, still), timedelta(seconds=10), HOURS, 900_000, listed_alone=0)
        settle(made)
        still.advance(seconds=11)
        calendars.before.append(lambda _what: setattr(absent, "away", True))
        with pytest.raises(KioskError):
            made.step()
        calendars.before.clear()
        calendars.requests.clear()
        absent.away = False
        made.step()
        assert calendars.requests == ["busy"]
