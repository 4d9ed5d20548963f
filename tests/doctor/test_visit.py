"""The doctor against the stand-in for Google: nothing in a healthy world, and for each failure its own words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk import assembly, clock, settings
from kiosk.doctor import report, visit
from kiosk.doctor.findings import Finding
from kiosk.doctor.practice import Practice
from kiosk.emulator.faults import Fault
from kiosk.emulator.server import Emulator
from kiosk.errors import RateLimited, UsageError
from kiosk.google.client import CALENDAR_SCOPES, DIRECTORY_SCOPES, PEOPLE_SCOPES
from kiosk.google.consent import ALL_SCOPES
from kiosk.schedule.model import Room
from kiosk.source import Calendar
from kiosk.store import channels, directory, policies, rooms
from kiosk.sync.budget import Budget
from tests.fakes import MONDAY
from tests.running import ADMIN, SERVICE_USER

ADA = "ada@kiosk.example"
WORLD = {
    "domain": "kiosk.example",
    "people": [{"email": ADA, "name": "Ada Okafor"}],
    "buildings": [{"id": "BER", "name": "Berlin", "floors": ["1"]}],
    "rooms": [{"name": name, "building": "BER", "floor": "1", "domainRole": "none"} for name in ("Elm", "Fir", "Oak")],
}
ACCOUNT = "room-kiosk@kiosk-example.iam.gserviceaccount.com"


@dataclass
class Ward:
    """A server's parts with three linked rooms, and the Google that they are in."""

    google: Emulator
    parts: assembly.Parts
    practice: Practice
    file: Path
    opened: Callable[[assembly.Parts], assembly.Parts]

    def findings(self, *rooms_wanted: str) -> list[Finding]:
        return list(visit.examine(self.practice, rooms_wanted))

    def ill(self) -> dict[tuple[str, str], Finding]:
        """Return what is not as it should be, by subject and check."""
        return {(one.subject, one.check): one for one in self.findings() if one.verdict != "pass"}

    def only(self, subject: str, check: str) -> Finding:
        """Return the one line that is not as it should be."""
        ill = self.ill()
        assert list(ill) == [(subject, check)], ill
        return ill[subject, check]

    def room(self, slug: str) -> str:
        with self.parts.store.read() as db:
            return rooms.by_slug(db, slug).calendar_id or ""

    def write(self, content: Any) -> None:
        self.file.write_text(json.dumps(content))

    def again(self, **changed: str) -> Ward:
        """Return the same after a new start of the server with other settings."""
        parts = self.opened(open_parts(self.google, self.file, **changed))
        return replace(self, practice=assembly.practice(parts))


def open_parts(google: Emulator, file: Path, **changed: str) -> assembly.Parts:
    given = {
        "google_credentials": str(file),
        "google_subject": SERVICE_USER,
        "google_admin_subject": ADMIN,
        "google_endpoint": google.url,
        "database_url": f"sqlite:///{file.parent / 'kiosk.db'}",
    }
    return assembly.open_parts(settings.load({}, **given | changed))


@pytest.fixture
def google() -> Iterator[Emulator]:
    with Emulator(WORLD) as emulator:
        yield emulator


@pytest.fixture
def ward(google: Emulator, tmp_path: Path) -> Iterator[Ward]:
    file = tmp_path / "key.json"
    google.write_credentials(file)
    with ExitStack() as open_ones:
        yield ward_of(google, file, lambda parts: open_ones.enter_context(closing(parts)))


def ward_of(google: Emulator, file: Path, opened: Callable[[assembly.Parts], assembly.Parts]) -> Ward:
    parts = opened(open_parts(google, file))
    for resource in parts.directory.resources():
        room = replace(room_named(resource.name), building=resource.building, floor=resource.floor)
        parts.store.write(rooms.add_linked, room, resource.calendar_id, clock.now(), listed=True)
    return Ward(google, parts, assembly.practice(parts), file, opened)


def room_named(name: str) -> Room:
    return Room(rooms.slugify(name), name, clock.zone("Europe/Berlin"))


def test_healthy_world_has_nothing_wrong(ward: Ward) -> None:
    findings = ward.findings()
    assert {one.verdict for one in findings} == {"pass"}
    assert {one.subject for one in findings} == {"Google", "elm", "fir", "oak"}
    assert not [one for one in findings if one.repair or one.paste or not one.says]


def test_one_room_is_looked_at_when_only_that_is_wanted(ward: Ward) -> None:
    assert {one.subject for one in ward.findings("oak")} == {"Google", "oak"}
    with pytest.raises(UsageError, match="no linked room with the address 'cellar'"):
        ward.findings("cellar")


def test_without_a_connection_it_says_how_to_connect(ward: Ward) -> None:
    found = ward.again(google_credentials="").only("Google", "connection")
    assert (found.verdict, "kiosk connect FILE" in found.repair) == ("fail", True)


def test_file_of_something_else_is_named(ward: Ward) -> None:
    ward.write([])
    assert "key.json" in ward.only("Google", "connection").says


def test_google_that_cannot_be_reached_ends_the_visit(ward: Ward) -> None:
    ward.google.service.faults.order(Fault("drop_before", times=0))
    found = ward.only("Google", "reach")
    assert "network" in found.repair


@pytest.mark.parametrize(
    ("seconds", "verdict", "says"),
    [
        (-90, "warn", "90 seconds ahead of"),
        (90, "warn", "90 seconds behind"),
        (280, "fail", "4 minutes behind"),
    ],
)
def test_clock_that_is_off_is_measured(ward: Ward, seconds: int, verdict: str, says: str) -> None:
    ward.google.service.clock.advance(timedelta(seconds=seconds))
    found = ward.only("Google", "clock")
    assert (found.verdict, found.paste) == (verdict, ("sudo timedatectl set-ntp true",))
    # Half of what the answer took, and less than a second, since Google tells whole ones.
    assert says in re.sub(r"\b(8[5-9]|9[0-5]) seconds", "90 seconds", found.says)


def test_clock_so_wrong_that_google_refuses_is_told_as_such(ward: Ward) -> None:
    ward.google.service.clock.advance(timedelta(hours=-2))
    ill = ward.ill()
    assert ill["Google", "clock"].verdict == "fail"
    assert "clock" in ill["Google", "token"].says


def test_missing_delegation_names_the_client_and_all_scopes(ward: Ward) -> None:
    ward.google.world.delegate()
    found = ward.ill()["Google", "token"]
    assert "no delegation is set up" in found.says
    assert found.paste[1:] == (ward.google.credentials()["client_id"], ",".join(ALL_SCOPES))


def test_one_missing_scope_to_write_is_a_failure(ward: Ward) -> None:
    ward.google.world.delegate(*(scope for scope in ALL_SCOPES if scope != CALENDAR_SCOPES[1]))
    found = ward.ill()["Google", "scopes"]
    assert (found.verdict, "lacks a right" in found.says) == ("fail", True)


@pytest.mark.parametrize(("scope", "check"), [(DIRECTORY_SCOPES[0], "directory"), (PEOPLE_SCOPES[0], "people")])
def test_missing_scope_of_the_directory_is_a_warning(ward: Ward, scope: str, check: str) -> None:
    ward.google.world.delegate(*(one for one in ALL_SCOPES if one != scope))
    ward.google.world.revoke_tokens()
    ill = ward.ill()
    assert {key: one.verdict for key, one in ill.items()} == {("Google", "scopes"): "warn", ("Google", check): "warn"}


def test_subject_that_does_not_exist_is_named(ward: Ward) -> None:
    found = ward.again(google_subject="nobody@kiosk.example").ill()["Google", "token"]
    assert (found.verdict, "nobody@kiosk.example" in found.says, found.paste[-1]) == (
        "fail",
        True,
        "nobody@kiosk.example",
    )


def test_key_that_was_deleted_is_told(ward: Ward) -> None:
    key = ward.google.credentials()
    ward.write(key | {"private_key_id": "gone"})
    assert "no longer knows this key" in ward.ill()["Google", "token"].says


def test_account_that_was_deleted_is_told(ward: Ward) -> None:
    ward.write(ward.google.credentials() | {"client_email": "gone@elsewhere.iam.gserviceaccount.com"})
    assert "no longer knows the service account" in ward.ill()["Google", "token"].says


def test_consent_that_was_taken_back_is_told(ward: Ward) -> None:
    ward.write(ward.google.authorized_user(ADMIN, ALL_SCOPES))
    ward.google.world.revoke_consents(ADMIN)
    found = ward.ill()["Google", "token"]
    assert "taken back" in found.says
    assert "/admin/google" in found.repair


def test_consent_without_every_right_names_those_missing(ward: Ward) -> None:
    ward.write(ward.google.authorized_user(ADMIN, [*CALENDAR_SCOPES, *DIRECTORY_SCOPES]))
    assert ward.ill()["Google", "scopes"].paste == PEOPLE_SCOPES


def test_client_that_was_deleted_is_told(ward: Ward) -> None:
    ward.write(ward.google.authorized_user(ADMIN, ALL_SCOPES) | {"client_secret": "changed"})
    assert "OAuth client" in ward.ill()["Google", "token"].says


def test_administrators_consent_alone_is_healthy(ward: Ward) -> None:
    ward.write(ward.google.authorized_user(ADMIN, ALL_SCOPES))
    assert ward.ill() == {}


def test_person_who_may_not_read_the_directory_is_named_with_the_privilege(ward: Ward) -> None:
    ill = ward.again(google_admin_subject=ADA).ill()
    found = ill["Google", "directory"]
    assert (found.verdict, "Buildings and resources" in found.repair, found.paste[-1]) == ("warn", True, ADA)


def test_interface_that_is_switched_off_is_told(ward: Ward) -> None:
    ward.google.service.faults.order(Fault("status", "Calendars", status=403, reason="accessNotConfigured", times=0))
    found = ward.ill()["oak", "calendar"]
    assert any("calendar-json" in value for value in found.paste)


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (Fault("status", "Calendars", status=403, reason="rateLimitExceeded", times=0), "requests that Google allows"),
        (Fault("status", "Calendars", status=503, times=0), "Google answered 503"),
    ],
)
def test_google_that_refuses_for_the_moment_is_not_taken_for_a_missing_right(
    ward: Ward, fault: Fault, says: str
) -> None:
    ward.google.service.faults.order(replace(fault))
    found = ward.ill()["oak", "calendar"]
    assert says in found.says
    assert "Share with" not in found.repair


def test_room_that_is_not_shared_says_with_whom(ward: Ward) -> None:
    ward.google.world.share(ward.room("oak"), SERVICE_USER, "none")
    found = ward.only("oak", "calendar")
    assert (found.verdict, found.paste[-1]) == ("fail", SERVICE_USER)


def test_room_that_was_deleted_is_told_apart_from_one_not_shared(ward: Ward) -> None:
    ward.google.world.remove_room(ward.room("oak"))
    ward.parts.store.write(directory.follow, ward.parts.directory.resources(), clock.now())
    assert "deleted in the Directory" in ward.only("oak", "calendar").says


@pytest.mark.parametrize(("role", "says"), [("reader", "only be read"), ("freeBusyReader", "only its busy times")])
def test_room_that_may_not_be_booked_is_a_failure(ward: Ward, role: str, says: str) -> None:
    ward.google.world.share(ward.room("oak"), SERVICE_USER, role)
    ill = ward.ill()
    assert ill.keys() == {("oak", "role"), ("oak", "private")}
    assert (ill["oak", "role"].verdict, says in ill["oak", "role"].says) == ("fail", True)


def test_writer_without_access_to_private_events_is_warned_of(ward: Ward) -> None:
    ward.google.world.share(ward.room("oak"), SERVICE_USER, "writerWithoutPrivateAccess")
    assert ward.only("oak", "private").verdict == "warn"


def test_room_that_does_not_answer_is_warned_of(ward: Ward) -> None:
    ward.google.world.set_auto_accept(ward.room("oak"), False)
    assert "Auto-accept" in ward.only("oak", "answers").repair


def test_room_in_another_zone_than_its_calendar_is_warned_of(ward: Ward) -> None:
    real = ward.practice.calendars
    moved = Elsewhere(real, ward.room("oak"))
    found = replace(ward, practice=replace(ward.practice, calendars=moved)).only("oak", "zone")
    assert found.paste == ("kiosk rooms sync oak",)


def test_room_in_another_zone_than_its_building_is_warned_of(ward: Ward) -> None:
    address = ward.google.world.add_room("Ash", building="BER", floor="1", zone_name="UTC")
    odd = replace(room_named("Ash"), zone=clock.zone("UTC"), building="Berlin")
    ward.parts.store.write(rooms.add_linked, odd, address, clock.now(), listed=True)
    found = ward.only("ash", "zone")
    assert ("most rooms of Berlin" in found.says, found.paste[-1]) == (True, "Europe/Berlin")


def test_people_for_whom_nobody_may_act_matter_only_where_names_are_taken(ward: Ward) -> None:
    key = ward.google.credentials()
    ward.write(ward.google.authorized_user(ADMIN, ALL_SCOPES))
    assert ward.ill() == {}
    ward.parts.store.write(policies.change, None, {"names": "yes"})
    assert ward.only("Google", "delegation").verdict == "warn"
    ward.write(key)
    assert ward.ill() == {}


def test_suspended_people_do_not_stand_for_those_who_book_in_their_own_name(ward: Ward) -> None:
    for number in range(4):
        ward.google.world.add_person(f"aa{number}@kiosk.example", f"Gone {number}", suspended=True)
    ward.parts.store.write(policies.change, None, {"names": "yes"})
    members = ward.parts.directory.people()
    assert [one.suspended for one in members[:5]] == [True, True, True, True, False]
    assert ward.ill() == {}


def test_visit_leaves_the_bookings_their_requests_and_waits_for_its_own(ward: Ward) -> None:
    calls: list[int] = []

    def passing() -> datetime:
        """Ten seconds pass with every look at the clock."""
        calls.append(1)
        return MONDAY + timedelta(seconds=10 * len(calls))

    parts = replace(ward.parts, budget=Budget(10, 1000))
    for _ in range(9):
        parts.budget.spend(MONDAY)
    practice = assembly.practice(parts, passing)
    assert practice.calendars.describe(ward.room("oak")).name
    assert len(calls) > 2
    refused = replace(parts, budget=Budget(10, 10))
    for _ in range(10):
        refused.budget.spend(MONDAY)
    with pytest.raises(RateLimited):
        assembly.practice(refused, lambda: MONDAY).calendars.describe(ward.room("oak"))


def test_address_without_https_is_told_with_the_right_one(ward: Ward) -> None:
    found = ward.again(public_url="http://rooms.kiosk.example").findings()
    assert {one.verdict for one in found} == {"pass"}  # a stand-in takes http
    practice = replace(ward.practice, public_url="http://rooms.kiosk.example", hook="")
    assert replace(ward, practice=practice).only("Google", "push").paste == (
        "KIOSK_PUBLIC_URL=https://rooms.kiosk.example",
    )


def test_room_whose_changes_google_does_not_announce_says_why(ward: Ward) -> None:
    with ward.parts.store.read() as db:
        number = rooms.by_slug(db, "oak").id
    ward.parts.store.write(channels.refused, number, "No push for this one.", clock.now(), clock.now())
    assert "No push for this one." in ward.only("oak", "push").says


@pytest.mark.parametrize(("left", "verdict"), [((9, 50), "warn"), ((9, 0), "fail"), ((0, 900), "fail")])
def test_requests_that_run_out_are_told(ward: Ward, left: tuple[int, int], verdict: str) -> None:
    practice = replace(ward.practice, left=lambda: left, per_day=1000)
    assert replace(ward, practice=practice).only("Google", "quota").verdict == verdict


def test_service_account_that_acts_for_nobody_needs_only_shared_rooms(ward: Ward) -> None:
    for slug in ("elm", "fir", "oak"):
        ward.google.world.share(ward.room(slug), ACCOUNT, "writer")
    alone = ward.again(google_subject="", google_admin_subject="")
    ill = alone.ill()
    assert {key: one.verdict for key, one in ill.items()} == {
        ("Google", "directory"): "warn",
        ("Google", "people"): "warn",
    }
    ward.google.world.share(ward.room("oak"), ACCOUNT, "none")
    assert alone.ill()["oak", "calendar"].paste[-1] == ACCOUNT


def test_each_failure_has_words_of_its_own(ward: Ward) -> None:
    said: set[str] = set()
    acts: list[Callable[[], object]] = [
        lambda: ward.google.world.share(ward.room("oak"), SERVICE_USER, "none"),
        lambda: ward.google.world.share(ward.room("oak"), SERVICE_USER, "reader"),
        lambda: ward.google.world.share(ward.room("oak"), SERVICE_USER, "freeBusyReader"),
        lambda: ward.google.world.set_auto_accept(ward.room("oak"), False),
        lambda: ward.google.world.delegate(*CALENDAR_SCOPES),
        ward.google.world.delegate,
    ]
    for act in acts:
        act()
        now = {one.says for one in ward.ill().values()}
        assert now - said
        said |= now


def test_report_is_kept(ward: Ward) -> None:
    assert report.last(ward.parts.store) is None
    made = report.Report(clock.now().replace(microsecond=0), tuple(ward.findings()))
    report.keep(ward.parts.store, made)
    assert report.last(ward.parts.store) == made


@dataclass
class Elsewhere:
    """The same calendars, but one says it is in Lisbon."""

    source: Any
    calendar_id: str

    def describe(self, calendar_id: str) -> Calendar:
        found: Calendar = self.source.describe(calendar_id)
        return replace(found, zone="Europe/Lisbon") if calendar_id == self.calendar_id else found
