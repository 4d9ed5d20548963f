"""A PIN opens for its person only, and cannot be guessed at a panel."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from argon2 import extract_parameters

from kiosk.errors import NotFound, UsageError
from kiosk.source import Member
from kiosk.store import hashing, people, pins
from kiosk.store.database import Store
from kiosk.store.models import PinRow
from kiosk.store.pins import PinResting
from tests import quick
from tests.fakes import StillClock

ANNA = "anna@kiosk.example"
BEN = "ben@kiosk.example"


@pytest.fixture
def anna(store: Store) -> str:
    """Somebody with the PIN 2580."""
    pins.set_pin(store, ANNA, "2580")
    return ANNA


def tries(store: Store, number: int, now: StillClock) -> None:
    for _ in range(number):
        store.write(pins.begin, ANNA, now())


def test_right_pin_is_told_from_a_wrong_one(store: Store, anna: str, still: StillClock) -> None:
    assert pins.check(store, "Anna@Kiosk.example ", "2580", still())
    assert not pins.check(store, anna, "2581", still())
    assert not pins.check(store, BEN, "2580", still())


def test_only_a_hash_is_kept_and_never_the_same_one(store: Store, anna: str) -> None:
    pins.set_pin(store, BEN, "2580")
    with store.read() as db:
        hashes = {row[0] for row in PinRow.select(PinRow.hash).tuples().execute(db)}
    assert len(hashes) == 2
    assert all(one.startswith("$argon2id$") and "2580" not in one for one in hashes)


def test_somebody_without_a_pin_is_looked_at_as_long(store: Store, anna: str, still: StillClock) -> None:
    hashed, decoy = (store.write(pins.begin, person, still()) for person in (ANNA, BEN))
    assert extract_parameters(decoy) == extract_parameters(hashed)
    real, hasher = quick.STRONG
    assert extract_parameters(real) == extract_parameters(hasher().hash("2580"))


def test_five_wrong_tries_rest_for_five_minutes(store: Store, anna: str, still: StillClock) -> None:
    for _ in range(5):
        assert not pins.check(store, anna, "0000", still())
    with pytest.raises(PinResting, match="08:05"):
        pins.check(store, anna, "2580", still())
    still.advance(minutes=5)
    assert pins.check(store, anna, "2580", still())
    tries(store, 4, still)
    assert pins.check(store, anna, "2580", still())


def test_each_further_wrong_try_doubles_the_rest_up_to_an_hour(store: Store, anna: str, still: StillClock) -> None:
    tries(store, 4, still)
    minutes = []
    for _ in range(6):
        tries(store, 1, still)
        with pytest.raises(PinResting) as raised:
            tries(store, 1, still)
        minutes.append((raised.value.until - still()) // timedelta(minutes=1))
        still.advance(hours=1)
    assert minutes == [5, 10, 20, 40, 60, 60]


def test_tries_at_the_same_moment_are_counted_before_they_are_looked_at(
    store: Store, anna: str, still: StillClock
) -> None:
    told: list[object] = []

    def attempt() -> None:
        try:
            told.append(store.write(pins.begin, anna, still()))
        except PinResting as error:
            told.append(error)

    threads = [threading.Thread(target=attempt) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(isinstance(one, str) for one in told) == 5


def test_rest_ends_when_the_clock_was_put_back_by_months(store: Store, anna: str, still: StillClock) -> None:
    tries(store, 5, still)
    still.advance(days=-90)
    assert pins.check(store, anna, "2580", still())


def test_new_pin_ends_a_rest_and_a_removed_one_opens_nothing(store: Store, anna: str, still: StillClock) -> None:
    tries(store, 5, still)
    pins.set_pin(store, anna, "1379")
    assert pins.check(store, anna, "1379", still())
    store.write(pins.remove, anna)
    assert not pins.check(store, anna, "1379", still())
    with pytest.raises(NotFound, match="no PIN"):
        store.write(pins.remove, anna)


@pytest.mark.parametrize("pin", ["", "123", "123456789", "12a4", "１２３４", "1234\n", " 1234"])
def test_what_is_no_pin_is_refused(store: Store, pin: str) -> None:
    with pytest.raises(UsageError, match="4 to 8 digits"):
        pins.set_pin(store, ANNA, pin)


def test_whoever_has_left_the_directory_gets_in_no_more(store: Store, anna: str, still: StillClock) -> None:
    store.write(people.replace_all, [Member("Ben Brandt", (BEN,))], still())
    assert not pins.check(store, anna, "2580", still())
    with pytest.raises(UsageError, match="Nobody in the Directory"):
        pins.set_pin(store, anna, "2580")
    with store.read() as db:
        assert [(one.email, one.has_left) for one in pins.holders(db)] == [(ANNA, True)]
        assert people.search(db, "anna", 5) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("an", [ANNA]),
        ("MÜL", [ANNA]),
        ("mül ann", [ANNA]),
        ("öz", ["o.ozil@kiosk.example"]),
        ("ozil", []),
        ("o.oz", ["o.ozil@kiosk.example"]),
        ("bra", [BEN]),
        ("rand", []),
        ("%", []),
        ("  ", []),
        ("carl", []),
    ],
)
def test_people_with_a_pin_are_found_by_how_their_names_begin(
    store: Store, still: StillClock, text: str, found: list[str]
) -> None:
    names = {ANNA: "Anna Müller", BEN: "Ben Meyer-Brandt", "o.ozil@kiosk.example": "Ömer Özil"}
    members = [Member(name, (email,)) for email, name in {**names, "carl@kiosk.example": "Carl"}.items()]
    store.write(people.replace_all, members, still())
    for email in names:
        store.write(pins.keep, email, hashing.DECOY)
    with store.read() as db:
        assert people.search(db, text, 5) == [(email, names[email]) for email in found]
        assert people.search(db, "kiosk", 5) == []


def test_where_people_are_not_known_addresses_stand_for_names(store: Store) -> None:
    for email in (BEN, ANNA):
        store.write(pins.keep, email, hashing.DECOY)
    with store.read() as db:
        assert people.search(db, "b", 5) == [(BEN, BEN)]
        assert [one.email for one in pins.holders(db)] == [ANNA, BEN]
