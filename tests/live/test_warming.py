"""Nobody waits until all screens are drawn when a server starts: what is left is drawn beside everything else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk import app, assembly, clock, settings
from kiosk.app import Server
from kiosk.live.gallery import Screen
from kiosk.schedule.model import Room
from kiosk.store import rooms

SCREENS = [Screen("door", "elm"), Screen("door", "oak"), Screen("lobby", "all")]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    chosen = settings.load({}, database_url=f"sqlite:///{tmp_path / 'kiosk.db'}", async_mode="threading")
    parts = assembly.open_parts(chosen)
    for slug in ("elm", "oak"):
        parts.store.write(rooms.add, Room(slug, slug.title(), clock.zone("Europe/Berlin")))
    yield app.build(parts)
    parts.store.close()


def drawn(server: Server) -> set[str]:
    return {getattr(keeper, "display", keeper) for keeper, _room in server.pulse.gallery._kept}


def test_a_few_screens_are_all_drawn_before_anybody_is_served(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "WARMING_SECONDS", 60.0)
    assert not server.warm()
    assert drawn(server) == {"door", "lobby"}


def test_screens_for_which_there_is_no_time_are_drawn_afterwards(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "WARMING_SECONDS", 0.0)
    left = server.warm()
    assert (list(left), drawn(server)) == (SCREENS, set())
    # A room that is removed meanwhile keeps none of the others from being drawn.
    server._draw([Screen("door", "gone"), *left])
    assert drawn(server) == {"door", "lobby"}
