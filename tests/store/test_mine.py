"""Somebody's own bookings are read in a few queries, however many they are, and looked up rather than searched for."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from peewee import Database

from kiosk import clock
from kiosk.schedule.model import Booking, Person, Room
from kiosk.store import attendance, events, links, mine, policies, rooms
from kiosk.store.database import Store
from kiosk.store.rooms import StoredRoom
from tests.fakes import StillClock, meeting

ADA = "ada@kiosk.example"
HOUR = timedelta(hours=1)


def meetings(store: Store, oak: StoredRoom, start: datetime, numbers: range) -> None:
    """Let Ada organize meetings, an hour after the other."""
    found = [meeting(number, start + number * HOUR, organizer=Person("Ada@kiosk.example")) for number in numbers]
    store.write(events.upsert, oak.id, found)


def local(store: Store, count: int) -> None:
    """Add rooms without a calendar that have one future booking each."""
    for number in range(count):
        room_id = store.write(rooms.add, Room(f"own-{number}", "Own", clock.zone("UTC")))
        store.write(events.upsert, room_id, [meeting(number, datetime(2030, 1, 1, tzinfo=clock.zone("UTC")))])


def statements(store: Store, read: object, *values: object) -> int:
    """Return how many statements the database was asked while something was read."""
    asked: list[object] = []
    with store.read() as db:
        db.query_hooks.append(asked.append)
        read(db, *values)  # type: ignore[operator]
        db.query_hooks.clear()
    return len(asked)


def test_many_bookings_are_read_with_as_many_queries_as_few(store: Store, oak: StoredRoom, still: StillClock) -> None:
    store.write(policies.change, None, {"check-in": "all"})
    meetings(store, oak, still(), range(2))
    few = statements(store, mine.upcoming, ADA, still())
    meetings(store, oak, still(), range(40))
    assert statements(store, mine.upcoming, ADA, still()) == few
    with store.read() as db:
        assert len(mine.upcoming(db, ADA, still())) == 40


@pytest.mark.sqlite
@pytest.mark.parametrize("sql", [mine.ORGANIZED, mine.BOOKED])
def test_somebodys_bookings_are_looked_up_in_an_index(store: Store, sql: str) -> None:
    with store.read() as db:
        assert all("USING INDEX" in line for line in plan(db, sql, ADA, 0))


@pytest.mark.sqlite
def test_single_bookings_are_looked_up_by_room_and_id(store: Store, oak: StoredRoom, still: StillClock) -> None:
    meetings(store, oak, still(), range(3))
    asked: list[str] = []
    with store.read() as db:
        db.connection().set_trace_callback(asked.append)
        found = events.picked(db, [(oak.id, "m1"), (oak.id, "m2"), (oak.id + 1, "m0")])
        db.connection().set_trace_callback(None)
        assert {place[1] for place in found} == {"m1", "m2"}
        [sql] = [one for one in asked if "SELECT" in one]
        assert any("SEARCH event USING INDEX" in line for line in plan(db, sql))


def plan(db: Database, sql: str, *values: object) -> list[str]:
    return [row[3] for row in db.execute_sql(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()]


def test_each_booking_of_the_list_has_its_check_in(store: Store, oak: StoredRoom, still: StillClock) -> None:
    store.write(policies.change, None, {"check-in": "all"})
    meetings(store, oak, still(), range(2))
    first = Booking("m0", still(), still() + HOUR / 2, "Meeting 0")
    store.write(attendance.enter, oak.id, first, still(), f"person:{ADA}")
    with store.read() as db:
        come, awaited = (one for _stored, one in mine.upcoming(db, ADA, still()))
    assert (come.attended, come.check_in) == (True, None)
    assert awaited.check_in is not None


def test_bookings_of_all_rooms_without_a_calendar_are_counted_at_once(
    store: Store, oak: StoredRoom, still: StillClock
) -> None:
    meetings(store, oak, still(), range(3))
    local(store, 1)
    few = statements(store, links.all_local_bookings, still())
    local_more(store)
    assert statements(store, links.all_local_bookings, still()) == few
    with store.read() as db:
        assert links.all_local_bookings(db, still()) == 6


def local_more(store: Store) -> None:
    """Add five rooms more; one of their meetings was declined, and takes no room."""
    for number in range(10, 16):
        room_id = store.write(rooms.add, Room(f"own-{number}", "Own", clock.zone("UTC")))
        answer = "declined" if number == 10 else "accepted"
        start = datetime(2030, 1, 1, tzinfo=clock.zone("UTC"))
        store.write(events.upsert, room_id, [meeting(number, start, answer=answer)])
