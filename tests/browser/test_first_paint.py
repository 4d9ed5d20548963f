"""What a cold door weighs, in every language, and how many steps its first sight takes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Request

from kiosk.resources import resource
from kiosk.settings import LANGUAGES
from tests.browser.chromium import window
from tests.running import Server

WITHOUT_LETTERS, WITH_LETTERS = 58 * 1024, 130 * 1024
SCRIPTS = Path(resource("static")) / "js"
# What the page asks for once it is complete is no part of the first sight: the socket's own traffic, and sheets.
AFTERWARDS = "/socket.io/"
LATER = ("/js/later.js", "/js/other.js", "/js/name.js")


@contextmanager
def served(tmp_path: Path, language: str) -> Iterator[str]:
    """Serve the whole product, compressed as ever, in one language; return its address."""
    server = Server(tmp_path, {"KIOSK_LANGUAGE": language})
    added = server.run("rooms", "add", "Elbe", "--slug", "oak")
    assert added.returncode == 0, added.stderr
    try:
        yield server.start().url
    finally:
        server.stop()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_cold_door_is_light(browser: Browser, tmp_path: Path, language: str) -> None:
    context = window(browser, keeps=True, viewport={"width": 800, "height": 480})
    page = context.new_page()
    with served(tmp_path, language) as address:
        finished: list[Request] = []
        page.on("requestfinished", lambda one: finished.append(one))  # noqa: PLW0108 - it must be a function
        page.goto(f"{address}/door/oak", wait_until="networkidle")
        page.wait_for_function(
            "document.querySelector('[data-clock]').textContent && document.fonts.status == 'loaded'"
        )
        weighed = {one.url.removeprefix(address): one.sizes()["responseBodySize"] for one in finished}
        later = {path for path in weighed if path.startswith(AFTERWARDS) or path.endswith(LATER)}
        first = {path: weight for path, weight in weighed.items() if path not in later}
    context.close()
    letters = sum(weight for path, weight in first.items() if path.endswith(".woff2"))
    everything = sum(first.values())
    assert "/door/oak" in first
    assert everything - letters <= WITHOUT_LETTERS, first
    assert everything <= WITH_LETTERS, first


def test_no_script_of_a_display_is_found_only_by_reading_another(browser: Browser, tmp_path: Path) -> None:
    page = browser.new_page()
    with served(tmp_path, "en") as address:
        for path in ("/door/oak", "/lobby/all"):
            html = page.request.get(address + path).text()
            named = set(re.findall(r'(?:href|src)="[^"]*/js/(\w+)\.js"', html))
            needed = {one for name in named for one in imports(name)}
            assert needed <= named
    page.close()


def imports(name: str) -> set[str]:
    """The scripts that a script begins by loading."""
    return set(re.findall(r'^import .* from "\./(\w+)\.js";$', (SCRIPTS / f"{name}.js").read_text(), re.MULTILINE))
