"""Screens that go while they wait for an answer leave nothing behind: nobody would ever take it away."""

from __future__ import annotations

import gc
import os
import signal
import weakref
from collections.abc import Callable, Iterator
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest
from flask import request
from flask_socketio import SocketIOTestClient
from werkzeug.test import EnvironBuilder

from kiosk import app, assembly, clock, settings
from kiosk.app import Server
from kiosk.errors import DatabaseAway
from kiosk.schedule.model import Room
from kiosk.store import rooms
from tests.live.crowd import Glass
from tests.running import Server as Program
from tests.running import wait_for

HELLO = {"display": "door", "slug": "oak", "version": "", "screen": "a-door-of-glass", "notices": ""}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    database = f"sqlite:///{tmp_path / 'kiosk.db'}"
    chosen = settings.load({}, database_url=database, async_mode="threading", open_displays="1")
    parts = assembly.open_parts(chosen)
    parts.store.write(rooms.add, Room("oak", "Oak", clock.zone("Europe/Berlin")))
    yield app.build(parts)
    parts.store.close()


@pytest.fixture
def screen(server: Server) -> SocketIOTestClient:
    return server.web.extensions["socketio"].test_client(server.web)


def then(act: Callable[..., Any], after: Callable[[], None]) -> Callable[..., Any]:
    """Let something happen once, when an act is begun."""
    happens = [after]

    def acting(*said: Any, **more: Any) -> Any:
        if happens:
            happens.pop()()
        return act(*said, **more)

    return acting


def test_a_screen_that_stays_is_answered_and_there(server: Server, screen: SocketIOTestClient) -> None:
    answer = screen.emit("show", HELLO, callback=True)
    assert answer["view"]["slug"] == "oak"
    assert (len(server.pulse.audience.viewers), len(server.roll._of)) == (1, 1)
    screen.disconnect()
    assert (server.pulse.audience.viewers, server.roll._of) == ({}, {})


@pytest.mark.parametrize(
    ("who", "act"), [("pulse.gallery", "answer"), ("herald", "bulletin"), ("roll", "heard"), ("pulse", "joined")]
)
def test_a_screen_that_goes_meanwhile_is_not_there(
    server: Server, screen: SocketIOTestClient, monkeypatch: pytest.MonkeyPatch, who: str, act: str
) -> None:
    whose = attrgetter(who)(server)
    monkeypatch.setattr(whose, act, then(getattr(whose, act), screen.disconnect))
    screen.emit("show", HELLO)
    assert (server.pulse.audience.viewers, server.roll._of) == ({}, {})


def test_a_screen_that_says_the_newest_version_is_known_to_show_it(server: Server, screen: SocketIOTestClient) -> None:
    version = screen.emit("show", HELLO, callback=True)["view"]["version"]
    (viewer,) = server.pulse.audience.viewers.values()
    came = viewer.right_at
    screen.emit("show", {**HELLO, "version": version}, callback=True)
    (viewer,) = server.pulse.audience.viewers.values()
    assert viewer.right_at > came


@pytest.mark.parametrize("headers", [{}, {"Upgrade": "websocket", "Connection": "Upgrade"}])
def test_nothing_that_a_page_says_waits_for_the_collector(server: Server, headers: dict[str, str]) -> None:
    environ = EnvironBuilder("/socket.io/", headers=headers).get_environ()
    gc.disable()
    try:
        with server.web.request_context(environ):
            said = weakref.ref(request._get_current_object())
            assert request.routing_exception is None
        assert said() is None
    finally:
        gc.enable()


def test_screens_that_have_gone_are_out_of_memory_without_the_collector(
    google_settings: dict[str, str], tmp_path: Path
) -> None:
    counted = tmp_path / "counted"
    settings = google_settings | {"KIOSK_ASYNC_MODE": "eventlet", "COUNTED": str(counted)}
    server = Program(tmp_path, settings, program="tests.live.uncollected").with_rooms().start()

    def held() -> int:
        counted.unlink(missing_ok=True)
        os.kill(server.process.child.pid, signal.SIGUSR1)
        wait_for(counted.exists)
        return int(counted.read_text())

    slug = server.get("/api/v1/rooms").json()["rooms"][0]["slug"]
    for _ in range(3):
        glasses = [Glass(server, "door", slug, f"glass-{number:04}") for number in range(8)]
        for glass in glasses:
            glass.connect()
        assert held() >= 2 * len(glasses)
        for glass in glasses:
            glass.leave()
    wait_for(lambda: held() < 8, 10)
    assert server.stop() == 0


def test_a_screen_that_goes_before_it_is_let_in_is_not_there(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    wires, hold = server.web.extensions["socketio"].server, server.tickets.hold

    def goes(connection: str, token: str) -> None:
        wires._handle_eio_disconnect(wires.manager.eio_sid_from_sid(connection, "/"), "ping timeout")
        hold(connection, token)

    monkeypatch.setattr(server.tickets, "hold", goes)
    server.web.extensions["socketio"].test_client(server.web)
    assert (server.tickets._held, wires.manager.rooms) == ({}, {})


def test_a_screen_that_meets_a_database_on_its_way_down_is_not_there(
    server: Server, screen: SocketIOTestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen.disconnect()

    def fail(_doorway: object) -> None:
        raise DatabaseAway("It is away.")

    monkeypatch.setattr("kiosk.live.sockets._welcome", fail)
    server.web.extensions["socketio"].test_client(server.web)
    assert server.tickets._held == {}
