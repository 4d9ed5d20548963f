"""Who asks decides what may be done: a panel, a program, or a person who typed a PIN or signed in with Google."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from flask.testing import FlaskClient

from kiosk import app, assembly, clock, settings
from kiosk.emulator.server import Emulator
from kiosk.schedule.model import Room
from kiosk.store import accounts, acts, pins, policies, rooms, tokens

ANNA, WORLD = (
    "anna@kiosk.example",
    {
        "domain": "kiosk.example",
        "people": [{"email": "anna@kiosk.example", "name": "Anna"}],
        "rooms": [{"name": "Oak"}],
    },
)


@pytest.fixture
def google() -> Iterator[Emulator]:
    with Emulator(WORLD) as emulator:
        yield emulator


@pytest.fixture
def parts(tmp_path: Path, google: Emulator) -> Iterator[assembly.Parts]:
    file = tmp_path / "client.json"
    file.write_text(json.dumps(google.client.as_file("https://elsewhere.example")))
    chosen = settings.load(
        {},
        database_url=f"sqlite:///{tmp_path / 'kiosk.db'}",
        async_mode="threading",
        open_displays="1",
        sign_in_client=str(file),
        sign_in_domains="kiosk.example",
        google_endpoint=google.url,
    )
    opened = assembly.open_parts(chosen)
    opened.store.write(rooms.add, Room("oak", "Oak", clock.zone("Europe/Berlin")))
    opened.store.write(policies.change, None, {"names": "yes"})
    pins.set_pin(opened.store, ANNA, "4711")
    yield opened
    opened.store.close()


@pytest.fixture
def client(parts: assembly.Parts) -> FlaskClient:
    return app.build(parts).web.test_client()


def actors(client: FlaskClient, parts: assembly.Parts) -> list[str]:
    token = parts.store.write(tokens.create, "office", clock.now())
    answer = client.get("/api/v1/acts", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    return [one["actor"] for one in answer.json["acts"]]


def sign_in(client: FlaskClient, person: str = ANNA) -> int:
    page = client.get("/sign-in?next=/door/oak").headers["Location"]
    back = requests.post(page, data={"person": person}, allow_redirects=False, timeout=10).headers["Location"]
    parts = urlsplit(back)
    return client.get(f"{parts.path}?{parts.query}").status_code


def test_panel_books_for_nobody(client: FlaskClient, parts: assembly.Parts) -> None:
    assert client.post("/api/v1/rooms/oak/bookings", json={"minutes": 15}).status_code == 201
    assert actors(client, parts) == ["panel"]


def test_name_with_its_pin_books_in_that_name(client: FlaskClient, parts: assembly.Parts) -> None:
    named = {"minutes": 15, "as": {"person": ANNA, "pin": "4711"}}
    assert client.post("/api/v1/rooms/oak/bookings", json=named).status_code == 201
    assert actors(client, parts) == [f"person:{ANNA}"]


def test_pin_does_for_a_booking_whose_room_is_not_named(client: FlaskClient) -> None:
    named, later = {"as": {"person": ANNA, "pin": "4711"}}, clock.now().replace(microsecond=0) + timedelta(hours=1)
    now = client.post("/api/v1/rooms/oak/bookings", json={"minutes": 15, **named})
    assert client.post(f"/api/v1/bookings/{now.json['id']}/end", json=named).status_code == 200
    next_ = client.post("/api/v1/rooms/oak/bookings", json={"start": clock.iso(later), "minutes": 15, **named})
    assert client.delete(f"/api/v1/bookings/{next_.json['id']}").status_code == 403
    assert client.delete(f"/api/v1/bookings/{next_.json['id']}", json=named).status_code == 200


def test_wrong_pins_are_refused_logged_and_soon_not_looked_at(client: FlaskClient, parts: assembly.Parts) -> None:
    named = {"minutes": 15, "as": {"person": ANNA, "pin": "0000"}}
    codes = [client.post("/api/v1/rooms/oak/bookings", json=named).status_code for _ in range(6)]
    assert codes == [403] * 5 + [429]
    with parts.store.read() as db:
        logged = [(one.act, one.reason, one.detail["person"]) for one in acts.recent(db)]
    assert logged == [("sign", "wrong_pin", ANNA)] * 5


def test_pins_are_not_tried_on_one_person_after_the_other(client: FlaskClient, parts: assembly.Parts) -> None:
    def try_(number: int, pin: str) -> int:
        named = {"minutes": 15, "as": {"person": f"p{number}@kiosk.example", "pin": pin}}
        return client.post("/api/v1/rooms/oak/bookings", json=named).status_code

    pins.set_pin(parts.store, "p1@kiosk.example", "4711")
    codes = [try_(number, "0000") for number in range(2, 16)]
    assert (try_(1, "4711"), set(codes)) == (201, {403})
    assert [try_(number, "0000") for number in range(2, 13)] == [403] * 10 + [429]


def test_room_for_people_only_asks_who_it_is(client: FlaskClient, parts: assembly.Parts) -> None:
    parts.store.write(policies.change, None, {"bookable": "people"})
    refused = client.post("/api/v1/rooms/oak/bookings", json={"minutes": 15})
    assert (refused.status_code, refused.json["reason"]) == (403, "people_only")
    named = {"minutes": 15, "as": {"person": ANNA, "pin": "4711"}}
    assert client.post("/api/v1/rooms/oak/bookings", json=named).status_code == 201


def test_names_are_offered_only_where_an_administrator_allows_it(client: FlaskClient, parts: assembly.Parts) -> None:
    assert [one["email"] for one in client.get("/api/v1/people?q=an").json["people"]] == [ANNA]
    parts.store.write(policies.change, None, {"names": None})
    assert client.get("/api/v1/people?q=an").json["people"] == []
    named = {"minutes": 15, "as": {"person": ANNA, "pin": "4711"}}
    assert client.post("/api/v1/rooms/oak/bookings", json=named).json["reason"] == "no_names"


def test_who_has_signed_in_books_and_ends_in_their_own_name(client: FlaskClient, parts: assembly.Parts) -> None:
    assert sign_in(client) == 302
    assert client.get("/api/v1/me").json["person"]["email"] == ANNA
    made = client.post("/api/v1/rooms/oak/bookings", json={"minutes": 15}).json
    stranger = app.build(parts).web.test_client()
    assert stranger.post(f"/api/v1/bookings/{made['id']}/end", json={"room": "oak"}).status_code == 403
    assert client.post(f"/api/v1/bookings/{made['id']}/end", json={"room": "oak"}).status_code == 200
    assert client.post("/sign-out").status_code == 403
    client.post("/sign-out", headers={"X-CSRF-Token": client.get("/api/v1/me").json["person"]["csrf"]})
    assert client.get("/api/v1/me").json["person"] is None


def test_account_is_entered_with_google_too(client: FlaskClient, parts: assembly.Parts) -> None:
    parts.store.write(accounts.add, ANNA, "", "admin", (), clock.now())
    assert "Sign in with Google" in client.get("/admin/log-in").text
    sign_in(client)
    assert client.get("/admin/people").status_code == 200
    assert actors(client, parts) == [ANNA]


def test_person_without_an_account_learns_who_can_help(client: FlaskClient) -> None:
    sign_in(client)
    assert client.get("/admin/people").status_code == 403
    assert f"signed in as {ANNA}, who has no account" in client.get("/admin/log-in").text


def test_closed_server_offers_people_to_sign_in(client: FlaskClient, parts: assembly.Parts) -> None:
    closed = app.build(replace(parts, settings=replace(parts.settings, open_displays=False))).web.test_client()
    page = closed.get("/door/oak", headers={"Accept": "text/html"})
    assert (page.status_code, "/sign-in?next=/door/oak" in page.text) == (401, True)
    assert sign_in(closed) == 302
    assert closed.get("/door/oak", headers={"Accept": "text/html"}).status_code == 200


def test_sign_in_that_another_browser_began_is_refused(client: FlaskClient, parts: assembly.Parts) -> None:
    page = client.get("/sign-in").headers["Location"]
    back = requests.post(page, data={"person": ANNA}, allow_redirects=False, timeout=10).headers["Location"]
    other = app.build(parts).web.test_client()
    assert other.get(f"{urlsplit(back).path}?{urlsplit(back).query}").status_code == 400


def test_sign_in_leads_nowhere_outside(client: FlaskClient) -> None:
    for address in ("https://elsewhere.example", "//elsewhere.example", "/\\elsewhere.example", "\t//x"):
        page = client.get("/sign-in", query_string={"next": address}).headers["Location"]
        back = urlsplit(
            requests.post(page, data={"person": ANNA}, allow_redirects=False, timeout=10).headers["Location"]
        )
        assert client.get(f"{back.path}?{back.query}").headers["Location"] == "/"


def test_log_of_acts_is_for_programs_with_a_token(client: FlaskClient) -> None:
    assert client.get("/api/v1/acts").status_code == 403


def test_somebody_in_the_room_checks_the_booking_in(client: FlaskClient, parts: assembly.Parts) -> None:
    parts.store.write(policies.change, None, {"check-in": "own"})
    begins = clock.now().replace(second=0, microsecond=0) + timedelta(minutes=3)
    made = client.post("/api/v1/rooms/oak/bookings", json={"minutes": 15, "start": clock.iso(begins)}).json
    assert client.post("/api/v1/rooms/oak/presence").json == {"checked_in": made["id"]}
    assert client.post("/api/v1/rooms/oak/presence").json == {"checked_in": None}
    period = {"from": clock.iso(begins), "to": clock.iso(begins + timedelta(hours=1))}
    [shown] = client.get("/api/v1/rooms/oak/schedule", query_string=period).json["bookings"]
    assert shown["attended"] is True
