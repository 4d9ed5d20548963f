"""A series that the room organizes is ended before one of its dates; its earlier dates stay."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kiosk.emulator.server import Emulator
from kiosk.emulator.world import occurrence_id
from kiosk.google.access import by_file
from kiosk.google.calendars import GoogleCalendars
from kiosk.google.recurrence import ended
from kiosk.source import Window
from tests.running import SERVICE_USER

NINE = datetime(2026, 8, 10, 9, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WEEKS = Window(NINE - DAY, NINE + 21 * DAY)


@pytest.fixture
def source(google: Emulator, tmp_path: Path) -> Iterator[GoogleCalendars]:
    google.write_credentials(tmp_path / "key.json")
    with closing(GoogleCalendars(by_file(str(tmp_path / "key.json"), SERVICE_USER, google.url))) as opened:
        yield opened


@pytest.mark.parametrize("rule", ["COUNT=5", "UNTIL=20260814T235959Z", "INTERVAL=1"])
def test_dates_from_one_on_go_and_earlier_ones_stay(google: Emulator, source: GoogleCalendars, rule: str) -> None:
    room = google.world.rooms()[0].id
    series = google.world.create(room, "Daily", NINE, NINE + HOUR, recurrence=[f"RRULE:FREQ=DAILY;{rule}"])
    for _ in range(2):  # the second time there is nothing left to do
        source.curtail(room, occurrence_id(series, NINE + 2 * DAY))
        assert [event.start for event in source.page(room, WEEKS).events] == [NINE, NINE + DAY]


def test_series_is_ended_before_the_original_time_of_a_date_that_was_moved(
    google: Emulator, source: GoogleCalendars
) -> None:
    room = google.world.rooms()[0].id
    series = google.world.create(room, "Daily", NINE, NINE + HOUR, recurrence=["RRULE:FREQ=DAILY;COUNT=5"])
    moved = occurrence_id(series, NINE + 4 * DAY)
    google.world.move(moved, NINE + 9 * DAY, NINE + 9 * DAY + HOUR)
    source.curtail(room, moved)
    source.delete(room, moved)
    assert len(source.page(room, WEEKS).events) == 4


def test_series_without_an_earlier_date_is_deleted(google: Emulator, source: GoogleCalendars) -> None:
    room = google.world.rooms()[0].id
    series = google.world.create(room, "Daily", NINE, NINE + HOUR, recurrence=["RRULE:FREQ=DAILY"])
    source.curtail(room, occurrence_id(series, NINE))
    assert source.page(room, WEEKS).events == ()
    assert source.get(room, series).cancelled


@pytest.mark.parametrize(
    ("first", "lines"),
    [
        (
            {"dateTime": "2026-08-12T11:00:00+02:00", "timeZone": "Europe/Berlin"},
            ["RRULE:FREQ=DAILY;BYDAY=MO,WE;UNTIL=20260812T085959Z", "EXDATE:20260811T090000Z"],
        ),
        ({"date": "2026-08-12"}, ["RRULE:FREQ=DAILY;BYDAY=MO,WE;UNTIL=20260811", "EXDATE:20260811T090000Z"]),
    ],
)
def test_rule_ends_before_a_time_or_a_day(first: dict[str, str], lines: list[str]) -> None:
    rule = ["RRULE:FREQ=DAILY;COUNT=9;BYDAY=MO,WE", "EXDATE:20260811T090000Z"]
    assert ended(rule, first) == lines


def test_single_dates_added_to_a_series_end_with_it() -> None:
    first = {"dateTime": "2026-08-12T11:00:00+02:00"}
    lines = ["RDATE;TZID=Europe/Berlin:20260801T110000,20260820T110000", "RDATE:20260821T090000Z"]
    assert ended(lines, first) == ["RDATE;TZID=Europe/Berlin:20260801T110000"]
