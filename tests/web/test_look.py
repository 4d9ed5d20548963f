"""The organisation's look, from the form in the administration to the pages."""

from __future__ import annotations

import io
import re
from itertools import pairwise

from werkzeug.test import TestResponse

from kiosk.live.gallery import Screen
from kiosk.store import look, policies
from kiosk.store.look import Look
from tests.web.visitors import Reception, Visitor

LOGO = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 1"><script>alert(1)</script><path d="M0 0H4V1"/></svg>'
GREEN = "#00613a"


def save(visitor: Visitor, logo: bytes = b"", **form: str) -> TestResponse:
    file = {"logo": (io.BytesIO(logo), "logo.svg")} if logo else {}
    return visitor.client.post(
        "/admin/look", data={"csrf": visitor.csrf, **form, **file}, headers={"Accept": "text/html"}
    )


def door(reception: Reception) -> str:
    return reception.screen().get("/door/oak").text


def addresses(html: str) -> list[str]:
    return re.findall(r'"(/look/[^"]+)"', html)


def test_a_door_without_a_look_asks_for_none(reception: Reception) -> None:
    assert addresses(door(reception)) == []


def test_colour_and_logo_are_on_the_door_under_addresses_that_last(reception: Reception) -> None:
    assert save(reception.account("admin"), LOGO, day=GREEN).status_code == 303
    sheet, logo = (reception.stranger().get(address) for address in addresses(door(reception)))
    assert f"--page-accent: light-dark({GREEN}, " in sheet.text
    assert (sheet.mimetype, logo.mimetype) == ("text/css", "image/svg+xml")
    assert "immutable" in sheet.headers["Cache-Control"]
    assert "script" not in logo.text
    assert "sandbox" in logo.headers["Content-Security-Policy"]


def test_a_look_paints_no_status(reception: Reception) -> None:
    save(reception.account("admin"), day=GREEN)
    names = re.findall(r"--([\w-]+):", reception.stranger().get(addresses(door(reception))[0]).text)
    assert set(names) == {"logo-plate", "page-accent", "page-accent-ink", "board-accent"}


def test_another_look_has_another_address(reception: Reception) -> None:
    admin = reception.account("admin")
    save(admin, day=GREEN)
    before = addresses(door(reception))
    save(admin, day="#7a0016")
    assert addresses(door(reception)) != before
    assert reception.stranger().get(before[0]).status_code == 404


def test_a_colour_that_is_hard_to_read_is_refused_and_the_nearest_offered(reception: Reception) -> None:
    answer = save(reception.account("admin"), day="#ff6600")
    assert answer.status_code == 422
    assert 'name="day" value="#c64d00"' in answer.text
    assert addresses(door(reception)) == []


def test_a_logo_stays_when_the_colour_changes_and_goes_on_request(reception: Reception) -> None:
    admin = reception.account("admin")
    save(admin, LOGO, day=GREEN)
    save(admin, day="#7a0016")
    assert len(addresses(door(reception))) == 2
    save(admin, day="#7a0016", without_logo="yes")
    assert len(addresses(door(reception))) == 1


def test_the_nights_colour_follows_a_new_one_of_the_day(reception: Reception) -> None:
    admin, store = reception.account("admin"), reception.parts.store
    save(admin, day=GREEN)
    with store.read() as db:
        night = look.read(db).night
    save(admin, day="#7a0016", night=night)
    with store.read() as db:
        assert look.read(db).night != night


def test_a_look_can_be_taken_away(reception: Reception) -> None:
    admin = reception.account("admin")
    save(admin, LOGO, day=GREEN)
    assert admin.post("/admin/look/clear").status_code == 303
    assert addresses(door(reception)) == []


def test_the_administration_keeps_its_own_look(reception: Reception) -> None:
    admin = reception.account("admin")
    save(admin, day=GREEN)
    assert '.css">' in admin.get("/admin/data").text
    assert addresses(admin.get("/admin/data").text) == []


def test_screens_are_told_of_a_new_look_and_of_a_new_theme(reception: Reception) -> None:
    gallery, store = reception.server.pulse.gallery, reception.parts.store
    seen = [gallery.view(Screen("door", "oak"))["frame"]]
    store.write(look.write, Look(day=GREEN))
    seen.append(gallery.view(Screen("door", "oak"))["frame"])
    store.write(policies.change, None, {"theme": "contrast"})
    seen.append(gallery.view(Screen("door", "oak"))["frame"])
    assert all(one != other for one, other in pairwise(seen))


def test_a_rooms_theme_is_on_its_door_and_the_organisations_on_a_mixed_board(reception: Reception) -> None:
    store = reception.parts.store
    with store.read() as db:
        number = next(one.id for one in reception.server.pulse.gallery.rooms_of(Screen("door", "oak")) if db)
    store.write(policies.change, number, {"theme": "contrast"})
    assert 'data-theme="contrast"' in door(reception)
    assert 'contrast.css">' in door(reception)
    board = reception.screen().get("/lobby/all").text
    assert "data-theme" not in board
    assert 'contrast.css" media="(prefers-contrast: more)">' in board
