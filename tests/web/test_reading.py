"""Requests are read as they are declared: what cannot be used is named, and the sentence says what to send."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web.visitors import Reception

PARCEL: dict[str, Any] = {
    "room": 1,
    "act": "book",
    "event_id": "",
    "asked_at": "2026-08-10T08:00:00Z",
    "start": None,
    "end": None,
    "title": "",
    "series": False,
}


@pytest.mark.parametrize(
    ("path", "body", "field", "says"),
    [
        ("/api/v1/rooms/oak/bookings", {"minutes": 1441}, "minutes", "from 1 to 1440"),
        ("/api/v1/rooms/oak/bookings", {"title": "a" * 201}, "title", "at most 200"),
        ("/api/v1/rooms/oak/bookings", {"start": 7}, "start", "offset from UTC"),
        ("/api/v1/rooms/oak/bookings", {"as": {"pin": 4711}}, "pin", "at most 20"),
        ("/api/v1/rooms/oak/bookings", {"as": "anna"}, "as", "JSON object"),
        ("/api/v1/rooms/oak/problems", {"kind": "bees"}, "kind", "one of cleaning, climate"),
        ("/api/v1/devices", {"serial": "\x00"}, "serial", "at most 500"),
        ("/api/v1/notices", {"target": {"room": []}}, "room", "at most 500"),
        ("/api/v1/notices", None, "body", "JSON object"),
    ],
)
def test_field_of_a_body_is_named(reception: Reception, path: str, body: Any, field: str, says: str) -> None:
    answer = reception.program().ask("POST", path, json=body)
    assert (answer.status_code, answer.json["field"]) == (422, field)
    assert says in answer.json["detail"]


@pytest.mark.parametrize(
    ("query", "field", "says"),
    [
        ("rooms/oak/schedule?from=today", "from", "offset from UTC"),
        ("rooms/oak/schedule?to=9999-12-31T23:59:59Z", "to", "offset from UTC"),
        ("rooms/oak/alternatives?people=0", "people", "from 1 to 10000"),
        ("rooms/oak/alternatives?people=many", "people", "from 1 to 10000"),
        ("occupancy?from=2026-02-30", "from", "2026-08-10"),
        ("occupancy?format=xml", "format", "one of csv, json"),
        ("people?q=%00", "q", "at most 200"),
    ],
)
def test_parameter_is_named(reception: Reception, query: str, field: str, says: str) -> None:
    answer = reception.program().get(f"/api/v1/{query}")
    assert (answer.status_code, answer.json["field"]) == (422, field)
    assert says in answer.json["detail"]


def test_sentence_is_in_the_language_of_whoever_asks(reception: Reception) -> None:
    answer = reception.program().get("/api/v1/rooms/oak/alternatives?people=0", headers={"Accept-Language": "de"})
    assert "ganze Zahl" in answer.json["detail"]


@pytest.mark.parametrize(("name", "wrong"), [("series", "yes"), ("room", "1"), ("act", "dance"), ("asked_at", "then")])
def test_parcel_is_read_before_it_is_done(reception: Reception, name: str, wrong: str) -> None:
    answer = reception.device().ask("PUT", "/api/v1/follow/parcels/none", json=PARCEL | {name: wrong})
    assert (answer.status_code, answer.json["field"]) == (422, name)


def test_whoever_is_not_let_in_is_told_so_first(reception: Reception) -> None:
    for path, body in (("notices", {"kind": "party"}), ("devices", {"name": 7})):
        assert reception.account("viewer").post_json(f"/api/v1/{path}", body).status_code == 403


@pytest.mark.parametrize("number", ["9223372036854775808", "9" * 5000])
@pytest.mark.parametrize("path", ["/api/v1/devices", "/admin/devices", "/admin/notices"])
def test_number_that_nothing_can_have_is_not_found(reception: Reception, path: str, number: str) -> None:
    assert reception.account("admin").get(f"{path}/{number}").status_code == 404


def test_highest_number_is_looked_for(reception: Reception) -> None:
    answer = reception.program().get("/api/v1/devices/9223372036854775807")
    assert (answer.status_code, answer.json["reason"]) == (404, "not_found")
