"""Who sees and may do what: roles on calendars, private events, free/busy, the Directory."""

from __future__ import annotations

from typing import Any

import pytest
from googleapiclient.errors import HttpError

from kiosk.emulator.world import World
from tests.emulator.conftest import ADA, BOB, CALENDAR, DIRECTORY, SCOPE, Connect, Rooms, at, body

FREEBUSY = (f"{SCOPE}calendar.freebusy",)


def refusal(request: Any) -> tuple[int, str]:
    with pytest.raises(HttpError) as refused:
        request.execute()
    return refused.value.status_code, refused.value.error_details[0]["reason"]


def busy(connect: Connect, *ids: str, subject: str = ADA, hours: int = 24) -> dict[str, Any]:
    question = {
        "timeMin": at(0).isoformat(),
        "timeMax": at(hours).isoformat(),
        "items": [{"id": each} for each in ids],
    }
    answer: dict[str, Any] = connect(subject, FREEBUSY).freebusy().query(body=question).execute()["calendars"]
    return answer


def test_a_calendar_that_is_not_shared_cannot_be_told_from_none(connect: Connect, rooms: Rooms, world: World) -> None:
    world.set_domain_role(rooms.oak, "none")
    stranger = connect(BOB)
    for calendar_id in (rooms.oak, "nowhere@resource.calendar.google.com"):
        assert refusal(stranger.calendars().get(calendarId=calendar_id)) == (404, "notFound")
        assert refusal(stranger.events().list(calendarId=calendar_id)) == (404, "notFound")


def test_a_reader_may_not_write(connect: Connect, rooms: Rooms) -> None:
    insert = connect(BOB).events().insert(calendarId=rooms.oak, body=body(at(0), at(1)))
    assert refusal(insert) == (403, "requiredAccessLevel")


@pytest.mark.parametrize("role", ["reader", "writerWithoutPrivateAccess"])
def test_below_writer_private_events_have_times_only(connect: Connect, rooms: Rooms, world: World, role: str) -> None:
    world.create(ADA, "Salary", at(0), at(1), rooms=[rooms.oak], private=True, description="secret")
    world.share(rooms.oak, BOB, role)
    (item,) = connect(BOB).events().list(calendarId=rooms.oak).execute()["items"]
    assert item["visibility"] == "private"
    assert item["start"]["dateTime"] == "2026-08-10T10:00:00+02:00"
    assert not {"summary", "description", "attendees"} & item.keys()


def test_who_does_not_see_a_private_event_gives_the_rooms_answer_and_changes_nothing_else(
    connect: Connect, rooms: Rooms, world: World
) -> None:
    event = world.create(ADA, "Salary", at(0), at(1), rooms=[rooms.oak], private=True)
    world.share(rooms.oak, BOB, "writerWithoutPrivateAccess")
    events = connect(BOB).events()
    said = {"attendees": [{"email": rooms.oak, "responseStatus": "declined"}]}
    for more in ({}, {"attendeesOmitted": True, "summary": "Mine"}):
        assert refusal(events.patch(calendarId=rooms.oak, eventId=event, body=said | more)) == (403, "forbidden")
    events.patch(calendarId=rooms.oak, eventId=event, body=said | {"attendeesOmitted": True}).execute()
    there = world.event(ADA, event)
    assert [each["responseStatus"] for each in there["attendees"] if each["email"] == rooms.oak] == ["declined"]


def test_a_writer_sees_private_events(connect: Connect, rooms: Rooms, world: World) -> None:
    world.create(ADA, "Salary", at(0), at(1), rooms=[rooms.oak], private=True)
    (item,) = connect().events().list(calendarId=rooms.oak).execute()["items"]
    assert item["summary"] == "Salary"


def test_a_free_busy_reader_sees_times_alone(connect: Connect, rooms: Rooms, world: World) -> None:
    world.create(ADA, "Talk", at(0), at(1), rooms=[rooms.oak])
    world.set_domain_role(rooms.oak, "freeBusyReader")
    page = connect(BOB).events().list(calendarId=rooms.oak).execute()
    assert page["accessRole"] == "freeBusyReader"
    assert page["items"][0].keys() == {"kind", "etag", "id", "status", "updated", "start", "end"}


def test_a_room_says_whether_it_accepts_by_itself(connect: Connect, rooms: Rooms) -> None:
    calendars = connect().calendars()
    assert calendars.get(calendarId=rooms.oak).execute()["autoAcceptInvitations"] is True
    assert calendars.get(calendarId=rooms.fir).execute()["autoAcceptInvitations"] is False
    assert "autoAcceptInvitations" not in connect(ADA).calendars().get(calendarId="primary").execute()


def test_the_calendar_list_holds_what_is_shared_by_name(connect: Connect, rooms: Rooms, world: World) -> None:
    items = connect().calendarList().list().execute()["items"]
    assert {item["id"]: item["accessRole"] for item in items} == {
        world.service_user: "owner",
        rooms.oak: "writer",
        rooms.elm: "writer",
        rooms.fir: "writer",
    }


def test_free_busy_merges_and_clips_and_leaves_out_what_takes_no_room(
    connect: Connect, rooms: Rooms, world: World
) -> None:
    world.create(ADA, "Before", at(-1), at(1), rooms=[rooms.oak])
    world.create(ADA, "Next", at(1), at(2), rooms=[rooms.oak])
    world.create(BOB, "Declined", at(1), at(5), rooms=[rooms.oak])
    world.create(rooms.oak, "Transparent", at(6), at(7), transparent=True)
    world.create(ADA, "Daily", at(8), at(9), rooms=[rooms.oak], recurrence=["RRULE:FREQ=DAILY"])
    assert busy(connect, rooms.oak) == {
        rooms.oak: {
            "busy": [
                {"start": "2026-08-10T08:00:00Z", "end": "2026-08-10T10:00:00Z"},
                {"start": "2026-08-10T16:00:00Z", "end": "2026-08-10T17:00:00Z"},
            ]
        }
    }


def test_free_busy_never_fails_for_one_bad_calendar(connect: Connect, rooms: Rooms) -> None:
    answer = busy(connect, rooms.oak, "nowhere@x.example")
    assert answer[rooms.oak] == {"busy": []}
    assert answer["nowhere@x.example"]["errors"] == [{"domain": "global", "reason": "notFound"}]


def test_free_busy_refuses_more_than_fifty_calendars_one_by_one(connect: Connect) -> None:
    answer = busy(connect, *(f"room{number}@x.example" for number in range(51)))
    assert answer["room50@x.example"]["errors"][0]["reason"] == "tooManyCalendarsRequested"


def test_free_busy_refuses_half_a_year(connect: Connect, rooms: Rooms) -> None:
    question = {"timeMin": at(0).isoformat(), "timeMax": at(0, 180).isoformat(), "items": [{"id": rooms.oak}]}
    request = connect(ADA, FREEBUSY).freebusy().query(body=question)
    assert refusal(request) == (400, "timeRangeTooLong")


def test_free_busy_needs_a_scope_of_its_own(connect: Connect, rooms: Rooms) -> None:
    question = {"timeMin": at(0).isoformat(), "timeMax": at(1).isoformat(), "items": [{"id": rooms.oak}]}
    request = connect(ADA, CALENDAR[1:]).freebusy().query(body=question)
    assert refusal(request)[0] == 403


def test_the_directory_lists_rooms_page_by_page(connect: Connect, world: World, rooms: Rooms) -> None:
    api = connect(world.admin, DIRECTORY, "directory").resources().calendars()
    first = api.list(customer="my_customer", maxResults=2, orderBy="capacity desc").execute()
    second = api.list(
        customer="my_customer", maxResults=2, orderBy="capacity desc", pageToken=first["nextPageToken"]
    ).execute()
    assert [item["resourceName"] for item in first["items"] + second["items"]] == ["Oak", "Elm", "Fir"]
    assert first["items"][0]["generatedResourceName"] == "BER-EG-Oak (8) [Video]"
    assert first["items"][0]["featureInstances"][0]["feature"]["name"] == "Video"
    assert "featureInstances" not in first["items"][1]
    assert "nextPageToken" not in second
    other = api.list(customer="my_customer", maxResults=2, orderBy="capacity", pageToken=first["nextPageToken"])
    assert refusal(other)[0] == 400


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("floorName=1", {"Elm", "Fir"}),
        ("floorName=1 AND capacity>2", {"Elm"}),
        ("featureInstances.feature.name:Vid*", {"Oak"}),
        ("NOT featureInstances.feature.name:Video", {"Elm", "Fir"}),
        ("buildingId=BER AND name:oa", {"Oak"}),
        ("resourceCategory=CONFERENCE_ROOM", {"Oak", "Elm", "Fir"}),
    ],
)
def test_the_directory_answers_queries(connect: Connect, world: World, query: str, names: set[str]) -> None:
    api = connect(world.admin, DIRECTORY, "directory").resources().calendars()
    items = api.list(customer="my_customer", query=query).execute()["items"]
    assert {item["resourceName"] for item in items} == names


def test_a_room_is_found_by_address_but_fetched_by_resource_id(connect: Connect, world: World, rooms: Rooms) -> None:
    api = connect(world.admin, DIRECTORY, "directory").resources().calendars()
    (found,) = api.list(customer="my_customer", query=f"resourceEmail={rooms.elm}").execute()["items"]
    assert api.get(customer="my_customer", calendarResourceId=found["resourceId"]).execute() == found
    assert refusal(api.get(customer="my_customer", calendarResourceId=rooms.elm)) == (404, "notFound")
    assert "items" not in api.list(customer="my_customer", query="name=Nowhere").execute()


def test_the_directory_lists_buildings_features_and_people(connect: Connect, world: World) -> None:
    api = connect(world.admin, DIRECTORY, "directory")
    buildings = api.resources().buildings().list(customer="my_customer").execute()["buildings"]
    features = api.resources().features().list(customer="my_customer").execute()["features"]
    people = api.users().list(customer="my_customer", orderBy="email").execute()["users"]
    assert [each["floorNames"] for each in buildings] == [["EG", "1"]]
    assert [each["name"] for each in features] == ["Phone", "Video"]
    assert [each["primaryEmail"] for each in people] == [ADA, world.admin, BOB, world.service_user]


def test_the_directory_is_for_administrators(connect: Connect) -> None:
    api = connect(ADA, DIRECTORY, "directory")
    assert refusal(api.resources().calendars().list(customer="my_customer")) == (403, "forbidden")
    public = api.users().list(customer="my_customer", viewType="domain_public").execute()
    assert len(public["users"]) == 4
