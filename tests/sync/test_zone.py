"""A calendar whose time zone is changed takes its room along."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from kiosk.source import Page, Since, Window
from kiosk.store import rooms
from kiosk.store.database import Store
from kiosk.store.rooms import StoredRoom
from kiosk.sync.passes import Pass, refresh
from tests.conftest import OAK
from tests.fakes import FakeCalendars, StillClock


@dataclass
class Zoned(FakeCalendars):
    """Calendars whose lists say their time zone."""

    zone: str = "Europe/Berlin"

    def page(self, calendar_id: str, query: Window | Since, token: str | None = None) -> Page:
        self.requests.append(type(query).__name__)
        return replace(super().page(calendar_id, query, token), zone=self.zone)


@pytest.fixture
def calendars(still: StillClock) -> Zoned:
    return Zoned(still, events={OAK: {}})


def zone_after_a_look(store: Store, calendars: Zoned, oak: StoredRoom) -> str:
    assert refresh(Pass(calendars, store, 14, calendars.clock), oak.id)
    with store.read() as db:
        return rooms.by_id(db, oak.id).room.zone.key


def test_full_pass_takes_over_the_calendars_zone(store: Store, calendars: Zoned, oak: StoredRoom) -> None:
    calendars.zone = "America/New_York"
    assert zone_after_a_look(store, calendars, oak) == "America/New_York"


def test_delta_takes_over_the_calendars_zone_and_everything_is_read_anew(
    store: Store, calendars: Zoned, oak: StoredRoom
) -> None:
    assert zone_after_a_look(store, calendars, oak) == "Europe/Berlin"
    calendars.zone = "America/New_York"
    assert zone_after_a_look(store, calendars, oak) == "America/New_York"
    assert zone_after_a_look(store, calendars, oak) == "America/New_York"
    assert zone_after_a_look(store, calendars, oak) == "America/New_York"
    lists = [one for one in calendars.requests if one in ("Window", "Since")]
    assert lists == ["Window", "Since", "Window", "Since"]


def test_screens_are_drawn_anew_when_the_zone_changes(store: Store, calendars: Zoned, oak: StoredRoom) -> None:
    zone_after_a_look(store, calendars, oak)
    with store.read() as db:
        before = rooms.newest_revision(db)
    calendars.zone = "America/New_York"
    zone_after_a_look(store, calendars, oak)
    with store.read() as db:
        assert rooms.newest_revision(db) > before


@pytest.mark.parametrize("said", ["", "Mars/Olympus"])
def test_zone_that_is_unknown_or_not_said_changes_nothing(
    store: Store, calendars: Zoned, oak: StoredRoom, said: str
) -> None:
    calendars.zone = said
    assert zone_after_a_look(store, calendars, oak) == "Europe/Berlin"
    assert zone_after_a_look(store, calendars, oak) == "Europe/Berlin"
