"""Fixtures that tests of telling screens share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running import Server


@pytest.fixture(params=["eventlet direct", "eventlet stock", "threading direct"])
def server(request: pytest.FixtureRequest, google_settings: dict[str, str], tmp_path: Path) -> Iterator[Server]:
    """A running server with the rooms of the Directory, with both senders, and where threads share the time."""
    mode, sender = request.param.split()
    running = Server(tmp_path, google_settings | {"KIOSK_ASYNC_MODE": mode, "KIOSK_SENDER": sender})
    running.with_rooms().start()
    yield running
    running.stop()
