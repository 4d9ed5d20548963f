"""The office whose rooms these tests mirror."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.emulator.server import Emulator
from kiosk.google.calendars import GoogleCalendars
from tests import databases
from tests.sync.office import WORLD, Office, connected, opened


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    databases.on_both(metafunc, {"store", "office"}, {"test_passes", "test_cursors", "test_channels"})


@pytest.fixture(scope="session")
def shared_google() -> Iterator[Emulator]:
    """A stand-in for Google that many tests use one after the other, each with rooms of its own."""
    with Emulator(WORLD) as emulator:
        yield emulator


@pytest.fixture(scope="session")
def connection(shared_google: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GoogleCalendars]:
    with connected(tmp_path_factory.mktemp("google"), shared_google) as source:
        yield source


@pytest.fixture
def office(
    engine: databases.Engine, shared_google: Emulator, connection: GoogleCalendars, tmp_path: Path
) -> Iterator[Office]:
    shared_google.service.traffic.reset()
    with opened(tmp_path, shared_google, connection) as office:
        yield office
    shared_google.service.faults.clear()
    for flag in ("empty_pages", "short_pages", "sparse_tombstones", "stray_tombstones", "all_day_dates"):
        shared_google.service.set_flag(flag, False)
