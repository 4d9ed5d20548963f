"""Where our role hides private meetings, those that the room has declined are in nobody's way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from kiosk import clock
from kiosk.booking.counter import Asked, Wish
from kiosk.booking.desk import Desk
from kiosk.booking.driver import Driver
from kiosk.emulator.server import Emulator
from kiosk.google.access import by_file
from kiosk.google.calendars import GoogleCalendars
from kiosk.schedule.model import Room
from kiosk.schedule.rights import Who
from kiosk.store import rooms
from kiosk.store.database import Store
from kiosk.sync.passes import Pass, refresh
from tests.running import SERVICE_USER

HALF = timedelta(minutes=30)


@dataclass
class Ash:
    """A room of whose private meetings we see the times only."""

    google: Emulator
    desk: Desk
    room_id: int
    calendar_id: str

    def decline(self, start: datetime) -> None:
        """Put a private meeting of an hour there that the room has declined."""
        organizer, given = self.google.world.people()[0].id, {self.calendar_id: "declined"}
        self.google.world.create(
            organizer, "Secret", start, start + 2 * HALF, rooms=[self.calendar_id], private=True, given=given
        )
        self.google.world.settle()

    def sync(self) -> None:
        assert refresh(Pass(self.desk.driver.source, self.desk.driver.store, 21), self.room_id)


@pytest.fixture
def ash(google: Emulator, store: Store, tmp_path: Path) -> Iterator[Ash]:
    google.write_credentials(tmp_path / "key.json")
    calendar_id = google.world.add_room("Ash")
    google.world.set_domain_role(calendar_id, "none")
    google.world.share(calendar_id, SERVICE_USER, "writerWithoutPrivateAccess")
    room = Room("ash", "Ash", clock.zone("Europe/Berlin"))
    stored = store.write(rooms.add_linked, room, calendar_id, clock.now())
    with closing(GoogleCalendars(by_file(str(tmp_path / "key.json"), SERVICE_USER, google.url))) as source:
        desk = Desk(Driver(store, source, clock.now))
        desk.locks.start()
        made = Ash(google, desk, stored.id, calendar_id)
        made.sync()
        yield made


def later() -> datetime:
    return clock.now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=3)


@pytest.mark.parametrize("seen", [True, False])
def test_declined_private_meeting_is_booked_over(ash: Ash, seen: bool) -> None:
    ash.decline(later())
    if seen:
        ash.sync()
    made = ash.desk.book(Wish("ash", later(), later() + HALF))
    assert (made.state, made.reason) == ("confirmed", "")


def test_person_books_over_a_declined_private_meeting_too(ash: Ash) -> None:
    ash.decline(later())
    ash.sync()
    person = ash.google.world.people()[1].id
    made = ash.desk.book(Wish("ash", later(), later() + HALF, who=Who("person", person)))
    assert (made.state, made.reason) == ("confirmed", "")


def test_booking_is_extended_over_a_declined_private_meeting(ash: Ash) -> None:
    made = ash.desk.book(Wish("ash", later() - HALF, later()))
    ash.decline(later())
    ash.sync()
    assert ash.desk.change(Asked("extend", made.event_id, minutes=30)).state == "confirmed"


def test_private_meeting_that_the_room_accepts_meanwhile_is_in_the_way(ash: Ash) -> None:
    ash.decline(later())
    ash.sync()
    [known] = ash.google.world.events(ash.calendar_id)
    ash.google.world.answer(ash.calendar_id, known["id"], "accepted")
    made = ash.desk.book(Wish("ash", later(), later() + HALF))
    assert (made.state, made.reason) == ("refused", "taken")
