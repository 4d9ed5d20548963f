"""gcsa books, moves and reads as with Google, and signs in by Google's own flow."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk.emulator.server import Emulator
from kiosk.emulator.world import World
from tests.conformance.conftest import Client, ClientError
from tests.emulator.conftest import ADA, BOB, Rooms, at

DAY = {"start": at(-8).isoformat(), "end": at(16).isoformat()}


@pytest.fixture
def gcsa(client: Callable[..., Client]) -> Client:
    return client("with_gcsa")


def test_it_books_renames_and_deletes(gcsa: Client, rooms: Rooms, world: World) -> None:
    made = gcsa.add(calendar=rooms.oak, summary="Held", start=at(0).isoformat(), end=at(1).isoformat())
    assert (made["organizer"], made["status"]) == (rooms.oak, "confirmed")
    assert gcsa.rename(calendar=rooms.oak, event=made["id"], summary="Longer")["summary"] == "Longer"
    assert [each["summary"] for each in gcsa.events(calendar=rooms.oak, **DAY)] == ["Longer"]
    gcsa.delete(calendar=rooms.oak, event=made["id"])
    assert world.events(rooms.oak) == []
    with pytest.raises(ClientError, match="410"):
        gcsa.delete(calendar=rooms.oak, event=made["id"])


def test_it_invites_a_room_that_answers(client: Callable[..., Client], rooms: Rooms) -> None:
    ada = client("with_gcsa", ADA)
    booked = {"calendar": "primary", "start": at(0).isoformat(), "end": at(1).isoformat(), "attendees": [rooms.oak]}
    assert ada.add(summary="First", **booked)["attendees"][rooms.oak] == "accepted"
    assert ada.add(summary="Second", **booked)["attendees"][rooms.oak] == "declined"


def test_it_reads_a_series_in_both_ways(gcsa: Client, rooms: Rooms) -> None:
    times = {"start": at(0).isoformat(), "end": at(1).isoformat()}
    made = gcsa.add(
        calendar=rooms.oak, summary="Daily", recurrence="RRULE:FREQ=DAILY;COUNT=3", timezone="Europe/Berlin", **times
    )
    assert made["recurrence"] == ["RRULE:FREQ=DAILY;COUNT=3"]
    window = {"start": at(-1).isoformat(), "end": at(0, 10).isoformat()}
    expanded = gcsa.events(calendar=rooms.oak, single_events=True, order_by="startTime", **window)
    assert [each["start"][8:10] for each in expanded] == ["10", "11", "12"]
    assert gcsa.instances(calendar=rooms.oak, series=made["id"]) == expanded
    assert [each["id"] for each in gcsa.events(calendar=rooms.oak, **window)] == [made["id"]]


def test_it_reads_all_day_entries_of_people_as_dates(client: Callable[..., Client]) -> None:
    made = client("with_gcsa", ADA).add_day(calendar="primary", summary="Leave", day="2026-08-10")
    assert (made["start"], made["end"]) == ("2026-08-10", "2026-08-11")


def test_it_moves_an_entry_to_another_room(gcsa: Client, rooms: Rooms, world: World) -> None:
    made = gcsa.add(calendar=rooms.oak, summary="Held", start=at(0).isoformat(), end=at(1).isoformat())
    assert gcsa.move(event=made["id"], source=rooms.oak, destination=rooms.elm)["status"] == "cancelled"
    assert world.events(rooms.oak) == []
    assert world.event(rooms.elm, made["id"])["organizer"]["email"] == rooms.elm


def test_it_asks_who_is_busy(gcsa: Client, rooms: Rooms, world: World) -> None:
    world.create(ADA, "Talk", at(0), at(1), rooms=[rooms.oak])
    found = gcsa.busy(calendars=[rooms.oak, rooms.elm], **DAY)
    assert found == {rooms.oak: [["2026-08-10T08:00:00+00:00", "2026-08-10T09:00:00+00:00"]], rooms.elm: []}


def test_it_lists_calendars_with_their_roles(gcsa: Client, rooms: Rooms, world: World) -> None:
    assert set(gcsa.calendars()) == {world.service_user, rooms.oak, rooms.elm, rooms.fir}
    assert gcsa.listed(calendar=rooms.oak)["role"] == "writer"


def test_it_signs_a_person_in_by_googles_own_flow(gcsa: Client, emulator: Emulator, tmp_path: Path) -> None:
    path = tmp_path / "client.json"
    path.write_text(json.dumps(emulator.client.as_file(emulator.url)))
    assert gcsa.sign_in(client_file=str(path), person=BOB) == [BOB]
