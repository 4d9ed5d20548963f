"""A room on a phone: the code at its door lets in for a while, into that room and nowhere else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kiosk import app, clock
from kiosk.store import policies, rooms
from kiosk.web.access import PHONE_COOKIE
from tests.fakes import StillClock
from tests.web.test_services import PAUL, book, later
from tests.web.visitors import HTML, Reception, Visitor

ROOT = "https://rooms.kiosk.example"
JSON = {"Accept": "application/json"}


@pytest.fixture
def house(reception: Reception, still: StillClock) -> Reception:
    """The server under its name outside, by a clock that stands still, with rooms that have been read."""
    parts = replace(reception.parts, settings=replace(reception.parts.settings, public_url=ROOT))
    still.instant = clock.now().replace(microsecond=0)
    return Reception(parts, app.build(parts, still))


def link(house: Reception, slug: str = "oak") -> str:
    """Return what the code at a door leads to, without the server's name."""
    answer = house.screen().get(f"/api/v1/rooms/{slug}/link", headers=JSON)
    assert answer.status_code == 200
    return str(answer.json["link"]["url"]).removeprefix(ROOT)


def scanned(house: Reception, slug: str = "oak") -> Visitor:
    """Return a phone that has scanned the code at a door."""
    visitor = house.stranger()
    answer = visitor.get(link(house, slug))
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/phone/{slug}")
    return visitor


def status(visitor: Visitor, path: str = "/phone/oak", **more: Any) -> int:
    return visitor.get(path, **more).status_code


def test_a_code_opens_its_room_and_its_link_is_not_kept(house: Reception) -> None:
    visitor = scanned(house)
    page = visitor.get("/phone/oak")
    assert (page.status_code, "Oak" in page.text, "?k=" in page.text) == (200, True, False)
    assert page.headers["Cache-Control"] == "no-store"


def test_the_visit_is_kept_where_no_script_reads_it_and_travels_encrypted_where_the_page_did(house: Reception) -> None:
    address = link(house)
    for base, secure in ((ROOT, True), ("http://localhost", False)):
        kept = house.stranger().get(address, base_url=base).headers["Set-Cookie"]
        assert ("HttpOnly" in kept, "SameSite=Lax" in kept, "Secure" in kept) == (True, True, secure)


def test_strangers_are_asked_to_scan_whether_there_is_such_a_room_or_not(house: Reception) -> None:
    for slug in ("oak", "none"):
        answer = house.stranger().get(f"/phone/{slug}")
        assert answer.status_code == 401
        assert "Scan the code at the door" in answer.text
        assert "Oak" not in answer.text


def test_an_expired_link_opens_nothing(house: Reception, still: StillClock) -> None:
    address = link(house)
    still.advance(minutes=10)
    assert status(house.stranger(), address) == 303
    still.advance(seconds=1)
    assert status(house.stranger(), address) == 401


@pytest.mark.parametrize("key", ["", ".", "aqBcDw.x", "\udcff", "ä.ö", "oak", "A" * 5000])
def test_a_forged_link_opens_nothing(house: Reception, key: str) -> None:
    stamp = link(house).partition("?k=")[2].partition(".")[0]
    for forged in (key, f"{stamp}.{key}"):
        answer = house.stranger().client.get("/phone/oak", query_string={"k": forged.encode("utf-8", "replace")})
        assert answer.status_code == 401


def test_a_link_to_another_room_opens_nothing(house: Reception) -> None:
    key = link(house, "elm").partition("?k=")[2]
    assert status(house.stranger(), f"/phone/oak?k={key}") == 401


def test_a_visit_cannot_be_made_of_a_link_nor_of_another_visit(house: Reception) -> None:
    key = link(house).partition("?k=")[2]
    for forged in (f"oak.{key}", f"oak/x.{key}", house.server.web.secret_key):
        visitor = house.stranger()
        visitor.client.set_cookie(PHONE_COOKIE, str(forged))
        assert status(visitor) == 401


def test_a_visit_ends_after_half_an_hour(house: Reception, still: StillClock) -> None:
    visitor = scanned(house)
    still.advance(minutes=30)
    assert status(visitor) == 200
    still.advance(seconds=1)
    assert (status(visitor), status(visitor, "/api/v1/rooms/oak")) == (401, 401)


def test_switching_the_code_off_ends_its_visits_and_its_links(house: Reception) -> None:
    visitor, address = scanned(house), link(house)
    with house.parts.store.read() as db:
        number = rooms.by_slug(db, "oak").id
    house.parts.store.write(policies.change, number, {"qr": "no"})
    assert house.screen().get("/api/v1/rooms/oak/link", headers=JSON).json == {"link": None}
    assert (status(visitor), status(house.stranger(), address)) == (401, 401)
    assert "data-until" not in house.screen().get("/door/oak").text


def test_whoever_is_signed_in_needs_no_code_and_an_old_one_does_no_harm(house: Reception, still: StillClock) -> None:
    address = link(house)
    still.advance(hours=1)
    person = house.person()
    assert status(person) == 200
    answer = person.get(address)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/phone/oak")
    assert PHONE_COOKIE not in answer.headers.get("Set-Cookie", "")


def test_a_screen_on_the_servers_own_machine_shows_no_code_that_leads_nowhere(reception: Reception) -> None:
    program = reception.program()
    for base, shown in (("http://localhost:8080", False), ("http://127.0.0.1:8080", False), ("http://hub.local", True)):
        found = program.get("/api/v1/rooms/oak/link", base_url=base).json["link"]
        assert bool(found) is shown
        page = program.get("/door/oak", base_url=base, headers={"Accept": HTML}).text
        assert ("<svg" in page.partition("data-code-picture")[2][:200]) is shown


def wish(visitor: Visitor, slug: str = "oak", **more: Any) -> Any:
    return visitor.post_json(f"/api/v1/rooms/{slug}/bookings", {"minutes": 15} | more)


def test_a_phone_books_its_room_as_whoever_stands_there_and_takes_it_back(house: Reception) -> None:
    visitor = scanned(house)
    made = wish(visitor, title="Huddle")
    assert made.status_code == 201, made.text
    assert visitor.get("/api/v1/rooms/oak").json["current"]["title"] == "Huddle"
    taken_back = visitor.ask("DELETE", f"/api/v1/bookings/{made.json['id']}?room=oak")
    assert taken_back.status_code == 200


def test_where_only_people_book_a_phone_must_sign_in(house: Reception) -> None:
    house.parts.store.write(policies.change, None, {"bookable": "people"})
    refused = wish(scanned(house))
    assert (refused.status_code, refused.json["reason"]) == (403, "people_only")
    assert wish(house.person()).status_code == 201


def test_a_phone_reaches_no_other_room_and_nobodys_name(house: Reception) -> None:
    visitor = scanned(house)
    there = book(house, slug="elm")
    assert wish(visitor, "elm").status_code == 401
    for path in ("/phone/elm", "/door/oak", "/lobby/all", "/", "/my", "/api/v1/rooms", "/api/v1/rooms/elm"):
        assert status(visitor, path) == 401, path
    for path in ("/api/v1/rooms/oak/link", "/api/v1/people?q=pa", "/api/v1/acts"):
        assert status(visitor, path, headers=JSON) == 401, path
    for body in ({"room": "elm"}, {}):
        assert visitor.post_json(f"/api/v1/bookings/{there}/end", body).status_code == 401
    assert visitor.ask("DELETE", f"/api/v1/bookings/{there}?room=elm").status_code == 401
    assert visitor.ask("DELETE", f"/api/v1/bookings/{there}").status_code == 401


def test_a_phone_tries_no_pins(house: Reception) -> None:
    house.parts.store.write(policies.change, None, {"names": "yes"})
    signed = {"as": {"person": PAUL, "pin": "1234"}}
    assert wish(scanned(house), **signed).status_code == 401
    assert wish(house.screen(), **signed).json["reason"] == "wrong_pin"


def test_a_phone_of_nobody_rests_after_some_bookings(house: Reception, still: StillClock) -> None:
    visitor = scanned(house)
    answers = [wish(visitor, start=clock.iso(later(60 * hour))) for hour in range(1, 7)]
    assert [one.status_code for one in answers] == [201] * 5 + [429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert status(visitor) == 200
    assert wish(scanned(house), start=clock.iso(later(60 * 8))).status_code == 201


def test_another_sites_page_books_nothing_with_a_visit(house: Reception) -> None:
    visitor = scanned(house)
    foreign = visitor.ask(
        "POST", "/api/v1/rooms/oak/bookings", json={"minutes": 15}, headers={"Origin": "https://evil.example"}
    )
    assert foreign.status_code == 403


def test_ones_own_bookings_of_the_room_are_listed_and_nobody_elses(house: Reception) -> None:
    book(house)
    book(house, later(300), slug="elm")
    book(house, later(500), email="eve@kiosk.example")
    own = house.person().get("/phone/oak/mine")
    assert (own.text.count("<article"), "Cancel the booking" in own.text) == (1, True)
    assert scanned(house).get("/phone/oak/mine").text.strip() == ""
    assert house.stranger().get("/phone/oak/mine", headers=JSON).status_code == 401


def test_a_booking_under_way_can_be_extended_and_ended_by_whose_it_is(house: Reception) -> None:
    person = house.person()
    assert wish(person).status_code == 201
    own = person.get("/phone/oak/mine").text
    assert ('data-act="end"' in own, 'data-act="extend"' in own, "+15" in own) == (True, True, True)
    assert 'data-act="end"' not in house.person("eve@kiosk.example", "Eve").get("/phone/oak").text


def test_a_live_connection_shows_a_phone_its_room_only_and_ends_with_its_visit(
    house: Reception, still: StillClock
) -> None:
    visitor, wires = scanned(house), house.server.web.extensions["socketio"]
    line = wires.test_client(house.server.web, flask_test_client=visitor.client, headers={"Accept": HTML})
    asked = [{"display": display, "slug": slug} for display in ("door", "phone") for slug in ("oak", "elm")]
    answers = [bool(line.emit("show", one, callback=True).get("view")) for one in asked]
    assert answers == [False, False, True, False]
    still.advance(minutes=31)
    assert house.server.tickets.sweep() == 1
    assert not line.is_connected()


def test_the_script_of_a_phone_gets_the_same_view_again_and_again(house: Reception) -> None:
    visitor = scanned(house)
    first = visitor.get("/phone/oak", headers=JSON)
    assert (first.json["display"], first.json["slug"]) == ("phone", "oak")
    again = visitor.get("/phone/oak", headers=JSON | {"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304


def test_a_phone_reports_what_is_wrong_with_its_room_and_takes_it_back(house: Reception) -> None:
    visitor = scanned(house)
    told = visitor.post_json("/api/v1/rooms/oak/problems", {"kind": "light"})
    assert (told.status_code, told.json["kind"]) == (201, "light")
    assert visitor.ask("DELETE", f"/api/v1/rooms/oak/problems/{told.json['id']}").status_code == 200
    assert visitor.post_json("/api/v1/rooms/elm/problems", {"kind": "light"}).status_code == 401
