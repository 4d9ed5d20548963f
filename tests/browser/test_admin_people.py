"""Accounts in a real browser: the first administrator, signing in, other people's accounts, on a phone and a desk."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.admin import BOSS, DESK, PASSWORD, PHONE, make_admin, obstacles, opened, sign_in
from tests.running import Server

PAGES = ("/admin/people", f"/admin/people/{BOSS}", "/admin/people/pins", "/admin/me", "/admin/people/nobody@x.example")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server with two rooms, without Google."""
    running = Server(tmp_path, {})
    for name, building in (("Oak", "Berlin"), ("Elm", "Hamburg")):
        assert running.run("rooms", "add", name, "--building", building).returncode == 0
    running.start()
    yield running
    running.stop()


@pytest.fixture
def desk(browser: Browser, server: Server) -> Iterator[BrowserContext]:
    context = opened(browser, server)
    yield context
    context.close()


@pytest.fixture
def page(desk: BrowserContext) -> Page:
    return desk.new_page()


def test_first_administrator_begins_with_the_link_that_the_server_says(server: Server, page: Page) -> None:
    link = server.process.said("No administrator yet: open ").rsplit(" ", 1)[1]
    page.goto(link)
    assert obstacles(page) == []
    page.fill("#email", BOSS)
    page.fill("#password", PASSWORD)
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_role("status")).to_have_text("You are the administrator of this server.")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto(link)
    expect(page.get_by_role("heading", name="Not found")).to_be_visible()


def test_server_with_an_administrator_says_no_link(server: Server) -> None:
    make_admin(server)
    server.stop()
    server.start()
    assert "No administrator yet" not in server.log()


def test_colleague_is_added_and_chooses_a_password(server: Server, page: Page, browser: Browser) -> None:
    make_admin(server)
    sign_in(page, server, following="/admin/people")
    page.get_by_label("Address").fill("may@kiosk.example")
    expect(page.get_by_label("Oak")).to_be_hidden()
    page.get_by_label("Manager:").check()
    page.get_by_label("Oak").check()
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("button", name="Make a link").click()
    link = page.locator(".copyable code").inner_text()
    other = opened(browser, server).new_page()
    other.goto(link)
    assert obstacles(other) == []
    other.fill("#password", PASSWORD)
    other.get_by_role("button", name="Save and sign in").click()
    expect(other.get_by_role("status")).to_have_text("This is your password now.")
    other.goto("/admin/me")
    expect(other.locator("main")).to_contain_text("manager for oak")


def test_account_is_removed_only_after_a_question(server: Server, page: Page) -> None:
    make_admin(server)
    make_admin(server, "vi@kiosk.example", "viewer")
    sign_in(page, server, following="/admin/people/vi@kiosk.example")
    page.get_by_role("button", name="Remove this account").click()
    question = page.get_by_role("dialog")
    expect(question).to_contain_text("Remove the account of vi@kiosk.example?")
    question.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Remove this account").click()
    question.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("status")).to_contain_text("has no account any more")


def test_table_is_sorted_and_narrowed_down(server: Server, page: Page) -> None:
    for email, role in ((BOSS, "admin"), ("ann@kiosk.example", "viewer"), ("zoe@kiosk.example", "caterer")):
        make_admin(server, email, role)
    sign_in(page, server, following="/admin/people")
    rows = page.locator("#accounts tbody tr:visible th")
    page.get_by_role("button", name="Role").click()
    expect(rows).to_have_text([BOSS, "zoe@kiosk.example", "ann@kiosk.example"])
    page.get_by_role("button", name="Role").click()
    expect(rows).to_have_text(["ann@kiosk.example", "zoe@kiosk.example", BOSS])
    page.get_by_label("Find").fill("cater")
    expect(rows).to_have_text(["zoe@kiosk.example"])
    page.get_by_label("Find").fill("nobody at all")
    expect(page.get_by_text("Nobody fits.")).to_be_visible()


def test_menu_opens_on_a_phone(server: Server, browser: Browser) -> None:
    make_admin(server)
    page = opened(browser, server, PHONE).new_page()
    sign_in(page, server)
    link = page.get_by_role("navigation").get_by_role("link", name="People")
    expect(link).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    link.click()
    expect(page).to_have_url(re.compile("/admin/people$"))


@pytest.mark.parametrize(("size", "scheme"), [(PHONE, "dark"), (DESK, "light")], ids=["phone", "desk"])
def test_nothing_stands_in_anybodys_way(browser: Browser, server: Server, size: dict[str, int], scheme: str) -> None:
    make_admin(server)
    page = opened(browser, server, size, scheme).new_page()
    page.goto("/admin/log-in")
    assert obstacles(page) == []
    sign_in(page, server)
    for path in PAGES:
        page.goto(path)
        assert obstacles(page) == [], path


def test_what_stands_in_the_way_is_found(page: Page) -> None:
    page.set_content(
        "<html lang=en><title>x</title><main style='width:3000px;color:#bbb'>pale</main><img src=x></html>"
    )
    found = " ".join(obstacles(page))
    assert all(word in found for word in ("color-contrast", "image-alt", "wider than the screen"))
