"""When the screen is lit: by hours, by wishes from afar, and by touch."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kiosk_shell import hours
from kiosk_shell.screen import AWAKE_SECONDS, Screen

BERLIN = timezone(timedelta(hours=2))


def at(day: int, hour: int, minute: int) -> datetime:
    """Return a local time in August 2026; the 10th is a Monday."""
    return datetime(2026, 8, day, hour, minute, tzinfo=BERLIN)


MONDAY_NOON = at(10, 12, 0)
MONDAY_NIGHT = at(10, 22, 0)
WORKDAYS = hours.parse("Mon-Fri 07:00-19:00")


@pytest.mark.parametrize(
    ("text", "local", "lit"),
    [
        ("Mon-Fri 07:00-19:00", MONDAY_NOON, True),
        ("Mon-Fri 07:00-19:00", MONDAY_NIGHT, False),
        ("Mon-Fri 07:00-19:00", at(10, 19, 0), False),
        ("Mon-Fri 07:00-19:00", at(15, 12, 0), False),
        ("Mon-Fri 07:00-19:00, Sat 09:00-12:00", at(15, 10, 0), True),
        ("07:00-24:00", at(15, 23, 59), True),
        ("Mon 22:00-02:00", at(11, 1, 0), True),
        ("Mon 22:00-02:00", at(10, 1, 0), False),
        ("Fri-Mon 08:00-09:00", at(16, 8, 30), True),
        ("", MONDAY_NIGHT, True),
    ],
)
def test_hours_say_when_the_screen_is_lit(text: str, local: datetime, lit: bool) -> None:
    assert hours.are_open(hours.parse(text), local) is lit


@pytest.mark.parametrize("text", ["always", "Mon-Fri", "Mon-Fri 7", "Mon-Fri 07:00-25:00", "Foo 07:00-08:00"])
def test_words_that_are_no_hours_are_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="such as Mon-Fri"):
        hours.parse(text)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 6), st.integers(0, 1439), st.integers(0, 1439))
def test_each_minute_of_a_week_is_lit_as_often_as_the_span_is_long(day: int, start: int, end: int) -> None:
    span = hours.Span(frozenset({day}), start, end)
    length = (end - start) % 1440 if start != end else 1440
    week = (MONDAY_NOON + timedelta(minutes=each) for each in range(7 * 1440))
    assert sum(span.holds(minute) for minute in week) == length


def test_a_touch_wakes_a_dark_screen_for_a_while() -> None:
    screen = Screen(WORKDAYS)
    assert not screen.lit(1000, MONDAY_NIGHT)
    screen.touched(1000)
    assert screen.lit(1000 + AWAKE_SECONDS - 1, MONDAY_NIGHT)
    assert not screen.lit(1000 + AWAKE_SECONDS, MONDAY_NIGHT)


def test_a_screen_stays_lit_while_nobody_knows_the_time() -> None:
    assert Screen(WORKDAYS).lit(0, None)


def test_a_screen_switched_off_from_afar_wakes_by_touch() -> None:
    screen = Screen(WORKDAYS)
    screen.switch(on=False)
    assert not screen.lit(0, MONDAY_NOON)
    screen.touched(5)
    assert screen.lit(5, MONDAY_NOON)
    assert screen.lit(5 + AWAKE_SECONDS, MONDAY_NOON)


def test_a_wish_ends_with_the_next_change_of_hours() -> None:
    screen = Screen(WORKDAYS)
    screen.lit(0, MONDAY_NIGHT)
    screen.switch(on=True)
    assert screen.lit(1, MONDAY_NIGHT)
    assert screen.lit(2, MONDAY_NOON)
    assert not screen.lit(3, MONDAY_NIGHT)
