"""The register finds bookings by time, room, person, words and kind, over all rooms, sorted and paged."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from kiosk import clock
from kiosk.booking.counter import Wish
from kiosk.booking.desk import Desk
from kiosk.booking.driver import Driver
from kiosk.errors import Unreachable
from kiosk.schedule.model import Person, Room
from kiosk.schedule.rights import Who
from kiosk.source import Member
from kiosk.store import diary, events, people, register, rooms
from kiosk.store.database import Store
from kiosk.store.register import Search
from kiosk.store.rooms import StoredRoom
from tests.fakes import MONDAY, FakeCalendars, StillClock, meeting

HOUR = timedelta(hours=1)
ADA, BOB = Person("Ada@kiosk.example", "Ada Okafor"), Person("bob@kiosk.example")


@pytest.fixture
def elm(store: Store) -> int:
    return store.write(rooms.add, Room("elm", "Elm", clock.zone("Europe/Berlin")))


@pytest.fixture
def day(store: Store, oak: StoredRoom, elm: int, calendars: FakeCalendars, still: StillClock) -> Store:
    """Two meetings of Ada's and a private one, two that take no room, one made at the door and one of Bob's."""
    budget = meeting("budget", MONDAY + HOUR, organizer=ADA)
    store.write(events.upsert, oak.id, [
        replace(budget, title="Budget 100%"),
        replace(meeting("secret", MONDAY + 2 * HOUR, organizer=ADA), private=True, title="Salaries"),
        replace(meeting("declined", MONDAY + 3 * HOUR), answer="declined"),
        replace(meeting("seen", MONDAY + 3 * HOUR), transparent=True),
    ])  # fmt: skip
    store.write(events.upsert, elm, [replace(budget, title="Budget 100%")])
    desk = Desk(Driver(store, calendars, still))
    desk.book(Wish("elm", MONDAY + 4 * HOUR, MONDAY + 5 * HOUR, title="At the door"))
    desk.book(Wish("elm", MONDAY + 6 * HOUR, MONDAY + 7 * HOUR, title="Bob's", who=Who("person", BOB.email)))
    return store


def found(store: Store, offset: int = 0, limit: int = 50, **wanted: Any) -> list[str]:
    with store.read() as db:
        page = register.search(db, Search(MONDAY, MONDAY + 24 * HOUR, **wanted), offset, limit)
    return [f"{entry.stored.room.slug} {entry.booking.title or 'private'}" for entry in page.entries]


ALL = ["elm Budget 100%", "oak Budget 100%", "oak private", "elm At the door", "elm Bob's"]


def test_everything_that_takes_a_room_is_found_once_in_order(day: Store) -> None:
    assert found(day) == ALL
    assert found(day, descending=True)[0] == "elm Bob's"
    assert found(day, order="room") == [*filter(lambda one: "elm" in one, ALL), *filter(lambda one: "oak" in one, ALL)]
    assert found(day, 2, 2) == ALL[2:4]
    with day.read() as db:
        assert register.search(db, Search(MONDAY, MONDAY + 24 * HOUR), 0, 1).total == len(ALL)
        assert register.search(db, Search(MONDAY, MONDAY + HOUR), 0, 9).total == 0


def test_rooms_and_words_and_people_narrow_it_down(day: Store, elm: int) -> None:
    assert found(day, rooms=[elm]) == [one for one in ALL if "elm" in one]
    assert found(day, rooms=[]) == []
    assert found(day, words="budget OAK") == ["oak Budget 100%"]
    assert found(day, words="100%") == ALL[:2]
    assert found(day, words="1%0") == []
    assert found(day, person="ada@") == ALL[:2]
    assert found(day, person="bob") == ["elm Bob's"]


def test_private_meeting_is_found_by_nothing_that_it_hides(day: Store) -> None:
    assert not any("private" in one for one in found(day, words="salaries") + found(day, person="ada"))


def test_kinds_are_told_apart(day: Store) -> None:
    assert found(day, kind="own") == ["elm At the door", "elm Bob's"]
    assert found(day, kind="external") == ALL[:3]
    assert found(day, kind="anonymous") == ["elm At the door"]
    day.write(people.replace_all, [Member("Bob Silva", ("bob@kiosk.example",))], MONDAY)
    assert found(day, kind="anonymous") == ["elm Budget 100%", "oak Budget 100%", "elm At the door"]
    assert found(day, person="silva") == ["elm Bob's"]


def test_hold_is_in_the_register(day: Store, calendars: FakeCalendars, still: StillClock) -> None:
    def away(_request: str) -> None:
        raise Unreachable("Google cannot be reached.")

    calendars.before.append(away)
    Desk(Driver(day, calendars, still)).book(Wish("oak", MONDAY + 8 * HOUR, MONDAY + 9 * HOUR, title="Waiting"))
    assert found(day, kind="held") == ["oak Waiting"]
    assert found(day)[-1] == "oak Waiting"


def test_register_tells_of_a_booking_what_its_room_does(day: Store) -> None:
    with day.read() as db:
        page = register.search(db, Search(MONDAY, MONDAY + 24 * HOUR), 0, 50)
        for entry in page.entries:
            assert entry.booking == diary.find(db, entry.stored, entry.booking.id)
