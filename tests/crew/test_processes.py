"""Two processes that serve and one that works are one installation: whatever one of them knows, all do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import requests

from kiosk import clock
from kiosk.store import screens
from tests.crew import campus
from tests.crew.campus import BOSS, PASSWORD, Campus
from tests.live.crowd import Glass
from tests.live.test_push import ScreenClient
from tests.running import Server, wait_for

JPEG = b"\xff\xd8 a small picture"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Campus]:
    with campus.opened(tmp_path_factory.mktemp("campus")) as found:
        yield found


@pytest.fixture(scope="module")
def worker(place: Campus) -> Server:
    return place.start("work")


@pytest.fixture(scope="module")
def webs(place: Campus, worker: Server) -> tuple[Server, Server]:
    """Two processes that serve, in both ways of sharing time, once all rooms were read."""
    assert place.running == [worker]
    found = place.start("web"), place.start("web", "threading")
    for one in found:
        place.wait_until_ready(one)
    return found


@pytest.fixture(scope="module")
def slugs(place: Campus, webs: tuple[Server, Server]) -> list[str]:
    return [room["slug"] for room in place.get(webs[0], "/api/v1/rooms")["rooms"]]


def test_booking_at_one_process_is_told_to_the_screens_of_the_other(
    place: Campus, webs: tuple[Server, Server], slugs: list[str]
) -> None:
    doors = [ScreenClient(server, "door", slugs[0]) for server in webs]
    for door in doors:
        door.connect(**place.headers())
    made = place.post(webs[0], f"/api/v1/rooms/{slugs[0]}/bookings", {"minutes": 15})
    assert made.status_code == 201, made.text
    for door in doors:
        wait_for(lambda door=door: door.told)
        door.client.disconnect()


def test_change_that_the_worker_reads_is_told_by_all(
    place: Campus, webs: tuple[Server, Server], slugs: list[str]
) -> None:
    doors = [ScreenClient(server, "door", slugs[1]) for server in webs]
    for door in doors:
        door.connect(**place.headers())
    place.enter(slugs[1], "Entered")
    for door in doors:
        wait_for(lambda door=door: door.told)
        door.client.disconnect()


def test_screens_stay_known_while_processes_come_and_go(place: Campus, webs: tuple[Server, Server]) -> None:
    third = place.start("web")
    glass = [Glass(server, "lobby", "all", f"glass-{number}-home") for number, server in enumerate((webs[0], third))]
    for one in glass:
        one.client.connect(one.server.url, headers=place.headers(), transports=["websocket"])
        one.client.call("show", one.report(), timeout=20)
    wait_for(lambda: here(place) >= {"glass-0-home", "glass-1-home"})
    place.start("web").stop()  # whoever begins takes nobody else's screens for gone
    assert here(place) >= {"glass-0-home", "glass-1-home"}
    third.process.kill()
    wait_for(lambda: "glass-1-home" not in here(place), 60)
    assert "glass-0-home" in here(place)
    for one in glass:
        one.client.disconnect()


def here(place: Campus) -> set[str]:
    """Return the machines whose screens are taken for connected."""
    with place.store() as store, store.read() as db:
        return {one.machine for one in screens.every(db, clock.now()) if one.is_connected(clock.now())}


def test_whoever_signs_in_at_one_process_is_signed_in_at_the_other(place: Campus, webs: tuple[Server, Server]) -> None:
    session = signed_in(place, webs[0])
    assert session.get(f"{webs[1].url}/admin/rooms", allow_redirects=False, timeout=20).status_code == 200


def signed_in(place: Campus, server: Server) -> requests.Session:
    server.run("admin", "password", BOSS, typed=f"{PASSWORD}\n")
    return campus.boss(server)


def test_picture_sent_to_one_process_is_seen_at_the_other(
    place: Campus, webs: tuple[Server, Server], slugs: list[str]
) -> None:
    number, token = place.enrol(slugs[2])
    asked = place.post(webs[0], f"/api/v1/devices/{number}/acts", {"act": "screenshot"}).json()["id"]
    own = {"Authorization": f"Bearer {token}"}
    taken = webs[1].get("/api/v1/device/acts?wait=20", headers=own).json()["acts"]
    assert [one["id"] for one in taken] == [asked]
    picture = {"Content-Type": "image/jpeg", **own}
    sent = requests.put(f"{webs[1].url}/api/v1/device/acts/{asked}/picture", JPEG, headers=picture, timeout=20)
    assert sent.status_code == 204, sent.text
    session = signed_in(place, webs[0])
    seen = session.get(f"{webs[0].url}/admin/devices/{number}/acts/{asked}/picture", timeout=20)
    assert seen.content == JPEG


def test_machine_that_one_process_hears_is_live_for_the_other(
    place: Campus, webs: tuple[Server, Server], slugs: list[str]
) -> None:
    number, token = place.enrol(slugs[3])
    assert place.post(webs[0], "/api/v1/device/heartbeat", {"temp_c": 47}, token).status_code == 200
    wait_for(lambda: place.get(webs[1], f"/api/v1/devices/{number}")["state"] == "live", 60)


def test_room_that_a_door_was_offered_by_one_process_is_booked_at_the_other(
    place: Campus, webs: tuple[Server, Server], slugs: list[str]
) -> None:
    _, token = place.enrol(slugs[0])
    own = {"Authorization": f"Bearer {token}"}
    start = (clock.now() + timedelta(hours=5)).replace(minute=0, second=0, microsecond=0)
    found = webs[0].get(f"/api/v1/rooms/{slugs[0]}/alternatives?from={clock.iso(start)}", headers=own).json()
    offered = found["alternatives"][0]["room"]
    body = {"start": clock.iso(start), "minutes": 15}
    assert place.post(webs[1], f"/api/v1/rooms/{offered}/bookings", body, token).status_code == 201


def test_worker_tells_how_it_is_and_serves_nothing_else(place: Campus, worker: Server, webs: object) -> None:
    assert webs
    assert place.readiness(worker)["ready"]
    assert "kiosk_google_requests_total" in worker.get("/metrics", headers=place.headers()).text
    for path in ("/", "/admin/", "/api/v1/rooms", "/socket.io/?EIO=4&transport=polling"):
        assert worker.get(path).status_code == 404


def test_everybody_tells_who_lives(place: Campus, webs: tuple[Server, Server]) -> None:
    said = place.readiness(webs[0])
    assert {"web", "work"} <= {one["role"] for one in said["processes"]}
    assert said["warnings"] == {}
