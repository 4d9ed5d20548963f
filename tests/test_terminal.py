"""What the command line says of rooms that vanished, and of announced changes."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk.source import Resource
from kiosk.store import channels, directory
from kiosk.store.database import Store
from kiosk.store.rooms import StoredRoom
from tests.fakes import MONDAY
from tests.running import Server


@pytest.fixture
def kiosk(tmp_path: Path) -> Server:
    """The command line on the database of the store."""
    return Server(tmp_path, {})


def listed(kiosk: Server) -> dict[str, Any]:
    rows: list[dict[str, Any]] = json.loads(kiosk.run("rooms", "list", "--json").stdout)
    return rows[0]


def test_list_says_since_when_a_room_is_not_in_the_directory(kiosk: Server, store: Store, oak: StoredRoom) -> None:
    store.write(directory.follow, [Resource(str(oak.calendar_id), "Oak")], MONDAY)
    assert listed(kiosk)["vanished"] == ""
    store.write(directory.follow, [], MONDAY + timedelta(hours=6))
    assert listed(kiosk)["vanished"] == "2026-08-10T14:00:00Z"
    assert "not in the Directory since 2026-08-10T14:00:00Z" in kiosk.run("rooms", "list").stdout


def test_push_is_switched_off_and_on_and_the_list_shows_it(kiosk: Server, store: Store, oak: StoredRoom) -> None:
    store.write(channels.refused, oak.id, "Google offers none.", MONDAY, MONDAY + timedelta(days=7))
    row = listed(kiosk)
    assert (row["push"], row["push_refusal"]) == ("refused", "Google offers none.")
    assert "is not to announce" in kiosk.run("rooms", "push", "oak", "off").stdout
    assert listed(kiosk)["push"] == "off"
    assert "once KIOSK_PUBLIC_URL is an https address" in kiosk.run("rooms", "push", "oak", "on").stdout
    row = listed(kiosk)
    assert (row["push"], row["push_refusal"]) == ("", "")


def test_push_of_an_unknown_room_is_one_sentence(kiosk: Server) -> None:
    answer = kiosk.run("rooms", "push", "elm", "on")
    assert (answer.returncode, answer.stderr.count("\n")) == (1, 1)
    assert "no room with the address 'elm'" in answer.stderr
