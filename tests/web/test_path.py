"""The whole path over real HTTP: Google to the screens, and a tap back to Google."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import requests

from kiosk import clock
from kiosk.emulator.faults import Fault
from kiosk.emulator.server import Emulator
from kiosk.schedule.rules import book_now
from tests.running import Server, wait_for


@pytest.fixture
def slug(server: Server) -> str:
    return str(server.get("/api/v1/rooms").json()["rooms"][0]["slug"])


@pytest.fixture
def calendar(google: Emulator, server: Server, slug: str) -> str:
    name = server.room(slug)["name"]
    return next(room.id for room in google.world.rooms() if name in room.summary)


@pytest.fixture
def person(google: Emulator) -> str:
    return google.world.people()[0].id


def synchronised(server: Server) -> bool:
    return server.get("/readyz").status_code == 200


def title(server: Server, slug: str) -> str:
    current = server.room(slug)["current"]
    return str(current["title"]) if current else ""


def test_meeting_made_moved_and_cancelled_in_google_reaches_the_door(
    server: Server, google: Emulator, slug: str, calendar: str, person: str
) -> None:
    wait_for(lambda: synchronised(server))
    now = book_now(clock.now())
    event = google.world.create(person, "Planning", now, now + timedelta(minutes=45), rooms=[calendar])
    google.world.settle()
    wait_for(lambda: title(server, slug) == "Planning")
    first = server.view("door", slug)
    assert first["tracks"][slug]["scenes"][0]["status"] == "busy"
    google.world.move(event, now + timedelta(hours=2), now + timedelta(hours=3))
    google.world.settle()
    wait_for(lambda: server.room(slug)["status"] == "free")
    google.world.cancel(event)
    wait_for(lambda: server.room(slug)["next"] is None)
    assert server.view("door", slug)["version"] != first["version"]


def test_tap_is_in_google_under_our_id_and_ends_there(
    server: Server, google: Emulator, slug: str, calendar: str
) -> None:
    wait_for(lambda: synchronised(server))
    answer = server.book(slug, minutes=30)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    event = google.world.event(calendar, made["id"])
    assert (event["status"], event["summary"]) == ("confirmed", "Booked at the door")
    assert event["organizer"]["self"]
    cancelled = requests.delete(f"{server.url}/api/v1/bookings/{made['id']}", timeout=20)
    assert cancelled.status_code == 200, cancelled.text
    assert google.world.event(calendar, made["id"])["status"] == "cancelled"
    assert server.room(slug)["status"] == "free"


def test_of_two_taps_at_once_one_is_booked_and_one_is_told_why(
    server: Server, google: Emulator, slug: str, calendar: str
) -> None:
    wait_for(lambda: synchronised(server))
    answers: list[requests.Response] = []
    barrier = threading.Barrier(2)

    def tap() -> None:
        barrier.wait()
        answers.append(server.book(slug, minutes=30))

    taps = [threading.Thread(target=tap) for _ in range(2)]
    for one in taps:
        one.start()
    for one in taps:
        one.join()
    won, lost = sorted(answers, key=lambda answer: answer.status_code)
    assert (won.status_code, lost.status_code) == (201, 409), lost.text
    problem = lost.json()
    assert problem["reason"] in {"taken", "being_booked"}
    assert problem["detail"]
    assert {one["room"] for one in problem["alternatives"]} <= {
        room["slug"] for room in server.get("/api/v1/rooms").json()["rooms"]
    } - {slug}
    assert len(google.world.events(calendar)) == 1


def test_repeated_tap_with_the_same_key_books_once(server: Server, google: Emulator, slug: str, calendar: str) -> None:
    wait_for(lambda: synchronised(server))
    first, second = server.book(slug, "key-1", minutes=15), server.book(slug, "key-1", minutes=15)
    assert first.json()["id"] == second.json()["id"]
    assert len(google.world.events(calendar)) == 1
    assert server.book(slug, "key-1", minutes=30).status_code == 422


def test_unchanged_view_is_answered_304_with_its_age(server: Server, slug: str) -> None:
    wait_for(lambda: synchronised(server))
    version = server.view("door", slug)["version"]
    headers = {"Accept": "application/json", "If-None-Match": f'"{version}"'}
    answer = server.get(f"/door/{slug}", headers=headers)
    assert answer.status_code == 304
    assert '"as_of": "20' in answer.headers["Kiosk-Stamp"]


def test_google_gone_and_back_needs_no_hand(server: Server, google: Emulator, slug: str, calendar: str) -> None:
    wait_for(lambda: synchronised(server))
    google.service.faults.order(Fault("drop_before", times=1_000_000))
    held = server.book(slug, minutes=30)
    assert held.status_code == 202, held.text
    assert held.json()["status"] == "held"
    assert server.room(slug)["status"] == "held"
    google.service.faults.clear()
    wait_for(lambda: server.room(slug)["status"] == "busy")
    assert [event["id"] for event in google.world.events(calendar)] == [held.json()["id"]]
