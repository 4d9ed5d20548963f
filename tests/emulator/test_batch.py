"""Many requests in one, as Google's client packs them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httplib2
import pytest
import requests
from google.oauth2 import service_account
from google_auth_httplib2 import AuthorizedHttp, Request
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError
from googleapiclient.http import BatchHttpRequest

from kiosk.emulator.server import Emulator
from kiosk.emulator.world import World
from tests.emulator.conftest import CALENDAR, Rooms, at, body
from tests.emulator.discovery import CheckedHttp


@pytest.fixture
def events(emulator: Emulator) -> Iterator[Any]:
    """Calls without credentials: the batch brings its own."""
    options = {"api_endpoint": f"{emulator.url}/calendar/v3/"}
    http = httplib2.Http(timeout=20)
    with build("calendar", "v3", http=http, cache_discovery=False, client_options=options) as service:
        yield service.events()


def packed(emulator: Emulator, *calls: Any) -> list[Any]:
    """What each call gets: its answer or its error."""
    found: dict[str, Any] = {}
    batch = BatchHttpRequest(
        callback=lambda name, answer, error: found.update({name: error or answer}),
        batch_uri=f"{emulator.url}/batch/calendar/v3",
    )
    for number, call in enumerate(calls):
        batch.add(call, request_id=str(number))
    credentials = service_account.Credentials.from_service_account_info(
        emulator.credentials(), scopes=CALENDAR, subject=emulator.world.service_user
    )
    http = AuthorizedHttp(credentials, http=CheckedHttp(timeout=20))
    credentials.refresh(Request(http.http))
    batch.execute(http=http)
    http.close()
    return [found[str(number)] for number in range(len(calls))]


def test_a_batch_answers_each_call_by_itself(emulator: Emulator, events: Any, rooms: Rooms, world: World) -> None:
    made, missing, listed, nothing = packed(
        emulator,
        events.insert(calendarId=rooms.oak, body=body(at(0), at(1), id="oak01", summary="Ü")),
        events.get(calendarId=rooms.oak, eventId="nowhere"),
        events.list(calendarId=rooms.elm, singleEvents=True),
        events.delete(calendarId=rooms.oak, eventId="oak01"),
    )
    assert (made["id"], made["summary"]) == ("oak01", "Ü")
    assert isinstance(missing, HttpError)
    assert missing.status_code == 404
    assert listed["kind"] == "calendar#events"
    assert nothing in ("", None, b"")
    assert world.events(rooms.oak) == []


def test_a_batch_costs_as_much_as_its_calls(emulator: Emulator, events: Any, rooms: Rooms) -> None:
    emulator.service.quota.limit(quota_user=2)
    answers = packed(emulator, *(events.list(calendarId=rooms.oak) for _ in range(3)))
    assert [isinstance(answer, HttpError) for answer in answers] == [False, False, True]
    assert emulator.service.traffic.counts()["calendar.v3.Events.List"] == 3


def test_a_call_of_another_api_is_not_found(emulator: Emulator, session: requests.Session) -> None:
    inner = "GET /admin/directory/v1/users?customer=my_customer HTTP/1.1\r\n\r\n"
    part = f"--b\r\nContent-Type: application/http\r\nContent-ID: <1>\r\n\r\n{inner}\r\n--b--\r\n"
    headers = {"Content-Type": "multipart/mixed; boundary=b"}
    answer = session.post(f"{emulator.url}/batch/calendar/v3", data=part, headers=headers, timeout=10)
    assert answer.status_code == 200
    assert "Content-ID: <response-1>" in answer.text
    assert "HTTP/1.1 404 NOT FOUND" in answer.text


@pytest.mark.parametrize("sent", ["", "no parts at all", "--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b--\r\n"])
def test_what_is_no_batch_is_refused(emulator: Emulator, session: requests.Session, sent: str) -> None:
    headers = {"Content-Type": "multipart/mixed; boundary=b"}
    answer = session.post(f"{emulator.url}/batch/calendar/v3", data=sent, headers=headers, timeout=10)
    assert answer.status_code == 400
    assert json.loads(answer.text)["error"]["errors"][0]["reason"] == "badRequest"


def test_a_batch_is_limited_to_a_thousand_calls(emulator: Emulator, session: requests.Session) -> None:
    part = "--b\r\nContent-Type: application/http\r\n\r\nGET /calendar/v3/nowhere HTTP/1.1\r\n\r\n\r\n"
    headers = {"Content-Type": "multipart/mixed; boundary=b"}
    data = part * 1001 + "--b--\r\n"
    answer = session.post(f"{emulator.url}/batch/calendar/v3", data=data, headers=headers, timeout=30)
    assert answer.status_code == 400
