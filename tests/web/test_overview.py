"""The overview and the doctor's page: what is so, as of when, and who sees it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from kiosk import app, assembly, clock, settings
from kiosk.emulator.server import Emulator
from kiosk.schedule.model import Room
from kiosk.store import mirror, rooms
from tests.running import ADMIN, SERVICE_USER, wait_for
from tests.web.visitors import Reception

WORLD = {"domain": "kiosk.example", "rooms": [{"name": "Oak"}, {"name": "Elm"}]}


@pytest.fixture
def google() -> Iterator[Emulator]:
    with Emulator(WORLD) as emulator:
        yield emulator


@pytest.fixture
def house(google: Emulator, tmp_path: Path) -> Iterator[Reception]:
    """A connected server with two linked rooms, of which one was read; its loops do not run."""
    google.write_credentials(tmp_path / "key.json")
    given = {
        "database_url": f"sqlite:///{tmp_path / 'kiosk.db'}",
        "google_credentials": str(tmp_path / "key.json"),
        "google_subject": SERVICE_USER,
        "google_admin_subject": ADMIN,
        "google_endpoint": google.url,
        "async_mode": "threading",
    }
    with closing(assembly.open_parts(settings.load({}, **given))) as parts:
        for resource in parts.directory.resources():
            room = Room(resource.name.lower(), resource.name, clock.zone("Europe/Berlin"), "Berlin")
            stored = parts.store.write(rooms.add_linked, room, resource.calendar_id, clock.now(), listed=True)
            if resource.name == "Oak":
                span = (clock.now(), clock.now() + timedelta(days=7))
                parts.store.write(mirror.commit_full, stored.id, 0, [], "cursor", span, clock.now())
        yield Reception(parts, app.build(parts))


def test_overview_names_domain_rooms_and_what_is_wrong(house: Reception) -> None:
    page = house.account("admin").get("/admin/")
    assert page.status_code == 200
    for words in ("kiosk.example", "Linked rooms", "Last update received", "Not synchronised yet.", "Elm"):
        assert words in page.text, words


def test_state_is_there_for_programs_too(house: Reception) -> None:
    told = house.account("viewer").get("/admin/status.json").get_json()
    assert (told["domain"], told["linked"], told["rooms"], told["connected"]) == ("kiosk.example", 2, 2, True)
    assert [(one["room"], one["reason"]) for one in told["troubles"]] == [("elm", "Not synchronised yet.")]
    assert told["updated_at"]
    assert (told["journal"], told["screens"]) == ({"waiting": 0, "since": None}, 0)


def test_failure_is_shown_with_its_reason_and_gone_when_mended(house: Reception) -> None:
    viewer = house.account("viewer")
    with house.parts.store.read() as db:
        oak = rooms.by_slug(db, "oak")
    house.parts.store.write(mirror.failed, oak.id, "Google cannot be reached.", clock.now())
    assert "Google cannot be reached." in viewer.get("/admin/overview.part").text
    span = (clock.now(), clock.now() + timedelta(days=7))
    house.parts.store.write(mirror.commit_full, oak.id, 0, [], "cursor", span, clock.now())
    assert "Google cannot be reached." not in viewer.get("/admin/overview.part").text


def test_manager_sees_the_problems_of_own_rooms_only(house: Reception) -> None:
    assert house.account("manager", "oak").get("/admin/status.json").get_json()["troubles"] == []
    other = house.account("manager", "elm", email="m2@kiosk.example")
    assert [one["room"] for one in other.get("/admin/status.json").get_json()["troubles"]] == ["elm"]


def test_caterer_has_no_overview(house: Reception) -> None:
    assert house.account("caterer").get("/admin/").status_code == 403


def test_doctor_is_called_from_the_page_and_its_report_stays(house: Reception, google: Emulator) -> None:
    anna = house.account("admin")
    assert "has not been here yet" in anna.get("/admin/doctor").text
    assert anna.get("/admin/doctor.json").status_code == 404
    with house.parts.store.read() as db:
        elm = rooms.by_slug(db, "elm").calendar_id or ""
    google.world.share(elm, SERVICE_USER, "reader")
    anna.post("/admin/doctor")
    report = wait_for(lambda: anna.get("/admin/doctor.json").get_json().get("findings"))
    assert [one["check"] for one in report if one["verdict"] == "fail"] == ["role"]
    page = anna.get("/admin/doctor").text
    assert "it can only be read" in page
    assert f"<code>{SERVICE_USER}</code>" in page


def test_only_administrators_call_the_doctor(house: Reception) -> None:
    assert house.account("viewer").get("/admin/doctor").status_code == 403
    assert house.account("manager").post("/admin/doctor").status_code == 403
