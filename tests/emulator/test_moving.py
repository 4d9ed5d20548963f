"""events.move: an event gets another organizer."""

from __future__ import annotations

from typing import Any

import pytest
from googleapiclient.errors import HttpError

from kiosk.emulator.world import World, occurrence_id
from tests.emulator.conftest import ADA, BOB, Rooms, answer_of, at, body, delta, full


def refusal(request: Any) -> tuple[int, str]:
    with pytest.raises(HttpError) as refused:
        request.execute()
    return refused.value.status_code, refused.value.error_details[0]["reason"]


def test_an_entry_moves_to_another_room_and_leaves_a_tombstone(events: Any, rooms: Rooms, world: World) -> None:
    events.insert(calendarId=rooms.oak, body=body(at(0), at(1), id="oak01", summary="Held")).execute()
    _, token = full(events, rooms.oak)
    left = events.move(calendarId=rooms.oak, eventId="oak01", destination=rooms.elm).execute()
    assert (left["id"], left["status"]) == ("oak01", "cancelled")
    there = world.event(rooms.elm, "oak01")
    assert (there["summary"], there["organizer"]["email"], there["status"]) == ("Held", rooms.elm, "confirmed")
    assert [(item["id"], item["status"]) for item in delta(events, rooms.oak, token)] == [("oak01", "cancelled")]


def test_guests_learn_who_organizes_now(world: World, rooms: Rooms) -> None:
    event = world.create(ADA, "Talk", at(0), at(1), rooms=[rooms.oak], guests=[BOB])
    world.move_home(event, BOB)
    assert world.event(rooms.oak, event)["organizer"]["email"] == BOB
    world.move(event, title="Bob's talk")
    assert world.event(rooms.oak, event)["summary"] == "Bob's talk"
    assert answer_of(world.event(BOB, event), rooms.oak) == "accepted"
    world.cancel(event)
    assert world.events(rooms.oak) == []


def test_an_organizer_who_is_a_guest_stays_one(world: World, rooms: Rooms) -> None:
    event = world.create(ADA, "Talk", at(0), at(1), rooms=[rooms.oak], guests=[BOB])
    world.move_home(event, BOB)
    assert world.event(ADA, event)["status"] == "confirmed"
    assert world.event(ADA, event)["organizer"]["email"] == BOB


def test_a_series_moves_with_its_exceptions(events: Any, world: World, rooms: Rooms) -> None:
    series = world.create(rooms.oak, "Weekly", at(0), at(1), recurrence=["RRULE:FREQ=WEEKLY;COUNT=3"])
    second, third = (occurrence_id(series, at(0, days)) for days in (7, 14))
    world.move(second, at(4, 7), at(5, 7))
    world.cancel(third)
    events.move(calendarId=rooms.oak, eventId=series, destination=rooms.elm).execute()
    items, _ = full(events, rooms.elm, singleEvents=True, orderBy="startTime")
    assert [item["start"]["dateTime"][8:13] for item in items] == ["10T10", "17T14"]
    assert full(events, rooms.oak, singleEvents=True)[0] == []


def test_only_the_organizer_of_a_plain_whole_event_moves_it(events: Any, world: World, rooms: Rooms) -> None:
    invited = world.create(ADA, "Talk", at(0), at(1), rooms=[rooms.oak])
    series = world.create(rooms.oak, "Weekly", at(2), at(3), recurrence=["RRULE:FREQ=WEEKLY;COUNT=3"])
    one = occurrence_id(series, at(2))
    for event, expected in (
        (invited, (403, "cannotChangeOrganizer")),
        (one, (400, "cannotChangeOrganizerOfInstance")),
        ("nowhere", (404, "notFound")),
    ):
        assert refusal(events.move(calendarId=rooms.oak, eventId=event, destination=rooms.elm)) == expected


def test_a_move_needs_the_right_to_write_on_both_sides(events: Any, world: World, rooms: Rooms) -> None:
    held = world.create(rooms.oak, "Held", at(0), at(1))
    assert refusal(events.move(calendarId=rooms.oak, eventId=held, destination=ADA)) == (403, "requiredAccessLevel")
    world.set_domain_role(ADA, "none")
    assert refusal(events.move(calendarId=rooms.oak, eventId=held, destination=ADA)) == (404, "notFound")
