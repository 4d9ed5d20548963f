"""What /readyz tells besides yes and no."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from kiosk import app, assembly, clock, settings
from kiosk.schedule.model import Room
from kiosk.source import Resource
from kiosk.store import directory, rooms
from tests.conftest import OAK
from tests.fakes import StillClock


@pytest.fixture
def parts(tmp_path: Path, still: StillClock) -> Iterator[assembly.Parts]:
    url = f"sqlite:///{tmp_path / 'kiosk.db'}"
    opened = assembly.open_parts(settings.load({}, database_url=url, async_mode="threading", open_displays="1"))
    room = Room("oak", "Oak", clock.zone("Europe/Berlin"))
    opened.store.write(rooms.add_linked, room, OAK, still(), listed=True)
    yield opened
    opened.store.close()


def test_room_that_vanished_from_the_directory_is_named(parts: assembly.Parts, still: StillClock) -> None:
    client = app.build(parts, still).web.test_client()
    parts.store.write(directory.follow, [], still() + timedelta(hours=6))
    assert client.get("/readyz").get_json()["vanished"] == {"oak": "2026-08-10T14:00:00Z"}
    parts.store.write(directory.follow, [Resource(OAK, "Oak")], still() + timedelta(hours=12))
    assert client.get("/readyz").get_json()["vanished"] == {}
