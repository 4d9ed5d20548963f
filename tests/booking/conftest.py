"""A desk, the attendant beside it, and the synchronisation of the room."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from kiosk.booking.attendant import Attendant
from kiosk.booking.desk import Desk
from kiosk.booking.driver import Driver
from kiosk.store.database import Store
from kiosk.store.rooms import StoredRoom
from kiosk.sync.passes import Pass, refresh
from tests import databases
from tests.fakes import FakeCalendars, StillClock


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    databases.on_both(metafunc, {"store"}, {"test_desk"})


@pytest.fixture
def desk(
    store: Store, calendars: FakeCalendars, still: StillClock, oak: StoredRoom, caplog: pytest.LogCaptureFixture
) -> Iterator[Desk]:
    """A desk that has not failed in any way nobody foresaw: that would be in the log."""
    yield Desk(Driver(store, calendars, still), answer_seconds=30)
    assert not [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]


@pytest.fixture
def attendant(desk: Desk, store: Store, still: StillClock) -> Attendant:
    return Attendant(desk, store, still)


@pytest.fixture
def sync(store: Store, calendars: FakeCalendars, still: StillClock, oak: StoredRoom) -> Callable[[], bool]:
    return lambda: refresh(Pass(calendars, store, 21, still), oak.id)
