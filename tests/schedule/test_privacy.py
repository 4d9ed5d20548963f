"""What of a booking a level lets be read."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest

from kiosk.schedule.model import Booking, Message, Shows
from kiosk.schedule.privacy import shown, strictest, told
from tests.schedule.values import at

BOOKING = Booking("a", at("10:00"), at("11:00"), "Merger", "Ada", person="ada@example.org")


@pytest.mark.parametrize(
    ("level", "title", "owner"),
    [("all", "Merger", "Ada"), ("people", "", "Ada"), ("titles", "Merger", ""), ("nothing", "", "")],
)
def test_a_level_says_its_parts_and_no_others(level: Shows, title: str, owner: str) -> None:
    assert (shown(BOOKING, level).title, shown(BOOKING, level).owner) == (title, owner)


@pytest.mark.parametrize("level", get_args(Shows))
def test_whose_a_booking_is_stays_known_for_deciding_what_they_may_do(level: Shows) -> None:
    assert shown(BOOKING, level).person == "ada@example.org"


def test_where_nothing_is_said_it_is_not_said_that_a_booking_is_private() -> None:
    private = replace(BOOKING, title="", owner="", private=True)
    assert [shown(private, level).private for level in ("all", "people", "titles", "nothing")] == [True] * 3 + [False]


@pytest.mark.parametrize(
    ("levels", "wanted"),
    [((), "all"), (("all", "people"), "people"), (("people", "titles"), "nothing"), (("titles", "nothing"), "nothing")],
)
def test_of_several_levels_only_what_all_say_is_said(levels: tuple[Shows, ...], wanted: Shows) -> None:
    assert strictest(*levels) == wanted


def test_a_message_keeps_a_hidden_title_to_itself() -> None:
    message = Message("missed", at("10:00"), at("10:30"), at("10:00"), at("11:00"), "Merger")
    assert [told(message, level).title for level in ("titles", "people")] == ["Merger", ""]
