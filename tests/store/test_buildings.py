"""A building that has another name keeps its catalogue, its caterers and its policies, once no room has the old one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kiosk import clock
from kiosk.errors import UsageError
from kiosk.schedule.model import Booking, Room
from kiosk.source import Resource
from kiosk.store import accounts, directory, levels, orders, policies, rooms, services
from kiosk.store.database import Store
from kiosk.store.levels import Level
from kiosk.store.rooms import StoredRoom
from tests.fakes import MONDAY

COOK = "cook@kiosk.example"
OLD, NEW = "Berlin", "Main House"


@pytest.fixture
def pair(store: Store) -> list[StoredRoom]:
    """Two rooms of a building that offers something, has a caterer, and policies of its own and of a floor."""
    zone = clock.zone("Europe/Berlin")
    numbers = [store.write(rooms.add, Room(slug, slug.title(), zone, OLD, "2")) for slug in ("ash", "elm")]
    store.write(services.add, OLD, "Coffee")
    store.write(accounts.add, COOK, "Cook", "caterer", (OLD,), MONDAY)
    store.write(policies.change, Level(OLD), {"grace": "20"})
    store.write(policies.change, Level(OLD, "2"), {"opens": "7"})
    with store.read() as db:
        return [rooms.by_id(db, number) for number in numbers]


def rename(store: Store, stored: StoredRoom, building: str = NEW) -> None:
    store.write(rooms.change, stored.id, replace(stored.room, building=building))


def held_by(store: Store) -> tuple[list[str], tuple[str, ...], list[str]]:
    """Return under which building the services, the caterer's scope and the policies are."""
    with store.read() as db:
        offered = [one.building for one in services.every(db)]
        return offered, accounts.get(db, COOK).scope, [one.building for one in levels.texts(db).levels()]


def test_the_last_room_takes_everything_to_the_new_name(store: Store, pair: list[StoredRoom]) -> None:
    rename(store, pair[0])
    assert held_by(store) == ([OLD], (OLD,), [OLD, OLD])
    rename(store, pair[1])
    assert held_by(store) == ([NEW], (NEW,), [NEW, NEW])
    with store.read() as db:
        policy = rooms.by_id(db, pair[0].id).room.policy
    assert (policy.grace.seconds, policy.opens.seconds) == (20 * 60, 7 * 60)


def test_what_was_asked_for_stays_with_its_service(store: Store, pair: list[StoredRoom]) -> None:
    """Of two services of one name the new building's stays, and has the requests of both."""
    cake = store.write(services.add, NEW, "Coffee", "of another roast")
    with store.read() as db:
        old = services.offered(db, OLD)[0]
    booking = Booking("e1", MONDAY, MONDAY, "Review")
    one = store.write(orders.ask, pair[0], booking, old, 1, "", COOK, MONDAY)
    for stored in pair:
        rename(store, stored)
    with store.read() as db:
        assert orders.find(db, one.id).service == cake
        assert services.every(db) == [cake]


def test_words_that_the_new_name_has_already_stay(store: Store, pair: list[StoredRoom]) -> None:
    store.write(policies.change, Level(NEW), {"grace": "5"})
    for stored in pair:
        rename(store, stored)
    with store.read() as db:
        assert policies.of_level(db, Level(NEW)) == {"grace": "5"}
        assert policies.of_level(db, Level(NEW, "2")) == {"opens": "7"}


def test_rooms_that_name_no_building_any_more_take_nothing_along(store: Store, pair: list[StoredRoom]) -> None:
    for stored in pair:
        rename(store, stored, "")
    assert held_by(store) == ([OLD], (OLD,), [OLD, OLD])


def test_a_rename_that_would_let_a_policy_contradict_itself_is_refused(store: Store, pair: list[StoredRoom]) -> None:
    store.write(policies.change, Level(OLD), {"shortest": "60"})
    other = store.write(rooms.add, replace(pair[0].room, slug="fir", building=NEW))
    store.write(policies.change, other, {"longest": "30"})
    rename(store, pair[0])
    with pytest.raises(UsageError, match="contradict"):
        rename(store, pair[1])
    assert held_by(store)[0] == [OLD]


def test_a_building_that_the_directory_renames_keeps_everything(store: Store, pair: list[StoredRoom]) -> None:
    for stored in pair:
        store.write(rooms.link, stored.id, "Europe/Berlin", f"{stored.room.slug}@example.org", MONDAY)
    renamed = [Resource(f"{one.room.slug}@example.org", one.room.name, NEW, "2", 8) for one in pair]
    store.write(directory.follow, renamed, MONDAY)
    assert held_by(store) == ([NEW], (NEW,), [NEW, NEW])


def test_a_building_that_the_directory_divides_stays_as_it_is(store: Store, pair: list[StoredRoom]) -> None:
    for stored in pair:
        store.write(rooms.link, stored.id, "Europe/Berlin", f"{stored.room.slug}@example.org", MONDAY)
    divided = [Resource(f"{one.room.slug}@example.org", one.room.name, one.room.slug, "2", 8) for one in pair]
    store.write(directory.follow, divided, MONDAY)
    assert held_by(store) == ([OLD], (OLD,), [OLD, OLD])
