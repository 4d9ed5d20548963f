"""A hub that is opened over plain http by name: browsers keep nothing there, and the page must do without."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from kiosk.emulator.server import Emulator
from tests.browser.conftest import open_page
from tests.running import Server, wait_for

HUB = "kiosk.test"


@pytest.fixture
def hub(google: Emulator, one_server: Server) -> Server:
    """A server that knows the name by which tablets reach it."""
    port = one_server.url.rsplit(":", 1)[1]
    one_server.stop()
    one_server.settings |= {"KIOSK_PORT": port, "KIOSK_PUBLIC_URL": f"http://{HUB}:{port}"}
    one_server.start()
    wait_for(lambda: one_server.get("/readyz").status_code == 200)
    return one_server


def door(context: BrowserContext, hub: Server) -> Page:
    slug = hub.get("/api/v1/rooms").json()["rooms"][0]["slug"]
    return open_page(context, f"{hub.url.replace('127.0.0.1', HUB)}/door/{slug}")


def test_over_plain_http_a_door_books_and_outlives_its_server_without_a_reload(
    context: BrowserContext, hub: Server
) -> None:
    page = door(context, hub)
    assert page.evaluate("[isSecureContext, 'serviceWorker' in navigator, 'randomUUID' in crypto]") == [False] * 3
    page.evaluate("window.same = true")
    page.locator("[data-minutes='30']").click()
    expect(page.locator("main")).to_have_attribute("data-status", "busy", timeout=15_000)
    hub.stop()
    expect(page.locator("main")).to_have_attribute("data-link", "offline", timeout=35_000)
    expect(page.locator("[data-stamp]")).to_contain_text("No connection since")
    hub.start()
    expect(page.locator("main")).to_have_attribute("data-link", "live", timeout=35_000)
    page.locator("[data-act=end]").click()
    expect(page.locator("main")).to_have_attribute("data-status", "free", timeout=15_000)
    assert page.evaluate("window.same")


def test_a_name_that_the_server_does_not_know_itself_by_is_refused(context: BrowserContext, one_server: Server) -> None:
    page = context.new_page()
    answer = page.goto(f"{one_server.url.replace('127.0.0.1', HUB)}/")
    assert answer
    assert answer.status == 421
