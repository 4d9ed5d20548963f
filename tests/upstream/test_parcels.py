"""What a follower brings is its own: nothing that was asked for at the hub is undone from elsewhere."""

from __future__ import annotations

import pytest

from kiosk import clock
from kiosk.errors import Refused
from kiosk.schedule.model import Room
from kiosk.store import devices, journal, rooms, tokens
from kiosk.store.devices import Described
from kiosk.upstream import words
from tests.fakes import MONDAY
from tests.upstream.pair import OAK, Pair

STRANGER = "a-token-of-another-door"
JSON = {"Content-Type": "application/json"}


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


@pytest.mark.parametrize("google_is_away", [False, True])
def test_what_was_brought_for_another_room_is_neither_undone_nor_told(google_is_away: bool, pair: Pair) -> None:
    pair.away = google_is_away
    made = pair.book(pair.follower)
    path = f"/api/v1/follow/parcels/{made.id}?room={elm(pair)}"
    answer = pair.hub.web.test_client().delete(path, headers={"Authorization": f"Bearer {STRANGER}"})
    assert answer.status_code == 422
    assert "Tea" not in answer.text
    pair.away = False
    pair.work(60)
    assert [event.id for event in pair.google.living(OAK)] == [made.event_id]


def elm(pair: Pair) -> int:
    """Let in a machine at the door of another room of the hub, and return that room's number."""
    store, room = pair.hub.parts.store, Room("elm", "Elm", clock.zone("Europe/Berlin"))
    number = store.write(rooms.add, room)
    store.write(devices.enrol, Described("The door of Elm", "door", "elm"), tokens.digest(STRANGER), "boss", MONDAY)
    return int(number)


@pytest.mark.parametrize("number", ["A" * 32, "f" * 3_000])
def test_nothing_is_written_down_under_what_is_no_parcels_id(number: str, pair: Pair) -> None:
    with pytest.raises(Refused):
        pair.wire.say("DELETE", f"/api/v1/follow/parcels/{number}?room=1")
    with pair.hub.parts.store.read() as db:
        assert journal.find(db, number) is None


HOSTILE = {
    "asked at no time": {"asked_at": None},
    "a title that is no text": {"title": "\ud800"},
    "a title as long as a book": {"title": "x" * 9_000},
    "an endless name": {"act": "end", "event_id": "x" * 9_000},
}


@pytest.mark.parametrize("wrong", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_parcel_that_makes_no_sense_is_refused(wrong: dict[str, str | None], pair: Pair) -> None:
    said = {"room": 1, "act": "book", "event_id": "", "title": "Tea", "series": False}
    said |= {"asked_at": "2026-08-10T05:00:00Z", "start": "2026-08-10T06:00:00Z", "end": "2026-08-10T07:00:00Z"}
    with pytest.raises(Refused):
        pair.wire.say("PUT", f"/api/v1/follow/parcels/{'a' * 32}", said | wrong)


def test_a_parcel_nested_without_end_is_refused(pair: Pair) -> None:
    answer = pair.wire.ask("PUT", f"/api/v1/follow/parcels/{'a' * 32}", b"[" * 60_000, JSON)
    assert answer.status == 422
    assert pair.wire.ask("POST", "/api/v1/device/heartbeat", b"[" * 60_000, JSON).status == 200
