"""Inserting, changing and deleting events, and every refusal in Google's words."""

from __future__ import annotations

from typing import Any

import pytest
from googleapiclient.errors import HttpError

from kiosk.emulator.server import Emulator
from kiosk.emulator.world import World, occurrence_id
from tests.emulator.conftest import ADA, BOB, Connect, Rooms, at, body, full


def refusal(request: Any) -> tuple[int, str, str]:
    with pytest.raises(HttpError) as refused:
        request.execute()
    details = refused.value.error_details[0]
    return refused.value.status_code, details["reason"], details["message"]


def test_an_insert_on_a_room_is_organized_by_the_room(events: Any, rooms: Rooms, world: World) -> None:
    made = events.insert(calendarId=rooms.oak, body=body(at(0), at(1), id="rd0123", summary="Ad-hoc")).execute()
    assert made["organizer"] == {"email": rooms.oak, "displayName": "BER-EG-Oak (8) [Video]", "self": True}
    assert made["creator"]["email"] == world.service_user
    assert (made["id"], made["iCalUID"], made["sequence"]) == ("rd0123", "rd0123@google.com", 0)
    assert made["start"] == {"dateTime": "2026-08-10T10:00:00+02:00", "timeZone": "Europe/Berlin"}
    assert "attendees" not in made
    assert made["created"].endswith(".000Z")


def test_an_id_is_made_when_none_is_sent(events: Any, rooms: Rooms) -> None:
    made = events.insert(calendarId=rooms.oak, body=body(at(0), at(1))).execute()
    assert len(made["id"]) == 26


@pytest.mark.parametrize("wrong", ["rdxyz", "UPPER", "abc", "with_underscore"])
def test_an_id_outside_googles_alphabet_is_refused(events: Any, rooms: Rooms, wrong: str) -> None:
    refused = refusal(events.insert(calendarId=rooms.oak, body=body(at(0), at(1), id=wrong)))
    assert refused == (400, "invalid", "Invalid resource id value.")


def test_an_id_stays_taken_after_its_event_is_deleted(events: Any, rooms: Rooms) -> None:
    wanted = events.insert(calendarId=rooms.oak, body=body(at(0), at(1), id="rd0123"))
    wanted.execute()
    taken = (409, "duplicate", "The requested identifier already exists.")
    assert refusal(wanted) == taken
    events.delete(calendarId=rooms.oak, eventId="rd0123").execute()
    assert refusal(wanted) == taken


@pytest.mark.parametrize(
    ("sent", "reason", "message"),
    [
        ({"start": {"dateTime": "2026-08-10T10:00:00Z"}}, "required", "Missing end time."),
        ({"end": {"dateTime": "2026-08-10T10:00:00Z"}}, "required", "Missing start time."),
        (body(at(1), at(0)), "timeRangeEmpty", "The specified time range is empty."),
        (
            body(at(0), at(1), recurrence=["RRULE:FREQ=DAILY"]),
            "required",
            "Missing time zone definition for start time.",
        ),
        (
            {"start": {"dateTime": "2026-08-10T10:00:00"}, "end": {"dateTime": "2026-08-10T11:00:00"}},
            "required",
            "Missing time zone definition for start time.",
        ),
        ({"start": {"date": "2026-08-10", "timeZone": "UTC"}, "end": {"date": "tomorrow"}}, "invalid", None),
        (body(at(0), at(1), attendees=[{"email": "nobody"}]), "invalid", "Invalid attendee email."),
    ],
)
def test_an_event_that_makes_no_sense_is_refused(
    events: Any, rooms: Rooms, sent: dict[str, Any], reason: str, message: str | None
) -> None:
    status, given, words = refusal(events.insert(calendarId=rooms.oak, body=sent))
    assert (status, given, words) == (400, reason, message or words)


def test_a_patch_merges_objects_replaces_lists_and_removes_nulls(events: Any, rooms: Rooms) -> None:
    own = {"private": {"a": "1"}, "shared": {"b": "2"}}
    sent = body(at(0), at(1), id="rd0123", summary="Old", description="Gone soon", extendedProperties=own)
    events.insert(calendarId=rooms.oak, body=sent).execute()
    changes = {"summary": "New", "description": None, "extendedProperties": {"private": {"a": None, "c": "3"}}}
    patched = events.patch(calendarId=rooms.oak, eventId="rd0123", body=changes).execute()
    assert patched["summary"] == "New"
    assert "description" not in patched
    assert patched["extendedProperties"] == {"private": {"c": "3"}, "shared": {"b": "2"}}


def test_an_update_replaces_the_whole_event(events: Any, rooms: Rooms) -> None:
    events.insert(calendarId=rooms.oak, body=body(at(0), at(1), id="rd0123", summary="Old", location="Attic")).execute()
    updated = events.update(calendarId=rooms.oak, eventId="rd0123", body=body(at(2), at(3))).execute()
    assert "summary" not in updated
    assert "location" not in updated
    assert updated["organizer"]["email"] == rooms.oak


def test_the_sequence_grows_with_the_time_alone(events: Any, rooms: Rooms) -> None:
    events.insert(calendarId=rooms.oak, body=body(at(0), at(1), id="rd0123")).execute()
    located = events.patch(calendarId=rooms.oak, eventId="rd0123", body={"location": "Attic"}).execute()
    moved = events.patch(calendarId=rooms.oak, eventId="rd0123", body=body(at(2), at(3))).execute()
    assert (located["sequence"], moved["sequence"]) == (0, 1)


def test_a_change_against_an_older_etag_is_refused(events: Any, rooms: Rooms) -> None:
    made = events.insert(calendarId=rooms.oak, body=body(at(0), at(1), id="rd0123")).execute()
    change = events.patch(calendarId=rooms.oak, eventId="rd0123", body={"summary": "New"})
    change.headers["If-Match"] = made["etag"]
    changed = change.execute()
    assert refusal(change) == (412, "conditionNotMet", "Precondition Failed")
    removal = events.delete(calendarId=rooms.oak, eventId="rd0123")
    removal.headers["If-Match"] = changed["etag"]
    assert removal.execute() == ""


def test_a_deleted_event_can_be_read_but_not_deleted_again(events: Any, rooms: Rooms) -> None:
    events.insert(calendarId=rooms.oak, body=body(at(0), at(1), id="rd0123")).execute()
    events.delete(calendarId=rooms.oak, eventId="rd0123").execute()
    assert events.get(calendarId=rooms.oak, eventId="rd0123").execute()["status"] == "cancelled"
    assert refusal(events.delete(calendarId=rooms.oak, eventId="rd0123")) == (
        410,
        "deleted",
        "Resource has been deleted",
    )
    assert refusal(events.delete(calendarId=rooms.oak, eventId="rd9999"))[0] == 404


def test_a_deleted_event_comes_back_when_it_is_confirmed_again(events: Any, rooms: Rooms) -> None:
    events.insert(calendarId=rooms.oak, body=body(at(0), at(1), id="rd0123")).execute()
    events.delete(calendarId=rooms.oak, eventId="rd0123").execute()
    events.patch(calendarId=rooms.oak, eventId="rd0123", body={"status": "confirmed"}).execute()
    assert [item["id"] for item in full(events, rooms.oak)[0]] == ["rd0123"]


def test_one_occurrence_is_changed_under_its_instance_id(events: Any, rooms: Rooms, world: World) -> None:
    series = world.create(rooms.oak, "Daily", at(0), at(1), recurrence=["RRULE:FREQ=DAILY;COUNT=3"])
    second = occurrence_id(series, at(0, 1))
    changed = events.patch(calendarId=rooms.oak, eventId=second, body=body(at(3, 1), at(4, 1))).execute()
    assert (changed["id"], changed["recurringEventId"]) == (second, series)
    assert changed["originalStartTime"]["dateTime"] == "2026-08-11T10:00:00+02:00"
    events.delete(calendarId=rooms.oak, eventId=occurrence_id(series, at(0, 2))).execute()
    items, _ = full(events, rooms.oak, singleEvents=True, orderBy="startTime")
    assert [item["start"]["dateTime"] for item in items] == ["2026-08-10T10:00:00+02:00", "2026-08-11T13:00:00+02:00"]


def test_a_service_account_by_itself_may_not_invite(connect: Connect, rooms: Rooms, world: World) -> None:
    world.share(rooms.oak, world.service_account, "writer")
    alone = connect(subject=world.service_account).events()
    made = alone.insert(calendarId=rooms.oak, body=body(at(0), at(1))).execute()
    assert made["creator"]["email"] == world.service_account
    invitation = body(at(2), at(3), attendees=[{"email": BOB}])
    assert refusal(alone.insert(calendarId=rooms.oak, body=invitation))[:2] == (403, "forbiddenForServiceAccounts")


def test_long_property_names_vanish_and_long_values_are_cut(events: Any, rooms: Rooms) -> None:
    own = {"private": {"k" * 45: "1", "kept": "v" * 2000}}
    made = events.insert(calendarId=rooms.oak, body=body(at(0), at(1), extendedProperties=own)).execute()
    assert made["extendedProperties"] == {"private": {"kept": "v" * 1024}}


def test_a_meeting_link_is_made_on_request(events: Any, rooms: Rooms) -> None:
    wanted = {"createRequest": {"requestId": "1", "conferenceSolutionKey": {"type": "hangoutsMeet"}}}
    sent = body(at(0), at(1), conferenceData=wanted)
    with_link = events.insert(calendarId=rooms.oak, body=sent, conferenceDataVersion=1).execute()
    without = events.insert(calendarId=rooms.oak, body=sent).execute()
    assert with_link["hangoutLink"].startswith("https://meet.google.com/")
    assert "conferenceData" not in without


def test_all_day_events_lie_on_rooms_from_midnight_to_midnight(
    events: Any, connect: Connect, rooms: Rooms, emulator: Emulator
) -> None:
    persons = connect(subject=ADA).events()
    day = {"start": {"date": "2026-10-25"}, "end": {"date": "2026-10-26"}, "attendees": [{"email": rooms.oak}]}
    made = persons.insert(calendarId="primary", body=day).execute()
    (on_room,) = full(events, rooms.oak)[0]
    assert made["start"] == {"date": "2026-10-25"}
    assert on_room["start"]["dateTime"] == "2026-10-25T00:00:00+02:00"
    assert on_room["end"]["dateTime"] == "2026-10-26T00:00:00+01:00"
    emulator.service.set_flag("all_day_dates", True)
    assert full(events, rooms.oak)[0][0]["start"] == {"date": "2026-10-25"}


def test_times_come_in_the_calendars_zone_or_the_one_asked_for(events: Any, rooms: Rooms) -> None:
    sent = {
        "start": {"dateTime": "2026-08-10T10:00:00", "timeZone": "America/New_York"},
        "end": {"dateTime": "2026-08-10T11:00:00", "timeZone": "America/New_York"},
    }
    made = events.insert(calendarId=rooms.oak, body=sent).execute()
    assert made["start"] == {"dateTime": "2026-08-10T16:00:00+02:00", "timeZone": "America/New_York"}
    (item,) = events.list(calendarId=rooms.oak, timeZone="UTC").execute()["items"]
    assert item["start"]["dateTime"] == "2026-08-10T14:00:00Z"
