"""What a board makes of its rooms: order, headings, the soonest free, and what it hides."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given

from displays import REGISTRY, Scene
from displays.lobby import Board, display
from kiosk.schedule.model import Booking, Policy, Room
from tests.displays.rooms import OAK, hours, lasting, opened, rooms, shown, slot, start_of
from tests.schedule.values import BERLIN, at, booked, quick, schedules

NOON = at("11:00")
HOUR = timedelta(hours=1)
FREE_FIRST = Board(free_first=True)
SECRET = lasting(at("10:30"), 1, title="Merger", owner="Ada")


def seen(board: Board, *bookings: Booking, room: Room = OAK, moment: Any = NOON) -> Scene:
    return shown(display(board).scenes(room, bookings, NOON), moment)


def ranked(board: Board, **days: list[Booking]) -> list[str]:
    """The rooms of these names with these bookings, as the board sorts them."""
    orders = {name: seen(board, *day, room=replace(OAK, slug=name, name=name)).order for name, day in days.items()}
    return sorted(orders, key=lambda name: orders[name])


def test_free_rooms_come_first_longest_first_then_who_is_free_soonest() -> None:
    days = {
        "busy_long": [lasting(at("10:00"), 3)],
        "soon": [lasting(at("11:10"), 1)],
        "free_short": [lasting(at("12:30"), 1)],
        "busy_short": [lasting(at("10:00"), 1.5)],
        "free_all_day": [],
        "never_free": [lasting(start_of(OAK, NOON.date()), 72)],
        "free_long": [lasting(at("14:00"), 1)],
    }
    wanted = ["free_all_day", "free_long", "free_short", "soon", "busy_short", "busy_long", "never_free"]
    assert ranked(FREE_FIRST, **days) == wanted


def test_rooms_free_for_the_rest_of_the_day_stand_by_name_whatever_tomorrow_brings() -> None:
    early, late = lasting(at("08:00", days=1), 1), lasting(at("15:00", days=1), 1)
    assert ranked(FREE_FIRST, ash=[early], birch=[], cedar=[late]) == ["ash", "birch", "cedar"]


def test_under_headings_rooms_are_free_first_within_their_place() -> None:
    board = replace(FREE_FIRST, grouped=True)
    busy, free = [lasting(at("10:00"), 2)], list[Booking]()
    places = {"a": ("Berlin", "2", busy), "b": ("Berlin", "10", free), "c": ("Berlin", "2", free), "d": ("", "", free)}
    orders = {
        name: seen(board, *day, room=replace(OAK, name=name, building=building, floor=floor)).order
        for name, (building, floor, day) in places.items()
    }
    assert sorted(orders, key=lambda name: orders[name]) == ["c", "a", "b", "d"]


def test_floors_are_sorted_upwards_however_they_are_named() -> None:
    floors = ["B2", "UG", "EG", "1", "Level 2", "10", "Garden"]
    orders = [seen(Board(grouped=True), room=replace(OAK, floor=floor)).order for floor in floors]
    assert orders == sorted(orders)


def test_a_heading_says_where_so_that_the_row_need_not() -> None:
    scene = seen(Board(grouped=True, hangs=("Main building", "1")))
    assert (slot(scene, "place").floor, slot(scene, "place").way, slot(scene, "row").place) == ("2", 1, None)


def test_without_headings_each_row_says_where() -> None:
    scene = seen(Board(hangs=("Main building", "3")))
    assert (slot(scene, "row").place.way, "place" in dict(scene.slots)) == (-1, False)


def test_a_room_free_for_less_than_asked_for_counts_as_taken_soon() -> None:
    booking = lasting(at("11:50"), 1)
    assert [seen(Board(least=wanted), booking).status for wanted in (HOUR / 2, HOUR)] == ["free", "soon"]


def test_what_is_left_of_a_free_time_stops_counting_on_time() -> None:
    board, booking = Board(least=HOUR * 0.95), lasting(at("12:57"), 1)
    said = [seen(board, booking, moment=at(time)).status for time in ("11:59", "12:00", "12:01")]
    assert said == ["free", "free", "soon"]


def test_a_room_that_closes_before_enough_time_is_over_does_not_count_either() -> None:
    room = opened("08:00-12:30")
    assert [seen(Board(least=least), room=room).status for least in (HOUR / 4, HOUR)] == ["free", "soon"]


def test_a_taken_room_says_from_when_it_is_free_for_long_enough() -> None:
    day = [lasting(at("10:00"), 2), lasting(at("12:20"), 1, "b")]
    assert [seen(Board(least=least), *day).free for least in (timedelta(0), HOUR)] == [at("12:00"), at("13:20")]
    assert slot(seen(Board(least=HOUR), *day), "soonest").minutes == 60


def test_a_room_that_is_free_is_not_announced_as_soonest() -> None:
    scene = seen(Board())
    assert scene.free is not None
    assert scene.free <= NOON
    assert "soonest" not in dict(scene.slots)


@quick
@given(schedules(hours=30), rooms, hours)
def test_who_is_free_is_said_to_be_free_since_then(bookings: list[Booking], room: Room, now: Any) -> None:
    for scene in display(Board(least=HOUR / 2)).scenes(room, bookings, now):
        is_free = scene.free is not None and scene.free <= scene.start
        assert is_free == (scene.status == "free") or scene.status == "soon"


@quick
@given(schedules(hours=30), rooms, hours)
def test_no_two_scenes_in_a_row_are_alike(bookings: list[Booking], room: Room, now: Any) -> None:
    scenes = display(Board(grouped=True, free_first=True, least=HOUR)).scenes(room, bookings, now)
    assert all(replace(one, start=other.start) != other for one, other in pairwise(scenes))


def test_a_board_hides_what_its_rooms_would_say() -> None:
    told = {level: repr(seen(Board(shows=level), SECRET)) for level in ("all", "people", "titles", "nothing")}
    words = {level: ("Merger" in text, "Ada" in text) for level, text in told.items()}
    assert words == {
        "all": (True, True),
        "people": (False, True),
        "titles": (True, False),
        "nothing": (False, False),
    }


def test_a_board_never_says_more_than_its_rooms_do() -> None:
    room = replace(OAK, policy=Policy(shows="people"))
    said = [repr(seen(Board(shows=level), SECRET, room=room)) for level in ("all", "titles")]
    assert [("Merger" in text, "Ada" in text) for text in said] == [(False, True), (False, False)]


def test_a_row_of_which_nothing_may_be_said_names_no_booking_at_all() -> None:
    assert slot(seen(Board(shows="nothing"), SECRET), "row").use is None
    assert slot(seen(Board(), SECRET, room=replace(OAK, policy=Policy(shows="nothing"))), "row").use is None


def test_a_door_says_no_more_than_its_policy_lets_it() -> None:
    for level, words in {"people": "Merger", "titles": "Ada", "nothing": "Merger|Ada"}.items():
        room = replace(OAK, policy=Policy(shows=level, edit_meetings=True, names=True))  # type: ignore[arg-type]
        scenes = REGISTRY["door"].scenes(room, [SECRET, booked("13:00", "14:00")], NOON)
        assert not any(word in repr(scenes) for word in words.split("|"))


def test_equal_boards_are_drawn_by_the_same_display() -> None:
    assert display(Board(least=HOUR)) is display(Board(least=HOUR))
    assert display(Board()) != display(FREE_FIRST)


def test_an_unread_room_comes_last_where_free_ones_come_first() -> None:
    elm = Room("elm", "A", BERLIN)
    assert seen(FREE_FIRST, lasting(at("10:00"), 2)).order < display(FREE_FIRST).unknown(elm, NOON).order
