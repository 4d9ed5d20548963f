"""Every change is timed from Google on: new, moved and cancelled events, by deltas and by full passes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from kiosk.live.freshness import INVISIBLE, MOST_OF_A_ROOM, Change, Freshness
from kiosk.schedule.model import Event
from kiosk.source import Page, Since, Window
from kiosk.store import mirror
from kiosk.store.database import Store
from kiosk.store.rooms import StoredRoom
from kiosk.sync.passes import Pass, refresh
from tests.conftest import OAK
from tests.fakes import MONDAY, FakeCalendars, StillClock, meeting


@dataclass
class Dated(FakeCalendars):
    """Calendars whose lists say when something was last changed, as Google's do."""

    changed_at: datetime = MONDAY

    def put(self, calendar_id: str, event: Event) -> Event:
        self.changed_at = self.clock()
        return super().put(calendar_id, event)

    def page(self, calendar_id: str, query: Window | Since, token: str | None = None) -> Page:
        return replace(super().page(calendar_id, query, token), updated=self.changed_at)


@dataclass
class Diary:
    """A room, and the moments at which the changes were made that its mirror has noticed."""

    room: StoredRoom
    store: Store
    calendars: Dated
    made: list[datetime] = field(default_factory=list)

    def put(self, event: Event) -> Event:
        self.calendars.clock.advance(seconds=7)
        return self.calendars.put(OAK, event)

    def noticed(self) -> list[float]:
        """Synchronise, and return the ages in seconds of what was noticed, youngest first."""
        self.made.clear()
        self.calendars.clock.advance(seconds=5)
        work = Pass(self.calendars, self.store, 14, self.calendars.clock, noticed=self._note)
        assert refresh(work, self.room.id)
        return sorted((self.calendars.clock() - made).total_seconds() for made in self.made)

    def _note(self, room_id: int, made: datetime, seen: datetime, stored: datetime) -> None:
        assert room_id == self.room.id
        assert all(one <= other for one, other in pairwise((made, seen, stored)))
        self.made.append(made)


@pytest.fixture
def diary(oak: StoredRoom, store: Store, still: StillClock) -> Diary:
    found = Diary(oak, store, Dated(still, events={OAK: {}}))
    found.put(meeting("old", MONDAY))
    assert found.noticed() == []  # what was there before we looked is no change
    return found


def test_every_new_and_changed_event_of_a_delta_is_timed(diary: Diary) -> None:
    first = diary.put(meeting(1, MONDAY))
    diary.put(meeting(2, MONDAY + timedelta(hours=2)))
    assert diary.noticed() == [5, 12]
    diary.put(replace(first, title="Renamed"))
    assert diary.noticed() == [5]
    assert diary.noticed() == []


def test_cancelled_event_is_timed(diary: Diary) -> None:
    event = diary.put(meeting(1, MONDAY))
    assert diary.noticed() == [5]
    diary.put(replace(event, cancelled=True))
    assert diary.noticed() == [5]


def test_cancelled_series_is_timed_by_its_instances(diary: Diary) -> None:
    for day in range(3):
        diary.put(meeting(f"s_{day}", MONDAY + timedelta(days=day), series_id="ms"))
    diary.noticed()
    diary.put(replace(meeting("s", MONDAY), cancelled=True))
    assert diary.noticed() == [5, 5, 5]


def test_event_that_is_moved_out_of_the_window_is_timed(diary: Diary) -> None:
    event = diary.put(meeting(1, MONDAY))
    diary.noticed()
    diary.put(replace(event, start=MONDAY + timedelta(days=90), end=MONDAY + timedelta(days=91)))
    assert diary.noticed() == [5]


def test_changes_that_only_a_full_pass_finds_are_timed(diary: Diary) -> None:
    gone, moved = diary.put(meeting(1, MONDAY)), diary.put(meeting(2, MONDAY))
    diary.noticed()
    diary.put(replace(moved, title="Renamed"))
    diary.put(meeting(3, MONDAY))
    diary.put(replace(gone, cancelled=True))
    diary.store.write(mirror.read_anew, diary.room.id, diary.calendars.clock())
    assert diary.noticed() == [5, 12, 19]


def test_event_that_only_comes_into_the_window_is_no_change(diary: Diary) -> None:
    diary.put(meeting(1, MONDAY + timedelta(days=18)))
    assert diary.noticed() == []
    diary.calendars.clock.advance(days=6)
    assert diary.noticed() == []
    with diary.store.read() as db:
        assert mirror.events.ids(db, diary.room.id) == {"m1"}


def test_what_we_wrote_ourselves_is_no_change(diary: Diary) -> None:
    event = diary.put(meeting(1, MONDAY))
    diary.store.write(mirror.write_through, diary.room.id, [event], ())
    assert diary.noticed() == []


def test_two_changes_before_a_screen_answers_both_count() -> None:
    freshness = Freshness()
    for made in (0, 1):
        freshness.stored(change(made))
        freshness.sent(f"v{made}", [1], MONDAY + timedelta(seconds=6 + made))
    freshness.shown("v1", MONDAY + timedelta(seconds=9))
    freshness.shown("v0", MONDAY + timedelta(seconds=9))
    summary = freshness.summary()
    assert {name: one["count"] for name, one in summary.items()} == dict.fromkeys(summary, 2)
    assert not freshness._stored


def test_change_that_no_screen_shows_is_not_counted_with_a_later_one() -> None:
    freshness = Freshness()
    freshness.stored(change(0))
    later = INVISIBLE.total_seconds() + 10
    freshness.stored(change(later))
    freshness.sent("v", [1], MONDAY + timedelta(seconds=later + 6))
    freshness.shown("v", MONDAY + timedelta(seconds=later + 7))
    assert freshness.summary()["made_to_shown"] == {"count": 1, "p50": 10.0, "p95": 10.0}


def test_storm_in_one_room_does_not_fill_the_memory() -> None:
    freshness = Freshness()
    for number in range(MOST_OF_A_ROOM * 3):
        freshness.stored(change(number))
    assert len(freshness._stored[1]) == MOST_OF_A_ROOM


def change(made: float) -> Change:
    return Change(1, *(MONDAY + timedelta(seconds=made + seconds) for seconds in (0, 4, 5)))
