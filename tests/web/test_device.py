"""What a device says of itself and is asked to do, over HTTP and over its page's socket."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from flask_socketio import SocketIO, SocketIOTestClient

from kiosk import app, clock
from kiosk.store import acts, devices, errands
from kiosk.web.device import PICTURE
from tests.fakes import StillClock
from tests.running import wait_for
from tests.web.visitors import Reception, Visitor

JPEG = b"\xff\xd8\xff\xe0 a very small picture"


@pytest.fixture
def still() -> StillClock:
    """A clock that begins where the visitors' sessions do."""
    return StillClock(clock.now().replace(microsecond=0))


@pytest.fixture
def house(reception: Reception, still: StillClock) -> Reception:
    """The server by a clock that tests move."""
    return Reception(reception.parts, app.build(reception.parts, still))


@pytest.fixture
def token(house: Reception) -> str:
    return house.token_of()


@pytest.fixture
def machine(house: Reception, token: str) -> Visitor:
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    return Visitor(house.server.web.test_client(), headers=headers)


@pytest.fixture
def admin(house: Reception) -> Visitor:
    return house.program()


def ask(admin: Visitor, act: str, **more: str) -> int:
    answer = admin.post_json("/api/v1/devices/1/acts", {"act": act} | more)
    assert answer.status_code == 201, answer.text
    return int(answer.json["id"])


def taken(machine: Visitor) -> list[dict[str, Any]]:
    return list(machine.get("/api/v1/device/acts").json["acts"])


def state_of(admin: Visitor, number: int) -> str:
    found = admin.get("/api/v1/devices/1").json["acts"]
    return next(str(one["state"]) for one in found if one["id"] == number)


def test_heartbeat_is_what_the_fleet_knows_of_a_machine(machine: Visitor, admin: Visitor) -> None:
    said = {"version": "1.2", "temp_c": 51.5, "boot_id": "a", "secret": "no", "screen_on": "yes"}
    assert machine.post_json("/api/v1/device/heartbeat", said).json == {"interval": 60, "rotate": False}
    known = admin.get("/api/v1/devices/1").json
    assert (known["state"], known["report"]) == ("live", {"version": "1.2", "temp_c": 51.5, "boot_id": "a"})


@pytest.mark.parametrize("said", [[], "hello", None, {"temp_c": float("inf")}, {"temp_c": {"a": 1}}])
def test_heartbeat_that_makes_no_sense_is_a_sign_of_life(machine: Visitor, admin: Visitor, said: Any) -> None:
    headers = {"Content-Type": "application/json"}
    assert machine.ask("POST", "/api/v1/device/heartbeat", data=json.dumps(said), headers=headers).status_code == 200
    assert admin.get("/api/v1/devices/1").json["report"] == {}


def test_machine_is_asked_for_another_token_when_it_is_time(machine: Visitor, house: Reception) -> None:
    house.parts.store.write(devices.rotate, 1)
    assert machine.post_json("/api/v1/device/heartbeat", {}).json["rotate"]


def test_act_is_taken_once_and_answered(machine: Visitor, admin: Visitor) -> None:
    number = ask(admin, "brightness", value="40")
    [one] = taken(machine)
    assert (one["id"], one["act"], one["value"]) == (number, "brightness", "40")
    assert taken(machine) == []
    assert state_of(admin, number) == "taken"
    assert (
        machine.post_json(f"/api/v1/device/acts/{number}", {"state": "failed", "said": "no panel"}).status_code == 200
    )
    assert state_of(admin, number) == "failed"


def test_act_expires_after_five_minutes(machine: Visitor, admin: Visitor, house: Reception, still: StillClock) -> None:
    number = ask(admin, "reboot")
    still.advance(minutes=5)
    assert taken(machine) == []
    house.server.fleet.courier.step()
    assert state_of(admin, number) == "expired"
    assert machine.post_json(f"/api/v1/device/acts/{number}", {"state": "done"}).status_code == 409


@pytest.mark.parametrize(
    "wrong", [{"act": "explode"}, {"act": "brightness"}, {"act": "brightness", "value": "200"}, {}]
)
def test_act_that_no_machine_knows_is_refused(admin: Visitor, token: str, wrong: dict[str, str]) -> None:
    assert admin.post_json("/api/v1/devices/1/acts", wrong).status_code == 422


def test_machine_waits_for_an_act_and_has_it_at_once(machine: Visitor, admin: Visitor, house: Reception) -> None:
    courier, found = house.server.fleet.courier, []
    waiting = threading.Thread(target=lambda: found.extend(courier.wait(1, 20)))
    waiting.start()
    ask(admin, "restart_display")
    while waiting.is_alive():
        courier.step()
        waiting.join(0.05)
    assert [one.act for one in found] == ["restart_display"]


def test_machine_that_is_revoked_while_it_waits_is_told_so(machine: Visitor, house: Reception) -> None:
    courier, answers = house.server.fleet.courier, []
    waiting = threading.Thread(target=lambda: answers.append(machine.get("/api/v1/device/acts?wait=30")))
    waiting.start()
    wait_for(lambda: courier._waiting)
    house.parts.store.write(devices.revoke, 1, clock.now())
    while waiting.is_alive():
        courier.step()
        waiting.join(0.05)
    assert answers[0].status_code == 401
    assert answers[0].json["reason"] == "revoked"


def test_acts_that_were_asked_before_are_not_given_to_a_revoked_machine(
    machine: Visitor, admin: Visitor, house: Reception
) -> None:
    ask(admin, "reboot")
    house.parts.store.write(devices.revoke, 1, clock.now())
    assert house.server.fleet.courier.wait(1, 0) == []


def test_acts_of_one_machine_are_no_business_of_another(machine: Visitor, admin: Visitor, house: Reception) -> None:
    number = ask(admin, "screenshot")
    other = {"Authorization": f"Bearer {house.token_of('door', 'elm')}"}
    stranger = Visitor(house.server.web.test_client(), headers=other)
    assert taken(stranger) == []
    taken(machine)
    for method, path in (("POST", ""), ("PUT", "/picture")):
        answer = stranger.ask(method, f"/api/v1/device/acts/{number}{path}", data=JPEG, content_type="image/jpeg")
        assert answer.status_code in {404, 422}


def send(machine: Visitor, number: int, content: bytes = JPEG, kind: str = "image/jpeg", what: str = "picture") -> int:
    path = f"/api/v1/device/acts/{number}/{what}"
    return machine.ask("PUT", path, data=content, content_type=kind).status_code


def test_picture_is_kept_in_memory_for_ten_minutes(
    machine: Visitor, admin: Visitor, house: Reception, still: StillClock
) -> None:
    number = ask(admin, "screenshot")
    taken(machine)
    assert send(machine, number) == 204
    courier = house.server.fleet.courier
    kept = courier.find(number)
    assert kept
    assert kept.content == JPEG
    assert (
        JPEG not in house.parts.store.report(lambda db: str(db.execute_sql("SELECT * FROM errand").fetchall())).encode()
    )
    still.advance(minutes=10)
    assert courier.find(number) is None


def test_only_what_was_asked_for_is_taken(machine: Visitor, admin: Visitor) -> None:
    shot, logs = ask(admin, "screenshot"), ask(admin, "collect_logs")
    assert send(machine, shot) == 409  # not taken yet
    taken(machine)
    assert send(machine, shot, b"<html>") == 415
    assert send(machine, shot, JPEG, "text/html") == 415
    assert send(machine, shot, JPEG + b"x" * PICTURE[3]) == 413
    assert send(machine, logs) == 409
    assert send(machine, logs, b"it was dark", "text/plain", "logs") == 204
    assert send(machine, shot, JPEG + b"x" * 90_000) == 204


def test_every_act_says_in_the_log_who_asked_for_it(machine: Visitor, admin: Visitor, house: Reception) -> None:
    ask(admin, "reboot")
    with house.parts.store.read() as db:
        last = acts.recent(db)[0]
    assert (last.act, last.detail) == ("ask_device", {"device": 1, "name": "The door of oak", "what": "reboot"})


def test_revoked_machine_is_asked_for_nothing(machine: Visitor, admin: Visitor) -> None:
    ask(admin, "reload")
    admin.ask("DELETE", "/api/v1/devices/1")
    assert machine.get("/api/v1/device/acts").status_code == 401
    assert admin.post_json("/api/v1/devices/1/acts", {"act": "reload"}).status_code == 422


def line_of(house: Reception, visitor: Visitor) -> SocketIOTestClient:
    wires: SocketIO = house.server.web.extensions["socketio"]
    return wires.test_client(house.server.web, flask_test_client=visitor.client, headers=visitor.headers)


def test_open_page_does_what_pages_can_and_leaves_the_rest(machine: Visitor, admin: Visitor, house: Reception) -> None:
    line = line_of(house, machine)
    shown, dark = ask(admin, "identify"), ask(admin, "screen_off")
    house.server.fleet.courier.step()
    told = [message for message in line.get_received() if message["name"] == "errand"]
    assert [message["args"][0] for message in told] == [{"id": shown, "act": "identify"}]
    line.emit("did", {"id": shown, "done": True})
    assert state_of(admin, shown) == "done"
    assert [one["id"] for one in taken(machine)] == [dark]


def test_page_of_another_machine_is_told_nothing(machine: Visitor, admin: Visitor, house: Reception) -> None:
    other = line_of(house, house.device("door", "elm"))
    ask(admin, "identify")
    house.server.fleet.courier.step()
    assert [message["name"] for message in other.get_received()] == []
    assert [one["act"] for one in taken(machine)] == ["identify"]


def test_page_answers_for_no_other_machine(machine: Visitor, admin: Visitor, house: Reception) -> None:
    number = ask(admin, "screen_off")
    taken(machine)
    line_of(house, house.device("door", "elm")).emit("did", {"id": number, "done": True})
    assert state_of(admin, number) == "taken"


def test_socket_of_a_revoked_machine_ends_and_opens_no_more(house: Reception, machine: Visitor, admin: Visitor) -> None:
    line = line_of(house, machine)
    view = line.emit("show", {"display": "door", "slug": "oak"}, callback=True)
    assert view["view"]
    admin.ask("DELETE", "/api/v1/devices/1")
    house.server.tickets.look()
    assert not line.is_connected()
    assert not line_of(house, machine).is_connected()


def test_socket_of_a_machine_that_shows_something_else_by_now_ends(
    house: Reception, machine: Visitor, admin: Visitor
) -> None:
    line = line_of(house, machine)
    admin.ask("PATCH", "/api/v1/devices/1", json={"slug": "elm"})
    house.server.tickets.look()
    assert not line.is_connected()


def test_stolen_cookie_hears_of_no_other_room(house: Reception) -> None:
    line = line_of(house, house.device("door", "oak"))
    for display, slug in (("door", "elm"), ("lobby", "all"), ("doors", "oak+elm"), ("phone", "oak")):
        answer = line.emit("show", {"display": display, "slug": slug}, callback=True)
        assert answer == {"error": "This is not for you."}, (display, slug)


def test_cloned_card_is_told_at_once_though_both_machines_are_well(
    machine: Visitor, admin: Visitor, house: Reception, still: StillClock
) -> None:
    for boot in ("first", "second", "first"):
        machine.post_json("/api/v1/device/heartbeat", {"boot_id": boot})
        still.advance(seconds=20)
    known = admin.get("/api/v1/devices/1").json
    assert (known["state"], known["reasons"][0]["reason"]) == ("ill", "cloned")
    house.account("admin")
    assert house.server.fleet.roster.judge(still()).ill == (1,)
    with house.parts.store.read() as db:
        [mail] = db.execute_sql("SELECT event, target FROM delivery").fetchall()
    assert mail == ("device.ill", "admin@kiosk.example")


def test_errands_of_the_store_are_the_acts_of_the_contract() -> None:
    assert " ".join(errands.ACTS) == (
        "identify reload screenshot restart_display reboot screen_on screen_off brightness collect_logs"
    )
