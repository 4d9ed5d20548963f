"""Push channels: sync first, then exists for every change; again when the receiver is ill; an end."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from googleapiclient.errors import HttpError

from kiosk.emulator.clock import Clock
from kiosk.emulator.faults import Fault
from kiosk.emulator.server import Emulator
from kiosk.emulator.world import World
from tests.emulator.conftest import ADA, BOB, WORLD, Connect, Rooms, at, body
from tests.emulator.receiver import Receiver


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """Pushes to plain http, and tries again soon."""
    with Emulator(WORLD, http_push=True) as running:
        running.service.pushes.retry_seconds = 0.01
        yield running


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as listening:
        yield listening


def watch(events: Any, room: str, address: str, **more: Any) -> dict[str, Any]:
    channel = {"id": "oak-1", "type": "web_hook", "address": address, "token": "secret"} | more
    opened: dict[str, Any] = events.watch(calendarId=room, body=channel).execute()
    return opened


def refusal(request: Any) -> tuple[int, str]:
    with pytest.raises(HttpError) as refused:
        request.execute()
    return refused.value.status_code, refused.value.error_details[0]["reason"]


def test_a_channel_says_what_it_is_for_and_until_when(
    emulator: Emulator, events: Any, rooms: Rooms, receiver: Receiver
) -> None:
    opened = watch(events, rooms.oak, receiver.url)
    now = emulator.service.clock.now().timestamp()
    assert opened["kind"] == "api#channel"
    assert len(opened["resourceId"]) == 27
    assert opened["resourceUri"].endswith("/events?alt=json")
    assert abs(int(opened["expiration"]) / 1000 - now - 604_800) < 30
    assert opened["token"] == "secret"


def test_the_first_message_is_sync_and_has_no_body(events: Any, rooms: Rooms, receiver: Receiver) -> None:
    opened = watch(events, rooms.oak, receiver.url + "?room=oak")
    first = receiver.next()
    assert (first.path, first.state, first.number, first.length) == ("/push?room=oak", "sync", 1, 0)
    assert first.headers["x-goog-channel-id"] == "oak-1"
    assert first.headers["x-goog-channel-token"] == "secret"
    assert first.headers["x-goog-resource-id"] == opened["resourceId"]
    assert first.headers["x-goog-resource-uri"] == opened["resourceUri"]
    assert first.headers["x-goog-channel-expiration"].endswith(" GMT")
    assert first.headers["user-agent"].startswith("APIs-Google")


def test_every_change_of_the_calendar_is_told(events: Any, rooms: Rooms, world: World, receiver: Receiver) -> None:
    watch(events, rooms.oak, receiver.url)
    event = world.create(ADA, "Talk", at(0), at(1), rooms=[rooms.oak])
    world.move(event, title="Renamed")
    world.cancel(event)
    world.create(ADA, "Elsewhere", at(0), at(1), rooms=[rooms.elm])
    told = [receiver.next() for _ in range(4)]
    assert [each.state for each in told] == ["sync", "exists", "exists", "exists"]
    assert [each.number for each in told] == [1, 2, 3, 4]


def test_a_change_that_is_refused_is_not_told(
    emulator: Emulator, events: Any, rooms: Rooms, receiver: Receiver
) -> None:
    watch(events, rooms.oak, receiver.url)
    with pytest.raises(HttpError):
        events.insert(calendarId=rooms.oak, body=body(at(1), at(0))).execute()
    assert emulator.service.pushes.settle()
    assert [each.state for each in receiver.rest()] == ["sync"]


def test_a_room_that_answers_later_is_a_change(receiver: Receiver) -> None:
    with Emulator(WORLD, answer_delay=3600, http_push=True) as slow:
        oak = next(room.id for room in slow.world.rooms() if "Oak" in room.summary)
        granted = slow.authorized_user(slow.world.service_user, ["https://www.googleapis.com/auth/calendar"])
        slow.world.create(ADA, "Talk", at(0), at(1), rooms=[oak])
        open_channel(slow, granted, oak, receiver.url)
        slow.world.settle()
        assert [receiver.next().state for _ in range(2)] == ["sync", "exists"]


def open_channel(emulator: Emulator, granted: dict[str, Any], room: str, address: str) -> None:
    form = {"grant_type": "refresh_token", **{k: granted[k] for k in ("client_id", "client_secret", "refresh_token")}}
    token = requests.post(granted["token_uri"], data=form, timeout=10).json()["access_token"]
    channel = {"id": "late", "type": "web_hook", "address": address}
    url = f"{emulator.url}/calendar/v3/calendars/{room}/events/watch"
    answer = requests.post(url, json=channel, headers={"Authorization": f"Bearer {token}"}, timeout=10)
    assert answer.status_code == 200


@pytest.mark.parametrize("ill", [500, 502, 503, 504])
def test_an_ill_receiver_is_told_again(emulator: Emulator, events: Any, rooms: Rooms, ill: int) -> None:
    with Receiver(ill, ill) as receiver:
        watch(events, rooms.oak, receiver.url)
        assert emulator.service.pushes.settle()
        assert [(each.state, each.number) for each in receiver.rest()] == [("sync", 1)] * 3
    attempts = [(each.attempt, each.status) for each in emulator.service.pushes.deliveries()]
    assert attempts == [(1, ill), (2, ill), (3, 200)]


@pytest.mark.parametrize("status", [301, 400, 404, 410, 501])
def test_any_other_answer_is_the_end_of_that_message(
    emulator: Emulator, events: Any, rooms: Rooms, world: World, status: int
) -> None:
    with Receiver(status) as receiver:
        watch(events, rooms.oak, receiver.url)
        world.create(ADA, "Talk", at(0), at(1), rooms=[rooms.oak])
        assert emulator.service.pushes.settle()
        assert [(each.state, each.number) for each in receiver.rest()] == [("sync", 1), ("exists", 2)]


def test_a_receiver_that_is_not_there_is_given_up_at_last(emulator: Emulator, events: Any, rooms: Rooms) -> None:
    with Receiver() as gone:
        address = gone.url
    watch(events, rooms.oak, address)
    assert emulator.service.pushes.settle()
    assert [each.status for each in emulator.service.pushes.deliveries()] == [0] * 8


def test_a_message_can_be_lost_on_the_way(
    emulator: Emulator, events: Any, rooms: Rooms, world: World, receiver: Receiver
) -> None:
    watch(events, rooms.oak, receiver.url)
    assert receiver.next().state == "sync"
    emulator.service.faults.order(Fault("lose_push"))
    world.create(ADA, "Lost", at(0), at(1), rooms=[rooms.oak])
    assert emulator.service.pushes.settle()
    world.create(ADA, "Told", at(2), at(3), rooms=[rooms.oak])
    assert receiver.next().number == 3


def test_an_expired_channel_is_silent(
    emulator: Emulator, events: Any, rooms: Rooms, world: World, receiver: Receiver
) -> None:
    watch(events, rooms.oak, receiver.url, params={"ttl": "60"})
    assert receiver.next().state == "sync"
    emulator.advance(timedelta(seconds=61))
    world.create(ADA, "Talk", at(0), at(1), rooms=[rooms.oak])
    assert emulator.service.pushes.settle()
    assert (receiver.rest(), world.channels()) == ([], [])


def test_an_expiration_may_be_asked_for(emulator: Emulator, events: Any, rooms: Rooms, receiver: Receiver) -> None:
    soon = int(emulator.service.clock.now().timestamp() + 3600) * 1000
    assert watch(events, rooms.oak, receiver.url, expiration=str(soon))["expiration"] == str(soon)


def test_a_stopped_channel_is_silent_and_unknown(
    calendar: Any, events: Any, rooms: Rooms, world: World, receiver: Receiver, emulator: Emulator
) -> None:
    opened = watch(events, rooms.oak, receiver.url)
    assert receiver.next().state == "sync"
    stop = calendar.channels().stop(body={"id": opened["id"], "resourceId": opened["resourceId"]})
    assert stop.execute() == ""
    world.create(ADA, "Talk", at(0), at(1), rooms=[rooms.oak])
    assert emulator.service.pushes.settle()
    assert receiver.rest() == []
    assert refusal(stop) == (404, "notFound")


def test_a_channel_is_stopped_by_its_resource_too(events: Any, calendar: Any, rooms: Rooms, receiver: Receiver) -> None:
    watch(events, rooms.oak, receiver.url)
    assert refusal(calendar.channels().stop(body={"id": "oak-1", "resourceId": "other"})) == (404, "notFound")


def test_another_user_of_the_service_account_may_stop_it(
    events: Any, connect: Connect, rooms: Rooms, world: World, receiver: Receiver
) -> None:
    opened = watch(events, rooms.oak, receiver.url)
    connect(BOB).channels().stop(body={"id": "oak-1", "resourceId": opened["resourceId"]}).execute()
    assert world.channels() == []


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"id": "oak@1"}, "invalid"),
        ({"id": "x" * 65}, "invalid"),
        ({"token": "x" * 257}, "invalid"),
        ({"type": "carrier_pigeon"}, "push.channelTypeNotSupported"),
        ({"address": "ftp://127.0.0.1/"}, "push.webhookUrlNotHttps"),
        ({"address": ""}, "required"),
        ({"expiration": "1000"}, "invalid"),
        ({"params": {"ttl": "soon"}}, "invalid"),
    ],
)
def test_a_channel_that_makes_no_sense_is_refused(
    events: Any, rooms: Rooms, wrong: dict[str, Any], reason: str
) -> None:
    channel = {"id": "oak-1", "type": "web_hook", "address": "https://panel.example/push"} | wrong
    assert refusal(events.watch(calendarId=rooms.oak, body=channel)) == (400, reason)


def test_a_channels_id_is_unique(events: Any, rooms: Rooms, receiver: Receiver) -> None:
    watch(events, rooms.oak, receiver.url)
    again = {"id": "oak-1", "type": "web_hook", "address": receiver.url}
    assert refusal(events.watch(calendarId=rooms.elm, body=again)) == (400, "channelIdNotUnique")


def test_some_calendars_offer_no_push(events: Any, rooms: Rooms, world: World, receiver: Receiver) -> None:
    world.refuse_push(rooms.oak)
    request = events.watch(calendarId=rooms.oak, body={"id": "a1", "type": "web_hook", "address": receiver.url})
    assert refusal(request) == (400, "pushNotSupportedForRequestedResource")
    world.refuse_push(rooms.oak, False)
    assert request.execute()["id"] == "a1"


def test_plain_http_is_refused_unless_allowed(rooms: Rooms, emulator: Emulator, events: Any) -> None:
    emulator.service.pushes.http = False
    channel = {"id": "a1", "type": "web_hook", "address": "http://panel.example/push"}
    assert refusal(events.watch(calendarId=rooms.oak, body=channel)) == (400, "push.webhookUrlNotHttps")


def test_a_receiver_that_never_answers_does_not_keep_the_stand_in_from_ending() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        other = Emulator(WORLD, http_push=True).start()
        oak = next(room.id for room in other.world.rooms() if "Oak" in room.summary)
        granted = other.authorized_user(other.world.service_user, ["https://www.googleapis.com/auth/calendar"])
        open_channel(other, granted, oak, f"http://127.0.0.1:{silent.getsockname()[1]}/push")
        accepted, _ = silent.accept()
        with accepted:
            assert accepted.recv(4) == b"POST"
            before = time.monotonic()
            other.stop()
            assert time.monotonic() - before < 9


def test_a_restarted_stand_in_goes_on_delivering(tmp_path: Path, receiver: Receiver) -> None:
    path = tmp_path / "world.db"
    with Emulator(WORLD, database=path, http_push=True, clock=Clock()) as first:
        oak = next(room.id for room in first.world.rooms() if "Oak" in room.summary)
        granted = first.authorized_user(first.world.service_user, ["https://www.googleapis.com/auth/calendar"])
        open_channel(first, granted, oak, receiver.url)
        assert first.service.pushes.settle()
    with Emulator(database=path, http_push=True) as second:
        second.world.create(ADA, "Talk", at(0), at(1), rooms=[oak])
        assert second.service.pushes.settle()
    assert [each.state for each in receiver.rest()] == ["sync", "exists"]
