"""What a cold door weighs, in every language, and how many steps its first sight takes."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from werkzeug.serving import make_server

from kiosk import app, assembly, clock, settings
from kiosk.resources import resource
from kiosk.schedule.model import Room
from kiosk.settings import LANGUAGES
from kiosk.store import rooms
from tests.browser.stage import Silent

WITHOUT_LETTERS, WITH_LETTERS = 60 * 1024, 130 * 1024
SCRIPTS = Path(resource("static")) / "js"
# What the page asks for once it is complete: the socket's own traffic is no part of the first sight.
AFTERWARDS = "/socket.io/"


@contextmanager
def served(tmp_path: Path, language: str) -> Iterator[str]:
    """Serve the whole product, compressed as ever, in one language; return its address."""
    given = {"database_url": f"sqlite:///{tmp_path / 'kiosk.db'}", "secrets": str(tmp_path / "secrets")}
    given |= {"async_mode": "threading", "language": language, "open_displays": "1"}
    parts = assembly.open_parts(settings.load({}, **given))
    parts.store.write(rooms.add, Room("oak", "Elbe", clock.zone("Europe/Berlin"), "Berlin", "2", 6))
    server = make_server("127.0.0.1", 0, app.build(parts).web, threaded=True, request_handler=Silent)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    server.server_close()
    parts.store.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_cold_door_is_light(browser: Browser, tmp_path: Path, language: str) -> None:
    context = browser.new_context(viewport={"width": 800, "height": 480})
    page = context.new_page()
    with served(tmp_path, language) as address:
        weights: dict[str, int] = {}
        page.on("requestfinished", lambda asked: weights.update({asked.url: asked.sizes()["responseBodySize"]}))
        page.goto(f"{address}/door/oak", wait_until="networkidle")
        page.wait_for_function("document.fonts.status == 'loaded'")
        first = {url: weight for url, weight in weights.items() if AFTERWARDS not in url.removeprefix(address)[:12]}
    context.close()
    letters = sum(weight for url, weight in first.items() if url.endswith(".woff2"))
    everything = sum(first.values())
    assert f"{address}/door/oak" in first
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
