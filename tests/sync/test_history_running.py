"""A running server reads the past of its rooms by itself, and tells it, in both ways of sharing time."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from kiosk import clock
from kiosk.emulator.server import Emulator
from tests.running import Server, wait_for

DAYS = 10


@pytest.mark.parametrize("mode", ["eventlet", "threading"])
def test_past_of_linked_rooms_is_read_and_told(
    google: Emulator, google_settings: dict[str, str], tmp_path: Path, mode: str
) -> None:
    room, person = google.world.rooms()[0], google.world.people()[0]
    start = (clock.now() - timedelta(days=DAYS)).replace(hour=12, minute=0, second=0, microsecond=0)
    google.world.create(person.id, "Review", start, start + timedelta(hours=1), rooms=[room.id])
    google.world.settle()
    server = Server(tmp_path, google_settings | {"KIOSK_ASYNC_MODE": mode})
    assert server.run("rooms", "import").returncode == 0
    token = server.run("admin", "token", "reader").stdout.split()[-1]
    server.start()
    asked = f"/api/v1/occupancy?from={start.date()}&to={start.date()}"

    def held() -> int:
        answer = server.get(asked, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200, answer.text
        return int(answer.json()["figures"]["held"])

    try:
        assert wait_for(held, 60) == 60
    finally:
        server.stop()
