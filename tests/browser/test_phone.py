"""A room on a phone: from the code on the glass to a booking in one's own name, with the stand-in for Google behind."""

from __future__ import annotations

import io
import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from kiosk.emulator.server import Emulator
from kiosk.schedule.model import Booking, Policy
from tests.browser.admin import PHONE, obstacles
from tests.browser.chromium import window
from tests.browser.conftest import inside, open_page
from tests.browser.stage import NOW, OAK, Stage, at
from tests.running import POLL, SERVICE_USER, Server, wait_for

ADA, BEN = "ada@kiosk.example", "ben@kiosk.example"
WORLD: dict[str, Any] = {
    "domain": "kiosk.example",
    "buildings": [{"id": "Berlin", "floors": ["2"]}],
    "people": [{"email": ADA, "name": "Ada Okafor"}, {"email": BEN, "name": "Ben Weiss"}],
    "rooms": [{"name": "Oak", "building": "Berlin", "floor": "2"}, {"name": "Elm", "building": "Berlin", "floor": "2"}],
}
LINK = "https://rooms.kiosk.example/phone/oak?k=aqBcDw.0123456789abcdefghijklmnopq"
PHONES = [(360, 640), (390, 844), (412, 915), (844, 390)]
MILLIMETRE = 5.2  # pixels of the smallest panel


def scan(page: Page) -> zxingcpp.Barcode:
    """Read the code off a picture of the screen, as a phone's camera does."""
    found = zxingcpp.read_barcodes(Image.open(io.BytesIO(page.screenshot())))
    assert len(found) == 1
    return found[0]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server whose name outside is known, where people sign in, and that lets in only whom it knows."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with Emulator(WORLD, seed=7) as google:
        google.write_credentials(tmp_path / "key.json")
        root = f"http://127.0.0.1:{port}"
        (tmp_path / "client.json").write_text(json.dumps(google.client.as_file(root)))
        settings = {
            "KIOSK_GOOGLE_CREDENTIALS": str(tmp_path / "key.json"),
            "KIOSK_GOOGLE_SUBJECT": SERVICE_USER,
            "KIOSK_GOOGLE_ADMIN_SUBJECT": google.world.admin,
            "KIOSK_GOOGLE_ENDPOINT": google.url,
            "KIOSK_SIGN_IN_CLIENT": str(tmp_path / "client.json"),
            "KIOSK_SIGN_IN_DOMAINS": "kiosk.example",
            "KIOSK_POLL_SECONDS": str(POLL),
            "KIOSK_OPENING_HOURS": "00:00-24:00",
            "KIOSK_OPEN_DISPLAYS": "0",
            "KIOSK_PORT": str(port),
            "KIOSK_PUBLIC_URL": root,
        }
        running = Server(tmp_path, settings)
        assert running.run("rooms", "import").returncode == 0
        running.start()
        wait_for(lambda: running.get("/readyz").ok)
        yield running
        running.stop()


@pytest.fixture
def people(browser: Browser) -> Iterator[Any]:
    """Open browsers of their own: one for each person, and one for the door."""
    with ExitStack() as opened:

        def somebody(width: int = PHONE["width"], height: int = PHONE["height"], **more: Any) -> BrowserContext:
            context = window(browser, viewport={"width": width, "height": height}, **more)
            opened.callback(context.close)
            return context

        yield somebody


def slug_of(server: Server, name: str) -> str:
    listed = json.loads(server.run("rooms", "list", "--json").stdout)
    return next(str(one["slug"]) for one in listed if name in one["name"])


def door_of(server: Server, context: BrowserContext, slug: str) -> Page:
    token = server.run("admin", "token", "--screen", f"door {slug}").stdout.split()[-1]
    context.add_cookies([{"name": "kiosk_token", "value": token, "url": server.url}])
    return open_page(context, f"{server.url}/door/{slug}")


def sign_in(page: Page, name: str) -> None:
    page.get_by_role("link", name="Sign in with Google").click()
    page.get_by_role("button", name=name).click()
    expect(page.get_by_text(f"In the name of {name}")).to_be_attached()
    expect(page.locator("html[data-begun]")).to_be_attached()


def test_from_the_code_on_the_glass_to_a_booking_in_ones_own_name_and_back(server: Server, people: Any) -> None:
    oak = slug_of(server, "Oak")
    door, page = door_of(server, people(800, 480), oak), people().new_page()
    page.goto(scan(door).text)
    assert page.url == f"{server.url}/phone/{oak}"
    sign_in(page, "Ada Okafor")
    assert page.url == f"{server.url}/phone/{oak}"
    page.get_by_label("Title, if you like").first.fill("Interview")
    page.get_by_role("button", name="Book", exact=True).click()
    expect(page.locator("[data-message-text]")).to_contain_text("Booked until", timeout=30_000)
    page.get_by_role("button", name="Close").click()
    expect(door.locator("main")).to_have_attribute("data-status", "busy")
    expect(door.locator("[data-slot=now]")).to_contain_text("Interview")
    expect(door.locator("[data-slot=now]")).to_contain_text("Ada Okafor")
    expect(page.locator(".glass")).to_have_attribute("data-status", "busy")
    assert obstacles(page) == []
    page.locator("[data-mine]").get_by_role("button", name="End now").click()
    expect(door.locator("main")).to_have_attribute("data-status", "free", timeout=30_000)
    expect(page.locator("[data-mine] article")).to_have_count(0)
    page.get_by_role("link", name="My bookings").click()
    expect(page.get_by_role("heading", name="My bookings")).to_be_visible()


def test_of_two_phones_at_once_one_wins_and_the_other_hears_who_and_where_else(server: Server, people: Any) -> None:
    oak = slug_of(server, "Oak")
    door = door_of(server, people(800, 480), oak)
    pages = {}
    for name in ("Ada Okafor", "Ben Weiss"):
        page = people().new_page()
        page.goto(scan(door).text)
        sign_in(page, name)
        pages[name] = page
    for page in pages.values():
        page.get_by_role("button", name="Book", exact=True).dblclick()
    said = {name: page.locator("[data-message-text]") for name, page in pages.items()}
    for words in said.values():
        expect(words).not_to_have_text("", timeout=40_000)
    won = [name for name, words in said.items() if "Booked until" in words.inner_text()]
    assert len(won) == 1, {name: words.inner_text() for name, words in said.items()}
    [loser] = [page for name, page in pages.items() if name not in won]
    expect(loser.get_by_role("link", name="Elm")).to_be_visible()
    expect(loser.locator("[data-slot=now]")).to_contain_text(won[0])
    expect(loser.locator("[data-slot=status]")).to_contain_text("until")


def test_an_expired_code_and_one_of_another_door_say_what_to_do(server: Server, people: Any) -> None:
    oak, elm = slug_of(server, "Oak"), slug_of(server, "Elm")
    door, page = door_of(server, people(800, 480), oak), people().new_page()
    address = scan(door).text
    page.goto(address.replace(oak, elm))
    expect(page.get_by_role("heading", name="Scan the code at the door")).to_be_visible()
    assert obstacles(page) == []
    page.goto(address)
    expect(page.get_by_role("button", name="Book", exact=True)).to_be_visible()
    assert server.run("policy", "qr=no").returncode == 0
    expect(page.get_by_role("heading", name="Scan the code at the door")).to_be_visible(timeout=60_000)
    expect(door.locator("[data-code]")).to_be_hidden(timeout=30_000)


@pytest.fixture
def shown(browser: Browser) -> Iterator[Any]:
    """Put a room on stage, on a phone or at its door."""
    with ExitStack() as opened:

        def show(
            *bookings: Booking,
            display: str = "phone",
            size: tuple[int, int] = (390, 844),
            policy: Policy = OAK.policy,
            **more: Any,
        ) -> tuple[Stage, Page]:
            scheme = more.pop("scheme", "light")
            stage = opened.enter_context(Stage(replace(OAK, policy=policy), bookings, moment=NOW, **more))
            viewport = {"width": size[0], "height": size[1]}
            context = opened.enter_context(window(browser, viewport=viewport, color_scheme=scheme))
            page = context.new_page()
            page.clock.install(time=NOW)
            page.goto(f"{stage.url}/{display}/oak")
            page.wait_for_function("document.querySelector('[data-stamp]').textContent")
            return stage, page

        yield show


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(800, 480), (1280, 800), (800, 1280), (1920, 1080)])
def test_the_code_can_be_read_off_a_door_of_every_size(shown: Any, size: tuple[int, int], scheme: str) -> None:
    _, page = shown(
        Booking("b", at("12:00"), at("13:00"), "Review"), display="door", size=size, link=LINK, scheme=scheme
    )
    read = scan(page)
    assert (read.text, read.valid) == (LINK, True)
    assert inside(page, "main *:not(bdi, svg *)") == []


def test_the_code_is_large_enough_calm_and_correctable(shown: Any) -> None:
    _, page = shown(display="door", size=(800, 480), link=LINK)
    read = scan(page)
    box, around = (
        page.locator("[data-code] svg").bounding_box(),
        page.locator("[data-code] svg").get_attribute("viewBox"),
    )
    squares = int(str(around).split()[2])
    quiet = 4 * box["width"] / squares
    assert (box["width"] - 2 * quiet) / MILLIMETRE >= 20
    assert read.position.top_left.x - box["x"] >= quiet - 2
    assert read.ec_level in {"M", "Q", "H"}


def test_a_door_renews_its_code_and_hides_it_rather_than_show_a_dead_one(shown: Any) -> None:
    stage, page = shown(display="door", size=(800, 480), link=LINK)
    page.wait_for_load_state("networkidle")
    page.clock.run_for(4 * 60_000 + 1_000)
    wait_for(lambda: len(stage.links) >= 1)
    expect(page.locator("[data-code]")).to_be_visible()
    page.context.set_offline(True)
    page.clock.run_for(11 * 60_000)
    expect(page.locator("[data-code]")).to_be_hidden()


@pytest.mark.parametrize("language", ["en", "de", "ar"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_every_phone_and_can_be_used_by_everybody(shown: Any, language: str, scheme: str) -> None:
    busy = Booking("b", at("08:00"), at("09:00"), "A title that is long enough for two lines", "Ada Okafor")
    for bookings in ((), (busy,)):
        _, page = shown(*bookings, person="Ada Okafor", language=language, scheme=scheme)
        assert obstacles(page) == []
        for width, height in PHONES:
            page.set_viewport_size({"width": width, "height": height})
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (width, height)
        page.set_viewport_size({"width": 360, "height": 640})
        page.add_style_tag(content="html { font-size: 200% }")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "at twice the size"


def test_a_double_tap_books_once(shown: Any) -> None:
    stage, page = shown(person="Ada Okafor")
    with stage.waiting():
        page.get_by_role("button", name="60").click()
        page.get_by_role("button", name="Book", exact=True).dblclick()
        expect(page.get_by_text("Asking the room…")).to_be_visible()
    expect(page.locator("[data-message-text]")).to_have_text("Done.")
    assert stage.taps == [("POST", "rooms/oak/bookings", {"minutes": 60})]
    page.get_by_role("button", name="Undo").click()
    wait_for(lambda: stage.taps[-1][:2] == ("DELETE", "bookings/kioskmade?room=oak"))


def test_the_room_is_said_to_be_asked_until_it_has_answered(shown: Any) -> None:
    stage, page = shown(person="Ada Okafor")
    with stage.waiting():
        page.get_by_role("button", name="Book", exact=True).click()
        # The calendar has it before the answer is here.
        stage.bookings = [Booking("kioskmade", at("08:00"), at("09:00"), "", "Ada Okafor")]
        expect(page.locator(".glass")).to_have_attribute("data-status", "busy", timeout=10_000)
        expect(page.get_by_text("Asking the room…")).to_be_visible()
    expect(page.locator("[data-message-text]")).to_have_text("Done.")
    expect(page.locator("[data-act=book]:visible")).to_have_count(0)


def test_later_is_booked_with_a_title(shown: Any) -> None:
    stage, page = shown(person="Ada Okafor")
    page.locator("[data-open=later]").click()
    page.locator("[data-day=tomorrow]").click()
    page.locator("dialog [name=title]").fill("Retrospective")
    page.locator("dialog [data-act=later]").click()
    expect(page.locator("[data-message-text]")).to_have_text("Done.")
    wish = {"start": "2026-08-11T08:15:00.000Z", "minutes": 30, "title": "Retrospective"}
    assert stage.taps == [("POST", "rooms/oak/bookings", wish)]


@pytest.mark.parametrize(("bookable", "books", "signs"), [("anyone", 1, 1), ("people", 0, 1), ("nobody", 0, 1)])
def test_whoever_has_not_signed_in_is_offered_what_they_may_do(
    shown: Any, bookable: Any, books: int, signs: int
) -> None:
    _, page = shown(policy=Policy(bookable=bookable))
    expect(page.locator("[data-act=book]:visible")).to_have_count(books)
    expect(page.get_by_role("link", name="Sign in with Google")).to_have_count(signs)
    expect(page.locator("[data-slot=actions] .pick:visible")).to_have_count(3 * books)


def test_a_problem_is_reported_from_the_phone_and_taken_back(shown: Any) -> None:
    stage, page = shown()
    stage.answer = (201, {"message": "Sent. Thank you.", "id": 7})
    page.get_by_role("button", name="Report a problem").click()
    assert obstacles(page) == []
    page.get_by_role("button", name="Cleaning").click()
    expect(page.locator("[data-message]")).to_contain_text("Sent. Thank you.")
    page.get_by_role("button", name="Undo").click()
    wait_for(lambda: len(stage.taps) == 2)
    assert [tap[:2] for tap in stage.taps] == [("POST", "rooms/oak/problems"), ("DELETE", "rooms/oak/problems/7")]
