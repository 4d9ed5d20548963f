"""Notices, boards and plans stay where they are for when a room or a building is called otherwise."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from kiosk.schedule.model import Room
from kiosk.schedule.notice import BREAK, Target
from kiosk.store import boards, drawings, notices, plans, rooms
from kiosk.store.boards import Board
from kiosk.store.database import Store
from kiosk.store.notices import By, Draft
from tests.fakes import MONDAY
from tests.schedule.values import BERLIN

FILE = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect id="a" width="3" height="5"/></svg>'


@pytest.fixture
def oak(store: Store) -> int:
    """A room of a building with one more room."""
    store.write(rooms.add, Room("elm", "Elm", BERLIN, "Annex", "1"))
    return store.write(rooms.add, Room("oak", "Oak", BERLIN, "Berlin", "2"))


def tell(store: Store, where: str, value: str) -> None:
    draft = Draft(value, end=MONDAY + timedelta(hours=1), target=Target(where, value))  # type: ignore[arg-type]
    store.write(notices.add, draft, By("boss@kiosk.example", "", MONDAY))


def renamed(store: Store, number: int, **more: str) -> None:
    with store.read() as db:
        room = rooms.by_id(db, number).room
    store.write(rooms.change, number, replace(room, **more))  # type: ignore[arg-type]


def targets(store: Store) -> list[str]:
    with store.read() as db:
        return [one.target.value for one in notices.coming(db, MONDAY)]


def test_a_notice_follows_its_room_to_another_address(store: Store, oak: int) -> None:
    for where, value in (("room", "oak"), ("screen", "door/oak"), ("screen", "doors/elm+oak"), ("room", "elm")):
        tell(store, where, value)
    renamed(store, oak, slug="beech")
    assert targets(store) == ["beech", "door/beech", "doors/elm+beech", "elm"]


def test_notices_boards_and_plans_follow_their_building(store: Store, oak: int) -> None:
    tell(store, "building", "Berlin")
    tell(store, "floor", f"Berlin{BREAK}2")
    tell(store, "floor", f"Annex{BREAK}1")
    floors = (("Berlin", "2"), ("Annex", "1"))
    store.write(boards.add, Board("west", "West", ("Berlin", "Annex"), floors, hangs=("Berlin", "2")))
    store.write(plans.add, "Second", "Berlin", "2", drawings.read(FILE))
    renamed(store, oak, building="Main House")
    assert targets(store) == ["Main House", f"Main House{BREAK}2", f"Annex{BREAK}1"]
    with store.read() as db:
        board, plan = boards.find(db, "west"), plans.find(db, "second")
    assert (board.buildings, board.hangs) == (("Main House", "Annex"), ("Main House", "2"))
    assert board.floors == (("Main House", "2"), ("Annex", "1"))
    assert plan.building == "Main House"
