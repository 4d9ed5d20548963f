"""A room follows its own words, then its organisation's, then the product's; and words never cost us a room."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta
from uuid import uuid4

import pytest

from kiosk import clock
from kiosk.errors import NotFound, UsageError
from kiosk.schedule import policy
from kiosk.schedule.model import Policy, Room
from kiosk.store import levels, policies, rooms
from kiosk.store.database import Store
from kiosk.store.models import RoomRow
from kiosk.store.rooms import StoredRoom


def followed(store: Store, room_id: int) -> Policy:
    with store.read() as db:
        return rooms.by_id(db, room_id).room.policy


def revision(store: Store, room_id: int) -> int:
    with store.read() as db:
        return rooms.by_id(db, room_id).revision


def write_raw(store: Store, room_id: int, text: str) -> None:
    store.write(lambda db: RoomRow.update(policy=text).where(RoomRow.id == room_id).execute(db))


@pytest.fixture
def elm(store: Store) -> int:
    return store.write(rooms.add, Room("elm", "Elm", clock.zone("Europe/Berlin")))


def test_room_that_says_nothing_follows_its_organisation(store: Store, oak: StoredRoom, elm: int) -> None:
    assert followed(store, oak.id) == Policy()
    store.write(policies.change, None, {"check-in": "all", "grace": "15"})
    store.write(policies.change, elm, {"grace": "5"})
    assert (followed(store, oak.id).check_in, followed(store, oak.id).grace) == ("all", timedelta(minutes=15))
    assert (followed(store, elm).check_in, followed(store, elm).grace) == ("all", timedelta(minutes=5))
    store.write(policies.change, elm, {"grace": None})
    assert followed(store, elm) == followed(store, oak.id)


def test_every_way_to_a_room_shows_its_policy(store: Store, oak: StoredRoom) -> None:
    store.write(policies.change, oak.id, {"bookable": "people"})
    with store.read() as db:
        ways = [rooms.by_id(db, oak.id), rooms.by_slug(db, "oak"), *rooms.every(db)]
        ways += [found for found in [rooms.by_calendar(db, str(oak.calendar_id))] if found]
    assert [one.room.policy.bookable for one in ways] == ["people"] * 4


def test_lines_say_what_holds_and_who_says_so(store: Store, oak: StoredRoom) -> None:
    store.write(policies.change, None, {"check-in": "all", "strikes": "2"})
    store.write(policies.change, oak.id, {"strikes": " 4 "})
    with store.read() as db:
        shown = {one.name: (one.value, one.origin) for one in policies.lines(db, oak.id)}
        above = {one.name: (one.value, one.origin) for one in policies.lines(db, None)}
        assert policies.organisation(db) == {"check-in": "all", "strikes": "2"}
        assert policies.of_room(db, oak.id) == {"strikes": "4"}
    assert list(shown) == list(policy.WORDS)
    assert [shown[name] for name in ("strikes", "check-in", "hours")] == [
        ("4", "room"), ("all", "organisation"), ("always", "default"),
    ]  # fmt: skip
    assert above["strikes"] == ("2", "organisation")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"chek-in": "all"}, r"no policy 'chek-in'; there are durations, .*check-in"),
        ({"check-in": "sometimes"}, "check-in cannot be 'sometimes'; allowed: off, own, all"),
        ({"shortest": "90", "longest": "60"}, "contradict itself: shortest"),
    ],
)
def test_wrong_word_changes_nothing(store: Store, oak: StoredRoom, changes: Mapping[str, str], said: str) -> None:
    for room_id in (None, oak.id):
        with pytest.raises(UsageError, match=said):
            store.write(policies.change, room_id, {"grace": "3", **changes})
    assert followed(store, oak.id) == Policy()
    with store.read() as db:
        assert policies.organisation(db) == policies.of_room(db, oak.id) == {}


def test_organisation_cannot_contradict_a_room(store: Store, oak: StoredRoom) -> None:
    store.write(policies.change, oak.id, {"longest": "30"})
    with pytest.raises(UsageError, match="room 'oak' would contradict itself: shortest"):
        store.write(policies.change, None, {"shortest": "45"})
    assert followed(store, oak.id).shortest == Policy().shortest


def test_only_the_screens_of_rooms_that_change_are_drawn_anew(store: Store, oak: StoredRoom, elm: int) -> None:
    before = revision(store, oak.id), revision(store, elm)
    store.write(policies.change, elm, {"grace": "5"})
    assert revision(store, oak.id) == before[0] < before[1] < revision(store, elm)
    elm_now = revision(store, elm)
    store.write(policies.change, None, {"grace": "5"})
    assert revision(store, oak.id) > elm_now == revision(store, elm)


def test_unreadable_words_are_left_out_with_a_line_in_the_log(
    store: Store, oak: StoredRoom, caplog: pytest.LogCaptureFixture
) -> None:
    # The same words are read, and complained of, once in a process.
    write_raw(store, oak.id, f'{{"grace": "5", "check-in": "twice", "colour": "{uuid4()}"}}')
    with caplog.at_level(logging.WARNING):
        assert followed(store, oak.id) == Policy(grace=timedelta(minutes=5))
        assert followed(store, oak.id).check_in == "off"
    assert [record.args[0] for record in caplog.records if isinstance(record.args, tuple)] == ["check-in", "colour"]
    store.write(policies.change, oak.id, {"check-in": "own"})
    with store.read() as db:
        assert policies.of_room(db, oak.id) == {"grace": "5", "check-in": "own"}


@pytest.mark.parametrize("text", ["", "nonsense", "[]", '{"grace": null}', '{"shortest": "600", "longest": "5"}'])
def test_room_with_broken_words_follows_its_organisation(store: Store, oak: StoredRoom, text: str) -> None:
    store.write(policies.change, None, {"check-in": "all"})
    write_raw(store, oak.id, text)
    assert followed(store, oak.id) == Policy(check_in="all")
    store.write(levels.write, levels.ORGANISATION, text)
    assert followed(store, oak.id) == Policy()


def test_room_that_is_not_here_has_no_policy(store: Store) -> None:
    with pytest.raises(NotFound):
        store.write(policies.change, 99, {"grace": "5"})
    with store.read() as db, pytest.raises(NotFound):
        policies.of_room(db, 99)


def test_words_of_a_thousand_rooms_are_read_once(store: Store) -> None:
    zone = clock.zone("Europe/Berlin")
    store.write(lambda db: [rooms.add(db, Room(f"room-{number}", "Room", zone)) for number in range(1000)])
    store.write(policies.change, None, {"grace": "7"})
    policies.combined.cache_clear()
    with store.read() as db:
        assert {one.room.policy.grace for one in rooms.every(db)} == {timedelta(minutes=7)}
    assert policies.combined.cache_info().misses == 1
