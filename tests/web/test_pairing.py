"""Pairing a screen by the code that it shows, and everybody who tries to be let in without being asked."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import TestResponse

from kiosk import app, clock
from kiosk.store import acts, devices, pairings
from kiosk.store.tokens import digest
from kiosk.web.access import DEVICE_COOKIES
from tests.fakes import StillClock
from tests.web.visitors import Reception, Visitor

COOKIE = DEVICE_COOKIES[1]
PAIR = "/admin/devices/pair"
DOOR = {"name": "Oak's door", "display": "/door/oak"}


@pytest.fixture
def still() -> StillClock:
    """A clock that begins where the visitors' sessions do."""
    return StillClock(clock.now().replace(microsecond=0))


@pytest.fixture
def office(reception: Reception, still: StillClock) -> Reception:
    """The server by a clock that tests move."""
    return Reception(reception.parts, app.build(reception.parts, still))


@pytest.fixture
def admin(office: Reception, still: StillClock) -> Visitor:
    return office.account("admin")


@pytest.fixture
def screen(office: Reception) -> Visitor:
    return office.stranger()


def begin(screen: Visitor) -> dict[str, Any]:
    answer = screen.post_json("/api/v1/pairing", {})
    assert answer.status_code == 201, answer.text
    return dict(answer.json)


def ask(screen: Visitor, begun: dict[str, Any], **more: str) -> TestResponse:
    return screen.post_json("/api/v1/pairing/token", {"device_code": begun["device_code"]} | more)


def error(answer: TestResponse) -> str:
    assert answer.status_code == 400, answer.text
    return str(answer.json["error"])


def approve(admin: Visitor, begun: dict[str, Any], **more: str) -> TestResponse:
    return admin.post(f"{PAIR}/approve", code=begun["user_code"], **DOOR | more)


def test_stranger_is_shown_the_page_with_a_code(screen: Visitor) -> None:
    page = screen.get("/door/oak")
    assert (page.status_code, "data-code" in page.text) == (401, True)
    begun = begin(screen)
    assert (len(begun["user_code"]), begun["expires_in"], begun["interval"]) == (9, 600, 5)
    assert begun["verification_uri_complete"] == f"http://localhost{PAIR}?code={begun['user_code']}"


def test_screen_that_was_approved_keeps_its_token_where_no_script_reads_it(
    admin: Visitor, screen: Visitor, still: StillClock
) -> None:
    begun = begin(screen)
    assert error(ask(screen, begun)) == "authorization_pending"
    assert approve(admin, begun).status_code == 303
    still.advance(seconds=5)
    done = ask(screen, begun, keep="cookie")
    assert (done.status_code, done.json["device"]["path"], "token" in done.json) == (200, "/door/oak", False)
    cookie = done.headers["Set-Cookie"]
    assert [word in cookie for word in (f"{COOKIE}=", "HttpOnly", "SameSite=Strict")] == [True] * 3
    assert screen.get("/").headers["Location"] == "/door/oak"
    assert screen.get("/door/oak").status_code == 200


def test_by_https_the_cookie_is_bound_to_this_host_and_to_https(
    admin: Visitor, office: Reception, still: StillClock
) -> None:
    client = office.server.web.test_client()
    secure = {"base_url": "https://localhost"}
    begun = client.post("/api/v1/pairing", json={}, **secure).json
    approve(admin, begun)
    done = client.post("/api/v1/pairing/token", json={"device_code": begun["device_code"]}, **secure)
    cookie = done.headers["Set-Cookie"]
    assert cookie.startswith("__Host-kiosk_device=")
    assert [word in cookie for word in ("Secure", "Path=/", "Domain")] == [True, True, False]
    assert client.get("/", headers={"Accept": "text/html"}, **secure).headers["Location"] == "/door/oak"


def test_machine_that_keeps_its_own_token_is_sent_none(admin: Visitor, screen: Visitor, office: Reception) -> None:
    begun = begin(screen)
    approve(admin, begun)
    done = ask(screen, begun, token_sha256=digest("own"))
    assert (done.status_code, "token" in done.json, "Set-Cookie" in done.headers) == (200, False, False)
    headers = {"Authorization": "Bearer own"}
    assert office.server.web.test_client().get("/api/v1/device", headers=headers).json["path"] == "/door/oak"


def test_secret_of_a_screen_is_good_once(admin: Visitor, screen: Visitor, office: Reception, still: StillClock) -> None:
    begun = begin(screen)
    approve(admin, begun)
    assert ask(screen, begun).json["token"]
    still.advance(seconds=10)
    assert error(ask(office.stranger(), begun)) == "expired_token"
    with office.parts.store.read() as db:
        assert len(devices.every(db)) == 1


def test_code_is_good_for_ten_minutes(admin: Visitor, screen: Visitor, still: StillClock) -> None:
    begun = begin(screen)
    still.advance(minutes=10)
    assert error(ask(screen, begun)) == "expired_token"
    assert approve(admin, begun).status_code == 404


def test_code_is_approved_once(admin: Visitor, screen: Visitor, still: StillClock) -> None:
    begun = begin(screen)
    approve(admin, begun)
    assert "paired already" in approve(admin, begun, display="/door/elm").text
    assert ask(screen, begun).json["device"]["path"] == "/door/oak"
    assert admin.post(PAIR, code=begun["user_code"]).status_code == 404


def test_screen_that_asks_too_often_is_told_to_slow_down(screen: Visitor, still: StillClock) -> None:
    begun = begin(screen)
    said = []
    for seconds in (0, 5, 1, 10):
        still.advance(seconds=seconds)
        said.append(error(ask(screen, begun)))
    assert said == ["authorization_pending", "authorization_pending", "slow_down", "authorization_pending"]


def test_refused_screen_is_told(admin: Visitor, screen: Visitor) -> None:
    begun = begin(screen)
    assert admin.post(f"{PAIR}/deny", code=begun["user_code"]).status_code == 303
    assert error(ask(screen, begun)) == "access_denied"
    assert approve(admin, begun).status_code == 404


def test_administrator_sees_who_asks_and_lets_that_screen_blink(
    admin: Visitor, office: Reception, still: StillClock
) -> None:
    browser = Visitor(office.server.web.test_client(), headers={"User-Agent": "Tablet/7"})
    begun = begin(browser)
    page = admin.post(PAIR, code=begun["user_code"].lower().replace("-", " "))
    assert [word in page.text for word in ("Tablet/7", "127.0.0.1")] == [True, True]
    assert "identify" not in ask(browser, begun).json
    assert "blinks within five seconds" in admin.post(f"{PAIR}/identify", code=begun["user_code"]).text
    still.advance(seconds=5)
    assert ask(browser, begun).json["identify"]
    still.advance(seconds=10)
    assert "identify" not in ask(browser, begun).json


def test_code_in_a_link_is_filled_in_and_not_acted_on(admin: Visitor, screen: Visitor) -> None:
    begun = begin(screen)
    page = admin.get(f"{PAIR}?code={begun['user_code']}")
    assert [word in page.text for word in (begun["user_code"], "Let it in")] == [True, False]
    assert error(ask(screen, begun)) == "authorization_pending"


def test_five_wrong_codes_make_an_administrator_rest_even_with_the_right_one(
    admin: Visitor, screen: Visitor, still: StillClock
) -> None:
    begun = begin(screen)
    assert [admin.post(PAIR, code="BBBB-BBBB").status_code for _ in range(6)] == [404] * 5 + [429]
    for path in ("", "/identify", "/approve"):
        assert admin.post(f"{PAIR}{path}", code=begun["user_code"], **DOOR).status_code == 429
    assert error(ask(screen, begun)) == "authorization_pending"
    still.advance(minutes=2)
    assert admin.post(PAIR, code=begun["user_code"]).status_code == 200


def test_wrong_codes_of_one_address_rest_for_everybody_there(admin: Visitor, office: Reception) -> None:
    for _ in range(5):
        admin.post(PAIR, code="BBBB-BBBB")
    other = office.account("admin", email="other@kiosk.example")
    assert other.post(PAIR, code="CCCC-CCCC").status_code == 429


def test_right_codes_never_make_anybody_rest(admin: Visitor, office: Reception) -> None:
    for _ in range(8):
        begun = begin(office.stranger())
        assert admin.post(PAIR, code=begun["user_code"]).status_code == 200
        assert approve(admin, begun).status_code == 303


def test_nobody_but_an_administrator_approves(office: Reception, screen: Visitor) -> None:
    begun = begin(screen)
    for visitor in (office.stranger(), office.screen(), office.device(), office.program(), office.account("manager")):
        assert approve(visitor, begun).status_code in {401, 403}
    assert error(ask(screen, begun)) == "authorization_pending"


def test_page_of_another_site_approves_and_pairs_nothing(admin: Visitor, screen: Visitor) -> None:
    begun = begin(screen)
    form = {"code": begun["user_code"], **DOOR}
    evil = {"headers": {"Origin": "https://evil.example"}}
    for csrf, more in (("", {}), ("guessed", {}), (admin.csrf, evil)):
        assert admin.ask("POST", f"{PAIR}/approve", data=form | {"csrf": csrf}, **more).status_code == 403
    assert screen.ask("POST", "/api/v1/pairing", json={}, **evil).status_code == 403
    assert error(ask(screen, begun)) == "authorization_pending"


def test_guessed_secret_is_that_of_no_screen(screen: Visitor) -> None:
    assert error(ask(screen, {"device_code": "guessed"})) == "expired_token"
    assert error(ask(screen, {"device_code": ""})) == "expired_token"


def test_only_so_many_screens_of_one_address_ask_at_once(screen: Visitor, still: StillClock) -> None:
    for _ in range(pairings.MOST_HERE):
        begin(screen)
    refused = screen.post_json("/api/v1/pairing", {})
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "600")
    still.advance(minutes=10)
    begin(screen)


def test_neither_codes_nor_secrets_are_kept_as_they_are(admin: Visitor, screen: Visitor, office: Reception) -> None:
    begun = begin(screen)
    approve(admin, begun)
    token = ask(screen, begun).json["token"]
    with office.parts.store.read() as db:
        tables = [str(db.execute_sql(f"SELECT * FROM {name}").fetchall()) for name in ("pairing", "device", "act")]
    for secret in (begun["device_code"], begun["user_code"].replace("-", ""), token):
        assert not any(secret in kept for kept in tables)


def test_pairing_is_in_the_log_of_acts_and_so_is_a_wrong_code(
    admin: Visitor, screen: Visitor, office: Reception
) -> None:
    admin.post(PAIR, code="BBBB-BBBB")
    approve(admin, begin(screen))
    with office.parts.store.read() as db:
        done, wrong = acts.recent(db)[:2]
    assert (done.act, done.result, done.detail["display"]) == ("pair_device", "done", "/door/oak")
    assert (wrong.act, wrong.result) == ("pair_device", "refused")


def test_cookie_is_exchanged_when_it_is_time(office: Reception, still: StillClock) -> None:
    browser = office.device()

    def kept() -> str:
        assert browser.get("/door/oak").status_code == 200
        cookie = browser.client.get_cookie(COOKIE)
        return cookie.value if cookie else ""

    first = kept()
    assert kept() == first
    still.advance(days=91)
    second = kept()
    assert second != first
    assert kept() == second
