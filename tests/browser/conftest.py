"""A real browser before the real server, with the stand-in for Google behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from kiosk.schedule.model import Booking, Policy
from tests.browser import chromium
from tests.browser.stage import NOW, OAK, Stage
from tests.running import Server, wait_for

PANEL = {"width": 800, "height": 480}
SIZES = [(800, 480), (1280, 800), (800, 1280), (1920, 1080)]
Put = Callable[..., tuple[Stage, Page]]
# As long as a machine may need that is busy with much else.
expect.set_options(timeout=20_000)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = chromium.launch(playwright)
        yield opened
        opened.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    opened = chromium.window(browser, viewport=PANEL)
    yield opened
    opened.close()


@pytest.fixture
def put(context: BrowserContext) -> Iterator[Put]:
    """Put a door on stage, with what is known of its room."""
    with ExitStack() as open_stages:

        def stage(*bookings: Booking, policy: Policy = OAK.policy, **more: Any) -> tuple[Stage, Page]:
            set_up = Stage(replace(OAK, policy=policy), bookings, moment=NOW, **more)
            page = context.new_page()
            page.goto(f"{open_stages.enter_context(set_up).url}/door/oak")
            page.wait_for_function("document.querySelector('[data-clock]').textContent")
            return set_up, page

        yield stage


@pytest.fixture
def one_server(google_settings: dict[str, str], tmp_path: Path) -> Iterator[Server]:
    """A running server with the rooms of the Directory, in the default way of sharing time."""
    running = Server(tmp_path, google_settings)
    running.with_rooms().start()
    wait_for(lambda: running.get("/readyz").status_code == 200)
    yield running
    running.stop()


@pytest.fixture
def slow_hands(context: BrowserContext) -> None:
    """Let what comes under a finger settle five times as long: a busy machine pauses between two quick taps."""
    context.add_init_script(
        """{
            const { animate } = Element.prototype;
            Element.prototype.animate = function (frames, ...more) {
                const one = animate.call(this, frames, ...more);
                if ("pointerEvents" in frames) one.playbackRate = 0.2;
                return one;
            };
        }"""
    )


def open_page(context: BrowserContext, url: str) -> Page:
    """Open a display and wait until it listens."""
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(url)
    page.wait_for_selector("html[data-begun] main[data-link=live]")
    assert not errors
    return page


def status(page: Page) -> str | None:
    return page.get_attribute("main", "data-status")


def row_status(page: Page, slug: str) -> str | None:
    return page.get_attribute(f"[data-room={slug}]", "data-status")


def inside(page: Page, selector: str) -> list[str]:
    """Return what can be seen and reaches beyond the screen."""
    return list(
        page.eval_on_selector_all(
            selector,
            """all => all.filter(e => e.checkVisibility() && !e.closest('.unseen')).filter(e => {
                const box = e.getBoundingClientRect();
                return box.width && (box.right > innerWidth + 1 || box.bottom > innerHeight + 1 || box.left < -1);
            }).map(e => e.outerHTML.slice(0, 80))""",
        )
    )


def smallest(page: Page, selector: str) -> float:
    """Return the least height or width of what can be touched; 5.2 pixels of the smallest panel are a millimetre."""
    sides = """all => Math.min(1e4, ...all.filter(e => e.checkVisibility())
        .map(e => e.getBoundingClientRect()).flatMap(b => [b.width, b.height]))"""
    return float(page.eval_on_selector_all(selector, sides))


def settled(page: Page) -> None:
    """Wait until what has come under a finger takes touches (static/js/hands.js)."""
    page.wait_for_function(
        "document.getAnimations().every(one => !one.effect.getKeyframes().some(frame => frame.pointerEvents))"
    )
