"""Fixtures that many tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk import clock
from kiosk.schedule.model import Room
from kiosk.store import rooms
from kiosk.store.database import Store
from kiosk.store.rooms import StoredRoom
from tests.fakes import FakeCalendars, StillClock

OAK = "oak@resource.calendar.google.com"


@pytest.fixture
def still() -> StillClock:
    return StillClock()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(f"sqlite:///{tmp_path / 'kiosk.db'}")
    yield opened
    opened.close()


@pytest.fixture
def calendars(still: StillClock) -> FakeCalendars:
    return FakeCalendars(still, events={OAK: {}})


@pytest.fixture
def oak(store: Store, still: StillClock) -> StoredRoom:
    """A linked room."""
    room = Room("oak", "Oak", clock.zone("Europe/Berlin"))
    return store.write(rooms.add_linked, room, OAK, still())
