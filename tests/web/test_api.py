"""The API by itself: bad requests are refused with the field, and rooms tell what they know."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from kiosk import app, assembly, clock, settings
from kiosk.schedule.model import Room
from kiosk.store import policies, rooms


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[assembly.Parts]:
    chosen = settings.load(
        {}, database_url=f"sqlite:///{tmp_path / 'kiosk.db'}", async_mode="threading", open_displays="1"
    )
    opened = assembly.open_parts(chosen)
    for name in ("Oak", "Elm"):
        opened.store.write(rooms.add, Room(name.lower(), name, clock.zone("Europe/Berlin"), "HQ", "1", 4))
    yield opened
    opened.store.close()


@pytest.fixture
def client(parts: assembly.Parts) -> FlaskClient:
    return app.build(parts).web.test_client()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (None, "body"),
        ([], "body"),
        ({}, "minutes"),
        ({"minutes": 0}, "minutes"),
        ({"minutes": "30"}, "minutes"),
        ({"minutes": True}, "minutes"),
        ({"minutes": 30, "until": "2026-08-10T10:00:00Z"}, "minutes"),
        ({"until": "ten o'clock"}, "until"),
        ({"until": "2026-08-10T10:00:00"}, "until"),
        ({"minutes": 30, "start": "2001-01-01T00:00:00Z"}, "start"),
        ({"minutes": 1}, "minutes"),
        ({"minutes": 1000}, "minutes"),
        ({"minutes": 30, "start": "2130-01-01T00:00:00Z"}, "start"),
        ({"minutes": 30, "title": ["a"]}, "title"),
        ({"minutes": 30, "title": "a" * 201}, "title"),
        ({"minutes": 30, "title": "half a sign: \ud800"}, "title"),
        ({"minutes": 30, "title": "a\x00b"}, "title"),
        ({"minutes": 30, "start": "9999-12-31T23:59:59Z"}, "start"),
        ({"until": "0001-01-01T00:00:00Z"}, "until"),
    ],
)
def test_bad_wish_is_refused_with_the_field(client: FlaskClient, body: Any, field: str) -> None:
    answer = client.post("/api/v1/rooms/oak/bookings", json=body)
    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    assert answer.get_json(force=True)["field"] == field


def test_body_nested_without_end_is_refused(client: FlaskClient) -> None:
    answer = client.post("/api/v1/rooms/oak/bookings", data="[" * 60_000, content_type="application/json")
    assert answer.status_code == 422


def test_local_room_is_booked_ended_and_free_again(client: FlaskClient) -> None:
    made = client.post("/api/v1/rooms/oak/bookings", json={"minutes": 30, "title": "Stand-up"})
    assert made.status_code == 201
    assert client.get("/api/v1/rooms/oak").get_json()["current"]["title"] == "Stand-up"
    second = client.post("/api/v1/rooms/oak/bookings", json={"minutes": 15})
    assert second.status_code == 409
    assert second.get_json(force=True)["reason"] == "taken"
    assert client.post(f"/api/v1/bookings/{made.get_json()['id']}/end", json={}).status_code == 200
    assert client.get("/api/v1/rooms/oak").get_json()["status"] == "free"


def test_refusal_of_a_taken_room_names_a_free_one(client: FlaskClient) -> None:
    client.post("/api/v1/rooms/oak/bookings", json={"minutes": 30})
    refused = client.post("/api/v1/rooms/oak/bookings", json={"minutes": 15}).get_json(force=True)
    assert [one["room"] for one in refused["alternatives"]] == ["elm"]


def hurrying(start: datetime, looks: Iterator[int]) -> datetime:
    return start + timedelta(seconds=next(looks))


def test_refusal_names_a_free_room_whenever_its_minute_ends(client: FlaskClient, parts: assembly.Parts) -> None:
    client.post("/api/v1/rooms/oak/bookings", json={"minutes": 60})
    full = clock.now().replace(second=0, microsecond=0) + timedelta(minutes=3)
    for seconds in range(20):
        # Every look at the clock takes a second, and somewhere between two of them the minute ends.
        hurried = app.build(parts, partial(hurrying, full - timedelta(seconds=seconds), count()))
        assert refused(hurried.web.test_client(), "rooms/oak/bookings", minutes=15) == (409, "taken", ["elm"])


def test_refusal_speaks_the_language_of_the_page(client: FlaskClient) -> None:
    client.post("/api/v1/rooms/oak/bookings", json={"minutes": 30})
    german = client.post("/api/v1/rooms/oak/bookings", json={"minutes": 15}, headers={"Accept-Language": "de"})
    english = client.post("/api/v1/rooms/oak/bookings", json={"minutes": 15}, headers={"Accept-Language": "en"})
    assert german.get_json(force=True)["detail"] != english.get_json(force=True)["detail"]


def test_schedule_lists_the_bookings_of_a_stretch(client: FlaskClient) -> None:
    client.post("/api/v1/rooms/oak/bookings", json={"minutes": 30})
    assert len(client.get("/api/v1/rooms/oak/schedule").get_json()["bookings"]) == 1
    empty = client.get("/api/v1/rooms/oak/schedule?from=2001-01-01T00:00:00Z&to=2001-01-02T00:00:00Z")
    assert empty.get_json()["bookings"] == []
    for when in ("yesterday", "0001-01-01T00:00:00Z", "9999-12-31T00:00:00Z"):
        assert client.get(f"/api/v1/rooms/oak/schedule?from={when}").status_code == 422
    assert client.get("/api/v1/rooms/oak/schedule?from=2001-01-01T00:00:00Z&to=2002-01-01T00:00:00Z").status_code == 422


def test_what_is_not_here_is_said_as_a_problem(client: FlaskClient) -> None:
    for path in ("/api/v1/rooms/yew", "/api/v1/nothing"):
        answer = client.get(path)
        assert (answer.status_code, answer.content_type) == (404, "application/problem+json")
    assert client.post("/api/v1/bookings/nobody/end", json={}).status_code == 404
    assert client.put("/api/v1/rooms/oak").status_code == 405


def test_page_of_another_site_cannot_book(client: FlaskClient) -> None:
    headers = {"Origin": "https://elsewhere.example"}
    answer = client.post("/api/v1/rooms/oak/bookings", json={"minutes": 30}, headers=headers)
    assert answer.status_code == 403


def test_unknown_door_is_a_page_that_says_what_to_do(client: FlaskClient) -> None:
    answer = client.get("/door/yew", headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert "<main" in answer.text


def test_a_page_names_its_display_room_version_and_status(client: FlaskClient) -> None:
    page = client.get("/door/oak", headers={"Accept": "text/html"}).text
    version = client.get("/door/oak", headers={"Accept": "application/json"}).get_json()["version"]
    for hook in ('data-display="door"', 'data-slug="oak"', f'data-version="{version}"', 'data-status="free"'):
        assert hook in page
    board = client.get("/lobby/all", headers={"Accept": "text/html"}).text
    assert 'data-room="oak"' in board


def refused(client: FlaskClient, path: str, **body: Any) -> tuple[int, str, list[str]]:
    """Ask for something that cannot be had; return the status, the reason and the rooms that are free instead."""
    answer = client.post(f"/api/v1/{path}", json=body)
    told = answer.get_json(force=True)
    return answer.status_code, told["reason"], [one["room"] for one in told["alternatives"]]


def change(parts: assembly.Parts, slug: str, **words: str) -> None:
    with parts.store.read() as db:
        stored = rooms.by_slug(db, slug)
    parts.store.write(policies.change, stored.id, {name.replace("_", "-"): value for name, value in words.items()})


def test_closed_room_names_one_that_is_open(client: FlaskClient, parts: assembly.Parts) -> None:
    today = clock.now().astimezone(clock.zone("Europe/Berlin")).strftime("%a")
    change(parts, "oak", hours=f"{'Tue' if today in {'Mon', 'Sun'} else 'Mon'} 03:00-03:01")
    assert refused(client, "rooms/oak/bookings", minutes=15) == (409, "closed", ["elm"])


def test_booking_that_cannot_grow_is_told_where_to_go_on(client: FlaskClient) -> None:
    made = client.post("/api/v1/rooms/oak/bookings", json={"minutes": 15}).get_json()
    client.post("/api/v1/rooms/oak/bookings", json={"start": made["end"], "minutes": 15})
    assert refused(client, f"bookings/{made['id']}/extend", minutes=15) == (409, "taken", ["elm"])


def test_no_room_is_named_that_would_refuse_the_wish(client: FlaskClient, parts: assembly.Parts) -> None:
    change(parts, "elm", longest="20", durations="15")
    client.post("/api/v1/rooms/oak/bookings", json={"minutes": 60})
    assert refused(client, "rooms/oak/bookings", minutes=60) == (409, "taken", [])


def test_booking_begins_early_within_its_last_hour_only(client: FlaskClient) -> None:
    start = clock.now().replace(second=0, microsecond=0) + timedelta(hours=6)
    made = client.post("/api/v1/rooms/oak/bookings", json={"start": clock.iso(start), "minutes": 15}).get_json()
    answer = client.post(f"/api/v1/bookings/{made['id']}/start", json={})
    assert (answer.status_code, answer.get_json(force=True)["reason"]) == (409, "not_near")


def test_booking_does_not_grow_where_nobody_may_book(client: FlaskClient, parts: assembly.Parts) -> None:
    made = client.post("/api/v1/rooms/oak/bookings", json={"minutes": 15}).get_json()
    change(parts, "oak", bookable="nobody")
    assert client.post(f"/api/v1/bookings/{made['id']}/extend", json={"minutes": 15}).status_code == 403
    assert client.post(f"/api/v1/bookings/{made['id']}/end", json={}).status_code == 200


def test_somebody_still_in_the_room_does_not_check_the_next_booking_in(
    client: FlaskClient, parts: assembly.Parts
) -> None:
    change(parts, "oak", check_in="own")
    first = client.post("/api/v1/rooms/oak/bookings", json={"minutes": 6}).get_json()
    client.post("/api/v1/rooms/oak/bookings", json={"start": first["end"], "minutes": 30})
    assert client.post("/api/v1/rooms/oak/presence").get_json() == {"checked_in": None}
    client.post(f"/api/v1/bookings/{first['id']}/end", json={})
    assert client.post("/api/v1/rooms/oak/presence").get_json()["checked_in"]
