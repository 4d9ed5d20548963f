"""The page on which the demo is played, by plain forms."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
import requests

from kiosk.emulator.server import Emulator
from kiosk.emulator.world import World, occurrence_id
from tests.emulator.conftest import ADA, BOB, Rooms, answer_of, at

DAY = "?day=2026-08-10"


def page(emulator: Emulator, path: str) -> str:
    answer = requests.get(f"{emulator.url}{path}", timeout=10)
    assert answer.status_code == 200
    return unescape(answer.text)


def send(emulator: Emulator, act: str, **form: Any) -> str:
    answer = requests.post(f"{emulator.url}/act/{act}", data={"back": "/"} | form, timeout=10)
    assert answer.status_code == 200
    return unescape(answer.text)


def test_the_front_page_lists_rooms_by_building_and_people(emulator: Emulator) -> None:
    text = page(emulator, "/")
    assert "Stand-in for Google Calendar" in text
    assert re.search(r"<h2>Berlin</h2>.*Oak.*<h2>People</h2>.*Ada Okafor", text, re.DOTALL)


def test_a_day_shows_series_private_and_declined_entries(emulator: Emulator, world: World, rooms: Rooms) -> None:
    world.create(ADA, "Daily", at(0), at(1), rooms=[rooms.oak], recurrence=["RRULE:FREQ=DAILY"], private=True)
    world.create(BOB, "Clash", at(0), at(1), rooms=[rooms.oak])
    text = page(emulator, f"/calendar/{rooms.oak}{DAY}")
    assert "10:00 – 11:00" in text
    for word in ("Daily", "private", "series", "Clash", "declined"):
        assert word in text


def test_a_person_books_a_room_as_somebody_else(emulator: Emulator, world: World, rooms: Rooms) -> None:
    form = {"organizer": BOB, "room": rooms.oak, "title": "Played", "start": "2026-08-10T10:00", "minutes": "45"}
    assert "“Played” is booked." in send(emulator, "create", **form, guest=ADA, repeat="weekly")
    (event,) = world.events(rooms.oak)
    assert event["organizer"]["email"] == BOB
    assert event["end"]["dateTime"] == "2026-08-10T10:45:00+02:00"
    assert answer_of(event, rooms.oak) == "accepted"


def test_a_person_books_as_the_room_itself_and_all_day(emulator: Emulator, world: World, rooms: Rooms) -> None:
    form = {"organizer": rooms.oak, "room": rooms.oak, "start": "2026-08-10T10:00", "all_day": "on"}
    send(emulator, "create", **form)
    (event,) = world.events(rooms.oak)
    assert event["organizer"]["self"] is True
    assert event["start"]["dateTime"] == "2026-08-10T00:00:00+02:00"


def test_a_person_moves_a_meeting_to_another_time_and_room(emulator: Emulator, world: World, rooms: Rooms) -> None:
    event = world.create(ADA, "Talk", at(0), at(1), rooms=[rooms.oak])
    form = {"event": event, "organizer": ADA, "zone_of": rooms.oak, "title": "Moved", "room": rooms.elm}
    send(emulator, "move", **form, start="2026-08-10T14:00", end="2026-08-10T15:00")
    assert world.events(rooms.oak) == []
    (moved,) = world.events(rooms.elm)
    assert (moved["summary"], moved["start"]["dateTime"]) == ("Moved", "2026-08-10T14:00:00+02:00")


@pytest.mark.parametrize(("scope", "left"), [("this", 2), ("series", 0)])
def test_a_person_cancels_one_date_or_the_series(
    emulator: Emulator, world: World, rooms: Rooms, events: Any, scope: str, left: int
) -> None:
    series = world.create(ADA, "Weekly", at(0), at(1), rooms=[rooms.oak], recurrence=["RRULE:FREQ=WEEKLY;COUNT=3"])
    form = {"event": occurrence_id(series, at(0, 7)), "series": series, "organizer": ADA, "scope": scope}
    send(emulator, "cancel", **form)
    assert len(events.list(calendarId=rooms.oak, singleEvents=True).execute()["items"]) == left


def test_moving_the_series_by_one_of_its_dates_moves_all(
    emulator: Emulator, world: World, rooms: Rooms, events: Any
) -> None:
    series = world.create(ADA, "Weekly", at(0), at(1), rooms=[rooms.oak], recurrence=["RRULE:FREQ=WEEKLY;COUNT=2"])
    form = {"event": occurrence_id(series, at(0, 7)), "series": series, "organizer": ADA, "scope": "series"}
    times = {"start": "2026-08-17T11:30", "end": "2026-08-17T12:30"}
    send(emulator, "move", **form, **times, zone_of=rooms.oak, title="Weekly", room=rooms.oak)
    items = events.list(calendarId=rooms.oak, singleEvents=True, orderBy="startTime").execute()["items"]
    assert [item["start"]["dateTime"] for item in items] == ["2026-08-10T11:30:00+02:00", "2026-08-17T11:30:00+02:00"]


def test_a_rooms_manager_answers_for_it(emulator: Emulator, world: World, rooms: Rooms) -> None:
    event = world.create(ADA, "Talk", at(0), at(1), rooms=[rooms.oak])
    send(emulator, "answer", event=event, guest=rooms.oak, status="declined")
    assert answer_of(world.event(ADA, event), rooms.oak) == "declined"


def test_a_form_that_makes_no_sense_is_answered_with_a_sentence(emulator: Emulator, rooms: Rooms) -> None:
    form = {"organizer": ADA, "room": rooms.oak, "start": "whenever"}
    assert "Please check the form" in send(emulator, "create", **form)


def test_titles_cannot_carry_markup_into_the_page(emulator: Emulator, world: World, rooms: Rooms) -> None:
    world.create(ADA, "<script>alert(1)</script>", at(0), at(1), rooms=[rooms.oak])
    answer = requests.get(f"{emulator.url}/calendar/{rooms.oak}{DAY}", timeout=10)
    assert "<script>alert" not in answer.text
