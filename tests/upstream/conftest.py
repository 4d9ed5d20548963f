"""A hub and those that follow it: as processes, shared by the tests of a file, or as a pair in this process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.emulator.server import Emulator
from tests.running import ADMIN, POLL, SERVICE_USER, Server
from tests.upstream.fleet import Fleet
from tests.upstream.pair import Pair

ROOMS = 24


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """A hub that has read its rooms, and nobody who follows it."""
    folder = tmp_path_factory.mktemp("hub")
    with Emulator(rooms=ROOMS, busy=False) as google:
        made = Fleet(Server(folder, settings(google, folder)))
        imported = made.hub.run("rooms", "import")
        assert imported.returncode == 0, imported.stderr
        made.start_hub()
        try:
            yield made
        finally:
            made.hub.process.kill()


@pytest.fixture
def fleet(hub: Fleet, tmp_path: Path) -> Iterator[Fleet]:
    """The hub, and nobody of this test who follows it yet."""
    hub.folder = tmp_path
    yield hub
    hub.dismiss()


def settings(google: Emulator, folder: Path) -> dict[str, str]:
    google.write_credentials(folder / "service-account.json")
    return {
        "KIOSK_GOOGLE_CREDENTIALS": str(folder / "service-account.json"),
        "KIOSK_GOOGLE_SUBJECT": SERVICE_USER,
        "KIOSK_GOOGLE_ADMIN_SUBJECT": ADMIN,
        "KIOSK_GOOGLE_ENDPOINT": google.url,
        "KIOSK_POLL_SECONDS": str(POLL),
        "KIOSK_OPENING_HOURS": "00:00-24:00",
    }


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    """A hub and its follower in this process, that have told each other everything."""
    made = Pair(tmp_path)
    made.work()
    made.work()
    yield made
    made.close()
