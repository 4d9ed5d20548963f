"""A hub and two machines that follow it, over real HTTP: what each shows, and what happens when the hub goes."""

from __future__ import annotations

import os
import signal
from datetime import timedelta
from typing import Any

import pytest
import requests

from kiosk import clock
from tests.running import Server, wait_for
from tests.upstream.fleet import Fleet, booked, bookings, is_live


def notices(server: Server, display: str, slug: str) -> list[str]:
    return [one["title"] for one in server.view(display, slug)["notices"]["items"]]


def test_a_door_behind_a_hub_goes_on_without_it_and_agrees_when_it_is_back(fleet: Fleet) -> None:
    (slug,) = fleet.rooms(1)
    door, lobby = fleet.follow("door", slug), fleet.follow("lobby", "all", KIOSK_ASYNC_MODE="threading")
    made = booked(door, slug)
    assert made["status"] == "confirmed"
    wait_for(lambda: bookings(lobby, slug) == bookings(door, slug) == bookings(fleet.hub, slug))
    fleet.hub.process.kill()
    before = bookings(door, slug)
    held = booked(door, slug, hours=4)
    assert held["status"] == "held"
    assert [one["id"] for one in bookings(door, slug) if one["held"]] == [held["id"]]
    assert [one for one in bookings(door, slug) if not one["held"]] == before
    fleet.start_hub()
    # The hub holds it too until Google has answered.
    settled = {made["id"]: False, held["id"]: False}
    wait_for(lambda: {one["id"]: one["held"] for one in bookings(fleet.hub, slug)} == settled)
    wait_for(lambda: bookings(door, slug) == bookings(lobby, slug) == bookings(fleet.hub, slug))


def test_a_hub_that_does_not_answer_is_taken_for_gone(fleet: Fleet) -> None:
    (slug,) = fleet.rooms(1)
    door = fleet.follow("door", slug)
    os.kill(fleet.hub.process.child.pid, signal.SIGSTOP)
    try:
        held = booked(door, slug)
    finally:
        os.kill(fleet.hub.process.child.pid, signal.SIGCONT)
    assert held["status"] == "held"
    wait_for(lambda: [one["id"] for one in bookings(fleet.hub, slug)] == [held["id"]])
    wait_for(lambda: bookings(door, slug) == bookings(fleet.hub, slug))


def test_emergencies_and_notices_of_the_hub_are_shown_and_end_everywhere(fleet: Fleet) -> None:
    slug, other = fleet.rooms(2)
    door, lobby = fleet.follow("door", slug), fleet.follow("lobby", "all")
    fire = fleet.ask("POST", "/api/v1/notices", {"kind": "emergency", "title": "Fire", "text": "Leave."})
    wait_for(lambda: notices(door, "door", slug) == notices(lobby, "lobby", "all") == ["Fire"])
    tomorrow = clock.iso(clock.now() + timedelta(days=1))
    fleet.ask("POST", "/api/v1/notices", {"title": "Lift B is out", "end": tomorrow, "target": {"room": other}})
    fleet.ask("DELETE", f"/api/v1/notices/{fire['id']}")
    wait_for(lambda: notices(door, "door", slug) == notices(lobby, "lobby", "all") == [])


def test_a_machine_shows_at_home_what_the_hub_says_and_its_code_when_revoked(fleet: Fleet) -> None:
    slug, other = fleet.rooms(2)
    door = fleet.follow("door", slug)
    assert door.get("/", allow_redirects=False).headers["Location"] == f"/door/{slug}"
    about = fleet.device("door", slug)
    fleet.ask("PATCH", about, {"slug": other})
    wait_for(lambda: door.get("/", allow_redirects=False).headers.get("Location") == f"/door/{other}")
    wait_for(lambda: is_live(door, f"door/{other}"))
    fleet.ask("DELETE", about)
    wait_for(lambda: door.get(f"/door/{other}").status_code == 401)
    assert "data-code" in door.get("/").text
    assert bookings_are_forgotten(door)
    again = pair(door, fleet, slug)
    assert again["path"] == f"/door/{slug}"
    wait_for(lambda: is_live(door, f"door/{slug}"))


def bookings_are_forgotten(server: Server) -> bool:
    return server.get("/api/v1/rooms").status_code == 401


def pair(door: Server, fleet: Fleet, slug: str) -> dict[str, Any]:
    """Pair a machine by the code that the hub gives it; it makes its token itself."""
    begun = requests.post(f"{door.url}/api/v1/pairing", json={}, timeout=20).json()
    assert begun["verification_uri"].startswith(fleet.hub.url)
    done = fleet.hub.run("devices", "pair", begun["user_code"], "door", slug)
    assert done.returncode == 0, done.stderr
    answer = requests.post(
        f"{door.url}/api/v1/pairing/token", json={"device_code": begun["device_code"], "keep": "cookie"}, timeout=20
    )
    assert answer.status_code == 200, answer.text
    assert "token" not in answer.json()
    assert "Set-Cookie" not in answer.headers
    return dict(answer.json()["device"])


def test_a_machine_learns_of_its_own_rooms_only_and_no_addresses(fleet: Fleet) -> None:
    slug, other = fleet.rooms(2)
    token = fleet.enrol("door", slug).read_text(encoding="utf-8")
    headers = {"Authorization": f"Bearer {token}"}
    news = fleet.hub.get("/api/v1/follow", headers=headers).json()
    assert [room["slug"] for room in news["sheet"]["rooms"]] == [slug]
    (mine,) = news["rooms"]
    assert "@" not in str({name: value for name, value in news["sheet"].items() if name != "look"})
    foreign = [number for number in range(1, 5) if str(number) != mine]
    for number in foreign:
        assert fleet.hub.get(f"/api/v1/follow/rooms/{number}", headers=headers).status_code == 404
    parcel = {"room": foreign[0], "act": "book", "event_id": "", "asked_at": clock.iso(clock.now()), "series": False}
    parcel |= {"start": clock.iso(clock.now()), "end": clock.iso(clock.now() + timedelta(hours=1)), "title": "Tea"}
    path = f"{fleet.hub.url}/api/v1/follow/parcels/{'a' * 32}"
    assert requests.put(path, json=parcel, headers=headers, timeout=20).status_code == 404
    assert bookings(fleet.hub, other) == []


def test_a_follower_finds_other_rooms_and_books_them_through_its_hub(fleet: Fleet) -> None:
    (slug,) = fleet.rooms(1)
    door = fleet.follow("door", slug)
    # A hub that does not answer in time finds none.
    found = wait_for(lambda: door.get(f"/api/v1/rooms/{slug}/alternatives").json()["alternatives"])
    elsewhere = found[0]["room"]
    made = door.book(elsewhere, minutes=15)
    assert made.status_code == 201, made.text
    assert made.json()["id"] in {one["id"] for one in bookings(fleet.hub, elsewhere)}
    assert booked(door, slug)["status"] == "confirmed"
    taken = bookings(door, slug)[-1]["start"]

    def offered() -> bool:
        again = door.book(slug, minutes=30, start=taken)
        assert again.status_code == 409
        return bool(again.json()["alternatives"])

    wait_for(offered)


def test_heartbeats_and_acts_are_handed_on(fleet: Fleet) -> None:
    (slug,) = fleet.rooms(1)
    door = fleet.follow("door", slug)
    assert requests.post(f"{door.url}/api/v1/device/heartbeat", json={"version": "1"}, timeout=20).status_code == 200
    fleet.ask("POST", f"{fleet.device('door', slug)}/acts", {"act": "reboot"})
    (act,) = door.get("/api/v1/device/acts?wait=5").json()["acts"]
    assert act["act"] == "reboot"
    done = {"state": "done", "said": "Rebooting."}
    assert requests.post(f"{door.url}/api/v1/device/acts/{act['id']}", json=done, timeout=20).ok
    picture = requests.put(
        f"{door.url}/api/v1/device/acts/{act['id']}/logs", data=b"x" * 150_000, timeout=20,
        headers={"Content-Type": "text/plain"},
    )  # fmt: skip
    assert picture.status_code != 413


def test_only_this_machines_own_screen_is_let_in(fleet: Fleet) -> None:
    (slug,) = fleet.rooms(1)
    door = fleet.follow("door", slug, KIOSK_TRUSTED_PROXIES="1")
    assert door.get(f"/door/{slug}").ok
    assert door.get(f"/door/{slug}", headers={"X-Forwarded-For": "192.0.2.7"}).status_code == 401
    assert door.get(f"/door/{slug}", headers={"Host": "evil.example"}).status_code == 421
    elsewhere = {"Origin": "https://evil.example"}
    assert (
        requests.post(f"{door.url}/api/v1/device/heartbeat", json={}, headers=elsewhere, timeout=20).status_code == 403
    )


def test_no_library_of_google_is_loaded_on_a_follower(fleet: Fleet) -> None:
    (slug,) = fleet.rooms(1)
    forbidden = fleet.folder / "forbidden"
    (forbidden / "google" / "auth").mkdir(parents=True)
    for name in ("googleapiclient", "httplib2", "google_auth_httplib2"):
        (forbidden / f"{name}.py").write_text("raise SystemExit('a follower loads Google')\n", encoding="utf-8")
    for name in ("google", "google/auth"):
        (forbidden / name / "__init__.py").write_text("raise SystemExit('a follower loads Google')\n", encoding="utf-8")
    door = fleet.follow("door", slug, PYTHONPATH=str(forbidden))
    assert booked(door, slug)["status"] == "confirmed"
    assert "loads Google" not in door.log()


@pytest.mark.parametrize("display", ["doors", "floor"])
def test_every_display_is_followed(display: str, fleet: Fleet) -> None:
    slugs = fleet.rooms(2)
    name = "+".join(slugs[:2]) if display == "doors" else drawn(fleet, slugs)
    follower = fleet.follow(display, name)
    shown = follower.view(display, name)
    assert shown["frame"] == fleet.hub.view(display, name)["frame"]
    assert {*shown["tracks"]} == {*fleet.hub.view(display, name)["tracks"]}
    if display == "floor":
        image = shown["frame"]["floors"][0]["image"]
        assert follower.get(image).content == fleet.hub.get(image).content


def drawn(fleet: Fleet, slugs: list[str]) -> str:
    """Draw a plan on which two rooms are, and return its word."""
    file = fleet.folder / "ground.svg"
    shapes = "".join(f'<rect id="{slug}" x="{10 * n}" y="0" width="9" height="9"/>' for n, slug in enumerate(slugs[:2]))
    file.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40">{shapes}</svg>', encoding="utf-8")
    added = fleet.hub.run("plans", "add", str(file), "Ground floor")
    assert added.returncode == 0, added.stderr
    return "ground-floor"
