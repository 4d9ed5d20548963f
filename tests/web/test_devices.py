"""Devices at the server: enrolled by whoever administers it, let in to their own display, and revoked."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from kiosk import app, clock
from kiosk.store import acts, devices
from kiosk.store.tokens import digest
from tests.fakes import StillClock
from tests.web.visitors import Reception, Visitor

TOKEN = "a-token-that-a-machine-has-made-itself-00000"
OAK = {"name": "Oak's door", "display": "door", "slug": "oak", "serial": "pi-1", "token_sha256": digest(TOKEN)}


def enrol(reception: Reception, **more: str) -> Any:
    return reception.program().post_json("/api/v1/devices", OAK | more)


def machine(reception: Reception, token: str = TOKEN) -> Visitor:
    """Return the machine that keeps that token."""
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    return Visitor(reception.server.web.test_client(), headers=headers)


def test_enrolled_machine_is_let_in_with_the_token_that_only_it_knows(reception: Reception) -> None:
    assert machine(reception).get("/api/v1/device").json["reason"] == "unknown"
    made = enrol(reception)
    assert made.status_code == 201, made.text
    told = machine(reception).get("/api/v1/device").json
    assert (told["name"], told["path"], told["rooms"]) == ("Oak's door", "/door/oak", ["oak"])
    with reception.parts.store.read() as db:
        assert db.execute_sql("SELECT hash FROM device").fetchall() == [(digest(TOKEN),)]


def test_same_machine_enrolled_again_is_the_same_device(reception: Reception) -> None:
    first = enrol(reception).json["id"]
    again = enrol(reception, display="doors", slug="oak+elm")
    assert (again.status_code, again.json["id"], again.json["path"]) == (200, first, "/doors/oak+elm")
    other_card = enrol(reception, token_sha256=digest("another"))
    assert (other_card.status_code, other_card.json["id"]) == (200, first)
    assert machine(reception).get("/api/v1/device").status_code == 401
    assert machine(reception, "another").get("/api/v1/device").status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"display": "window"},
        {"slug": "ash"},
        {"display": "doors", "slug": "oak+oak"},
        {"display": "lobby", "slug": "none"},
        {"display": "floor", "slug": "none"},
        {"token_sha256": TOKEN},
        {"name": ""},
    ],
)
def test_device_that_makes_no_sense_is_refused(reception: Reception, wrong: dict[str, str]) -> None:
    assert enrol(reception, **wrong).status_code == 422


def test_revoked_token_is_not_enrolled_again(reception: Reception) -> None:
    number = enrol(reception).json["id"]
    assert reception.program().ask("DELETE", f"/api/v1/devices/{number}").json["revoked_at"]
    assert enrol(reception).json["reason"] == "revoked"
    assert enrol(reception, token_sha256=digest("fresh")).json["revoked_at"] is None
    assert machine(reception, "fresh").get("/api/v1/device").status_code == 200


def test_revoked_machine_is_told_that_it_is(reception: Reception) -> None:
    number = enrol(reception).json["id"]
    reception.program().ask("DELETE", f"/api/v1/devices/{number}")
    for path in ("/api/v1/device", "/api/v1/rooms/oak", "/door/oak"):
        answer = machine(reception).get(path)
        assert (answer.status_code, answer.json["type"]) == (401, "urn:kiosk:problem:revoked"), path


def test_forgotten_machine_is_a_stranger(reception: Reception) -> None:
    number = enrol(reception).json["id"]
    assert reception.program().ask("DELETE", f"/api/v1/devices/{number}?forget=1").status_code == 204
    assert machine(reception).get("/api/v1/device").json["reason"] == "unknown"
    assert reception.program().get(f"/api/v1/devices/{number}").status_code == 404


def test_device_is_sent_to_its_own_display_and_sees_no_other(reception: Reception) -> None:
    browser = reception.device("door", "oak")
    for path in ("/", "/door/elm", "/lobby/all"):
        answer = browser.get(path)
        assert (answer.status_code, answer.headers["Location"]) == (302, "/door/oak"), path
    assert browser.get("/door/oak").status_code == 200
    json_only = {"headers": {"Accept": "application/json"}}
    assert browser.get("/door/oak", **json_only).status_code == 200
    assert browser.get("/door/elm", **json_only).json["reason"] == "not_yours"


def test_device_acts_in_its_own_rooms_only(reception: Reception) -> None:
    for browser, own, other in (
        (reception.device("door", "oak"), ["oak"], "elm"),
        (reception.device("door", "elm"), ["elm"], "oak"),
        (reception.device("doors", "oak+elm"), ["oak", "elm"], "ash"),
        (reception.device("lobby", "all"), ["oak", "elm"], "ash"),
    ):
        assert [browser.get(f"/api/v1/rooms/{slug}").status_code for slug in own] == [200] * len(own)
        for path in ("", "/schedule", "/alternatives", "/link", "/problems"):
            assert browser.get(f"/api/v1/rooms/{other}{path}").status_code == 403, path
        for path in ("bookings", "presence", "problems"):
            assert browser.post_json(f"/api/v1/rooms/{other}/{path}", {"minutes": 15}).status_code == 403, path


def test_device_reads_nothing_that_is_not_on_its_glass(reception: Reception) -> None:
    browser = reception.device("lobby", "all")
    for path in ("rooms", "acts", "notices", "people?q=pa", "rooms/oak/services", "devices"):
        assert browser.get(f"/api/v1/{path}").status_code == 403, path


def test_door_books_the_room_that_it_has_offered_and_takes_that_back(reception: Reception) -> None:
    browser = reception.device("door", "oak")
    assert browser.post_json("/api/v1/rooms/elm/bookings", {"minutes": 15}).status_code == 403
    offered = browser.get("/api/v1/rooms/oak/alternatives").json["alternatives"]
    assert [one["room"] for one in offered] == ["elm"]
    made = browser.post_json("/api/v1/rooms/elm/bookings", {"minutes": 15})
    assert made.status_code == 201, made.text
    assert browser.get("/api/v1/rooms/elm/schedule").status_code == 403
    assert browser.ask("DELETE", "/api/v1/bookings/other?room=elm").status_code == 403
    assert browser.ask("DELETE", f"/api/v1/bookings/{made.json['id']}?room=elm").status_code == 200


def test_what_one_door_was_offered_is_no_other_doors(reception: Reception) -> None:
    oak, other = reception.device("door", "oak"), reception.device("lobby", "all")
    oak.get("/api/v1/rooms/oak/alternatives")
    reception.parts.store.write(devices.change, 2, "The other", "door", "oak")
    assert other.post_json("/api/v1/rooms/elm/bookings", {"minutes": 15}).status_code == 403


def test_device_that_shows_something_else_by_now_loses_what_it_showed(reception: Reception) -> None:
    browser = reception.device("door", "oak")
    said = {"display": "door", "slug": "elm"}
    assert reception.program().ask("PATCH", "/api/v1/devices/1", json=said).json["path"] == "/door/elm"
    assert browser.get("/").headers["Location"] == "/door/elm"
    assert browser.get("/api/v1/rooms/oak").status_code == 403


def test_page_of_another_site_changes_no_device(reception: Reception) -> None:
    headers = {"Origin": "https://evil.example"}
    assert reception.program().ask("POST", "/api/v1/devices", json=OAK, headers=headers).status_code == 403
    enrol(reception)
    fresh = {"next_sha256": digest("next")}
    assert machine(reception).ask("POST", "/api/v1/device/token", json=fresh, headers=headers).status_code == 403


def test_everything_done_to_a_device_is_in_the_log_of_acts(reception: Reception) -> None:
    number = enrol(reception).json["id"]
    program = reception.program()
    program.ask("PATCH", f"/api/v1/devices/{number}", json={"name": "Door 1"})
    program.ask("DELETE", f"/api/v1/devices/{number}")
    program.ask("DELETE", f"/api/v1/devices/{number}?forget=1")
    with reception.parts.store.read() as db:
        found = acts.recent(db)
    assert [one.act for one in found] == ["forget_device", "revoke_device", "edit_device", "enrol_device"]
    assert found[2].detail["name"] == "Oak's door → Door 1"
    assert digest(TOKEN) not in "".join(str(one.detail) for one in found)


def test_device_does_otherwise_than_its_rooms_where_that_is_said(reception: Reception) -> None:
    browser, program = reception.device("door", "oak"), reception.program()
    assert 'data-light="' not in browser.get("/door/oak").text
    said = {"settings": {"theme": "dark", "light": "Mon-Fri 06:30-20:00"}}
    changed = program.ask("PATCH", "/api/v1/devices/1", json=said)
    assert changed.json["settings"] == said["settings"]
    page = browser.get("/door/oak").text
    assert ('data-theme="dark"' in page, 'data-light="Mon-Fri 06:30-20:00"' in page) == (True, True)
    assert 'data-light="' not in reception.device("door", "oak").get("/door/oak").text
    again = program.ask("PATCH", "/api/v1/devices/1", json={"settings": {"light": ""}})
    assert again.json["settings"] == {"theme": "dark"}
    wrong = program.ask("PATCH", "/api/v1/devices/1", json={"settings": {"light": "at noon"}})
    assert (wrong.status_code, "light cannot be" in wrong.json["detail"]) == (422, True)


@pytest.fixture
def still() -> StillClock:
    """A clock that begins where the visitors' sessions do."""
    return StillClock(clock.now().replace(microsecond=0))


@pytest.fixture
def moving(reception: Reception, still: StillClock) -> Reception:
    """The same server by a clock that tests move."""
    return Reception(reception.parts, app.build(reception.parts, still))


def test_next_token_is_current_from_its_first_use_and_the_old_one_dies_a_day_later(
    moving: Reception, still: StillClock
) -> None:
    enrol(moving)
    assert machine(moving).post_json("/api/v1/device/token", {"next_sha256": digest("next")}).status_code == 200
    still.advance(days=3)
    assert machine(moving).get("/api/v1/device").status_code == 200  # nobody has used the next one yet
    assert machine(moving, "next").get("/api/v1/device").status_code == 200
    still.advance(hours=23)
    assert [machine(moving, one).get("/api/v1/device").status_code for one in (TOKEN, "next")] == [200, 200]
    still.advance(hours=2)
    assert [machine(moving, one).get("/api/v1/device").status_code for one in (TOKEN, "next")] == [401, 200]


def test_token_of_another_device_is_no_next_one(reception: Reception) -> None:
    enrol(reception)
    taken = digest(reception.token_of())
    answer = machine(reception).post_json("/api/v1/device/token", {"next_sha256": taken})
    assert answer.status_code == 422


def test_rotation_is_due_after_90_days_or_when_somebody_asks(moving: Reception, still: StillClock) -> None:
    number = enrol(moving).json["id"]

    def is_due() -> bool:
        with moving.parts.store.read() as db:
            return devices.find(db, number).rotates(still())

    assert not is_due()
    moving.parts.store.write(devices.rotate, number)
    assert is_due()
    machine(moving).post_json("/api/v1/device/token", {"next_sha256": digest("next")})
    machine(moving, "next").get("/api/v1/device")
    assert not is_due()
    still.advance(days=90)
    assert is_due()


def test_browsers_cookie_is_a_token_of_a_device_whatever_it_is_called(reception: Reception) -> None:
    client: FlaskClient = reception.server.web.test_client()
    client.set_cookie("__Host-kiosk_device", reception.token_of())
    assert client.get("/", headers={"Accept": "text/html"}).headers["Location"] == "/door/oak"
