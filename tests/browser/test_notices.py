"""Notices and emergencies on the glass: they come with the push, stay over a reload, and go by the page's own clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from kiosk import clock
from kiosk.schedule.model import Booking
from tests.browser.admin import make_admin, obstacles, opened, sign_in
from tests.browser.chromium import window
from tests.browser.conftest import SIZES, inside, open_page, smallest, status
from tests.browser.stage import NOW, OAK, Stage, at
from tests.running import Server, wait_for

TITLE = "[data-emergency] [data-title]"
BAND = "[data-notice]"
LONG = "Leave the building now by the nearest stairs. " * 12
Told = dict[str, Any]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Server]:
    """A server with two rooms, without Google."""
    running = Server(tmp_path, {"KIOSK_OPENING_HOURS": "00:00-24:00"})
    for name, building in (("Oak", "Berlin"), ("Elm", "Hamburg")):
        assert running.run("rooms", "add", name, "--building", building).returncode == 0
    running.start()
    yield running
    running.stop()


@pytest.fixture
def start(house: Server) -> Callable[..., None]:
    """Start an emergency from the command line, while the server runs."""

    def started(title: str, *more: str) -> None:
        assert house.run("emergency", "start", title, *more).returncode == 0

    return started


def told(title: str = "Lift is out", **more: Any) -> Told:
    """What a screen is told on the stage: a notice of the hour from the stage's moment, unless said otherwise."""
    said = {"id": 1, "kind": "notice", "level": "info", "title": title, "text": "Use the stairs."}
    return said | {"from": clock.iso(NOW), "until": clock.iso(NOW + timedelta(hours=1))} | more


def on_stage(context: BrowserContext, stage: Stage, display: str = "door") -> Page:
    page = context.new_page()
    page.goto(f"{stage.url}/{display}/oak")
    page.wait_for_function("document.querySelector('main [data-clock]').textContent")
    return page


def test_emergency_takes_door_and_board_stays_over_a_reload_and_ends_everywhere(
    context: BrowserContext, house: Server, start: Callable[..., None]
) -> None:
    pages = [open_page(context, f"{house.url}/{path}") for path in ("door/oak", "door/elm", "lobby/all")]
    start("Fire", "--text", "Leave the building.")
    for page in pages:
        expect(page.locator(TITLE)).to_have_text("Fire")
        expect(page.get_by_role("alert").filter(has_text="Leave the building.")).to_be_visible()
    pages[0].reload()
    expect(pages[0].locator(TITLE)).to_be_visible()
    assert house.run("emergency", "end").returncode == 0
    for page in pages:
        expect(page.locator("[data-emergency]")).to_be_hidden()
    assert status(pages[0]) == "free"


def test_what_lies_under_an_emergency_cannot_be_touched(
    context: BrowserContext, house: Server, start: Callable[..., None]
) -> None:
    door = open_page(context, f"{house.url}/door/oak")
    door.locator("[data-open=later]").click()
    expect(door.locator("dialog[open]")).to_be_visible()
    place = door.locator("[data-slot=actions] [data-minutes='15']").bounding_box()
    start("Fire")
    expect(door.locator(TITLE)).to_be_visible()
    expect(door.locator("[data-sheet=later]")).to_be_hidden()
    assert place
    door.mouse.click(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    for key in ("Escape", "Escape", "Tab", "Enter"):
        door.keyboard.press(key)
    expect(door.locator(TITLE)).to_be_visible()
    assert house.room("oak")["status"] == "free"
    assert house.run("emergency", "end").returncode == 0
    door.locator("[data-slot=actions] [data-minutes='15']").click()
    expect(door.locator("main")).to_have_attribute("data-status", "busy", timeout=15_000)


def test_emergency_of_a_building_leaves_the_other_one_alone(
    context: BrowserContext, house: Server, start: Callable[..., None]
) -> None:
    berlin, hamburg = (open_page(context, f"{house.url}/door/{slug}") for slug in ("oak", "elm"))
    start("Fire", "--building", "Berlin")
    expect(berlin.locator(TITLE)).to_be_visible()
    expect(hamburg.locator(TITLE)).to_be_hidden()


def test_screen_that_was_offline_takes_it_on_return(
    context: BrowserContext, house: Server, start: Callable[..., None]
) -> None:
    door = open_page(context, f"{house.url}/door/oak")
    house.stop()
    port = house.url.rsplit(":", 1)[1]
    start("Fire")
    house.settings["KIOSK_PORT"] = port
    house.start()
    expect(door.locator(TITLE)).to_be_visible(timeout=30_000)


def test_screen_without_a_socket_takes_it_by_asking(
    context: BrowserContext, house: Server, start: Callable[..., None]
) -> None:
    context.route("**/socket.io/**", lambda route: route.abort())
    door = context.new_page()
    door.goto(f"{house.url}/door/oak")
    start("Fire")
    expect(door.locator(TITLE)).to_be_visible(timeout=15_000)
    wait_for(lambda: "shown" in house.run("emergency", "status").stdout)


def test_notice_comes_and_goes_by_the_page_s_own_clock_without_a_server(context: BrowserContext) -> None:
    context.clock.install(time=NOW)
    coming = told(**{"from": clock.iso(NOW + timedelta(minutes=10)), "until": clock.iso(NOW + timedelta(minutes=20))})
    with Stage(OAK, moment=NOW, told=[coming]) as stage:
        page = on_stage(context, stage)
        page.wait_for_load_state("networkidle")
    page.clock.fast_forward("09:50")
    expect(page.locator(BAND)).to_be_hidden()
    page.clock.fast_forward("00:20")
    expect(page.locator(BAND)).to_contain_text("Lift is out")
    page.clock.fast_forward("10:00")
    expect(page.locator(BAND)).to_be_hidden()


def test_notices_take_turns_and_long_ones_turn_their_lines(context: BrowserContext) -> None:
    context.clock.install(time=NOW)
    long = told("Second", id=2, text="Word after word. " * 20, level="warning")
    with Stage(OAK, moment=NOW, told=[told("First"), long]) as stage:
        page = on_stage(context, stage)
        band = page.locator(BAND)
        expect(band).to_contain_text("First")
        expect(band).to_contain_text("1/2")
        expect(band.get_by_text("Notice", exact=True)).to_be_visible()
        page.clock.run_for(10_000)
        expect(band).to_contain_text("Second")
        expect(band.get_by_text("Warning", exact=True)).to_be_visible()
        page.clock.run_for(10_000)
        wait_for(lambda: page.eval_on_selector("[data-lines]", "lines => lines.scrollTop") > 0)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
def test_band_covers_nothing_and_an_emergency_fits(browser: Browser, size: tuple[int, int]) -> None:
    own = Booking("kiosk1", at("08:00"), at("09:00"), "Review", owner="Anna Arendt", own=True)
    following = Booking("x", at("09:30"), at("10:00"), "Interview", owner="Bernd Brecht")
    width, height = size
    context = window(browser, viewport={"width": width, "height": height})
    with Stage(OAK, [own, following], moment=NOW, told=[told("A title " * 9, text=LONG)]) as stage:
        page = on_stage(context, stage)
        page.locator(BAND).wait_for()
        top = page.eval_on_selector(BAND, "band => band.getBoundingClientRect().top")
        lowest = "all => Math.max(...all.filter(e => e.checkVisibility()).map(e => e.getBoundingClientRect().bottom))"
        assert page.eval_on_selector_all("main *:not(dialog, dialog *, .unseen, .unseen *)", lowest) <= top + 1
        assert page.eval_on_selector(".sign", "sign => sign.clientHeight") >= height / 12
        assert smallest(page, "main button") >= 9 * 5.2
        assert inside(page, "main > *, main button, [data-notice] > *") == []
        stage.told = [told("Emergency: " + "leave " * 11, kind="emergency", until=None, text=LONG)]
        page.reload()
        page.locator(TITLE).wait_for()
        body = page.locator("[data-emergency] [data-body]")
        assert body.evaluate("b => b.scrollHeight <= b.clientHeight + 1 && b.scrollWidth <= b.clientWidth + 1")
        assert inside(page, "[data-emergency], [data-emergency] *") == []
    context.close()


@pytest.mark.parametrize("language", ["en", "ar"])
def test_nothing_keeps_anybody_from_reading_it(context: BrowserContext, language: str) -> None:
    with Stage(OAK, moment=NOW, language=language, told=[told(level="warning")]) as stage:
        page = on_stage(context, stage)
        page.locator(BAND).wait_for()
        assert obstacles(page) == []
        stage.told = [told("Fire", kind="emergency", until=None)]
        page.reload()
        page.locator(TITLE).wait_for()
        assert obstacles(page) == []


def test_administrator_sees_who_shows_the_emergency_and_who_does_not(
    browser: Browser, context: BrowserContext, house: Server
) -> None:
    make_admin(house)
    away = open_page(window(browser), f"{house.url}/door/elm")
    wait_for(lambda: house.get("/readyz").json().get("screens") == 1)
    here = open_page(context, f"{house.url}/door/oak")
    away.context.close()
    desk = opened(browser, house)
    page = desk.new_page()
    sign_in(page, house, following="/admin/emergency")
    page.get_by_role("link", name="Fire: leave the building").click()
    assert obstacles(page) == []
    page.get_by_role("button", name="Go on").click()
    assert obstacles(page) == []
    page.get_by_role("button", name="Start the emergency now").click()
    expect(here.locator(TITLE)).to_have_text("Fire: leave the building")
    expect(page.get_by_role("heading", name="1 of 2 screens")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="door/elm")).to_contain_text("offline since")
    expect(page.get_by_role("row").filter(has_text="door/oak")).to_contain_text("since")
    assert obstacles(page) == []
    page.get_by_role("button", name="End it on every screen").click()
    expect(here.locator(TITLE)).to_be_hidden()
    desk.close()


def test_on_a_phone_a_notice_lies_over_nothing_that_can_be_done(browser: Browser) -> None:
    with Stage(OAK, moment=NOW, told=[told("A title " * 9, text=LONG)]) as stage:
        page = browser.new_page(viewport={"width": 320, "height": 400})
        page.goto(f"{stage.url}/phone/oak")
        page.wait_for_selector(f"{BAND}:not([hidden])")
        button = page.get_by_role("button", name="Book", exact=True)
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
        over = page.locator(BAND).bounding_box()
        last = page.locator("main").bounding_box()
        assert over is not None
        assert last is not None
        assert last["y"] + last["height"] <= over["y"]
        assert (over["x"], over["width"]) == (0, 320)
        expect(button).to_be_visible()
        page.close()
