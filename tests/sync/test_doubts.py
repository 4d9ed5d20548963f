"""Free/busy questions that fail: rooms are listed instead, and one bad calendar blinds no other room."""

from __future__ import annotations

import logging
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from kiosk.errors import RateLimited, SourceError, Unreachable
from kiosk.schedule.hours import parse
from kiosk.schedule.model import Room
from kiosk.source import Busy, Page, Since, Window
from kiosk.store import mirror, rooms
from kiosk.store.database import Store
from kiosk.store.mirror import Progress
from kiosk.sync.mirror import Mirror
from kiosk.sync.passes import Pass
from tests.fakes import MONDAY, FakeCalendars, StillClock

COUNT = 150
BACKEND_ERROR = Unreachable("Google answered 500: Backend Error")


@dataclass
class Moody(FakeCalendars):
    """Calendars whose free/busy questions fail when `spoilt` gives an error for them; `asked` has their sizes."""

    spoilt: Callable[[list[str]], SourceError | None] = lambda _ids: None
    asked: list[int] = field(default_factory=list)
    listed: Counter[str] = field(default_factory=Counter)

    def busy(self, calendar_ids: list[str], start: datetime, end: datetime) -> dict[str, Busy]:
        self.asked.append(len(calendar_ids))
        error = self.spoilt(calendar_ids)
        if error:
            raise error
        return super().busy(calendar_ids, start, end)

    def page(self, calendar_id: str, query: Window | Since, token: str | None = None) -> Page:
        self.listed[calendar_id] += 1
        return super().page(calendar_id, query, token)


@pytest.fixture
def calendars(still: StillClock) -> Moody:
    return Moody(still, events={f"room{number}@x": {} for number in range(COUNT)})


@pytest.fixture
def watcher(store: Store, calendars: Moody, still: StillClock) -> Mirror:
    """Rooms that are always open, all listed and asked about once."""

    def add(db: object) -> None:
        for number in range(COUNT):
            room = Room(f"room{number}", f"Room {number}", ZoneInfo("UTC"))
            rooms.add_linked(db, room, f"room{number}@x", still())  # type: ignore[arg-type]

    store.write(add)
    always = parse("Mon-Sun 00:00-24:00")
    made = Mirror(Pass(calendars, store, 7, still), timedelta(seconds=10), always, 900_000, chance=random.Random(1))
    live(made, seconds=15)
    calendars.asked.clear()
    calendars.listed.clear()
    return made


def live(watcher: Mirror, **length: float) -> float:
    """Let time pass; return the greatest age in seconds that any room reached."""
    clock, oldest = watcher.work.clock, 0.0
    assert isinstance(clock, StillClock)
    end = clock() + timedelta(**length)
    while clock() < end:
        while watcher.step():
            pass
        clock.advance(seconds=1)
        with watcher.work.store.read() as db:
            oldest = max(
                oldest, (clock() - min(one.checked_at or MONDAY for one in mirror.everything(db))).total_seconds()
            )
    return oldest


def progress(watcher: Mirror) -> list[Progress]:
    with watcher.work.store.read() as db:
        return mirror.everything(db)


def poison(*numbers: int) -> Callable[[list[str]], SourceError | None]:
    bad = {f"room{number}@x" for number in numbers}
    return lambda ids: BACKEND_ERROR if bad & set(ids) else None


def test_one_poisonous_calendar_starves_no_other_of_its_question(watcher: Mirror, calendars: Moody) -> None:
    calendars.spoilt = poison(77)
    assert live(watcher, minutes=2) < 15
    assert sum(calendars.listed.values()) - calendars.listed["room77@x"] < COUNT
    assert calendars.listed["room77@x"] > 8


def test_several_poisonous_calendars_are_each_found(watcher: Mirror, calendars: Moody) -> None:
    calendars.spoilt = poison(3, 4, 60, 120)
    assert live(watcher, minutes=3) < 20
    assert set(watcher._doubts.alone) == {number_of(watcher, f"room{one}") for one in (3, 4, 60, 120)}


def test_room_that_cannot_be_asked_about_says_why_until_it_can(
    watcher: Mirror, calendars: Moody, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    calendars.spoilt = poison(77)
    live(watcher, minutes=4)
    assert {one.slug: one.reason for one in progress(watcher) if one.reason} == {
        "room77": "Free/busy questions about it fail: Google answered 500: Backend Error"
    }
    calendars.spoilt = poison()
    live(watcher, minutes=10)
    assert not any(one.reason for one in progress(watcher))
    assert [text for text in caplog.messages if "room77" in text] == [
        "room77: Free/busy questions about it fail: Google answered 500: Backend Error",
        "room77: free/busy questions about it are answered again",
    ]


def test_rooms_are_listed_as_often_as_a_day_allows_while_questions_fail(
    watcher: Mirror, calendars: Moody, caplog: pytest.LogCaptureFixture
) -> None:
    calendars.spoilt = lambda _ids: BACKEND_ERROR
    live(watcher, minutes=1)
    assert live(watcher, minutes=3) < 30
    assert COUNT * 5 < sum(calendars.listed.values()) < 2 * 900_000 / (24 * 15)
    assert {one.reason for one in progress(watcher)} == {"Free/busy questions fail: Google answered 500: Backend Error"}
    assert [text for text in caplog.messages if "one by one" in text] == [
        "Rooms are listed one by one: Free/busy questions fail: Google answered 500: Backend Error"
    ]


def test_questions_are_tried_now_and_then_until_they_are_answered_again(watcher: Mirror, calendars: Moody) -> None:
    calendars.spoilt = lambda _ids: BACKEND_ERROR
    live(watcher, minutes=4)
    assert 10 < len(calendars.asked) < 20
    calendars.spoilt = poison()
    live(watcher, minutes=2)
    calendars.asked.clear()
    calendars.listed.clear()
    assert live(watcher, minutes=2) < 15
    assert sum(calendars.listed.values()) < COUNT
    assert len(calendars.asked) < 4 * 12


def test_busy_google_is_left_alone_for_a_while(watcher: Mirror, calendars: Moody) -> None:
    calendars.spoilt = lambda _ids: RateLimited("Slow down.", "rateLimitExceeded")
    live(watcher, seconds=30)
    assert len(calendars.asked) < 8
    assert set(calendars.asked) == {50}


def test_calendars_that_answers_leave_out_are_listed_at_a_beat_of_their_own(
    watcher: Mirror, calendars: Moody, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = calendars._busy

    def silent(calendar_id: str, start: datetime, end: datetime) -> Busy:
        return Busy(error="internalError") if int(calendar_id[4:-2]) % 2 else original(calendar_id, start, end)

    monkeypatch.setattr(calendars, "_busy", silent)
    assert live(watcher, minutes=4) < 30
    assert COUNT < sum(calendars.listed.values()) < 2 * 900_000 / (24 * 15)


def test_one_failed_question_is_asked_again_at_once(watcher: Mirror, calendars: Moody, still: StillClock) -> None:
    once = iter([BACKEND_ERROR])
    calendars.spoilt = lambda _ids: next(once, None)
    assert live(watcher, minutes=1) < 12
    assert not watcher._doubts.alone


def number_of(watcher: Mirror, slug: str) -> int:
    with watcher.work.store.read() as db:
        return rooms.by_slug(db, slug).id
