"""Policies are inherited: organisation, building, floor, room, the nearest winning."""

from __future__ import annotations

from datetime import timedelta

import pytest

from kiosk import clock
from kiosk.errors import UsageError
from kiosk.schedule.model import Policy, Room
from kiosk.store import accounts, directory, levels, policies, rooms
from kiosk.store.database import Store
from kiosk.store.levels import ORGANISATION, Level
from kiosk.store.rooms import StoredRoom
from tests.fakes import MONDAY

BERLIN, SECOND = Level("Berlin"), Level("Berlin", "2")
ZONE = clock.zone("Europe/Berlin")


@pytest.fixture
def elm(store: Store) -> int:
    return store.write(rooms.add, Room("elm", "Elm", ZONE, "Berlin", "2"))


@pytest.fixture
def ash(store: Store) -> int:
    """A room on a floor of the same name in another building."""
    return store.write(rooms.add, Room("ash", "Ash", ZONE, "Hamburg", "2"))


def grace(store: Store, room_id: int) -> int:
    with store.read() as db:
        return rooms.by_id(db, room_id).room.policy.grace // timedelta(minutes=1)


def revision(store: Store, room_id: int) -> int:
    with store.read() as db:
        return rooms.by_id(db, room_id).revision


def test_nearest_level_wins_and_each_can_be_taken_back(store: Store, elm: int, ash: int) -> None:
    for whose, minutes in ((ORGANISATION, "20"), (BERLIN, "21"), (SECOND, "22"), (elm, "23")):
        store.write(policies.change, whose, {"grace": minutes})
        assert grace(store, elm) == int(minutes)
    assert grace(store, ash) == 20
    for whose, minutes in ((elm, 22), (SECOND, 21), (BERLIN, 20), (None, 10)):
        store.write(policies.change, whose, {"grace": None})
        assert grace(store, elm) == minutes
    with store.read() as db:
        assert levels.texts(db).levels() == []


def test_lines_say_which_level_says_so(store: Store, elm: int) -> None:
    store.write(policies.change, None, {"grace": "20", "strikes": "1"})
    store.write(policies.change, BERLIN, {"strikes": "2", "undo": "1"})
    store.write(policies.change, SECOND, {"undo": "2"})
    store.write(policies.change, elm, {"opens": "5"})
    with store.read() as db:
        told = {line.name: (line.value, line.origin) for line in policies.lines(db, elm)}
        above = {line.name: line.origin for line in policies.lines(db, SECOND)}
    wanted = {
        "grace": ("20", "organisation"),
        "strikes": ("2", "building"),
        "undo": ("2", "floor"),
        "opens": ("5", "room"),
    }
    assert {name: told[name] for name in wanted} == wanted
    assert (above["undo"], above["opens"]) == ("floor", "default")


def test_room_that_moves_follows_its_new_building(store: Store, elm: int) -> None:
    store.write(policies.change, Level("Hamburg"), {"grace": "7"})
    with store.read() as db:
        room = rooms.by_id(db, elm).room
    store.write(rooms.change, elm, Room("elm", "Elm", room.zone, "Hamburg", "1"))
    assert grace(store, elm) == 7


def test_level_cannot_contradict_a_room_below_it(store: Store, elm: int, ash: int) -> None:
    store.write(policies.change, elm, {"longest": "30"})
    for level in (BERLIN, SECOND):
        with pytest.raises(UsageError, match="room 'elm' would contradict itself: shortest"):
            store.write(policies.change, level, {"shortest": "45"})
    store.write(policies.change, Level("Hamburg"), {"shortest": "45", "durations": "60"})


def test_building_and_floor_may_not_contradict_each_other_without_a_room(store: Store) -> None:
    store.write(policies.change, Level("Attic", "9"), {"longest": "30"})
    with pytest.raises(UsageError, match="floor '9' of 'Attic' would contradict itself"):
        store.write(policies.change, Level("Attic"), {"shortest": "45", "durations": "60"})


def test_only_rooms_below_the_level_are_drawn_anew(store: Store, elm: int, ash: int) -> None:
    before = revision(store, ash)
    at_first = revision(store, elm)
    store.write(policies.change, SECOND, {"grace": "5"})
    assert revision(store, ash) == before
    assert revision(store, elm) > at_first


def test_broken_words_of_a_level_cost_no_room_its_own(store: Store, elm: int) -> None:
    store.write(policies.change, elm, {"grace": "5"})
    store.write(levels.write, BERLIN, "nonsense")
    assert grace(store, elm) == 5
    store.write(levels.write, BERLIN, '{"shortest": "600"}')
    store.write(levels.write, SECOND, '{"longest": "5"}')
    with store.read() as db:
        assert rooms.by_id(db, elm).room.policy == Policy()


def test_what_is_written_here_of_a_listed_room_is_kept(store: Store, oak: StoredRoom) -> None:
    listed = directory.Resource(str(oak.calendar_id), "Oak", "Berlin", "2", 8)
    store.write(directory.follow, [listed], MONDAY)
    changed = Room("oak", "The Oak", oak.room.zone, "Berlin", "2", 8)
    store.write(rooms.change, oak.id, changed)
    store.write(directory.follow, [directory.Resource(str(oak.calendar_id), "Oak", "Berlin", "3", 9)], MONDAY)
    with store.read() as db:
        room = rooms.by_id(db, oak.id).room
        assert (room.name, room.floor, room.capacity) == ("The Oak", "3", 9)
        assert directory.kept(db, oak.id) == ("name",)
    store.write(directory.follow_again, oak.id, MONDAY)
    store.write(directory.follow, [listed], MONDAY)
    with store.read() as db:
        assert rooms.by_id(db, oak.id).room.name == "Oak"


def test_renamed_room_stays_its_managers(store: Store, oak: StoredRoom, elm: int) -> None:
    store.write(accounts.add, "mia@kiosk.example", "Mia", "manager", ("elm", "oak"), MONDAY)
    store.write(rooms.change, elm, Room("elm-2", "Elm", ZONE))
    with store.read() as db:
        assert accounts.get(db, "mia@kiosk.example").scope == ("elm-2", "oak")
    store.write(rooms.remove, elm)
    with store.read() as db:
        assert accounts.get(db, "mia@kiosk.example").scope == ("oak",)


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (Room("oak", "Elm", ZONE), "address 'oak' already"),
        (Room("The Elm", "Elm", ZONE), "cannot be an address"),
        (Room("import", "Elm", ZONE), "page of the administration"),
        (Room("elm", " ", ZONE), "needs a name"),
        (Room("elm", "Elm", ZONE, capacity=-1), "nobody or more"),
    ],
)
def test_wrong_change_of_a_room_is_refused(store: Store, oak: StoredRoom, elm: int, wanted: Room, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        store.write(rooms.change, elm, wanted)


def test_linked_room_keeps_its_calendars_zone_and_is_not_deleted(store: Store, oak: StoredRoom) -> None:
    with pytest.raises(UsageError, match="zone of its calendar"):
        store.write(rooms.change, oak.id, Room("oak", "Oak", clock.zone("Asia/Tokyo")))
    with pytest.raises(UsageError, match="disconnect it first"):
        store.write(rooms.remove, oak.id)
