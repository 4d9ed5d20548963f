"""Which free room suits best in place of another one."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.schedule.model import Room
from kiosk.schedule.nearby import Candidate, level, rank, reachable, way
from tests.schedule.values import BERLIN, NEW_YORK, at, instants, quick

ZONE = ZoneInfo("UTC")
WANTED = Room("oak", "Oak", ZONE, "North", "2nd floor", 8, ("Screen", "Whiteboard"))


def candidate(
    name: str,
    until: str | None = None,
    building: str = "North",
    floor: str = "2nd floor",
    capacity: int = 8,
    equipment: tuple[str, ...] = WANTED.equipment,
) -> Candidate:
    room = Room(name.lower(), name, ZONE, building, floor, capacity, equipment)
    return Candidate(room, at(until) if until else None)


def order(*candidates: Candidate, people: int | None = None, equipment: tuple[str, ...] = ()) -> list[str]:
    """The names of the candidates for 10:00 to 11:00, best first."""
    return [one.room.name for one in rank(candidates, WANTED, at("10:00"), at("11:00"), people, equipment)]


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        pytest.param(candidate("Z", "11:00", floor="9"), candidate("A", building="South"), id="the same building"),
        pytest.param(candidate("Z", floor="9"), candidate("A", "11:59"), id="free for an hour more"),
        pytest.param(candidate("Z", "11:30", floor="9"), candidate("A", "11:29"), id="free for half an hour more"),
        pytest.param(candidate("Z", "11:15", floor="9"), candidate("A", "11:14"), id="free for a quarter more"),
        pytest.param(candidate("Z", "11:00", floor="9"), candidate("A", "10:59"), id="free for the whole wish"),
        pytest.param(candidate("Z", "10:30", floor="9"), candidate("A", "10:29"), id="free for half the wish"),
        pytest.param(candidate("Z", capacity=50), candidate("A", floor="3"), id="the same floor"),
        pytest.param(candidate("Z", floor="1", capacity=50), candidate("A", floor="4"), id="a nearer floor"),
        pytest.param(candidate("Z", floor="B9", capacity=50), candidate("A", floor="Loft"), id="a floor that is known"),
        pytest.param(candidate("Z", capacity=50, equipment=()), candidate("A", capacity=7), id="places enough"),
        pytest.param(candidate("Z", capacity=10, equipment=()), candidate("A", capacity=11), id="fewer places unused"),
        pytest.param(candidate("Z", capacity=50, equipment=()), candidate("A", capacity=0), id="places that are known"),
        pytest.param(candidate("Z", capacity=0, equipment=()), candidate("A", capacity=7), id="perhaps places enough"),
        pytest.param(
            candidate("Z", capacity=7, equipment=()), candidate("A", capacity=6), id="more places, if too few"
        ),
        pytest.param(candidate("Z"), candidate("A", equipment=("screen",)), id="less equipment missing"),
        pytest.param(candidate("A"), candidate("Z"), id="the name"),
    ],
)
def test_room_is_better_by(better: Candidate, worse: Candidate) -> None:
    assert order(worse, better) == [better.room.name, worse.room.name]


def test_two_hours_more_are_no_better_than_one() -> None:
    assert order(candidate("A", "12:00"), candidate("B"), candidate("C", "13:00")) == ["A", "B", "C"]


def test_number_of_people_counts_instead_of_the_wanted_rooms_places() -> None:
    small, large = candidate("Small", capacity=4), candidate("Large", capacity=8)
    assert order(small, large, people=3) == ["Small", "Large"]
    assert order(small, large) == ["Large", "Small"]


def test_equipment_asked_for_counts_instead_of_the_wanted_rooms() -> None:
    camera, screen = candidate("Z", equipment=("Camera",)), candidate("A", equipment=("Screen",))
    assert order(camera, screen, equipment=("camera",)) == ["Z", "A"]
    assert order(camera, screen) == ["A", "Z"]


@pytest.mark.parametrize(
    ("floor", "expected"),
    [
        *(("2", 2), ("2nd floor", 2), ("Floor 12", 12), ("1. OG", 1), ("L3", 3)),
        *(("Ground", 0), ("ground floor", 0), ("EG", 0), ("G", 0), ("0", 0)),
        *(("B1", -1), ("-1", -1), ("\u22122", -2), ("Floor -3", -3), ("2. UG", -2), ("Basement", -1)),
        *(("", None), ("Loft", None), ("Garden", None)),
    ],
)
def test_floor_is_understood_as_people_name_it(floor: str, expected: int | None) -> None:
    assert level(floor) == expected


rooms = st.builds(
    Room,
    slug=st.text("abc", min_size=1, max_size=3),
    name=st.sampled_from(("Ash", "Elm", "Fir")),
    zone=st.just(ZONE),
    building=st.sampled_from(("", "North", "South")),
    floor=st.sampled_from(("", "EG", "1", "2nd floor", "B1", "Loft")),
    capacity=st.integers(0, 12),
    equipment=st.sampled_from(((), ("Screen",), ("Screen", "Whiteboard"))),
)
candidates = st.lists(
    st.builds(Candidate, rooms, st.none() | instants()), max_size=8, unique_by=lambda one: one.room.slug
)


@quick
@given(candidates, rooms, st.none() | st.integers(1, 12), st.randoms(use_true_random=False))
def test_order_is_the_same_however_the_rooms_come(
    found: list[Candidate], wanted: Room, people: int, chance: object
) -> None:
    ranked = rank(found, wanted, at("10:00"), at("11:00"), people)
    shuffled = sorted(found, key=lambda one: chance.random())  # type: ignore[attr-defined]
    assert rank(shuffled, wanted, at("10:00"), at("11:00"), people) == ranked
    assert sorted(ranked, key=lambda one: one.room.slug) == sorted(found, key=lambda one: one.room.slug)


@pytest.mark.parametrize(
    ("building", "floor", "expected"),
    [
        ("North", "2nd floor", ("same", 0)),
        ("North", "4", ("up", 2)),
        ("North", "ground", ("down", 2)),
        ("north ", "Roof", ("floor", 0)),
        ("South", "2nd floor", ("building", 0)),
    ],
)
def test_way_to_another_room_has_a_direction(building: str, floor: str, expected: tuple[str, int]) -> None:
    assert way(Room("elm", "Elm", ZONE, building, floor), WANTED) == expected


def test_nothing_is_said_about_the_way_where_no_floor_is_named() -> None:
    assert way(Room("elm", "Elm", ZONE), Room("oak", "Oak", ZONE)) == ("", 0)


def test_nobody_is_sent_to_a_town_where_clocks_show_another_time() -> None:
    oak = Room("oak", "Oak", BERLIN, "North")
    zones = {"elm": (BERLIN, "South"), "ash": (ZoneInfo("Europe/Paris"), "South"), "fir": (NEW_YORK, "West")}
    found = {slug: reachable(Room(slug, slug, *where), oak, at("10:00")) for slug, where in zones.items()}
    assert found == {"elm": True, "ash": True, "fir": False}
    assert reachable(Room("bay", "Bay", ZONE, "North"), oak, at("10:00"))
    assert not reachable(Room("bay", "Bay", ZONE), replace(oak, building=""), at("10:00"))
