"""Following the Directory over real HTTP: renames, vanished rooms, and who belongs to the organisation."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from kiosk import clock
from kiosk.emulator import directory as entries
from kiosk.emulator.faults import Fault
from kiosk.emulator.server import Emulator
from kiosk.errors import AccessDenied
from kiosk.google.access import by_file
from kiosk.google.client import CALENDAR_SCOPES, DIRECTORY_SCOPES, PEOPLE_SCOPES
from kiosk.google.directory import GoogleDirectory
from kiosk.schedule.model import Event, Person, Room
from kiosk.store import diary, directory, events, people, rooms
from kiosk.store.database import Store
from kiosk.store.rooms import StoredRoom
from kiosk.sync.directory import EVERY, Following, read_people
from tests.fakes import MONDAY, StillClock
from tests.running import ADMIN

ADA = "ada@kiosk.example"
WORLD = {
    "domain": "kiosk.example",
    "buildings": [{"id": "BER", "name": "Berlin", "floors": ["EG", "1"]}],
    "people": [{"email": ADA, "name": "Ada Okafor"}],
    "rooms": [{"name": "Oak", "building": "BER", "floor": "EG", "capacity": 8}, {"name": "Elm", "building": "BER"}],
}


@dataclass
class Office:
    """A Directory and a room here that is linked to the calendar of one there."""

    google: Emulator
    following: Following
    oak: StoredRoom

    @property
    def store(self) -> Store:
        return self.following.store

    def follow(self) -> None:
        with self.store.read() as db:
            due_at = directory.due_at(db)
        assert self.following.step(due_at or MONDAY)

    def room(self) -> Room:
        with self.store.read() as db:
            return rooms.by_id(db, self.oak.id).room

    def vanished(self) -> set[str]:
        with self.store.read() as db:
            return set(directory.vanished(db))

    def owner(self, email: str, name: str = "") -> str:
        """Return whom the screens name as the owner of what this person organized."""
        start = MONDAY + timedelta(hours=1)
        event = Event("m1", start, start + timedelta(hours=1), "Talk", organizer=Person(email, name))
        self.store.write(events.upsert, self.oak.id, [event])
        with self.store.read() as db:
            return diary.between(db, self.oak, MONDAY, MONDAY + timedelta(days=1))[0].owner


@pytest.fixture
def office(store: Store, tmp_path: Path) -> Iterator[Office]:
    with Emulator(WORLD) as google:
        google.write_credentials(tmp_path / "key.json")
        source = GoogleDirectory(by_file(str(tmp_path / "key.json"), ADMIN, google.url))
        calendar = next(one.id for one in google.world.rooms() if "Oak" in one.summary)
        oak = store.write(rooms.add_linked, Room("oak", "The Oak", clock.zone("Europe/Berlin")), calendar, MONDAY)
        yield Office(google, Following(source, store, StillClock()), oak)
        source.close()


def change(office: Office, **properties: object) -> None:
    """Change the room's entry in Google's Directory."""
    store = office.google.service.store
    with office.google.service.changing():
        entry = next(one for one in entries.everything(store, "room") if one["resourceEmail"] == office.oak.calendar_id)
        entries.add(store, "room", entry["resourceId"], entry | properties)


def test_linked_room_takes_its_properties_from_the_directory(office: Office) -> None:
    office.follow()
    room = office.room()
    assert (room.slug, room.name, room.building, room.floor, room.capacity) == ("oak", "Oak", "Berlin", "EG", 8)
    features = [{"feature": {"name": "Video"}}]
    change(office, resourceName="Big Oak", floorName="1", capacity=12, featureInstances=features)
    office.follow()
    room = office.room()
    assert (room.slug, room.name, room.floor, room.capacity) == ("oak", "Big Oak", "1", 12)
    assert room.equipment == ("Video",)


def test_screens_are_drawn_anew_only_when_something_changed(office: Office) -> None:
    office.follow()
    with office.store.read() as db:
        before = rooms.newest_revision(db)
    office.follow()
    with office.store.read() as db:
        assert rooms.newest_revision(db) == before


def test_vanished_room_is_reported_and_stays_until_it_is_unlinked(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    office.follow()
    change(office, resourceEmail="gone@resource.calendar.google.com")
    office.follow()
    office.follow()
    assert office.vanished() == {"oak"}
    assert office.room().name == "Oak"
    assert caplog.text.count("oak: is no longer in the Directory") == 1
    office.store.write(rooms.unlink, office.oak.id)
    assert office.vanished() == set()


def test_room_that_reappears_is_not_reported_any_more(office: Office) -> None:
    office.follow()
    address = office.oak.calendar_id
    change(office, resourceCategory="OTHER")
    office.follow()
    assert office.vanished() == {"oak"}
    change(office, resourceCategory="CONFERENCE_ROOM", resourceEmail=str(address).upper())
    office.follow()
    assert office.vanished() == set()


def test_room_that_the_directory_never_had_has_not_vanished(office: Office) -> None:
    room = Room("shed", "Shed", clock.zone("Europe/Berlin"))
    office.store.write(rooms.add_linked, room, "shed@group.calendar.google.com", MONDAY)
    office.follow()
    assert office.vanished() == set()


def test_directory_is_read_every_six_hours_whoever_looks(office: Office) -> None:
    assert office.following.step(MONDAY)
    other = Following(office.following.source, office.store)
    assert not other.step(MONDAY + EVERY * 0.85)
    assert other.step(MONDAY + EVERY)


def test_failing_directory_is_reported_once_and_leaves_everything(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    office.follow()
    office.google.service.faults.order(Fault("status", path="/admin/", status=503, times=0))
    caplog.set_level(logging.INFO)
    for _ in range(3):
        office.follow()
    assert caplog.text.count("Rooms do not follow the Directory") == 1
    assert caplog.text.count("Organizers are shown as the calendars name them") == 1
    assert office.vanished() == set()
    office.google.service.faults.clear()
    office.follow()
    assert caplog.text.count("can be read again") == 2


def test_organizer_of_another_organisation_is_not_named(office: Office) -> None:
    assert office.owner("eve@elsewhere.example", "Eve") == "Eve"
    office.follow()
    assert office.owner("eve@elsewhere.example", "Eve") == ""
    assert office.owner(ADA, "Ada at the calendar") == "Ada at the calendar"


def test_organizer_whom_the_calendar_does_not_name_is_named_by_the_directory(office: Office) -> None:
    assert office.owner(ADA.upper()) == ADA.upper()
    office.follow()
    assert office.owner(ADA.upper()) == "Ada Okafor"


def test_calendar_that_organizes_keeps_its_name(office: Office) -> None:
    office.follow()
    assert office.owner("c_1@group.calendar.google.com", "Choir") == "Choir"


def test_aliases_belong_to_their_person(office: Office) -> None:
    store = office.google.service.store
    with office.google.service.changing():
        user = entries.find(store, "user", ADA) or {}
        emails = [{"address": ADA, "primary": True}, {"address": "a.okafor@kiosk.example"}]
        aliases = {"aliases": ["Ada.O@kiosk.example"], "nonEditableAliases": ["ada@kiosk.test"], "emails": emails}
        entries.add(store, "user", ADA, user | aliases)
    office.follow()
    for alias in ("ada.o@kiosk.example", "ada@kiosk.test", "a.okafor@kiosk.example"):
        assert office.owner(alias) == "Ada Okafor"


def test_screens_of_those_who_are_renamed_or_leave_are_drawn_anew(office: Office) -> None:
    office.follow()
    assert office.owner(ADA) == "Ada Okafor"
    with office.store.read() as db:
        before = rooms.by_id(db, office.oak.id).revision
    office.google.world.add_person(ADA, "Ada Adeyemi")
    office.follow()
    with office.store.read() as db:
        assert rooms.by_id(db, office.oak.id).revision > before
    assert office.owner(ADA) == "Ada Adeyemi"
    with office.google.service.changing():
        entries.remove(office.google.service.store, "user", ADA)
    office.follow()
    assert office.owner(ADA) == ""


def test_missing_right_to_read_people_does_not_keep_rooms_from_following(office: Office) -> None:
    office.google.world.delegate(*CALENDAR_SCOPES, *DIRECTORY_SCOPES)
    with pytest.raises(AccessDenied, match="unauthorized_client"):
        read_people(office.following.source, office.store, MONDAY)
    office.follow()
    assert office.room().building == "Berlin"
    assert office.owner("eve@elsewhere.example", "Eve") == "Eve"


def test_missing_right_to_read_rooms_does_not_keep_people_from_being_known(office: Office) -> None:
    office.google.world.delegate(*CALENDAR_SCOPES, *PEOPLE_SCOPES)
    office.follow()
    assert office.room().name == "The Oak"
    assert office.owner(ADA) == "Ada Okafor"


def test_people_that_could_not_be_read_for_days_are_forgotten(office: Office) -> None:
    office.follow()
    office.google.service.faults.order(Fault("status", path="/users", status=403, reason="forbidden", times=0))
    assert office.following.step(MONDAY + timedelta(days=2))
    assert office.owner("eve@elsewhere.example", "Eve") == ""
    assert office.following.step(MONDAY + timedelta(days=4))
    assert office.owner("eve@elsewhere.example", "Eve") == "Eve"
    with office.store.read() as db:
        assert people.read_at(db) is None


def test_many_people_are_read_over_all_pages(office: Office) -> None:
    with office.google.service.changing():
        for number in range(1001):
            office.google.world.add_person(f"p{number}@kiosk.example", f"Person {number}")
    office.follow()
    assert office.google.service.traffic.counts()["ccc.hosted.frontend.directory.v1.Users.List"] == 3
    assert office.owner("p1000@kiosk.example") == "Person 1000"
