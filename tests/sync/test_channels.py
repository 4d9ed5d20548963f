"""Push channels over real HTTP, from the stand-in to the hook: opened, verified, renewed, stopped, refused."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import requests
from flask import Flask
from peewee import Database
from werkzeug.serving import make_server

from kiosk import clock
from kiosk.emulator.faults import Fault
from kiosk.emulator.server import Emulator
from kiosk.errors import RateLimited
from kiosk.google.access import by_file
from kiosk.google.channels import GoogleChannels
from kiosk.schedule.model import Room
from kiosk.store import channels, rooms
from kiosk.store.channels import Channel
from kiosk.store.database import Store
from kiosk.store.rooms import StoredRoom
from kiosk.sync.channels import HEARD_WITHIN, LIFE, NOT_HEARD, PATH, Push, hook_address
from kiosk.web import hooks
from kiosk.web.hooks import Bell
from tests.fakes import StillClock
from tests.running import SERVICE_USER

ADA = "ada@kiosk.example"
WORLD = {"domain": "kiosk.example", "people": [{"email": ADA, "name": "Ada Okafor"}], "rooms": [{"name": "Oak"}]}


@dataclass
class Hall:
    """A room, its stand-in for Google, and a server that hears of changes."""

    google: Emulator
    push: Push
    oak: StoredRoom
    now: StillClock
    told: list[int] = field(default_factory=list)

    def work(self) -> int:
        """Do what is due now, and let every message arrive; return how many things that were."""
        done = 0
        while self.push.step(self.now()):
            done += 1
            assert done < 10
        assert self.google.service.pushes.settle()
        return done

    def pass_time(self, time: timedelta) -> None:
        self.now.instant += time

    def is_live(self) -> bool:
        with self.push.store.read() as db:
            return channels.has_live_push(db, self.oak.id, self.now())

    def state(self) -> tuple[str, str]:
        with self.push.store.read() as db:
            return channels.states(db, self.now())[self.oak.id]

    def open_channels(self) -> list[str]:
        return [one.id for one in self.google.world.channels()]

    def meet(self) -> None:
        start = clock.now() + timedelta(hours=1)
        room = self.google.world.rooms()[0].id
        self.google.world.create(ADA, "Talk", start, start + timedelta(hours=1), rooms=[room])
        assert self.google.service.pushes.settle()

    def unlink(self) -> None:
        self.push.store.write(rooms.unlink, self.oak.id)

    def wish(self, push: bool) -> None:
        self.push.store.write(channels.wish, self.oak.id, push)


@pytest.fixture
def hall(store: Store, tmp_path: Path) -> Iterator[Hall]:
    with Emulator(WORLD, http_push=True) as google:
        google.service.pushes.retry_seconds = 0.01
        google.write_credentials(tmp_path / "key.json")
        source = GoogleChannels(by_file(str(tmp_path / "key.json"), SERVICE_USER, google.url))
        now = StillClock(clock.now())
        room = Room("oak", "Oak", clock.zone("Europe/Berlin"))
        oak = store.write(rooms.add_linked, room, google.world.rooms()[0].id, now())
        hall = Hall(google, Push(source, store, "", now), oak, now)
        app = Flask("hall")
        hooks.install(app, hall.push.heard, Bell(hall.told.append))
        with listening(app) as root:
            hall.push.address = hook_address(root, google.url)
            yield hall
        source.close()


class listening:  # noqa: N801 - used like a function
    """Serve an app on a free port while entered; gives its root."""

    def __init__(self, app: Flask) -> None:
        self.server = make_server("127.0.0.1", 0, app, threaded=True)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))

    def __enter__(self) -> str:
        self.thread.start()
        return f"http://127.0.0.1:{self.server.server_port}"

    def __exit__(self, *exc: object) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def test_channel_is_live_once_its_first_message_has_come(hall: Hall) -> None:
    hall.google.service.faults.order(Fault("lose_push"))
    assert hall.work() == 1
    assert len(hall.open_channels()) == 1
    assert not hall.is_live()
    hall.meet()
    assert hall.is_live()
    assert hall.state() == ("live", "")
    assert hall.work() == 0


def test_channel_is_renewed_before_it_ends_and_the_old_one_outlives_the_change(hall: Hall) -> None:
    hall.work()
    first = hall.open_channels()
    hall.pass_time(LIFE * 0.6)
    assert hall.work() == 0
    hall.pass_time(LIFE * 0.3)
    hall.google.service.faults.order(Fault("lose_push"))
    assert hall.work() == 1
    assert hall.is_live()
    assert set(first) < set(hall.open_channels())
    hall.meet()
    assert hall.work() == 1
    assert hall.is_live()
    assert not set(first) & set(hall.open_channels())


def test_unlinked_room_has_its_channel_stopped(hall: Hall) -> None:
    hall.work()
    hall.unlink()
    assert not hall.is_live()
    assert hall.work() == 1
    assert hall.open_channels() == []


def test_stopping_is_repeated_until_google_answers(hall: Hall) -> None:
    hall.work()
    hall.unlink()
    hall.google.service.faults.order(Fault("status", operation="Channels.Stop", status=503))
    assert hall.work() == 1
    assert len(hall.open_channels()) == 1
    hall.pass_time(timedelta(minutes=2))
    assert hall.work() == 1
    assert hall.open_channels() == []


def test_refusal_is_remembered_and_asked_again_rarely(hall: Hall) -> None:
    hall.pass_time(timedelta(days=-8))
    hall.google.world.refuse_push(str(hall.oak.calendar_id))
    assert hall.work() == 1
    assert hall.state()[0] == "refused"
    assert "offers no push" in hall.state()[1]
    hall.pass_time(timedelta(days=6))
    assert hall.work() == 0
    hall.google.world.refuse_push(str(hall.oak.calendar_id), False)
    hall.pass_time(timedelta(days=2))
    assert hall.work() == 1
    assert hall.state() == ("live", "")


def test_another_refusal_is_asked_again_after_an_hour(hall: Hall) -> None:
    hall.google.service.faults.order(Fault("status", operation="Events.Watch", status=401, reason="authError", times=9))
    assert hall.work() == 1
    assert hall.state()[0] == "refused"
    hall.google.service.faults.clear()
    hall.pass_time(timedelta(minutes=59))
    assert hall.work() == 0
    hall.pass_time(timedelta(minutes=2))
    hall.work()
    assert hall.is_live()


def test_room_that_wants_none_has_none(hall: Hall) -> None:
    hall.work()
    hall.wish(False)
    assert hall.work() == 1
    assert (hall.open_channels(), hall.state()) == ([], ("off", ""))
    hall.wish(True)
    assert hall.work() == 1
    assert hall.is_live()


def test_channel_whose_answer_was_lost_is_known_by_its_first_message(hall: Hall) -> None:
    hall.google.service.faults.order(Fault("drop_after", operation="Events.Watch"))
    assert hall.work() == 1
    assert hall.is_live()
    hall.unlink()
    assert hall.work() == 1
    assert hall.open_channels() == []


def test_channel_that_stays_silent_is_given_up(hall: Hall) -> None:
    hall.google.service.faults.order(Fault("lose_push"))
    hall.work()
    hall.pass_time(HEARD_WITHIN + timedelta(seconds=1))
    assert hall.work() == 2
    assert hall.open_channels() == []
    assert hall.state() == ("refused", NOT_HEARD)
    hall.pass_time(timedelta(hours=1))
    hall.work()
    assert hall.is_live()


def test_server_that_moved_stops_its_old_channels(hall: Hall) -> None:
    hall.work()
    old = hall.open_channels()
    hall.push.address = "http://127.0.0.1:9" + PATH
    hall.push.store.write(channels.abandon_elsewhere, hall.push.address)
    assert hall.work() == 2
    assert not set(old) & set(hall.open_channels())


def test_no_channel_is_asked_for_without_an_address_or_a_request_left(hall: Hall) -> None:
    def spent(_now: datetime) -> None:
        raise RateLimited("No requests left.", "budget")

    address, hall.push.address = hall.push.address, ""
    assert hall.work() == 0
    hall.push.address, hall.push.spend = address, spent
    assert hall.work() == 1
    assert hall.open_channels() == []
    assert hall.state() == ("", "")


def test_nothing_is_looked_for_where_there_are_no_channels_and_shall_be_none(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked, find = list[datetime](), channels.unheard

    def unheard(db: Database, before: datetime) -> Channel | None:
        looked.append(before)
        return find(db, before)

    monkeypatch.setattr(channels, "unheard", unheard)
    address, hall.push.address = hall.push.address, ""
    assert (hall.work(), looked) == (0, [])
    hall.push.address = address
    assert hall.work() == 1
    hall.push.address, looked[:] = "", []
    hall.push.store.write(channels.abandon_elsewhere, "")
    assert (hall.work(), hall.open_channels()) == (1, [])
    assert looked


def test_only_a_channel_with_its_token_is_heard(hall: Hall) -> None:
    hall.work()
    channel = hall.google.world.channels()[0]
    hall.told.clear()

    def knock(channel_id: str, token: str) -> int:
        headers = {"X-Goog-Channel-ID": channel_id, "X-Goog-Channel-Token": token, "X-Goog-Resource-State": "exists"}
        return requests.post(channel.address, headers=headers, timeout=10).status_code

    assert knock(channel.id, "wrong") == knock("unknown", channel.token) == knock("", "") == 404
    assert knock(channel.id, channel.token) == 204


def test_burst_of_messages_is_passed_on_once() -> None:
    told: list[int] = []
    bell = Bell(told.append)
    for room in (1, 2, 1, 1, 2):
        bell.ring(room)
    assert bell.step() == 2
    assert sorted(told) == [1, 2]
    assert bell.step() == 0


@pytest.mark.parametrize(
    ("public_url", "endpoint", "address"),
    [
        ("https://rooms.example", "", "https://rooms.example/hooks/google"),
        ("http://rooms.example", "", ""),
        ("http://rooms.example", "http://127.0.0.1:8085", "http://rooms.example/hooks/google"),
        ("", "http://127.0.0.1:8085", ""),
    ],
)
def test_plain_http_is_taken_only_for_a_stand_in(public_url: str, endpoint: str, address: str) -> None:
    assert hook_address(public_url, endpoint) == address


def test_room_without_a_calendar_wants_no_channel(store: Store) -> None:
    store.write(rooms.add, Room("elm", "Elm", clock.zone("UTC")))
    with store.read() as db:
        assert channels.wanting(db, "https://rooms.example" + PATH, clock.now()) is None


def test_what_is_to_end_is_stopped_at_once_while_there_still_are_credentials(hall: Hall) -> None:
    while hall.push.step(hall.now()):
        pass
    hall.google.service.pushes.settle()
    assert len(hall.open_channels()) == 1
    hall.unlink()
    hall.push.hush()
    assert hall.open_channels() == []
