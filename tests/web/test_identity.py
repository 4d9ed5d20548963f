"""Who is signed in with a browser: its pages, its live connection, and what ends both."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from flask_socketio import SocketIO, SocketIOTestClient

from kiosk import app, clock
from kiosk.schedule.model import Room
from kiosk.source import Member
from kiosk.store import people, sessions
from kiosk.store.rooms import StoredRoom
from kiosk.web.access import COOKIE
from kiosk.web.identity import Identity, inside, may_act, may_see, may_serve
from tests.web.visitors import Reception, Visitor

OAK = StoredRoom(1, Room("oak", "Oak", clock.zone("Europe/Berlin")), None, 0)


def connected(reception: Reception, visitor: Visitor) -> SocketIOTestClient:
    wires: SocketIO = reception.server.web.extensions["socketio"]
    return wires.test_client(reception.server.web, flask_test_client=visitor.client)


def test_person_who_has_signed_in_sees_displays_and_is_told_of_changes(reception: Reception) -> None:
    person = reception.person()
    assert person.get("/door/oak").status_code == 200
    assert connected(reception, person).is_connected()
    assert not connected(reception, reception.stranger()).is_connected()


def test_end_of_a_session_ends_its_live_connection(reception: Reception) -> None:
    person = reception.person()
    line = connected(reception, person)
    reception.parts.store.write(sessions.close_all, "paul@kiosk.example")
    assert reception.server.tickets.sweep() == 1
    assert not line.is_connected()
    assert person.get("/door/oak").status_code == 401


def test_whoever_has_left_the_directory_is_signed_out_and_a_newcomer_stays(reception: Reception) -> None:
    write, now = reception.parts.store.write, clock.now()
    paul, known = reception.person(), Member(("anna@kiosk.example",), "Anna")
    write(people.replace_all, [known], now - timedelta(hours=1))
    assert paul.get("/door/oak").status_code == 200
    write(people.replace_all, [known], now + timedelta(hours=1))
    assert paul.get("/door/oak").status_code == 401


def test_person_with_the_cookie_of_an_ended_token_still_gets_in(reception: Reception) -> None:
    person = reception.person()
    person.client.set_cookie(COOKIE, "kiosk_revoked")
    assert person.get("/door/oak").status_code == 200


def test_cookie_that_this_server_did_not_sign_names_nobody(reception: Reception) -> None:
    visitor = Visitor(reception.server.web.test_client())
    visitor.client.set_cookie("kiosk_session", "eyJpZCI6ImZvcmdlZCJ9.aaaa.bbbb")
    assert visitor.get("/admin/people").status_code == 303
    assert visitor.get("/door/oak").status_code == 401


def test_key_of_a_session_is_no_access_token(reception: Reception) -> None:
    person = reception.person()
    with person.client.session_transaction() as kept:
        key = kept["id"]
    stranger = reception.stranger()
    assert stranger.client.post("/enter", data={"token": f"session {key}"}).status_code == 401
    assert stranger.get("/api/v1/acts", headers={"Authorization": f"Bearer session {key}"}).status_code == 401


def test_screen_has_no_rights_in_the_administration(reception: Reception) -> None:
    screen = reception.screen()
    assert screen.get("/door/oak").status_code == 200
    assert screen.get("/admin/people").status_code == 303


def test_token_of_a_program_opens_no_pages_of_the_administration(reception: Reception) -> None:
    assert reception.program().get("/admin/people").status_code == 401


def test_form_that_another_site_sent_is_refused(reception: Reception) -> None:
    admin = reception.account("admin")
    form = {"csrf": admin.csrf, "email": "may@kiosk.example", "role": "admin"}
    for origin in ("https://evil.example", "null"):
        answer = admin.client.post("/admin/people", data=form, headers={"Origin": origin})
        assert answer.status_code == 403
    assert admin.client.post("/admin/people", data=form, headers={"Origin": "http://localhost"}).status_code == 303


def test_form_with_the_word_of_another_session_is_refused(reception: Reception) -> None:
    admin, viewer = reception.account("admin"), reception.account("viewer")
    form = {"csrf": viewer.csrf, "email": "may@kiosk.example", "role": "admin"}
    assert admin.client.post("/admin/people", data=form).status_code == 403


def test_cookie_of_a_session_is_kept_from_scripts_and_other_sites(reception: Reception) -> None:
    answer = reception.server.web.test_client().get("/admin/log-in", base_url="https://rooms.example")
    cookie = answer.headers["Set-Cookie"]
    assert all(word in cookie for word in ("Secure", "HttpOnly", "SameSite=Lax"))


def test_cookie_is_for_https_only_behind_a_proxy_that_speaks_it(reception: Reception) -> None:
    parts = replace(reception.parts, settings=replace(reception.parts.settings, public_url="https://rooms.example"))
    client = app.build(parts).web.test_client()
    assert "Secure" in client.get("/admin/log-in", base_url="http://rooms.example").headers["Set-Cookie"]
    assert "Secure" not in client.get("/admin/log-in", base_url="http://192.168.1.7:8080").headers["Set-Cookie"]


def test_pages_of_the_administration_are_kept_nowhere(reception: Reception) -> None:
    assert reception.account("admin").get("/admin/people").headers["Cache-Control"] == "no-store"


def test_page_that_forgot_to_say_for_whom_it_is_is_for_nobody(reception: Reception) -> None:
    forgotten = next(view for view in reception.server.web.view_functions if view.startswith("admin_people.every"))
    reception.server.web.view_functions[forgotten] = lambda: "secret"
    assert reception.account("admin").get("/admin/people").status_code == 403


def test_administration_speaks_english_whatever_the_displays_speak(reception: Reception) -> None:
    page = reception.stranger().get("/admin/log-in", headers={"Accept-Language": "de"})
    assert '<html lang="en"' in page.text


def identity(role: str, *scope: str) -> Identity:
    return Identity("a@kiosk.example", "A", role, scope, "")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("who", "sees", "acts"),
    [
        (None, False, False),
        (Identity("p@kiosk.example", "P", None, (), ""), False, False),
        (identity("viewer"), True, False),
        (identity("manager", "oak"), True, True),
        (identity("manager", "elm"), False, False),
        (identity("caterer", "oak"), False, False),
        (identity("admin"), True, True),
    ],
)
def test_rooms_are_seen_and_changed_by_role_and_scope(who: Identity | None, sees: bool, acts: bool) -> None:
    assert (may_see(who, OAK), may_act(who, OAK)) == (sees, acts)


def test_caterer_serves_the_buildings_of_their_scope() -> None:
    assert [may_serve(identity("caterer", "Berlin"), one) for one in ("Berlin", "Hamburg", "")] == [True, False, False]
    assert may_serve(identity("admin"), "Hamburg")
    assert not may_serve(identity("manager", "Berlin"), "Berlin")


@pytest.mark.parametrize("address", ["", "x", "https://a", "//a", "/\\a", "\t//a", "/a\r\nb"])
def test_address_outside_is_not_followed(address: str) -> None:
    assert inside(address, "/home") == "/home"
