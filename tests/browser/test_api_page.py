"""The document of the API as people read it: on a phone and on a desk, by day and by night."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.admin import DESK, PHONE, obstacles, opened
from tests.running import Server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    running = Server(tmp_path, {"KIOSK_OPEN_DISPLAYS": "0"}).start()
    yield running
    running.stop()


@pytest.mark.parametrize(("viewport", "scheme"), [(PHONE, "dark"), (DESK, "light")], ids=["phone", "desk"])
def test_page_is_for_everybody_to_read(
    browser: Browser, server: Server, viewport: dict[str, int], scheme: str, tmp_path: Path
) -> None:
    context = opened(browser, server, viewport, scheme)
    page, refused = context.new_page(), []
    page.on("console", lambda said: refused.append(said.text) if said.type == "error" else None)
    page.goto("/api/v1/docs")
    expect(page.get_by_role("heading", name="API", exact=True)).to_be_visible()
    page.locator("#api_book summary").click()
    expect(page.locator("#api_book").get_by_text("For how many minutes.")).to_be_visible()
    page.screenshot(path=tmp_path / "page.png")
    assert obstacles(page) == []
    assert refused == []
    context.close()
