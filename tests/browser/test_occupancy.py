"""The page about occupancy in a real browser: charts drawn from their tables, readable by all, and printed whole."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from kiosk.schedule import hours
from kiosk.schedule.model import Room
from kiosk.store import rooms
from kiosk.store.database import Store
from tests.browser.admin import DESK, PHONE, make_admin, obstacles, opened, sign_in
from tests.browser.chromium import window
from tests.running import Server
from tests.store import seeded

ADDRESS = "/admin/occupancy?from=2026-06-01&to=2026-06-30"
CHARTS = ["trend", "rooms", "curve", "bars", "bars"]
# A sheet of A4 between its margins.
SHEET = {"width": 718, "height": 1047}
# How many different colours a picture has: one that nothing was drawn on has one.
COLOURS = """canvas => {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return new Set(new Uint32Array(data.buffer)).size;
}"""
THEME = "() => document.documentElement.dataset.theme ?? ''"


@pytest.fixture
def server(tmp_path: Path, store: Store) -> Iterator[Server]:
    """A server whose two rooms, one of them open day and night, were used for a month."""
    for name, opening in (("Oak", seeded.OPENING), ("Elm", hours.parse("Mon-Sun 00:00-24:00"))):
        number = store.write(rooms.add, Room(name.lower(), name, seeded.ZONE, f"House {name}", "2", 6))
        seeded.remember(store, number, date(2026, 6, 1), 30, opening=opening)
    running = Server(tmp_path, {"KIOSK_TIMEZONE": seeded.ZONE.key})
    make_admin(running)
    running.start()
    yield running
    running.stop()


def shown(browser: Browser, server: Server, viewport: dict[str, int], scheme: str) -> Page:
    page = opened(browser, server, viewport, scheme).new_page()
    sign_in(page, server)
    page.goto(server.url + ADDRESS)
    return page


@pytest.mark.parametrize(
    ("viewport", "scheme"), [(DESK, "light"), (DESK, "dark"), (PHONE, "light")], ids=["day", "night", "phone"]
)
def test_charts_are_drawn_and_nothing_keeps_people_from_reading(
    browser: Browser, server: Server, viewport: dict[str, int], scheme: str
) -> None:
    page = shown(browser, server, viewport, scheme)
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    charts = page.locator("[data-chart]")
    assert [chart.get_attribute("data-chart") for chart in charts.all()] == CHARTS
    for chart in charts.all():
        expect(chart.locator("canvas")).to_be_visible()
        expect(chart.locator("table")).to_be_hidden()
        assert chart.locator("canvas").evaluate(COLOURS) > 3
    assert obstacles(page) == []
    for summary in page.locator(".chart summary").all():
        summary.click()
    expect(page.locator(".chart table").first).to_be_visible()
    assert obstacles(page) == []
    assert not problems


def test_paper_has_every_table_and_light_colours_and_the_screen_is_as_before_then(
    browser: Browser, server: Server
) -> None:
    page = shown(browser, server, DESK, "dark")
    page.locator(".chart summary").first.click()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.evaluate(THEME) == "light"
    for table in page.locator(".chart table").all():
        expect(table).to_be_visible()
    page.set_viewport_size(SHEET)
    assert page.evaluate("document.documentElement.scrollWidth") <= SHEET["width"]
    page.set_viewport_size(DESK)
    for gone in (".bar", ".menu", ".filters"):
        expect(page.locator(gone).first).to_be_hidden()
    page.emulate_media(media="screen")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(THEME) == ""
    assert [table.is_visible() for table in page.locator(".chart table").all()] == [True, *[False] * 4]


def test_tables_stand_alone_without_scripts(browser: Browser, server: Server) -> None:
    with_scripts = shown(browser, server, DESK, "light").context
    context = window(browser, viewport=DESK, java_script_enabled=False, storage_state=with_scripts.storage_state())
    page = context.new_page()
    page.goto(server.url + ADDRESS)
    assert all(table.is_visible() for table in page.locator(".chart table").all())
    assert not any(canvas.is_visible() for canvas in page.locator("canvas").all())


def test_period_and_place_are_chosen_by_hand(browser: Browser, server: Server) -> None:
    page = shown(browser, server, DESK, "light")
    page.fill("#from", "2026-06-08")
    page.fill("#to", "2026-06-14")
    page.select_option("#where", label="House Elm · 2")
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".period")).to_contain_text("8 Jun 2026 – 14 Jun 2026 · House Elm · 2 · 1 room")
