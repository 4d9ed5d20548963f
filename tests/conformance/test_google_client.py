"""Google's own client library, every method this product or its tests use, each answer held against its description."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.oauth2 import service_account
from google_auth_httplib2 import AuthorizedHttp
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError

from kiosk.emulator.server import Emulator
from kiosk.emulator.world import World, occurrence_id
from tests.conformance.conftest import SCOPES
from tests.emulator.conftest import ADA, BOB, DIRECTORY, Rooms, at, body, delta, full
from tests.emulator.discovery import CheckedHttp


def connected(emulator: Emulator, subject: str, scopes: list[str], api: tuple[str, str, str]) -> Any:
    credentials = service_account.Credentials.from_service_account_info(
        emulator.credentials(), scopes=scopes, subject=subject
    )
    http = AuthorizedHttp(credentials, http=CheckedHttp(timeout=20))
    name, version, path = api
    options = {"api_endpoint": emulator.url + path}
    return build(name, version, http=http, static_discovery=True, cache_discovery=False, client_options=options)


@pytest.fixture
def calendar(emulator: Emulator) -> Iterator[Any]:
    with connected(emulator, emulator.world.service_user, SCOPES, ("calendar", "v3", "/calendar/v3/")) as service:
        yield service


@pytest.fixture
def directory(emulator: Emulator) -> Iterator[Any]:
    with connected(emulator, emulator.world.admin, list(DIRECTORY), ("admin", "directory_v1", "/")) as service:
        yield service


def test_every_kind_of_entry_is_as_described(calendar: Any, rooms: Rooms, world: World) -> None:
    events = calendar.events()
    _, token = full(events, rooms.oak)
    world.create(ADA, "Talk", at(0), at(1), rooms=[rooms.oak], guests=[BOB], description="x", location="Attic")
    world.create(ADA, "Private", at(2), at(3), rooms=[rooms.oak], private=True)
    world.create(rooms.oak, "Refit", at(0, 1).date(), at(0, 2).date())
    series = world.create(ADA, "Daily", at(4), at(5), rooms=[rooms.oak], recurrence=["RRULE:FREQ=DAILY;COUNT=5"])
    world.move(occurrence_id(series, at(4, 1)), at(6, 1), at(7, 1))
    world.cancel(occurrence_id(series, at(4, 2)))
    world.split(occurrence_id(series, at(4, 3)), at(5, 3), at(6, 3))
    meet = {"conferenceData": {"createRequest": {"requestId": "r1"}}}
    events.insert(calendarId=rooms.oak, conferenceDataVersion=1, body=body(at(8), at(9), **meet)).execute()
    for single in (False, True):
        items = full(events, rooms.oak, singleEvents=single)[0]
        assert delta(events, rooms.oak, token, singleEvents=single)
        assert all(events.get(calendarId=rooms.oak, eventId=item["id"]).execute() for item in items)
    assert len(events.instances(calendarId=rooms.oak, eventId=series).execute()["items"]) == 2


def test_every_write_is_as_described(calendar: Any, rooms: Rooms, world: World) -> None:
    events = calendar.events()
    made = events.insert(calendarId=rooms.oak, body=body(at(0), at(1), id="oak01", summary="Held")).execute()
    made |= {"summary": "Renamed"}
    events.update(calendarId=rooms.oak, eventId="oak01", body=made).execute()
    events.patch(calendarId=rooms.oak, eventId="oak01", body={"location": "Attic"}, sendUpdates="none").execute()
    events.move(calendarId=rooms.oak, eventId="oak01", destination=rooms.elm).execute()
    events.delete(calendarId=rooms.elm, eventId="oak01").execute()
    channel = {"id": "c1", "type": "web_hook", "address": "https://127.0.0.1:9/push", "params": {"ttl": "60"}}
    opened = events.watch(calendarId=rooms.oak, body=channel).execute()
    calendar.channels().stop(body={"id": "c1", "resourceId": opened["resourceId"]}).execute()


def test_everything_about_calendars_is_as_described(calendar: Any, rooms: Rooms, world: World) -> None:
    world.share(rooms.fir, world.service_user, "none")
    calendar.calendars().get(calendarId=rooms.oak).execute()
    listed = calendar.calendarList().list(showDeleted=True).execute()
    assert {each.get("deleted", False) for each in listed["items"]} == {False, True}
    calendar.calendarList().get(calendarId="primary").execute()
    question = {"timeMin": at(0).isoformat(), "timeMax": at(9).isoformat(), "items": [{"id": rooms.oak}, {"id": "?"}]}
    assert "errors" in calendar.freebusy().query(body=question).execute()["calendars"]["?"]


def test_everything_of_the_directory_is_as_described(directory: Any, rooms: Rooms) -> None:
    resources = directory.resources()
    customer = {"customer": "my_customer"}
    room = resources.calendars().list(**customer, query=f"resourceEmail={rooms.oak}").execute()["items"][0]
    resources.calendars().get(**customer, calendarResourceId=room["resourceId"]).execute()
    resources.buildings().list(**customer).execute()
    resources.buildings().get(**customer, buildingId="BER").execute()
    resources.features().list(**customer).execute()
    directory.users().list(**customer).execute()
    directory.users().get(userKey=ADA).execute()


def test_every_refusal_is_in_one_of_googles_envelopes(calendar: Any, rooms: Rooms, emulator: Emulator) -> None:
    events = calendar.events()
    _, token = full(events, rooms.oak)
    emulator.world.drop_tokens(rooms.oak)
    old = (datetime.now(UTC) - timedelta(days=60)).isoformat()
    body_of = {"calendarId": rooms.oak, "body": body(at(0), at(1), id="oak01")}
    events.insert(**body_of).execute()
    stale = events.patch(calendarId=rooms.oak, eventId="oak01", body={"summary": "x"})
    stale.headers["If-Match"] = '"1"'
    wrong = [
        (events.list(calendarId=rooms.oak, syncToken=token), 410),
        (events.list(calendarId=rooms.oak, updatedMin=old), 410),
        (events.list(calendarId=rooms.oak, orderBy="startTime"), 400),
        (events.list(calendarId=rooms.oak, fields="nonsense"), 400),
        (events.get(calendarId=rooms.oak, eventId="nowhere"), 404),
        (events.insert(**body_of), 409),
        (stale, 412),
        (calendar.channels().stop(body={"id": "x", "resourceId": "y"}), 404),
    ]
    for request, status in wrong:
        with pytest.raises(HttpError) as refused:
            request.execute()
        assert refused.value.status_code == status
