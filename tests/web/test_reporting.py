"""Problems are reported at doors and by programs, and settled by who looks after the room."""

from __future__ import annotations

import pytest

from kiosk.schedule.model import Room
from kiosk.store import policies, problems, rooms
from kiosk.store.problems import MOST
from tests.schedule.values import NEW_YORK
from tests.web.visitors import Reception, Visitor

PATH = "/api/v1/rooms/oak/problems"


@pytest.fixture
def door(reception: Reception) -> Visitor:
    return reception.screen()


def report(visitor: Visitor, kind: str = "screen", key: str = "") -> tuple[int, dict[str, object]]:
    headers = {"Idempotency-Key": key} if key else {}
    answer = visitor.ask("POST", PATH, json={"kind": kind}, headers=headers)
    return answer.status_code, answer.get_json(force=True)


def test_problem_is_sent_once_and_known_then(door: Visitor) -> None:
    code, told = report(door, key="k")
    assert (code, told["kind"], told["state"], told["message"]) == (201, "screen", "open", "Sent. Thank you.")
    assert report(door, key="k")[1]["id"] == told["id"]
    code, again = report(door)
    assert (code, again["id"], again["known"]) == (200, told["id"], True)
    assert [one["id"] for one in door.get(PATH).json["problems"]] == [told["id"]]
    assert door.get("/api/v1/rooms/oak").json["reported"] == ["screen"]
    assert 'data-kinds="screen"' in door.get("/door/oak").text


def test_problem_is_taken_back_at_once(door: Visitor) -> None:
    number = report(door)[1]["id"]
    answer = door.ask("DELETE", f"{PATH}/{number}")
    assert (answer.status_code, answer.json["state"]) == (200, "withdrawn")
    assert door.get(PATH).json == {"problems": []}


def test_what_nobody_knows_is_refused(door: Visitor) -> None:
    assert report(door, "smell")[0] == 422
    assert report(door, key="k")[0] == 201
    assert report(door, "light", key="k")[1]["reason"] == "key_reused"


def test_too_many_reports_are_refused_for_a_while(door: Visitor) -> None:
    for _ in range(MOST):
        door.ask("DELETE", f"{PATH}/{report(door)[1]['id']}")
    refused = door.ask("POST", PATH, json={"kind": "light"})
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0


def test_manager_settles_what_is_wrong_with_their_rooms_only(reception: Reception, door: Visitor) -> None:
    number = report(door)[1]["id"]
    manager, elsewhere = reception.account("manager"), reception.account("manager", "elm", email="else@x.example")
    assert "Screen or projector" in manager.get("/admin/problems").text
    assert "Oak" not in elsewhere.get("/admin/problems").text
    assert elsewhere.post(f"/admin/problems/{number}", state="done").status_code == 403
    assert manager.post(f"/admin/problems/{number}", state="done", note="new cable").status_code == 303
    assert "new cable" in manager.get("/admin/problems.part").text
    assert door.get(PATH).json == {"problems": []}


def test_answer_that_makes_no_sense_changes_nothing(reception: Reception, door: Visitor) -> None:
    number = int(str(report(door)[1]["id"]))
    reception.account("manager").post(f"/admin/problems/{number}", state="withdrawn")
    with reception.parts.store.read() as db:
        assert problems.find(db, number).state == "open"


def test_room_out_of_order_is_closed_and_cannot_be_booked(reception: Reception, door: Visitor) -> None:
    with reception.parts.store.read() as db:
        oak = rooms.by_slug(db, "oak")
    reception.parts.store.write(policies.change, oak.id, {"out-of-order": "yes"})
    told = door.get("/api/v1/rooms/oak").json
    assert (told["status"], told["out_of_order"], told["until"]) == ("closed", True, None)
    refused = door.post_json("/api/v1/rooms/oak/bookings", {"minutes": 15})
    assert (refused.status_code, refused.get_json(force=True)["reason"]) == (409, "closed")
    assert "Out of order" in door.get("/door/oak").text
    assert door.get("/api/v1/rooms/elm/alternatives").json == {"alternatives": []}


def test_other_rooms_come_with_the_way_there_and_with_what_can_be_booked_at_once(
    reception: Reception, door: Visitor
) -> None:
    with reception.parts.store.read() as db:
        elm = rooms.by_slug(db, "elm")
    reception.parts.store.write(policies.change, elm.id, {"durations": "20,40"})
    reception.parts.store.write(rooms.add, Room("fir", "Fir", NEW_YORK, "West", "1"))
    [one] = door.get("/api/v1/rooms/oak/alternatives").json["alternatives"]
    assert (one["room"], one["direction"], one["where"]) == ("elm", "building", "Hamburg · 1")
    assert one["offers"] == [{"minutes": 20}, {"minutes": 40}]


def test_doors_of_two_rooms_are_one_page(door: Visitor) -> None:
    page = door.get("/doors/elm+oak").text
    assert page.index('data-room="elm"') < page.index('data-room="oak"')
    assert door.get("/doors/elm+elm").status_code == 404
    assert door.ask("GET", "/doors/elm+oak", headers={"Accept": "application/json"}).json["slug"] == "elm+oak"
