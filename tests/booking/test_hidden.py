"""Where our role hides private meetings, those that the room has declined are in nobody's way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from kiosk import clock
from kiosk.booking.counter import Asked, Wish
from kiosk.booking.desk import Desk
from kiosk.booking.driver import Driver
from kiosk.booking.verified import Place, Taken, accept
from kiosk.emulator.server import Emulator
from kiosk.google.access import by_file
from kiosk.google.calendars import GoogleCalendars
from kiosk.schedule.model import Room, Slot
from kiosk.schedule.rights import Who
from kiosk.store import diary, events, mirror, policies, rooms
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

    def put(self, start: datetime, answer: str, private: bool = True) -> str:
        """Put a meeting of an hour there, a private one, that the room has answered so; return its id."""
        organizer, given = self.google.world.people()[0].id, {self.calendar_id: answer}
        made = self.google.world.create(
            organizer, "Secret", start, start + 2 * HALF, rooms=[self.calendar_id], private=private, given=given
        )
        self.google.world.settle()
        return made

    def decline(self, start: datetime) -> None:
        self.put(start, "declined")

    def sync(self) -> None:
        assert refresh(Pass(self.desk.driver.source, self.desk.driver.store, 21), self.room_id)

    def sync_anew(self) -> None:
        self.desk.driver.store.write(mirror.read_anew, self.room_id, clock.now())
        self.sync()

    def mistake(self, event_id: str) -> None:
        """Take a meeting for declined, as when free/busy did not know it yet."""
        with self.desk.driver.store.read() as db:
            known = events.find(db, self.room_id, event_id)
        assert known
        self.desk.driver.store.write(events.upsert, self.room_id, [replace(known, answer="declined")])

    def shown(self) -> list[str]:
        with self.desk.driver.store.read() as db:
            stored = rooms.by_id(db, self.room_id)
            return [one.id for one in diary.between(db, stored, later() - 4 * HALF, later() + 4 * HALF)]


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


@cache
def later() -> datetime:
    """Return a full hour of today or tomorrow, the same for the whole of a test."""
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


def test_private_meeting_is_released_and_stays_so_under_another_booking(ash: Ash) -> None:
    ash.desk.driver.store.write(policies.change, ash.room_id, {"owners-release": "yes"})
    event_id = ash.put(later(), "accepted")
    ash.sync()
    released = ash.desk.change(Asked("release", event_id, "ash", who=Who("admin")))
    assert (released.state, ash.shown()) == ("confirmed", [])
    made = ash.desk.book(Wish("ash", later(), later() + 2 * HALF))
    ash.sync()
    assert ash.shown() == [made.event_id]


def test_private_meeting_is_released_and_stays_so_under_another_that_was_there_before(ash: Ash) -> None:
    ash.desk.driver.store.write(policies.change, ash.room_id, {"owners-release": "yes"})
    event_id, other = ash.put(later(), "accepted"), ash.put(later(), "accepted", private=False)
    ash.sync()
    assert ash.desk.change(Asked("release", event_id, "ash", who=Who("admin"))).state == "confirmed"
    ash.sync()
    assert ash.shown() == [other]


def test_released_private_meeting_is_not_accepted_again_for_a_moment_where_another_is(ash: Ash) -> None:
    event_id = ash.put(later(), "declined")
    ash.put(later(), "accepted", private=False)
    known = ash.google.world.event(ash.calendar_id, event_id)
    source, slot = ash.desk.driver.source, Slot(later(), later() + 2 * HALF)
    place = Place(source, ash.calendar_id, "Europe/Berlin", declined={event_id: known["etag"]})
    with pytest.raises(Taken):
        accept(place, event_id, slot)
    assert ash.google.world.event(ash.calendar_id, event_id)["etag"] == known["etag"]


def test_full_pass_keeps_what_was_declined_before_it_was_booked_over(ash: Ash) -> None:
    ash.decline(later())
    ash.sync()
    made = ash.desk.book(Wish("ash", later(), later() + 2 * HALF))
    ash.sync_anew()
    assert ash.shown() == [made.event_id]


def test_full_pass_corrects_what_was_taken_for_declined(ash: Ash) -> None:
    event_id = ash.put(later(), "accepted")
    ash.sync()
    ash.mistake(event_id)
    ash.sync_anew()
    assert ash.shown() == [event_id]


def test_private_meeting_that_was_taken_for_declined_is_not_booked_over(ash: Ash) -> None:
    event_id = ash.put(later(), "accepted")
    ash.sync()
    ash.mistake(event_id)
    made = ash.desk.book(Wish("ash", later(), later() + HALF))
    assert (made.state, made.reason) == ("refused", "taken")


def test_private_meeting_that_the_room_accepts_meanwhile_is_in_the_way(ash: Ash) -> None:
    ash.decline(later())
    ash.sync()
    [known] = ash.google.world.events(ash.calendar_id)
    ash.google.world.answer(ash.calendar_id, known["id"], "accepted")
    made = ash.desk.book(Wish("ash", later(), later() + HALF))
    assert (made.state, made.reason) == ("refused", "taken")
