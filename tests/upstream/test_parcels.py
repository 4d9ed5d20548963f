"""What a follower brings is its own: nothing that was asked for at the hub is undone from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.errors import Refused
from kiosk.upstream import words
from tests.upstream.pair import OAK, Pair


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    made = Pair(tmp_path)
    made.work()
    made.work()
    yield made
    made.close()


def test_a_booking_of_the_hub_is_not_given_up_by_its_id(pair: Pair) -> None:
    made = pair.book(pair.hub)
    hub = pair.follower.parts.hub
    assert hub
    with pytest.raises(Refused):
        hub.give_up(made.id, words.calendar_id(1))
    assert [event.id for event in pair.google.living(OAK)] == [made.event_id]


def test_what_is_carried_twice_is_answered_twice_and_done_once(pair: Pair) -> None:
    made = pair.book(pair.follower)
    for _ in range(2):
        answer = pair.wire.ask("GET", f"/api/v1/follow/parcels/{made.id}")
        assert answer.json()["parcel"]["state"] == "confirmed"
    assert [event.id for event in pair.google.living(OAK)] == [made.event_id]


@pytest.mark.parametrize("number", ["none", "A" * 32, "0" * 31])
def test_only_ids_that_servers_make_are_taken(number: str, pair: Pair) -> None:
    said = {"room": 1, "act": "book", "event_id": "", "title": "Tea", "series": False}
    said |= {"asked_at": "2026-08-10T05:00:00Z", "start": "2026-08-10T06:00:00Z", "end": "2026-08-10T07:00:00Z"}
    with pytest.raises(Refused):
        pair.wire.say("PUT", f"/api/v1/follow/parcels/{number}", said)
    assert pair.google.living(OAK) == []
