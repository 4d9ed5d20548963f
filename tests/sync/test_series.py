"""Recurring meetings: Google expands them, changes them whole or in part, and tells of it in many words."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from kiosk.emulator.world import occurrence_id
from tests.sync.office import ADA, BOB, Office, at

DAILY = ("RRULE:FREQ=DAILY",)


@pytest.fixture(autouse=True)
def first_pass(office: Office) -> None:
    """What follows arrives by deltas."""
    office.sync()


@pytest.fixture
def standup(office: Office) -> str:
    """An endless daily series in Oak, 10:00 to 11:00 in Berlin, mirrored."""
    series = office.book("Stand-up", 0, recurrence=DAILY)
    office.sync()
    return series


def starts(office: Office, slug: str = "oak") -> list[float]:
    """Return when the room's bookings begin, in hours from Monday, 10:00."""
    return [(booking.start - at(0)).total_seconds() / 3600 for booking in office.bookings(slug)]


def test_series_takes_the_room_on_each_of_its_days_in_the_window_only(office: Office, standup: str) -> None:
    assert starts(office) == [24 * day for day in range(10)]
    assert office.check() == 10


def test_one_occurrence_moved_leaves_the_others(office: Office, standup: str) -> None:
    office.google.world.move(occurrence_id(standup, at(48)), at(53), at(54))
    office.sync()
    assert starts(office)[:5] == [0, 24, 53, 72, 96]
    office.check()


def test_one_occurrence_moved_to_another_room_leaves_the_others(office: Office, standup: str) -> None:
    office.google.world.move(occurrence_id(standup, at(48)), rooms=[office.address("elm")])
    office.sync()
    assert (starts(office)[:3], starts(office, "elm")) == ([0, 24, 72], [48])
    office.check()


def test_one_occurrence_cancelled_frees_its_day(office: Office, standup: str) -> None:
    office.google.world.cancel(occurrence_id(standup, at(24)))
    office.sync()
    assert starts(office)[:3] == [0, 48, 72]
    office.check()


def test_room_that_declines_one_occurrence_is_free_on_that_day(office: Office, standup: str) -> None:
    once = occurrence_id(standup, at(24))
    office.google.world.answer(office.address("oak"), once, "declined")
    office.sync()
    assert starts(office)[:3] == [0, 48, 72]
    assert office.mirror("oak")[once].answer == "declined"
    office.check()


def test_occurrences_that_clash_are_declined_one_by_one(office: Office) -> None:
    for hours in (24, 72):
        office.book("Fixed", hours)
    office.book("Stand-up", 0, by=BOB, recurrence=["RRULE:FREQ=DAILY;COUNT=6"])
    office.sync()
    assert office.titles() == ["Stand-up", "Fixed", "Stand-up", "Fixed", "Stand-up", "Stand-up"]
    office.check()


def test_this_and_following_begin_a_series_of_their_own(office: Office, standup: str) -> None:
    rest = office.google.world.split(occurrence_id(standup, at(48)), at(50), at(51), title="Later")
    office.sync()
    assert "_R" in rest
    assert starts(office) == [0, 24, *(24 * day + 2 for day in range(2, 10))]
    assert office.titles()[:3] == ["Stand-up", "Stand-up", "Later"]
    office.check()


def test_series_deleted_does_not_take_the_one_that_was_split_off(office: Office, standup: str) -> None:
    office.google.world.split(occurrence_id(standup, at(48)), at(50), at(51), title="Later")
    office.sync()
    office.google.world.cancel(standup)
    office.sync()
    assert set(office.titles()) == {"Later"}
    office.check()


def test_split_off_series_deleted_leaves_the_first_part(office: Office, standup: str) -> None:
    rest = office.google.world.split(occurrence_id(standup, at(48)), at(50), at(51))
    office.sync()
    office.google.world.cancel(rest)
    office.sync()
    assert starts(office) == [0, 24]
    office.check()


def test_deleted_series_goes_with_its_exceptions(office: Office, standup: str) -> None:
    office.google.world.move(occurrence_id(standup, at(48)), at(53), at(54))
    office.sync()
    office.google.world.cancel(standup)
    office.sync()
    assert office.check() == 0


def test_date_excepted_by_the_organizer_is_free(office: Office, standup: str) -> None:
    recurrence = [*DAILY, "EXDATE:20260812T080000Z"]
    office.ask("PATCH", f"{ADA}/events/{standup}", ADA, json={"recurrence": recurrence})
    office.sync()
    assert starts(office)[:3] == [0, 24, 72]
    office.check()


def test_series_moved_in_time_moves_every_day(office: Office, standup: str) -> None:
    office.google.world.move(standup, at(3), at(4))
    office.sync()
    assert starts(office) == [24 * day + 3 for day in range(10)]
    office.check()


def test_meeting_made_recurring_takes_every_day(office: Office) -> None:
    meeting = office.book("Talk", 0)
    office.sync()
    office.ask("PATCH", f"{ADA}/events/{meeting}", ADA, json={"recurrence": ["RRULE:FREQ=DAILY;COUNT=3"]})
    office.sync()
    assert starts(office) == [0, 24, 48]
    office.check()


def test_series_made_a_single_meeting_takes_one_day(office: Office, standup: str) -> None:
    office.ask("PATCH", f"{ADA}/events/{standup}", ADA, json={"recurrence": []})
    office.sync()
    assert (starts(office), office.bookings()[0].id) == ([0], standup)
    office.check()


def test_series_keeps_its_local_time_when_clocks_change(office: Office) -> None:
    office.clock.instant = datetime(2026, 10, 23, 8, tzinfo=UTC)
    office.sync()
    days = (office.clock() - at(0)).days
    office.book("Stand-up", 24 * days, recurrence=DAILY)
    office.sync()
    local = [one.start.astimezone(office.rooms["oak"].room.zone).hour for one in office.bookings()]
    assert local == [10] * len(local)
    assert {one.start.hour for one in office.bookings()} == {8, 9}
    office.check()


def test_untouched_series_goes_on_as_days_enter_the_window(office: Office, standup: str) -> None:
    for _ in range(12):
        office.clock.advance(days=1)
        office.sync()
        office.check()
    assert starts(office)[-1] >= 24 * (12 + 7)


def test_endless_series_that_was_touched_brings_only_what_lies_in_the_window(office: Office, standup: str) -> None:
    office.google.world.move(standup, title="Renamed")
    delta = office.listed("oak", syncToken=str(office.progress().cursor))
    office.sync()
    assert len(delta) > 700
    assert office.check() == 10


def test_delta_too_long_to_read_gives_way_to_the_window(office: Office, standup: str) -> None:
    office.book("Second", 2, recurrence=DAILY)
    office.asked()
    office.google.world.move(standup, title="Renamed")
    office.sync("oak", pages=3)
    assert office.asked() == ["delta 200"] * 3 + ["full 200"]
    assert office.check() == 20
    office.sync("oak", pages=3)
    assert "full 200" not in office.asked()[4:]


@pytest.mark.parametrize("flag", ["sparse_tombstones", "stray_tombstones", "short_pages", "empty_pages"])
def test_series_is_followed_however_google_words_it(office: Office, standup: str, flag: str) -> None:
    office.google.service.set_flag(flag, True)
    office.google.world.cancel(occurrence_id(standup, at(24)))
    office.google.world.move(occurrence_id(standup, at(48)), at(53), at(54))
    office.sync()
    assert starts(office)[:4] == [0, 53, 72, 96]
    office.check()
    office.google.world.cancel(standup)
    office.sync()
    assert office.check() == 0


def test_occurrence_cancelled_outside_the_window_changes_nothing(office: Office, standup: str) -> None:
    before = office.mirror("oak")
    office.google.world.cancel(occurrence_id(standup, at(24 * 60)))
    office.google.world.cancel(occurrence_id(standup, at(24 * 200 + 1)))
    office.sync()
    assert office.mirror("oak") == before
    office.check()


def test_series_of_the_whole_day_goes_with_its_occurrences(office: Office) -> None:
    days = (at(24).date(), at(48).date())
    series = office.google.world.create(ADA, "Fair", *days, rooms=[office.address("oak")], recurrence=DAILY)
    office.sync()
    assert office.check() > 5
    office.google.world.cancel(occurrence_id(series, days[1]))
    office.sync()
    assert starts(office)[:2] == [14, 62]
    office.check()
    office.google.world.cancel(series)
    office.sync()
    assert office.check() == 0
