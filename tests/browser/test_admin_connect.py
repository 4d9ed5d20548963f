"""Connecting Google in a real browser, both ways; the overview that lives; the doctor; disconnecting."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from kiosk.emulator.server import Emulator
from kiosk.emulator.tokens import DELEGATED
from tests.browser.admin import DESK, PHONE, make_admin, obstacles, opened, sign_in
from tests.running import ADMIN, SERVICE_USER, Server, wait_for

ACCOUNT = "room-kiosk@kiosk-example.iam.gserviceaccount.com"


@pytest.fixture
def server(google: Emulator, tmp_path: Path) -> Iterator[Server]:
    """A server that could reach Google, with nothing connected and no rooms."""
    given = {"KIOSK_GOOGLE_ENDPOINT": google.url, "KIOSK_POLL_SECONDS": "2", "KIOSK_OPENING_HOURS": "00:00-24:00"}
    running = Server(tmp_path, given)
    make_admin(running)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def desk(browser: Browser, server: Server) -> Iterator[BrowserContext]:
    context = opened(browser, server)
    yield context
    context.close()


@pytest.fixture
def page(desk: BrowserContext, server: Server) -> Page:
    """The administrator's page of the connection."""
    found = desk.new_page()
    sign_in(found, server, following="/admin/google")
    return found


def offer(page: Page, google: Emulator, subject: str = SERVICE_USER) -> None:
    """Fill in the form with a key, and send it."""
    content = json.dumps(google.credentials()).encode()
    page.set_input_files("#file", {"name": "key.json", "mimeType": "application/json", "buffer": content})
    page.fill("#subject", subject)
    page.fill("#admin_subject", ADMIN)
    page.get_by_role("button", name="Try and connect").click()


def test_key_connects_and_rooms_come_in(page: Page, google: Emulator, server: Server) -> None:
    offer(page, google)
    expect(page.locator("[data-connection=service_account]")).to_contain_text(SERVICE_USER)
    expect(page.get_by_role("link", name="Import rooms")).to_be_visible()
    assert server.run("rooms", "import").returncode == 0
    expect(page.locator("[data-connection] dd").last).to_have_text("4")
    page.goto(f"{server.url}/admin/")
    expect(page.locator(".figure").first).to_contain_text("kiosk.example")
    expect(page.locator(".figure").nth(1)).to_contain_text("4 of 4")
    expect(page.locator(".figure").nth(2)).to_contain_text("ago")


def test_missing_delegation_is_told_with_values_to_paste_and_mended(page: Page, google: Emulator) -> None:
    google.world.delegate()
    offer(page, google)
    problem = page.locator(".problem")
    expect(problem).to_contain_text("no delegation is set up")
    expect(problem.locator("code").nth(1)).to_have_text(google.credentials()["client_id"])
    assert obstacles(page) == []
    google.world.delegate(*DELEGATED)
    offer(page, google)
    expect(page.locator("[data-connection]")).to_be_visible()


def test_administrators_consent_connects(page: Page, google: Emulator, server: Server) -> None:
    client = google.world.add_client("Rooms", [f"{server.url}/admin/google/back"])
    expect(page.locator(".purposes")).to_contain_text("Read the list of rooms and buildings")
    content = json.dumps(client.as_file(google.url)).encode()
    page.set_input_files("#client-file", {"name": "client.json", "mimeType": "application/json", "buffer": content})
    page.get_by_role("button", name="Keep this client").click()
    page.get_by_role("button", name="Go to Google").click()
    expect(page).to_have_url(re.compile(re.escape(google.url)))
    page.locator(f"button[value='{ADMIN}']").click()
    expect(page.locator("[data-connection=authorized_user]")).to_contain_text(ADMIN)
    assert server.run("rooms", "import").returncode == 0


def test_overview_follows_what_happens_in_google_by_itself(page: Page, google: Emulator, server: Server) -> None:
    offer(page, google)
    expect(page.locator("[data-connection]")).to_be_visible()
    assert server.run("rooms", "import").returncode == 0
    page.goto(f"{server.url}/admin/")
    problems = page.locator(".figure").nth(3).locator("dd").first
    expect(problems).to_have_text("0", timeout=20_000)
    room = google.world.rooms()[0]
    google.world.set_domain_role(room.id, "none")
    google.world.share(room.id, SERVICE_USER, "none")
    expect(problems).to_have_text("1", timeout=30_000)
    google.world.share(room.id, SERVICE_USER, "writer")
    expect(problems).to_have_text("0", timeout=60_000)


def test_doctor_comes_from_the_page_and_says_what_to_do(page: Page, google: Emulator, server: Server) -> None:
    offer(page, google)
    expect(page.locator("[data-connection]")).to_be_visible()
    assert server.run("rooms", "import").returncode == 0
    google.world.set_auto_accept(google.world.rooms()[0].id, False)
    page.goto(f"{server.url}/admin/doctor")
    page.get_by_role("button", name="Look at everything now").click()
    finding = page.locator(".finding")
    expect(finding).to_contain_text("Auto-accept", timeout=30_000)
    expect(finding.get_by_role("button", name="Copy")).to_be_visible()
    done = server.run("doctor", "--json")
    assert (done.returncode, json.loads(done.stdout)["counts"]["warn"]) == (0, 1)


def test_disconnecting_asks_first_and_takes_the_rooms_along(page: Page, google: Emulator, server: Server) -> None:
    offer(page, google)
    expect(page.locator("[data-connection]")).to_be_visible()
    assert server.run("rooms", "import").returncode == 0
    page.reload()
    page.get_by_role("button", name="Disconnect").click()
    question = page.locator("#question")
    expect(question).to_contain_text("4 linked rooms")
    question.get_by_role("button", name="Disconnect").click()
    expect(page.get_by_text("Google is not connected")).to_be_visible(timeout=30_000)
    listed = json.loads(server.run("rooms", "list", "--json").stdout)
    assert [one["calendar"] for one in listed] == [""] * 4
    assert list((server.folder / "secrets").iterdir()) == []


def test_connecting_on_the_command_line_is_seen_on_the_page(page: Page, google: Emulator, server: Server) -> None:
    google.write_credentials(server.folder / "key.json")
    file = str(server.folder / "key.json")
    refused = server.run("connect", file, "--subject", "nobody@kiosk.example")
    assert (refused.returncode, "no active user nobody@kiosk.example" in refused.stderr) == (1, True)
    done = server.run("connect", file, "--subject", SERVICE_USER, "--admin-subject", ADMIN)
    assert (done.returncode, ACCOUNT in done.stdout) == (0, True)
    expect(page.locator("[data-connection]")).to_contain_text("console")
    wait_for(lambda: json.loads(server.run("connect", "--json").stdout)["connected"])
    assert server.run("disconnect").returncode == 0
    expect(page.get_by_text("Google is not connected")).to_be_visible()


@pytest.mark.parametrize(("viewport", "scheme"), [(PHONE, "light"), (DESK, "dark")], ids=["phone", "desk"])
def test_nothing_keeps_people_from_using_the_pages(
    browser: Browser, google: Emulator, server: Server, viewport: dict[str, int], scheme: str
) -> None:
    context = opened(browser, server, viewport, scheme)
    found = context.new_page()
    sign_in(found, server, following="/admin/google")
    assert obstacles(found) == []
    offer(found, google)
    expect(found.locator("[data-connection]")).to_be_visible()
    assert server.run("rooms", "import").returncode == 0
    google.world.set_auto_accept(google.world.rooms()[0].id, False)
    server.run("doctor")
    for address in ("/admin/google", "/admin/doctor", "/admin/"):
        found.goto(address)
        assert obstacles(found) == [], address
    context.close()
