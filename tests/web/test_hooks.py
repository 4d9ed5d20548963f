"""Announced changes from Google to the door, through a running server in both ways of sharing time."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk import clock
from kiosk.emulator.server import Emulator
from kiosk.schedule.rules import book_now
from tests.running import Server, wait_for

SELDOM = "3600"


@pytest.fixture(params=["eventlet", "threading"])
def announced(
    request: pytest.FixtureRequest, google: Emulator, google_settings: dict[str, str], tmp_path: Path
) -> Iterator[Server]:
    """A server that asks by itself once an hour only."""
    google.service.pushes.http = True
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    where = {"KIOSK_PORT": str(port), "KIOSK_PUBLIC_URL": f"http://127.0.0.1:{port}"}
    running = Server(
        tmp_path, google_settings | where | {"KIOSK_POLL_SECONDS": SELDOM, "KIOSK_ASYNC_MODE": request.param}
    )
    running.with_rooms().start()
    yield running
    running.stop()


def listed(server: Server) -> dict[str, dict[str, Any]]:
    rows = json.loads(server.run("rooms", "list", "--json").stdout)
    return {row["calendar"] or row["slug"]: row for row in rows}


def watched(google: Emulator) -> set[str]:
    return {channel.calendar for channel in google.world.channels()}


def test_change_in_google_reaches_the_door_at_once_and_unlinking_ends_that(announced: Server, google: Emulator) -> None:
    everywhere = {room.id for room in google.world.rooms()}
    wait_for(lambda: watched(google) == everywhere)
    assert google.service.pushes.settle()
    wait_for(lambda: announced.get("/readyz").status_code == 200)
    rows = listed(announced)
    assert {row["push"] for row in rows.values()} == {"live"}

    calendar, slug = next((calendar, row["slug"]) for calendar, row in rows.items())
    now = book_now(clock.now())
    google.world.create(google.world.people()[0].id, "Announced", now, now + timedelta(hours=1), rooms=[calendar])
    wait_for(lambda: (announced.room(slug)["current"] or {}).get("title") == "Announced")

    others = [row["slug"] for row in rows.values() if row["slug"] != slug]
    assert announced.run("rooms", "unlink", slug).returncode == 0
    assert announced.run("rooms", "push", others[0], "off").returncode == 0
    wait_for(lambda: len(watched(google)) == len(everywhere) - 2)
    assert calendar not in watched(google)
    assert {row["slug"]: row["push"] for row in listed(announced).values()}[others[0]] == "off"
