"""When a room is open, and the stretches between, whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.schedule.hours import Hours, closures, is_open, parse, write
from kiosk.schedule.model import Slot
from tests.schedule.values import BERLIN, KOLKATA, LORD_HOWE, SANTIAGO, at, days, quick, steps, zones

OFFICE = parse("Mon-Fri 07:00-19:00")
CUBA = ZoneInfo("America/Havana")  # where midnight comes twice
QUARTER = timedelta(minutes=15)


def local(zone: ZoneInfo, day: date, clock: str, fold: int = 0) -> datetime:
    """The instant at which the clock of a zone shows that; the second one with `fold`."""
    return datetime.combine(day, time.fromisoformat(clock), tzinfo=zone).replace(fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mon-Fri 07:00-19:00", Hours(time(7), time(19), frozenset(range(5)))),
        ("sat 09:00-12:30", Hours(time(9), time(12, 30), frozenset({5}))),
        ("00:00-24:00", Hours(time(0), time.max, frozenset(range(7)))),
    ],
)
def test_hours_are_read_as_people_write_them(text: str, expected: Hours) -> None:
    assert parse(text) == expected
    assert parse(write(expected)) == expected


@pytest.mark.parametrize(
    "text",
    ["", "always", "Mon-Fri", "Fri-Mon 07:00-19:00", "19:00-07:00", "07:00:30-19:00", "07:00-19:00+01:00", "Mo 7-8"],
)
def test_other_hours_are_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(ValueError, match=r"^allowed: "):
        parse(text)


def test_room_without_hours_is_never_closed() -> None:
    assert closures(None, BERLIN, at("00:00"), at("00:00", 7)) == ()


def test_room_is_closed_at_night_and_over_the_weekend() -> None:
    friday, monday = date(2026, 11, 27), date(2026, 11, 30)
    closed = closures(OFFICE, BERLIN, local(BERLIN, friday, "12:00"), local(BERLIN, monday, "20:00"))
    weekend = Slot(local(BERLIN, friday, "19:00"), local(BERLIN, monday, "07:00"))
    assert closed == (weekend, Slot(local(BERLIN, monday, "19:00"), local(BERLIN, monday, "20:00")))


def test_closures_are_cut_off_at_the_stretch_asked_for() -> None:
    assert closures(OFFICE, BERLIN, at("22:00"), at("23:00")) == (Slot(at("22:00"), at("23:00")),)
    assert closures(OFFICE, BERLIN, at("10:00"), at("11:00")) == ()
    assert closures(OFFICE, BERLIN, at("23:00"), at("22:00")) == ()


def test_room_that_is_open_day_and_night_has_no_gap_at_midnight() -> None:
    always = parse("00:00-24:00")
    for zone, day in ((BERLIN, date(2026, 10, 25)), (SANTIAGO, date(2026, 9, 6)), (CUBA, date(2026, 11, 1))):
        noon = local(zone, day, "12:00")
        assert closures(always, zone, noon - timedelta(days=2), noon + timedelta(days=2)) == ()


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [(BERLIN, date(2026, 3, 29), 11), (BERLIN, date(2026, 10, 25), 13), (KOLKATA, date(2026, 3, 29), 12)],
)
def test_night_of_a_clock_change_is_an_hour_shorter_or_longer(zone: ZoneInfo, day: date, hours: int) -> None:
    evening, morning = local(zone, day - timedelta(days=1), "19:00"), local(zone, day, "07:00")
    nightly = parse("07:00-19:00")
    assert closures(nightly, zone, evening - QUARTER, morning + QUARTER) == (Slot(evening, morning),)
    assert morning - evening == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("zone", "day", "text"),
    [(BERLIN, date(2026, 3, 29), "02:30-19:00"), (LORD_HOWE, date(2026, 10, 4), "02:15-19:00")],
)
def test_opening_time_that_the_clock_skips_is_the_skip(zone: ZoneInfo, day: date, text: str) -> None:
    opens = closures(parse(text), zone, local(zone, day, "00:30"), local(zone, day, "12:00"))[0].end
    before = (opens - timedelta(seconds=1)).astimezone(zone)
    assert (before.hour, before.minute) == (1, 59)


def test_time_that_comes_twice_opens_at_the_first_and_closes_at_the_second() -> None:
    day = date(2026, 10, 25)
    late = closures(parse("02:30-19:00"), BERLIN, local(BERLIN, day, "00:30"), local(BERLIN, day, "12:00"))
    early = closures(parse("00:00-02:30"), BERLIN, local(BERLIN, day, "00:30"), local(BERLIN, day, "12:00"))
    assert [closure.end for closure in late] == [local(BERLIN, day, "02:30")]
    assert [closure.start for closure in early] == [local(BERLIN, day, "02:30", fold=1)]


quarters = st.integers(0, 96)


@st.composite
def opening_hours(draw: st.DrawFn) -> Hours:
    start, end = sorted(draw(st.sets(quarters, min_size=2, max_size=2)))
    first, last = sorted((draw(st.integers(0, 6)), draw(st.integers(0, 6))))
    clock = [time.max if count == 96 else time(count // 4, count % 4 * 15) for count in (start, end)]
    return Hours(clock[0], clock[1], frozenset(range(first, last + 1)))


@quick
@given(opening_hours())
def test_hours_that_are_written_are_read_as_they_were(hours: Hours) -> None:
    assert parse(write(hours)) == hours


@quick
@given(opening_hours(), days, zones, quarters, st.integers(1, 300))
def test_closures_are_in_order_and_apart(hours: Hours, day: date, zone: ZoneInfo, late: int, long: int) -> None:
    start = local(zone, day, "00:00") + late * QUARTER
    found = closures(hours, zone, start, start + long * QUARTER)
    assert all(earlier.end < later.start for earlier, later in pairwise(found))
    assert all(start <= closure.start < closure.end <= start + long * QUARTER for closure in found)


@quick
@given(opening_hours(), days, zones)
def test_closures_are_when_the_room_is_not_open(hours: Hours, day: date, zone: ZoneInfo) -> None:
    start = local(zone, day, "00:00") - timedelta(days=1)
    found = closures(hours, zone, start, start + timedelta(days=3))
    for instant in steps(start, start + timedelta(days=3), QUARTER):
        closed = any(closure.start <= instant < closure.end for closure in found)
        if not twice(instant, zone):
            assert closed is not is_open(hours, instant, zone)


def twice(instant: datetime, zone: ZoneInfo) -> bool:
    """Whether the clock shows this time of that day two times."""
    shown = instant.astimezone(zone)
    return shown.replace(fold=0).utcoffset() != shown.replace(fold=1).utcoffset()
