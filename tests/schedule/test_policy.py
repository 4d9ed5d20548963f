"""The words in which a room's policy is written."""

from __future__ import annotations

from dataclasses import fields
from datetime import date, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.schedule import hours
from kiosk.schedule.model import Outage, Policy
from kiosk.schedule.policy import WORDS, check, read, write
from tests.schedule.values import minutes, quick


def test_every_part_of_a_policy_has_a_word_with_help() -> None:
    assert {word.field for word in WORDS.values()} == {field.name for field in fields(Policy)}
    assert all(word.help for word in WORDS.values())


def test_no_words_make_the_default_policy() -> None:
    assert read({}) == Policy()


@pytest.mark.parametrize(
    ("name", "value", "field", "expected"),
    [
        ("durations", "60, 15,30", "durations", (15, 30, 60)),
        ("shortest", "10", "shortest", timedelta(minutes=10)),
        ("longest", "120", "longest", timedelta(hours=2)),
        ("light", "Always", "light", "always"),
        ("light", "hours", "light", "hours"),
        ("light", "Sat 09:00-12:00", "light", hours.parse("Sat 09:00-12:00")),
        ("ahead", "14", "ahead", timedelta(days=14)),
        ("soon", "0", "soon", timedelta(0)),
        ("hours", "Mon-Fri 07:00-19:00", "hours", hours.parse("Mon-Fri 07:00-19:00")),
        ("hours", "always", "hours", None),
        ("bookable", "people", "bookable", "people"),
        ("names", "yes", "names", True),
        ("check-in", "All", "check_in", "all"),
        ("opens", "5", "opens", timedelta(minutes=5)),
        ("grace", "12", "grace", timedelta(minutes=12)),
        ("exempt-from", "90", "exempt_from", timedelta(minutes=90)),
        ("exempt-from", "none", "exempt_from", None),
        ("exempt-people", "Ada@Example.com, bob@example.com", "exempt_people", ("ada@example.com", "bob@example.com")),
        ("exempt-people", "none", "exempt_people", ()),
        ("strikes", "0", "strikes", 0),
        ("undo", "3", "undo", timedelta(minutes=3)),
        ("owners-release", "yes", "owners_release", True),
        ("edit-meetings", "no", "edit_meetings", False),
        ("problems-to", "Help@Example.com", "problems_to", ("help@example.com",)),
        ("problems-to", "none", "problems_to", ()),
        ("out-of-order", "no", "out_of_order", None),
        ("out-of-order", "yes", "out_of_order", Outage()),
        ("out-of-order", "2026-08-10T18:00", "out_of_order", Outage(date(2026, 8, 10), time(18))),
    ],
)
def test_word_says(name: str, value: str, field: str, expected: object) -> None:
    check(name, value)
    policy = read({name: value})
    assert getattr(policy, field) == expected
    assert read(write(policy)) == policy


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("out-of-order", "tomorrow"),
        ("out-of-order", "2026-13-10 18:00"),
        ("problems-to", "help"),
        *(("durations", ""), ("durations", "15;30"), ("durations", "0"), ("durations", "1,2,3,4,5,6,7")),
        *(("shortest", "0"), ("longest", "1441"), ("longest", "2 h"), ("ahead", "-1"), ("ahead", "1.5")),
        *(("hours", "never"), ("bookable", "me"), ("names", "1"), ("check-in", "yes"), ("grace", "0")),
        *(("exempt-from", "0"), ("exempt-people", "ada"), ("exempt-people", "a@b,,"), ("strikes", "many")),
        *(
            ("undo", "61"),
            ("owners-release", "on"),
            ("edit-meetings", ""),
            ("light", "never"),
            ("grace", "\u0661\u0662"),
        ),
    ],
)
def test_other_values_are_refused_with_what_is_allowed(name: str, value: str) -> None:
    with pytest.raises(ValueError, match=r"^allowed: "):
        check(name, value)
    with pytest.raises(ValueError, match=rf"^{name}: allowed: "):
        read({name: value})


def test_word_that_is_not_in_the_table_is_refused_with_the_table() -> None:
    with pytest.raises(ValueError, match=r"^colour: allowed: durations, shortest"):
        check("colour", "red")


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        ({"shortest": "30", "longest": "20"}, "shortest"),
        ({"longest": "10"}, "durations"),
        ({"durations": "15", "shortest": "20"}, "durations"),
    ],
)
def test_words_that_contradict_each_other_are_refused(words: dict[str, str], wrong: str) -> None:
    with pytest.raises(ValueError, match=rf"^{wrong}: allowed: "):
        read(words)


def test_durations_that_a_shorter_longest_forbids_may_stay() -> None:
    assert read({"longest": "45"}).durations == (15, 30, 60)


def test_words_of_a_room_go_over_the_policy_they_are_read_with() -> None:
    base = read({"grace": "5", "check-in": "all"})
    assert read({"grace": "20"}, base) == read({"grace": "20", "check-in": "all"})


drawn = st.builds(
    Policy,
    durations=st.sets(st.integers(20, 30), min_size=1, max_size=6).map(lambda found: tuple(sorted(found))),
    shortest=minutes(1, 20),
    longest=minutes(30, 600),
    soon=minutes(0, 60),
    hours=st.none() | st.just(hours.parse("Sat 09:00-24:00")),
    light=st.sampled_from(["hours", "always"]) | st.just(hours.parse("Sat 09:00-24:00")),
    bookable=st.sampled_from(("anyone", "people", "nobody")),
    names=st.booleans(),
    check_in=st.sampled_from(("off", "own", "all")),
    exempt_from=st.none() | minutes(1, 600),
    exempt_people=st.lists(st.sampled_from(("ada@example.com", "bob@example.com")), unique=True).map(tuple),
    strikes=st.integers(0, 9),
    owners_release=st.booleans(),
    edit_meetings=st.booleans(),
)


@quick
@given(drawn)
def test_policy_that_is_written_is_read_as_it_was(policy: Policy) -> None:
    assert read(write(policy)) == policy
