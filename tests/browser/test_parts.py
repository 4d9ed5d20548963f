"""Displays that began while their server was starting anew, so that not all of what they are made of came."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.stage import NOW, OAK, Stage
from tests.browser.test_notices import TITLE
from tests.running import Server, wait_for

OFTEN = 3


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Server]:
    running = Server(tmp_path, {"KIOSK_OPENING_HOURS": "00:00-24:00"})
    assert running.run("rooms", "add", "Oak").returncode == 0
    running.start()
    yield running
    running.stop()


def broken(context: BrowserContext, file: str, times: int) -> list[str]:
    """Let a file not come for so many times; return where it was asked for."""
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) <= times:
            route.abort("connectionreset")
        else:
            route.continue_()

    context.route(f"**/{file}*", answer)
    return asked


def opened(context: BrowserContext, house: Server) -> Page:
    page = context.new_page()
    page.goto(f"{house.url}/door/oak")
    return page


def test_an_emergency_is_shown_though_what_shows_it_did_not_come_at_once(
    context: BrowserContext, house: Server
) -> None:
    asked = broken(context, "notices.js", 2)
    door = opened(context, house)
    assert house.run("emergency", "start", "Fire").returncode == 0
    expect(door.locator(TITLE)).to_have_text("Fire", timeout=30_000)
    assert len(asked) == len(set(asked)) == OFTEN


def test_a_door_is_told_of_changes_though_its_socket_did_not_come_at_once(
    context: BrowserContext, house: Server
) -> None:
    broken(context, "socket.io.esm.min.js", 2)
    sockets: list[str] = []
    context.on("page", lambda page: page.on("websocket", lambda socket: sockets.append(socket.url)))
    door = opened(context, house)
    wait_for(lambda: (door.wait_for_timeout(100), sockets)[1])
    expect(door.locator("main")).to_have_attribute("data-link", "live")


def test_a_second_language_comes_though_what_turns_did_not_come_at_once(context: BrowserContext) -> None:
    broken(context, "tongues.js", 2)
    context.clock.install(time=NOW)
    with Stage(OAK, moment=NOW, second="de") as stage:
        page = context.new_page()
        page.goto(f"{stage.url}/door/oak")
        page.clock.run_for(2_500)
        expect(page.locator("html")).to_have_attribute("lang", "en")
        page.wait_for_timeout(500)
        page.clock.run_for(15_000)
        expect(page.locator("html")).to_have_attribute("lang", "de")


@pytest.mark.parametrize(("file", "times"), [("door.js", 1), ("display.js", 2)])
def test_a_page_whose_script_did_not_come_begins_anew(context: BrowserContext, file: str, times: int) -> None:
    broken(context, file, times)
    context.clock.install(time=NOW)
    with Stage(OAK, moment=NOW) as stage:
        page = context.new_page()
        page.goto(f"{stage.url}/door/oak")
        page.wait_for_load_state("load")
        assert not page.evaluate("'begun' in document.documentElement.dataset")
        page.clock.run_for(15_500)
        page.wait_for_function("'begun' in document.documentElement.dataset")
        expect(page.locator("[data-clock]")).to_have_text("10:07")


def test_a_page_that_has_begun_stays(context: BrowserContext) -> None:
    context.clock.install(time=NOW)
    with Stage(OAK, moment=NOW) as stage:
        page = context.new_page()
        page.goto(f"{stage.url}/door/oak")
        page.wait_for_function("'begun' in document.documentElement.dataset")
        page.evaluate("globalThis.same = true")
        page.clock.run_for(60_000)
        assert page.evaluate("globalThis.same")
