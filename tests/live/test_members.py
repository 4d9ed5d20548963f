"""The register of rooms reads again only what was touched, and never misses what has changed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kiosk.live import members
from kiosk.live.members import Register
from kiosk.schedule.model import Room
from kiosk.store import policies, revisions, rooms
from kiosk.store.database import Store
from kiosk.store.rooms import StoredRoom


@pytest.fixture
def register(store: Store, oak: StoredRoom) -> Register:
    store.write(rooms.add, Room("elm", "Elm", oak.room.zone))
    register = Register(store)
    register.census()
    return register


def agrees(register: Register) -> bool:
    with register.store.read() as db:
        return register.census().every() == rooms.every(db)


def test_rooms_that_were_touched_are_read_again_and_others_are_not(
    register: Register, oak: StoredRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    elm = register.census().one("elm")
    register.store.write(revisions.touch, oak.id)
    monkeypatch.setattr(rooms, "every", lambda _db: pytest.fail("all rooms were read"))
    census = register.census()
    assert census.one("oak").revision > oak.revision
    assert census.one("elm") is elm


def test_whatever_changes_of_a_room_is_seen(register: Register, oak: StoredRoom) -> None:
    for changed in (
        replace(oak.room, name="Zirbe"),
        replace(oak.room, slug="zirbe", building="North"),
        replace(oak.room, slug="zirbe", capacity=40),
    ):
        register.store.write(rooms.change, oak.id, changed)
        assert agrees(register)


def test_rooms_that_come_and_go_are_seen(register: Register, oak: StoredRoom) -> None:
    added = register.store.write(rooms.add, Room("ash", "Ash", oak.room.zone))
    assert agrees(register)
    register.store.write(rooms.remove, added)
    assert agrees(register)


def test_a_room_in_place_of_another_is_seen(register: Register, oak: StoredRoom) -> None:
    elm = register.census().one("elm")
    register.store.write(rooms.remove, elm.id)
    register.store.write(rooms.add, Room("ash", "Ash", oak.room.zone))
    assert agrees(register)


def test_policies_of_all_rooms_are_seen(register: Register) -> None:
    register.store.write(policies.change, policies.ORGANISATION, {"theme": "dark"})
    assert {one.room.policy.theme for one in register.census().every()} == {"dark"}
    assert agrees(register)


def test_many_touches_are_read_at_once(register: Register, monkeypatch: pytest.MonkeyPatch, oak: StoredRoom) -> None:
    monkeypatch.setattr(members, "MOST_TOUCHED", 1)
    for one in register.census().every():
        register.store.write(revisions.touch, one.id)
    assert agrees(register)
