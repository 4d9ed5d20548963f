"""Worlds: made up, read from a file, written to one, kept on disk; the control address and the command."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import requests

from kiosk.emulator import agenda, generator, worldfile
from kiosk.emulator.server import Emulator
from kiosk.emulator.world import World
from tests.emulator.conftest import ADA, BOB, WORLD, Rooms, answer_of, at, full

NIGHT, NOON = datetime(2026, 11, 22, 2, 40, tzinfo=UTC), datetime(2026, 11, 24, 11, 5, tzinfo=UTC)


def call(emulator: Emulator, method: str, path: str, **body: Any) -> dict[str, Any]:
    answer = requests.request(method, f"{emulator.url}/control{path}", json=body, timeout=10)
    assert answer.status_code == 200, answer.text
    content: dict[str, Any] = answer.json()
    return content


@pytest.mark.parametrize("now", [NIGHT, NOON])
def test_a_seed_makes_the_same_world_again(now: datetime) -> None:
    assert generator.generate(9, 7, now) == generator.generate(9, 7, now)
    assert generator.generate(9, 7, now) != generator.generate(9, 8, now)


def test_a_made_up_world_spans_buildings_and_zones() -> None:
    rooms = generator.generate(12, 1, NOON)["rooms"]
    assert {room["timeZone"] for room in rooms} == {"Europe/Berlin", "Europe/London", "America/New_York"}
    assert len({(room["building"], room["floor"]) for room in rooms}) > 5
    assert len({room["name"] for room in rooms}) == 12


@pytest.mark.parametrize("hour", range(0, 24, 3))
def test_a_made_up_world_is_alive_at_any_hour(hour: int) -> None:
    now = datetime(2026, 11, 22, hour, 7, tzinfo=UTC)
    events = generator.generate(12, 1, now)["events"]
    timed = [event for event in events if "T" in event["start"] and "recurrence" not in event]

    def taken(moment: datetime) -> set[str]:
        return {
            event["rooms"][0]
            for event in timed
            if datetime.fromisoformat(event["start"]) <= moment < datetime.fromisoformat(event["end"])
        }

    assert 2 <= len(taken(now)) < 12
    assert taken(now + timedelta(minutes=15)) - taken(now)


def test_no_made_up_meeting_is_accepted_over_another(tmp_path: Path) -> None:
    with Emulator(rooms=12, seed=3) as running, running.service.store.transaction():
        now = int(running.service.clock.now().timestamp())
        for room in running.world.rooms():
            found = agenda.between(running.service.store, room.id, now - 86_400, now + 8 * 86_400)
            timed = [entry for entry in found if agenda.takes(entry) and "dateTime" in entry.data["start"]]
            assert all(first.ends <= second.starts for first, second in pairwise(timed))


def test_a_world_goes_into_a_file_and_comes_back() -> None:
    with Emulator(rooms=3) as first, first.service.store.transaction():
        content = worldfile.dump(first.service)
        first_events = {room.id: first.world.events(room.id) for room in first.world.rooms()}
    with Emulator(json.loads(json.dumps(content))) as second:
        assert worldfile.dump(second.service) == content
        for room, events in first_events.items():
            assert {each["id"] for each in second.world.events(room)} == {each["id"] for each in events}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", NOON),
        ("now+15m", NOON + timedelta(minutes=15)),
        ("now-2h", NOON - timedelta(hours=2)),
        ("today 09:30", datetime(2026, 11, 24, 9, 30, tzinfo=UTC)),
        ("today+1 14:00", datetime(2026, 11, 25, 14, tzinfo=UTC)),
        ("today+3", datetime(2026, 11, 27, tzinfo=UTC).date()),
        ("2026-12-24", datetime(2026, 12, 24, tzinfo=UTC).date()),
        ("2026-12-24T10:00:00+01:00", datetime(2026, 12, 24, 9, tzinfo=UTC)),
    ],
)
def test_times_in_world_files_may_be_relative(text: str, expected: object) -> None:
    assert worldfile.when(text, NOON, UTC) == expected


def test_a_world_file_books_rooms_by_name_and_rooms_answer() -> None:
    booked = {"organizer": ADA, "title": "Talk", "start": "now", "end": "now+1h", "rooms": ["Oak"]}
    clash = booked | {"organizer": BOB, "title": "Clash"}
    with Emulator(WORLD | {"events": [booked, clash]}) as running:
        (oak,) = (room.id for room in running.world.rooms() if "Oak" in room.summary)
        answers = {each["summary"]: answer_of(each, oak) for each in running.world.events(oak)}
    assert answers == {"Talk": "accepted", "Clash": "declined"}


def test_a_world_on_disk_goes_on_where_it_stopped(tmp_path: Path) -> None:
    path = tmp_path / "world.db"
    with Emulator(WORLD, database=path) as first:
        (oak,) = (room.id for room in first.world.rooms() if "Oak" in room.summary)
        event = first.world.create(ADA, "Talk", at(0), at(1), rooms=[oak])
    with Emulator(rooms=5, database=path) as second:
        assert len(second.world.rooms()) == 3
        assert second.world.event(oak, event)["summary"] == "Talk"


def test_the_control_address_plays_people(emulator: Emulator, rooms: Rooms, events: Any) -> None:
    event = call(emulator, "POST", "/events", organizer=ADA, title="Talk", start="now", end="now+1h", rooms=[rooms.oak])
    call(emulator, "PATCH", f"/events/{event['id']}", title="Renamed", rooms=[rooms.elm])
    call(emulator, "POST", f"/events/{event['id']}/answer", guest=rooms.elm, status="declined")
    (item,) = full(events, rooms.elm)[0]
    assert (item["summary"], answer_of(item, rooms.elm)) == ("Renamed", "declined")
    call(emulator, "DELETE", f"/events/{event['id']}")
    assert call(emulator, "GET", f"/calendars/{rooms.elm}/events") == {"items": []}


def test_the_control_address_changes_the_world(emulator: Emulator, world: World, rooms: Rooms) -> None:
    made = call(emulator, "POST", "/rooms", name="Yew", building="BER", timeZone="Europe/London", capacity=6)
    call(emulator, "PATCH", f"/rooms/{made['email']}", autoAccept=False)
    call(emulator, "POST", "/people", email="eve@kiosk.example", name="Eve Moreau")
    call(emulator, "POST", "/acl", calendar=made["email"], subject="eve@kiosk.example", role="writer")
    call(emulator, "DELETE", f"/rooms/{rooms.oak}")
    state = call(emulator, "GET", "/state")
    assert {room["summary"] for room in state["rooms"]} == {"BER-1-Elm (4)", "BER-1-Fir (2)", "BER-Yew (6)"}
    assert "Eve Moreau" in {person["summary"] for person in state["people"]}


def test_the_control_address_orders_faults_and_shows_traffic(emulator: Emulator, events: Any, rooms: Rooms) -> None:
    call(emulator, "POST", "/faults", kind="status", status=503, operation="List", times=99)
    call(emulator, "DELETE", "/faults")
    events.list(calendarId=rooms.oak).execute()
    assert call(emulator, "GET", "/requests")["counts"]["calendar.v3.Events.List"] == 1
    call(emulator, "DELETE", "/requests")
    assert call(emulator, "GET", "/requests")["counts"] == {}


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/faults", {"kind": "earthquake"}, 400),
        ("PATCH", "/settings", {"gravity": 9}, 400),
        ("POST", "/events", {"title": "nobody's"}, 400),
        ("DELETE", "/events/unknown", {}, 404),
    ],
)
def test_the_control_address_says_what_is_wrong(
    emulator: Emulator, method: str, path: str, body: dict[str, Any], status: int
) -> None:
    answer = requests.request(method, f"{emulator.url}/control{path}", json=body, timeout=10)
    assert answer.status_code == status
    assert answer.json()["error"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_serves_until_a_signal_and_says_when_it_is_ready(tmp_path: Path, number: int) -> None:
    key = tmp_path / "key.json"
    command = [sys.executable, "-m", "kiosk.emulator", "--port", "0", "--rooms", "2", "--credentials", str(key)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline().strip()
        url = line.removeprefix("Emulator ready on ")
        with requests.Session() as session:
            state = session.get(f"{url}/control/state", timeout=10).json()
            assert len(state["rooms"]) == 2
            assert json.loads(key.read_text())["token_uri"] == f"{url}/token"
            process.send_signal(number)
            assert process.wait(10) == 0
        assert process.stdout.read() == ""


def test_the_command_names_a_world_file_it_cannot_read(tmp_path: Path) -> None:
    path = tmp_path / "world.json"
    path.write_text("[]")
    command = [sys.executable, "-m", "kiosk.emulator", "--port", "0", "--world", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert str(path) in done.stderr
    assert "Traceback" not in done.stderr


def test_a_meeting_takes_place_where_its_room_is(world: World, rooms: Rooms) -> None:
    event = world.create(ADA, "Talk", at(0), at(1), rooms=[rooms.oak])
    assert world.event(ADA, event)["location"] == "BER-EG-Oak (8) [Video]"
    world.move(event, rooms=[rooms.elm])
    assert world.event(rooms.elm, event)["location"] == "BER-1-Elm (4)"
    named = world.create(ADA, "Picnic", at(2), at(3), rooms=[rooms.oak], location="Garden")
    assert world.event(rooms.oak, named)["location"] == "Garden"


def test_the_control_address_changes_settings(emulator: Emulator, rooms: Rooms) -> None:
    changed = {"short_pages": True, "quota_user": 7, "push_retry_seconds": 0.5, "http_push": True}
    call(emulator, "PATCH", "/settings", fault_seed=3, **changed)
    assert call(emulator, "GET", "/settings").items() >= changed.items()
    call(emulator, "POST", f"/calendars/{rooms.oak}/push", refused=True)
    assert call(emulator, "GET", "/pushes") == {"channels": [], "deliveries": []}


def test_the_command_plays_with_faults_and_writes_every_kind_of_credentials(tmp_path: Path) -> None:
    user, client = tmp_path / "user.json", tmp_path / "client.json"
    files = ["--authorized-user", str(user), "--client", str(client)]
    trouble = ["--fault", "status:status=500,operation=CalendarList", "--quota-user", "2", "--flag", "short_pages"]
    with commanded("--rooms", "1", "--clock-offset", "86400", *files, *trouble) as url, requests.Session() as session:
        granted = json.loads(user.read_text())
        form = {name: granted[name] for name in ("client_id", "client_secret", "refresh_token")}
        assert json.loads(client.read_text())["web"]["client_id"] == form["client_id"]
        token = session.post(f"{url}/token", data=form | {"grant_type": "refresh_token"}, timeout=10).json()
        session.headers["Authorization"] = f"Bearer {token['access_token']}"
        asked = [session.get(f"{url}/calendar/v3/users/me/calendarList", timeout=10) for _ in range(4)]
        assert [answer.status_code for answer in asked] == [500, 200, 200, 403]
        now = datetime.fromisoformat(session.get(f"{url}/control/state", timeout=10).json()["now"])
        assert now - datetime.now(UTC) > timedelta(hours=23)


@contextmanager
def commanded(*options: str) -> Iterator[str]:
    """The address of a stand-in that was started from the command line."""
    command = [sys.executable, "-m", "kiosk.emulator", "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip().removeprefix("Emulator ready on ")
        finally:
            process.terminate()
        assert process.wait(10) == 0


def test_the_command_names_a_fault_it_does_not_know() -> None:
    command = [sys.executable, "-m", "kiosk.emulator", "--fault", "earthquake:times=2"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, "earthquake" in done.stderr) == (2, True)
