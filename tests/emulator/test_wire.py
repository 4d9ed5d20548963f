"""HTTP as Google's front end does it: compression, partial answers, overrides, errors, and faults on order."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
import requests
from googleapiclient.errors import HttpError

from kiosk.emulator.faults import Fault
from kiosk.emulator.server import Emulator
from kiosk.emulator.world import World
from tests.emulator.conftest import ADA, Rooms, at, body


def events_url(emulator: Emulator, room: str) -> str:
    return f"{emulator.url}/calendar/v3/calendars/{room.replace('@', '%40')}/events"


def test_connections_are_kept_alive_and_answers_packed(
    emulator: Emulator, session: requests.Session, rooms: Rooms
) -> None:
    answers = [session.get(events_url(emulator, rooms.oak), timeout=10) for _ in range(2)]
    assert answers[1].raw.version == 11
    assert answers[1].headers["Content-Encoding"] == "gzip"
    assert answers[1].headers["Content-Type"] == "application/json; charset=UTF-8"
    assert "Connection" not in answers[1].headers


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("items/id", {"items": [{"id": "talk00"}]}),
        ("items(id,start/timeZone)", {"items": [{"id": "talk00", "start": {"timeZone": "Europe/Berlin"}}]}),
        ("timeZone,items(organizer(email))", {"timeZone": "Europe/Berlin", "items": [{"organizer": {"email": ADA}}]}),
        (
            "items(attendees/responseStatus)",
            {"items": [{"attendees": [{"responseStatus": "accepted"}, {"responseStatus": "accepted"}]}]},
        ),
        ("nextPageToken", {}),
    ],
)
def test_partial_answers_hold_what_was_asked_for(
    events: Any, rooms: Rooms, world: World, fields: str, expected: dict[str, Any]
) -> None:
    world.create(ADA, "Talk", at(0), at(1), rooms=[rooms.oak], event_id="talk00")
    assert events.list(calendarId=rooms.oak, fields=fields).execute() == expected


@pytest.mark.parametrize("fields", ["itemz", "items(id", "items/id)", "items(id,nonsense)", ""])
def test_a_partial_answer_of_unknown_fields_is_refused(events: Any, rooms: Rooms, fields: str) -> None:
    if not fields:
        assert events.list(calendarId=rooms.oak, fields="*").execute()["kind"] == "calendar#events"
        return
    with pytest.raises(HttpError, match="Invalid field selection"):
        events.list(calendarId=rooms.oak, fields=fields).execute()


def test_a_long_question_may_come_as_a_post(emulator: Emulator, session: requests.Session, rooms: Rooms) -> None:
    form = urlencode({"timeMin": at(0).isoformat(), "timeMax": at(1).isoformat(), "q": "x" * 3000})
    headers = {"X-HTTP-Method-Override": "GET", "Content-Type": "application/x-www-form-urlencoded"}
    answer = session.post(events_url(emulator, rooms.oak), data=form, headers=headers, timeout=10)
    assert answer.json()["kind"] == "calendar#events"


def test_googles_client_may_ask_at_length(events: Any, rooms: Rooms) -> None:
    assert events.list(calendarId=rooms.oak, q="x" * 3000).execute()["items"] == []


def test_unknown_parameters_of_the_front_end_are_accepted(
    emulator: Emulator, session: requests.Session, rooms: Rooms
) -> None:
    extra = {"alt": "json", "prettyPrint": "true", "quotaUser": "oak", "key": "k"}
    answer = session.get(events_url(emulator, rooms.oak), params=extra, timeout=10)
    assert answer.status_code == 200
    assert emulator.service.traffic.requests()[-1].quota_user == "oak"


def test_an_unchanged_event_is_not_sent_again(
    emulator: Emulator, session: requests.Session, rooms: Rooms, world: World
) -> None:
    event = world.create(ADA, "Talk", at(0), at(1), rooms=[rooms.oak])
    url = f"{events_url(emulator, rooms.oak)}/{event}"
    etag = session.get(url, timeout=10).headers["ETag"]
    assert etag == session.get(url, timeout=10).json()["etag"]
    assert session.get(url, headers={"If-None-Match": etag}, timeout=10).status_code == 304


def test_what_is_no_json_is_refused(emulator: Emulator, session: requests.Session, rooms: Rooms) -> None:
    for sent in ("{", "[]", '{"start": 5}'):
        answer = session.post(events_url(emulator, rooms.oak), data=sent, timeout=10)
        assert answer.status_code == 400
        assert answer.json()["error"]["errors"][0]["domain"] == "global"


def test_an_address_google_does_not_have_is_not_found(emulator: Emulator, session: requests.Session) -> None:
    answer = session.get(f"{emulator.url}/calendar/v3/nowhere", timeout=10)
    assert (answer.status_code, answer.json()["error"]["errors"][0]["reason"]) == (404, "notFound")


def test_requests_are_counted_by_operation(emulator: Emulator, events: Any, rooms: Rooms, world: World) -> None:
    events.list(calendarId=rooms.oak).execute()
    events.list(calendarId=rooms.oak).execute()
    assert emulator.service.traffic.counts() == {"token": 1, "calendar.v3.Events.List": 2}
    assert emulator.service.traffic.requests()[-1].subject == world.service_user


def test_a_status_on_order_strikes_as_often_as_ordered(emulator: Emulator, events: Any, rooms: Rooms) -> None:
    emulator.service.faults.order(Fault("status", operation="Events.List", status=429, times=2))
    for _ in range(2):
        with pytest.raises(HttpError, match="Rate Limit Exceeded"):
            events.list(calendarId=rooms.oak).execute()
    assert events.list(calendarId=rooms.oak).execute()["items"] == []


def test_a_connection_cut_after_the_commit_leaves_the_event(
    emulator: Emulator, session: requests.Session, rooms: Rooms, world: World
) -> None:
    emulator.service.faults.order(Fault("drop_after", operation="Insert"))
    with pytest.raises(requests.ConnectionError):
        session.post(events_url(emulator, rooms.oak), json=body(at(0), at(1), id="rd0123"), timeout=10)
    assert [each["id"] for each in world.events(rooms.oak)] == ["rd0123"]


def test_googles_client_resends_an_insert_and_meets_its_own_event(
    emulator: Emulator, events: Any, rooms: Rooms, world: World
) -> None:
    events.list(calendarId=rooms.oak).execute()
    emulator.service.faults.order(Fault("drop_after", operation="Insert"))
    with pytest.raises(HttpError) as refused:
        events.insert(calendarId=rooms.oak, body=body(at(0), at(1), id="rd0123")).execute()
    assert refused.value.status_code == 409
    assert len(world.events(rooms.oak)) == 1


def test_a_connection_cut_before_changes_nothing(
    emulator: Emulator, session: requests.Session, rooms: Rooms, world: World
) -> None:
    emulator.service.faults.order(Fault("drop_before", operation="Insert"))
    with pytest.raises(requests.ConnectionError):
        session.post(events_url(emulator, rooms.oak), json=body(at(0), at(1)), timeout=10)
    assert world.events(rooms.oak) == []


def test_a_truncated_answer_breaks_off(emulator: Emulator, session: requests.Session, rooms: Rooms) -> None:
    emulator.service.faults.order(Fault("truncate", operation="List"))
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        session.get(events_url(emulator, rooms.oak), timeout=10)


def test_a_slow_answer_exceeds_the_callers_patience(
    emulator: Emulator, session: requests.Session, rooms: Rooms
) -> None:
    emulator.service.faults.order(Fault("slow", operation="List", seconds=5))
    with pytest.raises(requests.Timeout):
        session.get(events_url(emulator, rooms.oak), timeout=0.2)


def test_an_html_page_comes_instead_of_json(emulator: Emulator, session: requests.Session, rooms: Rooms) -> None:
    emulator.service.faults.order(Fault("html", operation="List"))
    answer = session.get(events_url(emulator, rooms.oak), timeout=10)
    assert (answer.status_code, answer.headers["Content-Type"]) == (502, "text/html")


def test_a_stopped_emulator_leaves_no_connection_behind(emulator: Emulator, session: requests.Session) -> None:
    url = f"{emulator.url}/control/state"
    assert session.get(url, timeout=10).status_code == 200
    emulator.stop()
    with pytest.raises(requests.ConnectionError):
        session.get(url, timeout=10)
