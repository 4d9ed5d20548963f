"""Boards are kept with the rooms they choose, and the built-in one is always there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kiosk.errors import NotFound, UsageError
from kiosk.schedule.model import Room
from kiosk.store import boards, rooms
from kiosk.store.boards import ALL, Board
from kiosk.store.database import Store
from tests.schedule.values import BERLIN

FULL = Board(
    "west", "West", ("Berlin",), (("Hamburg", "2"),), ("elm",), False, True, 30, "people", ("Berlin", "1"), 3
)  # fmt: skip


@pytest.fixture(autouse=True)
def known(store: Store) -> dict[str, int]:
    places = {"oak": ("Berlin", "1"), "ash": ("Hamburg", "2"), "yew": ("Hamburg", "1"), "elm": ("Kiel", "")}
    return {slug: store.write(rooms.add, Room(slug, slug, BERLIN, *place)) for slug, place in places.items()}


def find(store: Store, slug: str = "west") -> Board:
    with store.read() as db:
        return boards.find(db, slug)


def on(store: Store, board: Board) -> list[str]:
    with store.read() as db:
        return [one.room.slug for one in rooms.every(db) if board.has(one.room)]


def test_a_board_is_kept_as_it_was_written(store: Store) -> None:
    store.write(boards.add, FULL)
    assert find(store) == FULL


def test_a_board_shows_its_buildings_its_floors_and_its_rooms_together(store: Store) -> None:
    assert on(store, FULL) == ["oak", "ash", "elm"]


def test_a_board_that_chooses_nothing_shows_every_room(store: Store) -> None:
    assert len(on(store, Board("any", "Any"))) == 4


def test_a_room_stays_on_its_board_under_another_address_and_leaves_when_it_goes(
    store: Store, known: dict[str, int]
) -> None:
    store.write(boards.add, FULL)
    store.write(rooms.change, known["elm"], Room("larch", "Larch", BERLIN))
    assert find(store).rooms == ("larch",)
    store.write(rooms.remove, known["elm"])
    assert find(store).rooms == ()


def test_the_built_in_board_is_there_first_and_as_at_first_again_once_removed(store: Store) -> None:
    store.write(boards.add, replace(FULL, place=0))
    store.write(boards.change, Board(ALL, "Everything", free_first=True))
    with store.read() as db:
        assert [one.slug for one in boards.every(db)] == [ALL, "west"]
    store.write(boards.remove, ALL)
    assert find(store, ALL) == Board(ALL)


def test_a_change_tells_what_is_different(store: Store) -> None:
    store.write(boards.add, FULL)
    told = store.write(boards.change, replace(FULL, free_first=False, hangs=("Berlin", "2")))
    assert told == {"free_first": "True → False", "hangs": "Berlin 1 → Berlin 2"}
    assert store.write(boards.change, find(store)) == {}


@pytest.mark.parametrize(
    "wrong",
    [
        {"slug": "new"},
        {"slug": "West Wing"},
        {"slug": ALL},
        {"name": "  "},
        {"name": "x" * 81},
        {"rooms": ("nowhere",)},
        {"least_minutes": -1},
        {"least_minutes": 481},
        {"shows": "everything"},
        {"hangs": ("", "2")},
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_kept(store: Store, wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        store.write(boards.add, replace(FULL, **wrong))
    with store.read() as db:
        assert [one.slug for one in boards.every(db)] == [ALL]


def test_an_address_is_given_once(store: Store) -> None:
    store.write(boards.add, FULL)
    with pytest.raises(UsageError):
        store.write(boards.add, FULL)


def test_a_board_that_is_not_there_is_not_found(store: Store) -> None:
    for act in (boards.change, boards.remove):
        with pytest.raises(NotFound):
            store.write(act, FULL if act is boards.change else "west")  # type: ignore[arg-type]
