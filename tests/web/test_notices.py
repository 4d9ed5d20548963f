"""Notices over the API, in the administration, and to screens whose socket is dead."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from kiosk import clock
from kiosk.store import acts, notices, screens
from kiosk.web.problems import Problem
from tests.web.visitors import Reception, Visitor

EVERYWHERE = "organisation%3A"


def write(visitor: Visitor, key: str = "", **more: Any) -> TestResponse:
    body = {"title": "Lift is out", "end": clock.iso(clock.now() + timedelta(hours=1))} | more
    headers = {"Idempotency-Key": key, "X-CSRF-Token": visitor.csrf}
    return visitor.client.post("/api/v1/notices", json=body, headers=visitor.headers | headers)


def ask(visitor: Visitor, version: str = "", path: str = "/notices/door/oak") -> TestResponse:
    return visitor.post_json(path, {"screen": "a-browser-of-ours", "notices": version})


def titles(reception: Reception) -> list[str]:
    with reception.parts.store.read() as db:
        return [one.title for one in notices.coming(db, clock.now())]


def tomorrow() -> str:
    return f"{clock.now() + timedelta(days=1):%Y-%m-%dT%H:%M}"


def test_program_writes_lists_and_ends_a_notice(reception: Reception) -> None:
    program = reception.program()
    made = write(program, level="warning", text="Use lift A.\nOr the stairs.", target={"room": "oak"})
    assert (made.status_code, made.json["target"], made.json["ended_at"]) == (201, {"room": "oak"}, None)
    [listed] = program.get("/api/v1/notices").json["notices"]
    assert (listed["level"], listed["text"]) == ("warning", "Use lift A.\nOr the stairs.")
    ended = program.ask("DELETE", f"/api/v1/notices/{made.json['id']}")
    assert (ended.status_code, titles(reception)) == (200, [])
    with reception.parts.store.read() as db:
        assert [act.actor.partition(":")[0] for act in acts.recent(db) if "notice" in act.act] == ["admin", "admin"]


def test_same_request_is_done_once(reception: Reception) -> None:
    program = reception.program()
    end = clock.iso(clock.now() + timedelta(hours=1))
    assert {write(program, "k", end=end).json["id"] for _ in range(2)} == {1}
    assert write(program, "k", end=end, title="Other").json["reason"] == "key_reused"


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("title", {"title": ""}),
        ("title", {"title": "a\nb"}),
        ("text", {"text": "\u0000"}),
        ("text", {"text": 7}),
        ("kind", {"kind": "party"}),
        ("level", {"level": "red"}),
        ("end", {"end": None}),
        ("end", {"end": "later"}),
        ("room", {"target": {"room": "ash"}}),
        ("floor", {"target": {"building": "Berlin", "floor": "9"}}),
        ("target", {"target": "oak"}),
    ],
)
def test_what_cannot_be_used_is_named(reception: Reception, field: str, wrong: dict[str, Any]) -> None:
    answer = write(reception.program(), **wrong)
    assert (answer.status_code, answer.json["field"]) == (422, field)


def test_screen_without_a_socket_is_told_and_acknowledges(reception: Reception) -> None:
    emergency = write(reception.program(), kind="emergency", title="Fire", end=None, target={"building": "Berlin"})
    screen = reception.screen()
    told = ask(screen)
    assert [item["title"] for item in told.json["items"]] == ["Fire"]
    assert ask(screen, told.json["version"]).status_code == 204
    assert ask(screen, path="/notices/door/elm").json["items"] == []
    reception.server.roll.step()
    with reception.parts.store.read() as db:
        [answer] = screens.answers(db, notices.find(db, emergency.json["id"]), clock.now())
    assert (answer.state, answer.screen.display, answer.screen.slug) == ("shown", "door", "oak")
    assert answer.screen.token.startswith("screen")


def test_page_brings_what_is_told_with_it(reception: Reception) -> None:
    write(reception.program())
    view = reception.screen().get("/door/oak", headers={"Accept": "application/json"}).json
    assert [item["title"] for item in view["notices"]["items"]] == ["Lift is out"]


def test_emergency_is_answered_even_where_no_room_can_be_drawn(reception: Reception) -> None:
    def broken(*_anything: object) -> None:
        raise Problem(500, "broken", "Broken", "Nothing can be drawn.")

    reception.server.pulse.gallery.painter.paint = broken  # type: ignore[method-assign,assignment]
    write(reception.program(), kind="emergency", title="Fire", end=None)
    assert ask(reception.screen()).json["items"][0]["kind"] == "emergency"


def test_administrator_starts_an_emergency_in_two_steps_and_ends_it(reception: Reception) -> None:
    boss = reception.account("admin")
    step = boss.post("/admin/emergency/confirm", title="Fire", text="Leave now.", target=EVERYWHERE)
    assert (step.status_code, "Start the emergency now" in step.text, titles(reception)) == (200, True, [])
    started = boss.post("/admin/emergency", title="Fire", text="Leave now.", target=EVERYWHERE, key="once")
    again = boss.post("/admin/emergency", title="Fire", text="Leave now.", target=EVERYWHERE, key="once")
    assert (titles(reception), started.location) == (["Fire"], again.location)
    ask(reception.screen())
    reception.server.roll.step()
    assert "not yet" in boss.get(started.location).text
    boss.post(f"{started.location}/end")
    assert titles(reception) == []


def test_screen_that_hangs_nowhere_any_more_is_forgotten(reception: Reception) -> None:
    boss = reception.account("admin")
    where = boss.post("/admin/emergency", title="Fire", target=EVERYWHERE, key="k").location
    ask(reception.screen())
    reception.server.roll.step()
    boss.post(f"{where}/forget", screen="a-browser-of-ours door/oak")
    assert "door/oak" not in boss.get(where).text


@pytest.mark.parametrize("template", ["fire", "shelter", "drill"])
def test_prepared_emergencies_fit(reception: Reception, template: str) -> None:
    page = reception.account("admin").get(f"/admin/emergency?template={template}").text
    title = page.split('id="title"')[1].split('value="')[1].split('"')[0]
    assert 1 <= len(title) <= notices.LONGEST_TITLE


def test_manager_writes_for_rooms_in_scope_only(reception: Reception) -> None:
    manager = reception.account("manager")
    form = {"title": "Projector is broken", "end": tomorrow()}
    assert manager.post("/admin/notices/new", **form, target="room%3Aoak").status_code == 303
    assert manager.post("/admin/notices/new", **form, target="room%3Aelm").status_code == 403
    assert manager.post("/admin/notices/new", **form, target=EVERYWHERE).status_code == 403
    assert titles(reception) == ["Projector is broken"]
    elsewhere = reception.account("manager", "elm", email="elsewhere@kiosk.example")
    assert "Projector" not in elsewhere.get("/admin/notices").text
    assert elsewhere.post("/admin/notices/1/end").status_code == 403


def test_notice_is_looked_at_changed_and_ended(reception: Reception) -> None:
    boss = reception.account("admin")
    form = {"title": "Lift is out", "end": tomorrow(), "target": EVERYWHERE}
    assert "So it stands" in boss.post("/admin/notices/new", **form, preview="1").text
    assert titles(reception) == []
    boss.post("/admin/notices/new", **form)
    assert 'value="Lift is out"' in boss.get("/admin/notices/1").text
    boss.post("/admin/notices/1", **form | {"title": "Lift works"})
    assert titles(reception) == ["Lift works"]
    assert boss.post("/admin/notices/1", **form | {"end": "2020-01-01T10:00"}).status_code == 422
    boss.post("/admin/notices/1/end")
    assert titles(reception) == []
