"""What the journal and the check-ins know of a booking goes into the history with it."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from kiosk.schedule.model import Booking, Event, Person
from kiosk.schedule.occupancy import Stay, minute_of
from kiosk.store import attendance, harvest, journal, policies, rooms, stays
from kiosk.store.database import Store
from kiosk.store.journal import UNDO, Command
from kiosk.store.rooms import StoredRoom
from tests import databases
from tests.fakes import MONDAY

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
START = MONDAY + HOUR


@pytest.fixture
def room(store: Store, oak: StoredRoom) -> StoredRoom:
    store.write(policies.change, oak.id, {"check-in": "all"})
    with store.read() as db:
        return rooms.by_id(db, oak.id)


def did(store: Store, room: StoredRoom, kind: Any, name: str, at: datetime, **more: Any) -> None:
    times = {"start": START, "end": START + HOUR} | more
    command = Command(
        uuid.uuid4().hex, room.id, kind, name, times.pop("start"), times.pop("end"), "", "confirmed", "", None, "",
        1, at, at, at, **times,
    )  # fmt: skip
    store.write(journal.add, command)


def event(name: str, **more: Any) -> Event:
    return replace(Event(name, START, START + HOUR, attendees=4, created=START - timedelta(days=2)), **more)


def gathered(store: Store, room: StoredRoom, *found: Event) -> list[Stay]:
    with store.read() as db:
        kept = harvest.gather(db, room, found, MONDAY, MONDAY + timedelta(days=1))
    return [one.stay for one in kept]


def told(*, held: int = 60, planned: int = 60, **more: Any) -> Stay:
    """Return the stay that begins at START, with the usual guests and lead, unless said otherwise."""
    start = minute_of(START)
    return Stay(**{"start": start, "end": start + held, "planned": start + planned, "lead": 2880, "people": 4, **more})


def test_meeting_of_google_is_a_stay(store: Store, room: StoredRoom) -> None:
    assert gathered(store, room, event("e")) == [told()]


@pytest.mark.parametrize("more", [{"answer": "declined"}, {"transparent": True}, {"cancelled": True}, {"end": START}])
def test_what_takes_no_room_is_none(store: Store, room: StoredRoom, more: dict[str, Any]) -> None:
    assert gathered(store, room, event("e", **more)) == []


def test_booking_made_here_counts_from_when_it_was_asked_for(store: Store, room: StoredRoom) -> None:
    did(store, room, "book", "k", START + 20 * timedelta(seconds=1))
    assert gathered(store, room, event("k")) == [told(lead=0, here=True)]


def test_booking_ended_early_keeps_its_plan(store: Store, room: StoredRoom) -> None:
    end = START + 15 * MINUTE
    did(store, room, "end", "e", end, end=end, old_start=START, old_end=START + HOUR)
    assert gathered(store, room, event("e", end=end)) == [told(held=15)]


def test_meeting_nobody_came_to_ends_when_the_room_was_given_back(store: Store, room: StoredRoom) -> None:
    store.write(attendance.await_, room.id, Booking("e", START, START + HOUR), START, START)
    store.write(attendance.miss, room.id, "e", START)
    did(store, room, "release", "e", START + 10 * MINUTE, note="missed")
    expected = told(held=10, checked_in="missed", released=True)
    assert gathered(store, room, event("e", answer="declined")) == [expected]
    assert gathered(store, room) == [replace(expected, lead=None, people=0)]


def test_release_before_the_start_leaves_nothing(store: Store, room: StoredRoom) -> None:
    did(store, room, "release", "e", START - MINUTE)
    assert gathered(store, room, event("e", answer="declined")) == []


def test_booking_cancelled_while_it_ran_was_held_until_then(store: Store, room: StoredRoom) -> None:
    did(store, room, "book", "k", MONDAY)
    did(store, room, "cancel", "k", START + 20 * MINUTE)
    assert gathered(store, room) == [told(held=20, lead=60, people=0, here=True)]


def test_release_that_was_taken_back_is_none(store: Store, room: StoredRoom) -> None:
    did(store, room, "release", "e", START + 10 * MINUTE, note="missed")
    did(store, room, "accept", "e", START + 12 * MINUTE)
    store.write(attendance.enter, room.id, Booking("e", START, START + HOUR), START, "panel")
    assert gathered(store, room, event("e")) == [told(checked_in="in")]


def test_booking_that_took_the_place_of_a_released_one_is_the_same_booking(store: Store, room: StoredRoom) -> None:
    did(store, room, "book", "k", MONDAY)
    did(store, room, "release", "k", START + 10 * MINUTE, note="missed")
    again = START + 12 * MINUTE
    did(store, room, "book", "anew", again, start=again, note=f"{UNDO}k")
    store.write(attendance.enter, room.id, Booking("k", START, START + HOUR), START, "panel")
    found = gathered(store, room, event("anew", start=again, attendees=0))
    assert found == [told(lead=60, people=0, here=True, checked_in="in")]


def test_check_ins_do_not_count_where_none_are_wanted(store: Store, room: StoredRoom) -> None:
    store.write(attendance.enter, room.id, Booking("e", START, START + HOUR), START, "panel")
    store.write(policies.change, room.id, {"check-in": "off"})
    with store.read() as db:
        room = rooms.by_id(db, room.id)
    assert gathered(store, room, event("e")) == [told()]


def test_what_was_entered_when_it_was_over_has_no_lead(store: Store, room: StoredRoom) -> None:
    assert gathered(store, room, event("e", created=START + HOUR)) == [told(lead=None)]


def test_seconds_are_rounded_to_the_minutes_that_are_touched(store: Store, room: StoredRoom) -> None:
    half = timedelta(seconds=30)
    found = gathered(store, room, event("e", start=START + half, end=START + HOUR + half))
    assert found == [told(held=61, planned=61)]


def test_marks_are_the_same_for_the_same_word_and_differ_between_installations(
    store: Store, oak: StoredRoom, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = Store(databases.url(tmp_path_factory.mktemp("other") / "kiosk.db"))
    with store.read() as here, other.read() as there:
        one, again, elsewhere = stays.marker(here), stays.marker(here), stays.marker(there)
    assert one("ada@kiosk.example") == again("ada@kiosk.example") != elsewhere("ada@kiosk.example")
    assert one("") is None
    other.close()


def test_organizer_is_marked_in_small_letters_and_a_calendar_not_at_all(store: Store, room: StoredRoom) -> None:
    people = ("Ada@kiosk.example", "group@group.calendar.google.com", "oak@resource.calendar.google.com")
    found = [event(address, organizer=Person(address)) for address in people]
    with store.read() as db:
        mark = stays.marker(db)
        kept = harvest.gather(db, room, found, MONDAY, MONDAY + timedelta(days=1))
    assert [one.person for one in kept] == [mark("ada@kiosk.example"), None, None]
