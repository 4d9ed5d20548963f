"""A server in this process, with two rooms and nobody behind it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk import app, assembly, clock, settings
from kiosk.schedule.model import Room
from kiosk.store import rooms
from tests.web import documented
from tests.web.visitors import Reception


@pytest.fixture
def reception(tmp_path: Path) -> Iterator[Reception]:
    """A server with the rooms "oak" (Berlin) and "elm" (Hamburg) that lets in only whom it knows.

    What it answers under /api is held against its document.
    """
    database = f"sqlite:///{tmp_path / 'kiosk.db'}"
    given = {"database_url": database, "secrets": str(tmp_path / "secrets"), "async_mode": "threading"}
    parts = assembly.open_parts(settings.load({}, **given))
    zone = clock.zone("Europe/Berlin")
    parts.store.write(rooms.add, Room("oak", "Oak", zone, "Berlin", "2", 6))
    parts.store.write(rooms.add, Room("elm", "Elm", zone, "Hamburg", "1", 4))
    server = app.build(parts)
    documented.hold(server.web)
    yield Reception(parts, server)
    parts.store.close()
