"""Displays that began while their server was starting anew, so that not all of what they are made of came."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import inf
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


def reset(route: Route) -> None:
    route.abort("connectionreset")


def unavailable(route: Route) -> None:
    route.fulfill(status=503, content_type="text/html", body="<h1>Service Unavailable</h1>")


def hung(_route: Route) -> None:
    """Never answer."""


def broken(
    context: BrowserContext, file: str, times: float = inf, failing: Callable[[Route], None] = reset
) -> list[str]:
    """Let a file not come for so many times; return where it was asked for."""
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) <= times:
            failing(route)
        else:
            route.continue_()

    context.route(f"**/{file}*", answer)
    return asked


def opened(context: BrowserContext, house: Server) -> Page:
    page = context.new_page()
    page.goto(f"{house.url}/door/oak")
    return page


def begun(context: BrowserContext, stage: Stage, path: str = "/door/oak") -> Page:
    page = context.new_page()
    page.goto(stage.url + path)
    page.wait_for_function("'begun' in document.documentElement.dataset")
    return page


def test_an_emergency_is_shown_though_what_shows_it_did_not_come_at_once(
    context: BrowserContext, house: Server
) -> None:
    asked = broken(context, "notices.js", 2)
    door = opened(context, house)
    assert house.run("emergency", "start", "Fire").returncode == 0
    expect(door.locator(TITLE)).to_have_text("Fire", timeout=30_000)
    assert len(asked) == len(set(asked)) == OFTEN


def test_an_emergency_is_shown_though_what_shows_it_hangs(context: BrowserContext, house: Server) -> None:
    broken(context, "notices.js", 1, hung)
    door = opened(context, house)
    assert house.run("emergency", "start", "Fire").returncode == 0
    expect(door.locator(TITLE)).to_have_text("Fire", timeout=40_000)


def test_a_door_is_told_of_changes_though_its_socket_did_not_come_at_once(
    context: BrowserContext, house: Server
) -> None:
    broken(context, "socket.io.esm.min.js", 2)
    sockets: list[str] = []
    context.on("page", lambda page: page.on("websocket", lambda socket: sockets.append(socket.url)))
    door = opened(context, house)
    wait_for(lambda: (door.wait_for_timeout(100), sockets)[1])
    expect(door.locator("main")).to_have_attribute("data-link", "live")


def test_a_board_speaks_its_second_language_though_what_turns_did_not_come_at_once(context: BrowserContext) -> None:
    broken(context, "tongues.js", 2)
    context.clock.install(time=NOW)
    with Stage(OAK, moment=NOW, second="de") as stage:
        page = begun(context, stage, "/lobby/all")
        page.evaluate("globalThis.same = true")
        page.clock.run_for(2_500)
        expect(page.locator("html")).to_have_attribute("lang", "en")
        page.wait_for_timeout(500)
        page.clock.run_for(10_000)
        # It compares a page as the server has drawn it, never one in which other rooms stand meanwhile.
        page.wait_for_function("!globalThis.same && 'begun' in document.documentElement.dataset")
        page.clock.run_for(13_000)
        expect(page.locator("html")).to_have_attribute("lang", "de")


def test_what_has_come_is_not_fetched_anew(context: BrowserContext) -> None:
    asked = broken(context, "errand.js", 1)
    with Stage(OAK, moment=NOW) as stage:
        page = begun(context, stage)
        parts = f"/static/{stage.build}/js/parts.js"
        load = f"async () => (await import('{parts}')).load('./errand.js').then(Boolean, () => false)"
        assert [page.evaluate(load) for _ in range(3)] == [False, True, True]
        assert [address.rpartition("/")[2] for address in asked] == ["errand.js", "errand.js?1"]


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


@pytest.mark.parametrize("file", ["door.css", "fit.js", "clock.js", "door.js"])
def test_a_page_that_waits_for_what_hangs_begins_anew(context: BrowserContext, file: str) -> None:
    broken(context, file, 1, hung)
    context.clock.install(time=NOW)
    with Stage(OAK, moment=NOW) as stage:
        page = context.new_page()
        page.goto(f"{stage.url}{'/lobby/all' if file == 'fit.js' else '/door/oak'}", wait_until="commit")
        page.wait_for_timeout(500)
        page.clock.run_for(45_000)
        assert not page.evaluate("'begun' in document.documentElement.dataset")
        page.clock.run_for(20_000)
        page.wait_for_function("'begun' in document.documentElement.dataset")


def test_a_page_that_can_never_begin_is_loaded_anew_more_and_more_seldom(context: BrowserContext) -> None:
    tries = broken(context, "door.js", failing=unavailable)
    context.clock.install(time=NOW)
    context.clock.pause_at(NOW)
    with Stage(OAK, moment=NOW) as stage:
        page = context.new_page()
        page.goto(f"{stage.url}/door/oak")
        for seconds in (16, 31, 61, 121, 241, 241):
            page.wait_for_load_state("load")
            count = len(tries)
            page.clock.run_for((seconds - 3) * 1_000)
            page.wait_for_timeout(200)
            assert len(tries) == count
            page.clock.run_for(3_000)
            wait_for(lambda count=count: (page.wait_for_timeout(100), len(tries) == count + 1)[1])


def test_a_screen_that_waits_to_be_let_in_shows_its_code_though_its_script_did_not_come(
    context: BrowserContext, house: Server
) -> None:
    house.stop()
    house.settings["KIOSK_OPEN_DISPLAYS"] = "0"
    house.start()
    broken(context, "pair.js", 1)
    page = opened(context, house)
    expect(page.locator("[data-code]")).to_be_empty()
    expect(page.locator("[data-code]")).not_to_be_empty(timeout=40_000)


def test_a_picture_that_did_not_come_is_fetched_later(context: BrowserContext) -> None:
    broken(context, "icon.svg", 1)
    context.clock.install(time=NOW)
    with Stage(OAK, moment=NOW) as stage:
        page = begun(context, stage)
        page.evaluate(
            "address => document.body.append(Object.assign(new Image(), {src: address, id: 'picture'}))",
            f"/static/{stage.build}/icon.svg",
        )
        page.wait_for_function("picture.complete")
        assert not page.evaluate("picture.naturalWidth")
        page.clock.run_for(16_000)
        page.wait_for_function("picture.complete && picture.naturalWidth")


@pytest.mark.parametrize("failing", [reset, unavailable])
def test_a_style_sheet_that_did_not_come_is_fetched_later(
    context: BrowserContext, failing: Callable[[Route], None]
) -> None:
    asked = broken(context, "door.css", 2, failing)
    context.add_init_script("globalThis.failed = 0; addEventListener('error', () => (failed += 1), true)")
    context.clock.install(time=NOW)
    with Stage(OAK, moment=NOW) as stage:
        page = begun(context, stage)
        page.evaluate("globalThis.same = true")
        main = page.locator("main")
        for number, seconds in enumerate((16, 31), 1):
            page.wait_for_function("number => failed >= number", arg=number)
            expect(main).to_have_css("display", "block")
            page.clock.run_for(seconds * 1_000)
        expect(main).to_have_css("display", "grid")
        assert len(asked) == OFTEN
        assert page.evaluate("globalThis.same")


def test_a_page_that_has_begun_stays(context: BrowserContext) -> None:
    context.clock.install(time=NOW)
    with Stage(OAK, moment=NOW) as stage:
        page = begun(context, stage)
        page.evaluate("globalThis.same = true")
        page.clock.run_for(60_000)
        assert page.evaluate("globalThis.same")
