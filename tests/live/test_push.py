"""One change goes to the screens that show it, once, and to nobody else."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest
import socketio

from tests.running import Server, wait_for


@dataclass
class ScreenClient:
    """A screen's side of the socket, as the page's script speaks it."""

    server: Server
    display: str
    slug: str
    version: str = ""
    told: list[dict[str, Any]] = field(default_factory=list)
    refreshed: list[dict[str, Any]] = field(default_factory=list)
    client: socketio.Client = field(default_factory=lambda: socketio.Client(reconnection=False))

    def connect(self, **headers: str) -> dict[str, Any]:
        self.client.on("tracks", self.told.append)
        self.client.on("refresh", self.refreshed.append)
        self.client.connect(self.server.url, transports=["websocket"], headers=headers)
        return self.show()

    def show(self) -> dict[str, Any]:
        message = {"display": self.display, "slug": self.slug, "version": self.version}
        answer = dict(self.client.call("show", message, timeout=10))
        if answer.get("view"):
            self.version = answer["view"]["version"]
        return answer


@pytest.fixture
def slugs(server: Server) -> list[str]:
    wait_for(lambda: server.get("/readyz").status_code == 200)
    return [room["slug"] for room in server.get("/api/v1/rooms").json()["rooms"]]


@pytest.fixture
def screens(server: Server, slugs: list[str]) -> Iterator[dict[str, ScreenClient]]:
    opened = {
        "door": ScreenClient(server, "door", slugs[0]),
        "neighbour": ScreenClient(server, "door", slugs[1]),
        "lobby": ScreenClient(server, "lobby", "all"),
    }
    for screen in opened.values():
        assert screen.connect()["view"]["tracks"]
    yield opened
    with ThreadPoolExecutor() as pool:  # a client may wait some seconds for the end of its connection
        list(pool.map(lambda screen: screen.client.disconnect(), opened.values()))


def test_booking_reaches_its_door_and_the_lobby_and_no_other_screen(
    server: Server, slugs: list[str], screens: dict[str, ScreenClient]
) -> None:
    assert server.book(slugs[0], minutes=30).status_code == 201
    wait_for(lambda: screens["door"].told and screens["lobby"].told)
    door, lobby = screens["door"].told[0], screens["lobby"].told[0]
    assert (door["previous"], lobby["previous"]) == (screens["door"].version, screens["lobby"].version)
    assert list(door["tracks"]) == list(lobby["tracks"]) == [slugs[0]]
    assert door["tracks"][slugs[0]]["scenes"][0]["status"] == "busy"
    assert screens["neighbour"].show()["view"] is None
    assert screens["neighbour"].told == []


def test_server_knows_which_version_is_on_each_glass(
    server: Server, slugs: list[str], screens: dict[str, ScreenClient]
) -> None:
    for screen in screens.values():
        screen.show()
    assert server.get("/readyz").json()["screens_behind"] == 0
    server.book(slugs[0], minutes=30)
    wait_for(lambda: server.get("/readyz").json()["screens_behind"] == 2)
    for screen in screens.values():
        screen.show()
        screen.show()
    assert server.get("/readyz").json()["screens_behind"] == 0


def test_empty_polls_send_nothing(server: Server, screens: dict[str, ScreenClient]) -> None:
    polls = server.log().count("\n")
    time.sleep(5)  # two beats of the mirror: what is shown here is that nothing happens
    assert [screen.told for screen in screens.values()] == [[], [], []]
    assert server.log().count("\n") == polls


def test_unknown_screen_is_refused_by_name(server: Server, slugs: list[str]) -> None:
    stranger = ScreenClient(server, "door", "no-such-room")
    assert "no-such-room" in stranger.connect()["error"]
    stranger.client.disconnect()


def test_room_with_another_address_is_drawn_anew_on_its_door_and_on_boards(
    server: Server, slugs: list[str], screens: dict[str, ScreenClient]
) -> None:
    assert server.run("rooms", "edit", slugs[0], "--new-slug", "elsewhere").returncode == 0
    wait_for(lambda: screens["door"].refreshed and screens["lobby"].refreshed)
    assert server.get(f"/door/{slugs[0]}").status_code == 404
    assert screens["neighbour"].refreshed == []
