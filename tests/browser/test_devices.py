"""Pairing a screen, and looking after the fleet, in real browsers."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, Page, expect

from kiosk import clock
from tests.browser.admin import DESK, PHONE, make_admin, obstacles, opened, sign_in
from tests.running import Server, wait_for

PANEL, TABLET = {"width": 800, "height": 480}, {"width": 1280, "height": 800}
PORTRAIT = {"width": 800, "height": 1280}
CODE = re.compile(r"^[B-Z]{4}-[B-Z]{4}$")
# Nothing must be moved to be read.
FITS = "document.documentElement.scrollHeight <= innerHeight && document.documentElement.scrollWidth <= innerWidth"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A closed server with two rooms, without Google."""
    running = Server(tmp_path, {"KIOSK_OPEN_DISPLAYS": "0"})
    for name in ("Oak", "Elm"):
        assert running.run("rooms", "add", name).returncode == 0
    make_admin(running)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def screen(browser: Browser, server: Server) -> Iterator[BrowserContext]:
    context = opened(browser, server, PANEL)
    yield context
    context.close()


@pytest.fixture
def desk(browser: Browser, server: Server) -> Iterator[Page]:
    context = opened(browser, server)
    yield context.new_page()
    context.close()


def code_on(page: Page) -> str:
    expect(page.locator("[data-code]")).to_have_text(CODE)
    return page.locator("[data-code]").inner_text()


def pair(desk: Page, server: Server, page: Page, display: str = "Oak", name: str = "Oak's door") -> None:
    """Let in the screen that shows a code, as an administrator does."""
    sign_in(desk, server, following="/admin/devices/pair")
    desk.get_by_label("The code on the screen").fill(code_on(page))
    desk.get_by_role("button", name="Look at this screen").click()
    desk.get_by_label("What you call it").fill(name)
    desk.get_by_label("What it shows").select_option(label=display)
    desk.get_by_role("button", name="Let it in").click()
    expect(desk.get_by_role("status")).to_contain_text("within a few seconds")


def test_screen_is_paired_by_its_code_and_shows_its_door(server: Server, screen: BrowserContext, desk: Page) -> None:
    page = screen.new_page()
    page.goto("/")
    expect(page.locator("[data-picture] svg")).to_be_visible()
    pair(desk, server, page)
    page.wait_for_url("**/door/oak")
    expect(page.locator("main[data-link=live]")).to_be_visible()
    [cookie] = [one for one in screen.cookies() if one["name"] == "kiosk_device"]
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    assert cookie["value"] not in page.evaluate("JSON.stringify(localStorage) + document.cookie")
    page.goto("/door/elm")
    page.wait_for_url("**/door/oak")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_code_is_large_and_nothing_stands_in_the_way(browser: Browser, server: Server, scheme: str) -> None:
    for size in (PANEL, TABLET, PORTRAIT):
        page = opened(browser, server, size, scheme).new_page()
        page.goto("/")
        code_on(page)
        assert obstacles(page) == []
        assert page.evaluate(FITS), size
        assert page.locator("[data-code]").bounding_box()["height"] >= size["width"] / 12  # type: ignore[index]
        page.close()


def test_screen_blinks_for_whoever_is_about_to_let_it_in(server: Server, screen: BrowserContext, desk: Page) -> None:
    page = screen.new_page()
    page.goto("/")
    sign_in(desk, server, following="/admin/devices/pair")
    desk.get_by_label("The code on the screen").fill(code_on(page).lower())
    desk.get_by_role("button", name="Look at this screen").click()
    assert obstacles(desk) == []
    expect(desk.locator("main")).to_contain_text("127.0.0.1")
    desk.get_by_role("button", name="Let it blink").click()
    expect(page.locator("body[data-blinks]")).to_be_visible(timeout=15_000)
    desk.get_by_role("button", name="Refuse it").click()
    expect(page.locator("[data-said]")).to_contain_text("refused", timeout=15_000)


def test_link_in_the_picture_fills_in_the_code(server: Server, screen: BrowserContext, desk: Page) -> None:
    page = screen.new_page()
    with page.expect_response("**/api/v1/pairing") as answer:
        page.goto("/")
    link = answer.value.json()["verification_uri_complete"]
    sign_in(desk, server)
    desk.goto(link)
    expect(desk.get_by_label("The code on the screen")).to_have_value(code_on(page))


def test_revoked_screen_shows_a_code_at_once_whoever_touches_it(
    server: Server, screen: BrowserContext, desk: Page
) -> None:
    page = screen.new_page()
    page.goto("/")
    pair(desk, server, page)
    expect(page.locator("main[data-link=live]")).to_be_visible(timeout=15_000)
    wait_for(lambda: page.evaluate("performance.now() > 10_000"))  # no page is loaded anew sooner
    page.evaluate("() => void setInterval(() => dispatchEvent(new PointerEvent('pointerdown')), 200)")
    desk.get_by_role("link", name="Oak's door").click()
    desk.wait_for_load_state()
    desk.get_by_role("button", name="Revoke it").click()
    desk.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.locator(".pair__code")).to_have_text(CODE, timeout=10_000)
    expect(desk.locator("main")).to_contain_text("is let in no more")


def test_paired_screen_is_found_and_loaded_anew_from_afar(server: Server, screen: BrowserContext, desk: Page) -> None:
    page = screen.new_page()
    page.goto("/")
    pair(desk, server, page)
    expect(page.locator("main[data-link=live]")).to_be_visible(timeout=15_000)
    desk.get_by_role("link", name="Oak's door").click()
    desk.get_by_role("button", name="Let it blink").click()
    expect(page.locator("[data-identified]")).to_have_text("/door/oak")
    expect(page.locator("[data-identified]")).to_have_count(0, timeout=10_000)
    with page.expect_navigation():
        desk.get_by_role("button", name="Load its page anew").click()
    expect(desk.get_by_role("row", name="reload").get_by_text("done")).to_be_visible()


def test_screen_follows_its_settings(server: Server, screen: BrowserContext, desk: Page) -> None:
    page = screen.new_page()
    page.goto("/")
    pair(desk, server, page)
    expect(page.locator("main[data-link=live]")).to_be_visible(timeout=15_000)
    desk.get_by_role("link", name="Oak's door").click()
    desk.get_by_label("What it shows").select_option(label="Elm")
    desk.get_by_label("Its colours").select_option("dark")
    lit = "Mon-Sun 20:00-21:00" if clock.now().hour < 12 else "Mon-Sun 05:00-06:00"
    desk.get_by_label("When its screen is lit").fill(lit)
    desk.get_by_role("button", name="Save").click()
    expect(desk.get_by_role("status")).to_contain_text("Saved")
    page.wait_for_url("**/door/elm")
    expect(page.locator("html[data-theme=dark]")).to_be_attached()
    expect(page.locator("[data-night]")).to_be_attached(timeout=15_000)


def beat(server: Server, token: str, **said: object) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    answer = requests.post(f"{server.url}/api/v1/device/heartbeat", json=said, headers=headers, timeout=20)
    assert answer.ok, answer.text


@pytest.fixture
def fleet(server: Server) -> dict[str, str]:
    """Three machines, one of them ill and one never heard; their tokens by name."""
    tokens = {name: f"token of {name}" for name in ("Oak left", "Elm", "Lobby")}
    shows = {"Oak left": ("door", "oak"), "Elm": ("door", "elm"), "Lobby": ("lobby", "all")}
    for name, token in tokens.items():
        hashed = hashlib.sha256(token.encode()).hexdigest()
        assert server.run("devices", "enrol", name, *shows[name], hashed).returncode == 0
    well = {"version": "1.2.0", "temp_c": 52, "mem_avail": 812, "page_status": "live", "screen_on": True}
    beat(server, tokens["Oak left"], **well)
    beat(server, tokens["Elm"], **well | {"undervolt_now": True, "temp_c": 83})
    return tokens


def test_fleet_tells_how_each_machine_is_and_what_mends_it(
    server: Server, desk: Page, fleet: dict[str, str], browser: Browser
) -> None:
    sign_in(desk, server, following="/admin/devices")
    elm = desk.get_by_role("row", name="Elm")
    expect(elm).to_contain_text("Its power supply is too weak right now. Use the maker's power supply")
    assert desk.locator("tbody th").all_inner_texts() == ["Lobby", "Elm", "Oak left"]
    assert obstacles(desk) == []
    desk.get_by_label("State").select_option("ill")
    desk.get_by_role("button", name="Show").click()
    expect(desk.locator("tbody th")).to_have_text(["Elm"])
    desk.goto("/admin/devices?q=lobby")
    expect(desk.locator("tbody th")).to_have_text(["Lobby"])
    beat(server, fleet["Lobby"], version="1.2.0")
    expect(desk.get_by_role("row", name="Lobby")).to_contain_text("Live", timeout=15_000)


@pytest.mark.parametrize(("size", "scheme"), [(DESK, "light"), (DESK, "dark"), (PHONE, "light")])
def test_device_shows_its_day_and_its_picture(
    browser: Browser, server: Server, fleet: dict[str, str], size: dict[str, int], scheme: str
) -> None:
    page = opened(browser, server, size, scheme).new_page()
    sign_in(page, server, following="/admin/devices/2")
    page.get_by_role("button", name="Take a picture").click()
    headers = {"Authorization": f"Bearer {fleet['Elm']}"}
    device = f"{server.url}/api/v1/device/acts"
    [asked] = requests.get(f"{device}?wait=20", headers=headers, timeout=30).json()["acts"]
    picture = page.screenshot(type="jpeg", quality=40)
    sent = requests.put(
        f"{device}/{asked['id']}/picture", picture, headers=headers | {"Content-Type": "image/jpeg"}, timeout=20
    )
    assert sent.status_code == 204, sent.text
    requests.post(f"{device}/{asked['id']}", json={"state": "done"}, headers=headers, timeout=20)
    shot = page.locator(".shot img")
    expect(shot).to_be_visible(timeout=15_000)
    wait_for(lambda: shot.evaluate("image => image.naturalWidth"))
    assert obstacles(page) == []
