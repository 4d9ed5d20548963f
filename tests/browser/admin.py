"""What browser tests of the administration share: signing in, and finding what keeps people from using a page."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.chromium import window
from tests.running import Server

BOSS, PASSWORD = "boss@kiosk.example", "correct horse battery"
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def make_admin(server: Server, email: str = BOSS, role: str = "admin", scope: tuple[str, ...] = ()) -> None:
    """Give somebody an account with the usual password, on the command line."""
    more = ("--scope", *scope) if scope else ()
    made = server.run("admin", "password", email, "--role", role, *more, typed=f"{PASSWORD}\n")
    assert made.returncode == 0, made.stderr


def sign_in(page: Page, server: Server, email: str = BOSS, following: str = "/admin/me") -> None:
    """Sign in with the usual password and go to a page."""
    page.goto(f"{server.url}/admin/log-in?next={following}")
    page.fill("#email", email)
    page.fill("#password", PASSWORD)
    with page.expect_navigation(url=f"**{following}"):
        page.locator("form[action='/admin/log-in'] button").click()


def opened(browser: Browser, server: Server, viewport: dict[str, int] = DESK, scheme: Any = "light") -> BrowserContext:
    """Return a browser's window of that size by day ("light") or by night ("dark")."""
    return window(browser, viewport=viewport, color_scheme=scheme, base_url=server.url)


def obstacles(page: Page) -> list[str]:
    """Return what axe-core finds on the page at AA, and whether it must be moved sideways."""
    page.wait_for_load_state("networkidle")
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": LEVELS}}).response["violations"]
    said = [f"{one['id']}: {node['html'][:160]} {node['failureSummary']}" for one in found for node in one["nodes"]]
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return said + ([f"{page.url} is wider than the screen"] if wide else [])
