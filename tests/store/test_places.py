"""One network is one place, however many addresses it has."""

from __future__ import annotations

import pytest

from kiosk.store import pairings, tries
from kiosk.store.database import Store
from kiosk.store.pairings import MOST_HERE, TooMany
from kiosk.store.places import network
from kiosk.store.tries import PLACE, Resting
from tests.fakes import MONDAY


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("10.0.0.7", "10.0.0.7"),
        ("::ffff:10.0.0.7", "10.0.0.7"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("Oak's door", "Oak's door"),
    ],
)
def test_an_address_is_in_the_network_of_its_owner(place: str, name: str) -> None:
    assert network(place) == name


def test_codes_are_given_to_a_network_and_not_to_each_of_its_addresses(store: Store) -> None:
    for number in range(MOST_HERE):
        store.write(pairings.begin, "", "", f"2001:db8::{number:x}", "", MONDAY)
    with pytest.raises(TooMany):
        store.write(pairings.begin, "", "", "2001:db8::ffff", "", MONDAY)
    store.write(pairings.begin, "", "", "2001:db8:0:1::1", "", MONDAY)


def test_pins_are_tried_by_a_network_and_not_by_each_of_its_addresses(store: Store) -> None:
    for number in range(PLACE):
        store.write(tries.begin_pin, f"2001:db8::{number:x}", MONDAY)
    with pytest.raises(Resting):
        store.write(tries.begin_pin, "2001:db8::ffff", MONDAY)


def test_one_address_of_the_old_kind_does_not_stand_for_all_of_them(store: Store) -> None:
    for _ in range(PLACE):
        store.write(tries.begin_pin, "::ffff:10.0.0.7", MONDAY)
    store.write(tries.begin_pin, "::ffff:10.0.0.8", MONDAY)
