"""Fixtures that many tests share."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kiosk import clock
from kiosk.emulator.server import Emulator
from kiosk.schedule.model import Room
from kiosk.store import mirror, rooms
from kiosk.store.database import Store
from kiosk.store.rooms import StoredRoom
from tests import databases, quick
from tests.fakes import FakeCalendars, StillClock
from tests.running import ADMIN, POLL, SERVICE_USER, Server

TOLD = "told"
Tell = Callable[[str], None]
OAK = "oak@resource.calendar.google.com"


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Tell:
    """What a test has counted: printed at the end of the run."""
    return lambda text: record_property(TOLD, text)


def pytest_configure() -> None:
    quick.install()


def pytest_collection_finish() -> None:
    """Look no more for garbage among the tests themselves: that would be most of what there is to look at."""
    gc.collect()
    gc.freeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.getreports(kind)]
    told = [(report.nodeid, text) for report in reports for name, text in report.user_properties if name == TOLD]
    if told:
        terminalreporter.section("what was counted")
    for test, text in told:
        terminalreporter.write_line(f"{test}\n    {text}")


@pytest.fixture
def still() -> StillClock:
    return StillClock()


@pytest.fixture(autouse=True)
def engine(request: pytest.FixtureRequest) -> Iterator[databases.Engine]:
    """The database that a test runs on: SQLite, unless its folder says that it runs on both."""
    chosen: databases.Engine = getattr(request, "param", "sqlite")
    databases.begin(chosen)
    yield chosen
    databases.end()


@pytest.fixture
def store(engine: databases.Engine, tmp_path: Path) -> Iterator[Store]:
    opened = Store(databases.url(tmp_path / "kiosk.db"))
    yield opened
    opened.close()


@pytest.fixture
def calendars(still: StillClock) -> FakeCalendars:
    return FakeCalendars(still, events={OAK: {}})


@pytest.fixture
def oak(store: Store, still: StillClock) -> StoredRoom:
    """A linked room whose calendar was read once, and will be read anew."""
    room = Room("oak", "Oak", clock.zone("Europe/Berlin"))
    stored = store.write(rooms.add_linked, room, OAK, still())
    store.write(mirror.commit_full, stored.id, 0, [], "", (still(), still()), still())
    return stored


@pytest.fixture
def google() -> Iterator[Emulator]:
    """A stand-in for Google with four rooms and nothing in their calendars."""
    with Emulator(rooms=4, busy=False) as emulator:
        yield emulator


@pytest.fixture
def google_settings(google: Emulator, tmp_path: Path) -> dict[str, str]:
    """The settings that point a server at it; nothing else in the server knows."""
    file = tmp_path / "service-account.json"
    google.write_credentials(file)
    return {
        "KIOSK_GOOGLE_CREDENTIALS": str(file),
        "KIOSK_GOOGLE_SUBJECT": SERVICE_USER,
        "KIOSK_GOOGLE_ADMIN_SUBJECT": ADMIN,
        "KIOSK_GOOGLE_ENDPOINT": google.url,
        "KIOSK_POLL_SECONDS": str(POLL),
        "KIOSK_OPENING_HOURS": "00:00-24:00",
    }


@pytest.fixture(params=["eventlet", "threading"])
def server(request: pytest.FixtureRequest, google_settings: dict[str, str], tmp_path: Path) -> Iterator[Server]:
    """A running server with the rooms of the Directory, in both ways of sharing time."""
    running = Server(tmp_path, google_settings | {"KIOSK_ASYNC_MODE": request.param})
    running.with_rooms().start()
    yield running
    running.stop()
