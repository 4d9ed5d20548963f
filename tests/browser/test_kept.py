"""Screens that start while their server is away: what a browser keeps of them, and what it must not keep."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, expect

from kiosk.schedule.model import Booking
from tests.browser.chromium import window
from tests.browser.conftest import PANEL
from tests.browser.stage import NOW, OAK, Stage, at
from tests.running import Server, wait_for

SPRINT = Booking("sprint", at("08:30"), at("09:00"), "Sprint", "Ada Lovelace")
KEPT = """async () => {
    const names = await caches.keys();
    const requests = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
    return requests.flat().map((request) => request.url);
}"""
# What the browser has kept of the page itself, with what it is made of.
TEXT = "async () => (await (await caches.match(location.href))?.text()) ?? ''"


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A window that keeps pages."""
    opened = window(browser, keeps=True, viewport=PANEL)
    yield opened
    opened.close()


@pytest.fixture
def stage(context: BrowserContext) -> Iterator[Stage]:
    with Stage(OAK, [SPRINT], moment=NOW) as opened:
        still(context, NOW)
        yield opened


def still(context: BrowserContext, wall: datetime) -> None:
    """Let the browser's machine show that time, and stand still until it is moved."""
    context.clock.install(time=wall)
    context.clock.pause_at(wall)


def kept(page: Page) -> list[str]:
    """Return the paths that the browser has kept, but those of the files that pages are made of."""
    paths = (urlsplit(address).path for address in page.evaluate(KEPT))
    return [path for path in paths if not path.startswith("/static/")]


def warm(context: BrowserContext, stage: Stage, path: str = "/door/oak") -> Page:
    """Open a screen and wait until it is kept, with its letters."""
    page = context.new_page()
    page.goto(stage.url + path)
    wait_for(lambda: path in kept(page))
    return page


def cold(context: BrowserContext, stage: Stage, wall: datetime, path: str = "/door/oak") -> Page:
    """Start the browser's only page anew while the server is away; `wall` is what the machine's clock shows."""
    stage.close()
    for page in context.pages:
        page.close()
    page = context.new_page()
    page.clock.set_system_time(wall)
    page.goto(stage.url + path)
    return page


def later(page: Page, stage: Stage, seconds: int) -> None:
    """Let time pass, for the server as well."""
    stage.moment += timedelta(seconds=seconds)
    page.clock.fast_forward(seconds * 1000)


def is_same(page: Page) -> bool:
    """Tell whether the page that was marked is still the one that is shown."""
    with suppress(Error):
        return bool(page.evaluate("window.same"))
    return True


def leaves(page: Page, stage: Stage) -> None:
    """Let time pass until the page has been loaded anew."""
    for _ in range(10):
        later(page, stage, 20)
        with suppress(AssertionError):
            return wait_for(lambda: not is_same(page), 3)
    raise AssertionError("The page has not been loaded anew.")


def says(page: Page, status: str, clock: str, since: str) -> None:
    expect(page.locator("[data-clock]")).to_have_text(clock)
    expect(page.locator("[data-stamp]")).to_have_text(f"No connection since {since}")
    expect(page.locator("main, .row").last).to_have_attribute("data-status", status)
    expect(page.locator("main")).to_be_visible()


@pytest.mark.parametrize("path", ["/door/oak", "/lobby/all"])
def test_a_screen_started_without_a_server_shows_its_last_scenes_and_goes_on(
    context: BrowserContext, stage: Stage, path: str
) -> None:
    warm(context, stage, path)
    page = cold(context, stage, NOW + timedelta(minutes=25), path)
    says(page, "busy", "10:32", "10:07")
    page.clock.fast_forward("28:00")
    says(page, "free", "11:00", "10:07")


def test_a_change_is_kept_within_moments(context: BrowserContext, stage: Stage) -> None:
    page = warm(context, stage)
    stage.bookings = [replace(SPRINT, start=at("08:20"), title="Planning")]
    later(page, stage, 6)
    expect(page.locator("main")).to_contain_text("Planning")
    later(page, stage, 80)
    wait_for(lambda: "Planning" in page.evaluate(TEXT))
    says(cold(context, stage, NOW + timedelta(minutes=15)), "busy", "10:22", "10:08")


def test_a_kept_page_goes_on_when_the_server_is_back_and_is_not_loaded_again(
    context: BrowserContext, stage: Stage
) -> None:
    warm(context, stage)
    page = cold(context, stage, NOW + timedelta(minutes=1))
    says(page, "free", "10:08", "10:07")
    page.evaluate("window.same = true")
    stage.moment, stage.bookings = at("08:09"), [replace(SPRINT, start=at("08:00"))]
    stage.open()
    page.clock.fast_forward("00:06")
    expect(page.locator("main[data-link=live]")).to_have_attribute("data-status", "busy")
    assert page.evaluate("window.same")


def test_a_page_of_the_server_is_taken_before_a_kept_one(context: BrowserContext, stage: Stage) -> None:
    page = warm(context, stage)
    stage.bookings = [replace(SPRINT, start=at("08:00"))]
    page.reload()
    assert "data-kept" not in page.content()
    expect(page.locator("main[data-link=live]")).to_have_attribute("data-status", "busy")


def test_a_screen_that_is_not_let_in_any_more_is_forgotten_while_it_stands_there(
    context: BrowserContext, stage: Stage
) -> None:
    page = warm(context, stage)
    stage.refusal = 401
    page.clock.fast_forward("00:06")
    wait_for(lambda: kept(page) == [])


@pytest.mark.parametrize("code", [401, 403])
def test_an_answer_to_strangers_is_not_kept_and_ends_what_was(context: BrowserContext, stage: Stage, code: int) -> None:
    page = warm(context, stage)
    stage.refusal = code
    answer = page.goto(f"{stage.url}/door/oak")
    assert answer
    assert answer.status == code
    wait_for(lambda: kept(page) == [])
    stage.close()
    with pytest.raises(Error):
        page.goto(f"{stage.url}/door/oak")


def test_a_gateway_that_speaks_for_a_server_which_is_away_ends_nothing(context: BrowserContext, stage: Stage) -> None:
    page = warm(context, stage)
    stage.refusal = 502
    page.goto(f"{stage.url}/door/oak")
    says(page, "free", "10:07", "10:07")
    assert kept(page) == ["/door/oak"]


def test_only_a_few_screens_are_kept(context: BrowserContext, stage: Stage) -> None:
    for name in ("ash", "birch", "elm", "fir", "oak"):
        page = warm(context, stage, f"/door/{name}")
    wait_for(lambda: kept(page) == ["/door/birch", "/door/elm", "/door/fir", "/door/oak"])


def test_a_new_build_takes_the_place_of_the_old_one_when_nobody_is_busy(context: BrowserContext, stage: Stage) -> None:
    page = warm(context, stage)
    page.evaluate("window.same = true")
    page.locator("[data-open=later]").click()
    expect(page.locator("dialog[open]")).to_be_visible()
    stage.build = "next"
    later(page, stage, 12)
    expect(page.get_by_role("dialog")).to_be_visible()
    assert page.evaluate("window.same")
    page.locator("dialog[open] [data-close]").click()
    leaves(page, stage)
    wait_for(lambda: page.evaluate("caches.keys()") == ["kiosk-next"])
    wait_for(lambda: kept(page) == ["/door/oak"])
    since = stage.moment.astimezone(OAK.zone).strftime("%H:%M")
    says(cold(context, stage, NOW + timedelta(minutes=25)), "busy", "10:32", since)


def test_a_finger_that_is_down_keeps_the_page_of_the_old_build(context: BrowserContext, stage: Stage) -> None:
    page = warm(context, stage)
    page.evaluate("window.same = true")
    page.mouse.move(400, 20)
    page.mouse.down()
    stage.build = "next"
    page.clock.fast_forward("02:00")
    assert is_same(page)
    page.mouse.up()
    leaves(page, stage)


def test_a_machine_whose_clock_is_wrong_shows_the_servers_time_after_a_start_without_it(
    context: BrowserContext,
) -> None:
    still(context, NOW - timedelta(hours=2))
    with Stage(OAK, [SPRINT], moment=NOW) as stage:
        warm(context, stage)
        says(cold(context, stage, NOW - timedelta(hours=2) + timedelta(minutes=25)), "busy", "10:32", "10:07")


def test_a_machine_that_has_lost_the_time_goes_on_from_when_it_last_heard_and_jumps_when_it_learns_it(
    context: BrowserContext, stage: Stage
) -> None:
    warm(context, stage)
    page = cold(context, stage, datetime(1970, 1, 1, tzinfo=UTC))
    says(page, "free", "10:07", "10:07")
    page.clock.set_system_time(NOW + timedelta(minutes=25))
    page.clock.fast_forward("00:30")
    says(page, "busy", "10:32", "10:07")


def test_a_screen_that_begins_without_letters_keeps_them_too(context: BrowserContext) -> None:
    with Stage(OAK, [SPRINT], moment=NOW) as stage:
        page = warm(context, stage)
        wait_for(lambda: any(address.endswith(".woff2") for address in page.evaluate(KEPT)))


def test_what_was_asked_for_once_more_is_kept_only_once(context: BrowserContext, stage: Stage) -> None:
    page = warm(context, stage)
    loaded = [f"{stage.url}/static/{stage.build}/{file}" for file in ("js/notices.js?1", "fonts/inter-far.woff2")]
    tell = "assets => navigator.serviceWorker.ready.then(({active}) => active.postMessage({act: 'keep', assets}))"
    page.evaluate(tell, loaded)
    wait_for(lambda: loaded[1] in page.evaluate(KEPT))
    assert loaded[0] not in page.evaluate(KEPT)


def test_nothing_but_screens_is_kept_and_a_revoked_token_ends_it(
    context: BrowserContext, one_server: Server, google_settings: dict[str, str]
) -> None:
    slug = one_server.get("/api/v1/rooms").json()["rooms"][0]["slug"]
    one_server.stop()
    one_server.settings["KIOSK_OPEN_DISPLAYS"] = "0"
    one_server.start()
    token = one_server.run("admin", "token", "--screen", "door-oak").stdout.split()[-1]
    page = context.new_page()
    page.goto(f"{one_server.url}/enter?next=/door/{slug}")
    page.fill("#token", token)
    page.click("button")
    wait_for(lambda: f"/door/{slug}" in kept(page))
    for path in ("/", "/enter", "/my", "/admin/", "/api/v1/rooms", f"/door/{slug}/x", f"/door/{slug}"):
        with suppress(Error):
            page.goto(one_server.url + path)
    assert kept(page) == [f"/door/{slug}"]
    assert one_server.run("admin", "token", "--revoke", "door-oak").returncode == 0
    expect(page.locator(".pair__code")).not_to_be_empty(timeout=60_000)
    wait_for(lambda: kept(page) == [])
