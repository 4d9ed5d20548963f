"""My bookings on a phone: signing in with Google, services, giving a room back; caterers and the outside hear of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from kiosk.emulator.server import Emulator
from tests.browser.admin import DESK, PHONE, make_admin, obstacles, opened, sign_in
from tests.notify.receivers import Postbox, Receiver
from tests.running import POLL, SERVICE_USER, Server, wait_for

ADA, CAFE = "ada@kiosk.example", "cafe@kiosk.example"
WORLD: dict[str, Any] = {
    "domain": "kiosk.example",
    "buildings": [{"id": "Berlin", "floors": ["2"]}],
    "people": [{"email": ADA, "name": "Ada Okafor"}],
    "rooms": [{"name": "Oak", "building": "Berlin", "floor": "2"}, {"name": "Elm", "building": "Berlin", "floor": "2"}],
}
PAGES = ("/admin/services", "/admin/services/catalogue", "/admin/webhooks", "/admin/audit", "/admin/data")


@pytest.fixture
def google() -> Iterator[Emulator]:
    with Emulator(WORLD, seed=7) as emulator:
        yield emulator


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as opened_receiver:
        yield opened_receiver


@pytest.fixture
def postbox() -> Iterator[Postbox]:
    with Postbox() as opened_postbox:
        yield opened_postbox


@pytest.fixture
def server(google: Emulator, postbox: Postbox, receiver: Receiver, tmp_path: Path) -> Iterator[Server]:
    google.write_credentials(tmp_path / "key.json")
    (tmp_path / "client.json").write_text(json.dumps(google.client.as_file("https://rooms.kiosk.example")))
    settings = {
        "KIOSK_GOOGLE_CREDENTIALS": str(tmp_path / "key.json"),
        "KIOSK_GOOGLE_SUBJECT": SERVICE_USER,
        "KIOSK_GOOGLE_ADMIN_SUBJECT": google.world.admin,
        "KIOSK_GOOGLE_ENDPOINT": google.url,
        "KIOSK_SIGN_IN_CLIENT": str(tmp_path / "client.json"),
        "KIOSK_SIGN_IN_DOMAINS": "kiosk.example",
        "KIOSK_POLL_SECONDS": str(POLL),
        "KIOSK_OPENING_HOURS": "00:00-24:00",
        "KIOSK_SMTP_URL": postbox.url,
        "KIOSK_MAIL_FROM": "Rooms <rooms@kiosk.example>",
        "KIOSK_PRIVATE_WEBHOOKS": "1",
        "KIOSK_ASYNC_MODE": "eventlet",
    }
    running = Server(tmp_path, settings)
    for words in (["rooms", "import"], ["policy", "owners-release=yes"], ["webhooks", "add", receiver.url]):
        done = running.run(*words)
        assert done.returncode == 0, done.stderr
    assert running.run("services", "add", "Berlin", "Coffee", "--detail", "a pot for six").returncode == 0
    make_admin(running)
    make_admin(running, CAFE, "caterer", ("Berlin",))
    running.start()
    wait_for(lambda: running.get("/readyz").ok)
    yield running
    running.stop()


def meet(google: Emulator, hours: float = 4) -> str:
    """Let Ada invite the room Oak in Google; return the event's id."""
    start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=hours)
    return google.world.create(ADA, "Design review", start, start + timedelta(hours=1), rooms=[oak(google)])


def oak(google: Emulator) -> str:
    return next(room.id for room in google.world.rooms() if "Oak" in room.summary)


def enter(page: Page) -> None:
    page.goto("/my")
    page.get_by_role("link", name="Sign in with Google").click()
    page.get_by_role("button", name="Ada Okafor").click()
    expect(page.get_by_role("heading", name="My bookings")).to_be_visible()


def test_a_meeting_gets_its_coffee_and_loses_it_with_the_room(
    browser: Browser, server: Server, google: Emulator, receiver: Receiver, postbox: Postbox
) -> None:
    meet(google)
    page = opened(browser, server, PHONE).new_page()
    enter(page)
    card = page.locator("article", has_text="Design review")

    def shown() -> bool:
        page.reload()
        return card.count() == 1

    wait_for(shown)
    expect(card.get_by_text("Google Calendar", exact=True)).to_be_visible()
    card.locator("summary").click()
    card.get_by_label("How many").fill("6")
    card.get_by_label("Note").fill("with oat milk")
    assert obstacles(page) == []
    card.get_by_role("button", name="Ask for it").click()
    expect(page.get_by_role("status")).to_have_text("Coffee is asked for.")

    caterer = opened(browser, server, DESK).new_page()
    sign_in(caterer, server, CAFE, "/admin/services")
    row = caterer.locator("tr", has_text="6 × Coffee")
    expect(row).to_contain_text("with oat milk")
    row.get_by_role("textbox").fill("At ten to.")
    row.get_by_role("button", name="Accept").click()
    expect(caterer.get_by_role("status")).to_contain_text("accepted")

    page.reload()
    expect(card).to_contain_text("accepted")
    expect(card).to_contain_text("At ten to.")
    card.get_by_role("button", name="Release the room").click()
    expect(page.get_by_role("status")).to_contain_text("The room is released")
    wait_for(lambda: len(postbox.mails) == 4)
    assert [mail["To"] for mail in postbox.mails[:2]] == [CAFE, ADA]
    last = {mail["To"]: mail["Subject"] for mail in postbox.mails[2:]}
    assert last.keys() == {CAFE, ADA}
    told = ["service.requested", "service.changed", "booking.released", "service.cancelled"]
    wait_for(lambda: sorted(got.said["type"] for got in receiver.got) == sorted(told))
    assert last[CAFE].startswith("Cancelled: Coffee, Oak")


def test_pages_can_be_used_by_everybody_on_every_screen(browser: Browser, server: Server, google: Emulator) -> None:
    meet(google)
    for viewport, scheme in ((PHONE, "light"), (DESK, "dark")):
        page = opened(browser, server, viewport, scheme).new_page()
        page.goto("/my")
        assert obstacles(page) == []
        enter(page)
        assert obstacles(page) == []
        boss = opened(browser, server, viewport, scheme).new_page()
        sign_in(boss, server)
        for path in PAGES:
            boss.goto(path)
            assert obstacles(boss) == [], path


def test_an_administrator_adds_a_webhook_and_sees_a_trial_arrive(
    browser: Browser, server: Server, receiver: Receiver
) -> None:
    page = opened(browser, server).new_page()
    sign_in(page, server, following="/admin/webhooks")
    page.get_by_label("Address").fill(receiver.url.replace("kiosk", "page"))
    page.get_by_role("button", name="Add").click()
    secret = page.locator(".copyable code").first.inner_text()
    page.goto("/admin/webhooks")
    page.locator("tr", has_text="from=page").get_by_role("button", name="Test").click()
    log = page.locator("[data-live] tr", has_text="from=page")
    expect(log.get_by_text("arrived")).to_be_visible(timeout=15_000)
    [got] = [one for one in receiver.got if one.said["type"] == "ping"]
    assert got.is_signed_with(secret)
