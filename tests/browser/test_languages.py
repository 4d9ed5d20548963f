"""Doors in every language: nothing is cut off, times are written as the server does, and a panel turns between two."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, Page, expect

from kiosk import clock
from kiosk.schedule import hours
from kiosk.schedule.model import Booking, CheckIn, Policy
from kiosk.settings import LANGUAGES
from kiosk.web import wording
from tests.browser.conftest import Put
from tests.browser.stage import NOW, OAK, Stage, at

NAMES = Policy(names=True)
OWN = Booking("own", at("08:00"), at("09:00"), "Review", "Ada", own=True)
AWAITED = replace(OWN, check_in=CheckIn(at("07:50"), at("08:12")))
SCENES: dict[str, tuple[Policy, list[Booking]]] = {
    "free": (NAMES, [Booking("next", at("13:00"), at("14:00"), "Planning", "Ada")]),
    "soon": (Policy(), [Booking("next", at("08:14"), at("09:00"), "Planning", "Ada")]),
    "busy": (Policy(), [OWN, Booking("next", at("09:30"), at("10:00"), "Daily")]),
    "held": (Policy(), [replace(OWN, held=True)]),
    "checkin": (Policy(), [AWAITED]),
    "closed": (Policy(hours=hours.parse("Mon-Fri 12:00-19:00")), []),
}
# What is cut off, wherever it stands: wider than its box, or beyond the glass. Titles may be: they end in dots.
CUT = """() => [...document.querySelectorAll("main *")]
  .filter((one) => one.checkVisibility() && one.textContent.trim() && !one.closest(".unseen, svg, .line"))
  .filter((one) => !["none", "contents"].includes(getComputedStyle(one).display))
  .filter((one) => {
    const { left, right, bottom } = one.getBoundingClientRect();
    const isTight = getComputedStyle(one).display !== "inline" && one.scrollWidth > one.clientWidth + 1;
    return isTight || left < -1 || right > innerWidth + 1 || bottom > innerHeight + 1;
  })
  .map((one) => [one.className, one.textContent.trim()])"""
# On how many lines the steps to another start stand.
LINES = """() => new Set([...document.querySelectorAll("dialog[open] [data-step]")]
  .map((one) => one.getBoundingClientRect().top)).size"""
INSTANTS = [datetime(2026, 8, 10, hour, minute, tzinfo=UTC) for hour in (0, 7, 10, 13, 22, 23) for minute in (0, 5, 59)]
TIMES = """async (moments) => {
  const { makeWording } = await import("/static/stage/js/wording.js");
  const [view, words] = ["view", "words"].map((id) => JSON.parse(document.getElementById(id).textContent));
  const { time } = makeWording(document.querySelector("main"), view, words);
  return moments.map((moment) => time(Date.parse(moment)));
}"""


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_on_a_door_is_cut_off_in_any_language(put: Put, language: str) -> None:
    cut = {}
    stage, page = put(language=language)
    for status, (policy, stage.bookings) in SCENES.items():
        stage.room = replace(OAK, policy=policy)
        page.reload()
        expect(page.locator("main")).to_have_attribute("data-status", status)
        page.wait_for_function("document.querySelector('[data-clock]').textContent")
        cut[status] = page.evaluate(CUT)
    assert not any(cut.values()), cut


@pytest.mark.parametrize("language", LANGUAGES)
def test_with_twelve_hours_nothing_is_cut_off_either_nor_on_the_sheets(put: Put, language: str) -> None:
    _, page = put(*SCENES["free"][1], policy=NAMES, language=language, hours="12")
    assert page.evaluate(CUT) == []
    for opener in (".open", ".act--named"):
        page.locator(opener).first.click()
        assert page.evaluate(LINES) <= 1
        assert page.evaluate(CUT.replace("main *", "dialog[open] *")) == []
        page.locator("dialog[open] [data-close]").click()
        expect(page.locator("dialog[open]")).to_have_count(0)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_writes_times_as_the_server_does(put: Put, language: str) -> None:
    for clock_hours in ("24", "12"):
        _, page = put(language=language, hours=clock_hours)
        assert page.evaluate(TIMES, [instant.isoformat() for instant in INSTANTS]) == written(language, clock_hours)
        page.close()


def written(language: str, clock_hours: str) -> list[str]:
    """The times as the server writes them."""
    app = Flask("times")
    wording.install(app, language, clock_hours)
    with app.app_context(), wording.spoken(language), wording.zone_of(OAK):
        return [app.jinja_env.filters["clock"](instant) for instant in INSTANTS]


# What is faded, whatever the browser makes of it.
FADES = """window.faded = [];
const animate = Element.prototype.animate;
Element.prototype.animate = function (...more) { window.faded.push(this); return animate.apply(this, more); }"""


@pytest.fixture
def visitors(context: BrowserContext) -> Iterator[tuple[Stage, Page]]:
    """A door in English and Arabic, before whose page the test moves the time."""
    policy, bookings = SCENES["free"]
    with Stage(replace(OAK, policy=policy), bookings, moment=NOW, second="ar") as stage:
        page = context.new_page()
        page.emulate_media(reduced_motion="reduce")
        page.clock.install(time=NOW)
        page.goto(f"{stage.url}/door/oak")
        page.wait_for_function("document.querySelector('[data-clock]').textContent")
        yield stage, page


def speaks(page: Page, language: str, word: str, cancel: str) -> None:
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.locator("html")).to_have_attribute("dir", "rtl" if language == "ar" else "ltr")
    expect(page.locator(".sign__word")).to_have_text(word)
    expect(page.locator("[data-sheet=later] [data-close]")).to_have_text(cancel)
    expect(page.locator("[data-sheet=name] [data-key]").first).to_have_text("ا" if language == "ar" else "A")


def test_a_panel_for_visitors_turns_between_two_languages_without_losing_its_state(
    visitors: tuple[Stage, Page],
) -> None:
    _, page = visitors
    speaks(page, "en", "Free", "Cancel")
    page.clock.run_for(12_500)
    speaks(page, "ar", "متاحة", "إلغاء")
    expect(page.locator("main")).to_have_attribute("data-status", "free")
    assert page.evaluate(CUT) == []
    page.clock.run_for(12_500)
    speaks(page, "en", "Free", "Cancel")


@pytest.mark.parametrize("display", ["doors", "lobby"])
def test_what_turns_leaves_the_colour_of_every_status(context: BrowserContext, display: str) -> None:
    other = replace(OAK, slug="elm", name="Elm")
    with Stage(OAK, moment=NOW, second="ar", beside=[(other, [])], neighbours=[(other, [])]) as stage:
        page = context.new_page()
        page.add_init_script(FADES)
        page.clock.install(time=NOW)
        page.goto(f"{stage.url}/{display}/oak")
        page.wait_for_function("document.querySelector('[data-clock]').textContent")
        page.clock.run_for(12_500)
        page.wait_for_function("window.faded.length")
    assert page.evaluate("window.faded.filter(e => e.querySelector('[data-status]') || e.dataset.status)") == []


def test_what_is_told_and_a_board_turn_too(context: BrowserContext) -> None:
    times = {"from": clock.iso(NOW), "until": clock.iso(NOW + timedelta(hours=1))}
    told = {"id": 1, "kind": "notice", "level": "warning", "title": "Lift", "text": "", **times}
    with Stage(OAK, moment=NOW, second="de", told=[told]) as stage:
        page = context.new_page()
        page.clock.install(time=NOW)
        page.goto(f"{stage.url}/lobby/all")
        sign, title = page.locator("[data-sign=warning]"), page.locator("main [data-title]")
        expect(sign).to_have_text("Warning")
        expect(title).to_have_text("All rooms")
        page.clock.run_for(12_500)
        expect(sign).to_have_text("Achtung")
        expect(page.locator("[data-lines]")).to_have_attribute("dir", "ltr")
        page.clock.run_for(500)
        expect(title).to_have_text("Alle Räume")
        row = page.locator("[data-rows] [data-room]").first
        expect(row).to_be_visible()
        page.clock.run_for(12_500)
        expect(sign).to_have_text("Warning")
        expect(row).to_be_visible()


def test_a_touched_panel_keeps_its_language_and_answers_in_it(visitors: tuple[Stage, Page]) -> None:
    stage, page = visitors
    # What takes ten seconds to come has failed, and these run faster here than any server answers.
    with page.expect_request_finished(lambda one: one.url.endswith("/later.js")):
        page.clock.run_for(3_500)
    page.clock.run_for(9_000)
    expect(page.locator("html")).to_have_attribute("lang", "ar")
    page.locator("[data-open=later]").click()
    expect(page.locator("dialog[open]")).to_be_visible()
    page.clock.run_for(20_000)
    speaks(page, "ar", "متاحة", "إلغاء")
    page.locator("dialog[open] [data-act=later]").click()
    expect(page.locator("[data-message-text]")).to_have_text("Done.")
    assert stage.languages == ["ar"]
    page.clock.run_for(60_000)
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_scenes_that_come_while_the_server_is_away_are_there_in_both_languages(visitors: tuple[Stage, Page]) -> None:
    _, page = visitors
    page.context.set_offline(True)
    word = page.locator(".sign__word")
    page.clock.run_for(12_500)
    expect(word).to_have_text("متاحة")
    # What is passed over turns the page once more.
    page.clock.fast_forward("04:55:00")
    expect(word).to_have_text("Busy")
    page.clock.run_for(12_500)
    expect(word).to_have_text("مشغولة")


def test_a_display_of_one_language_carries_no_other(put: Put) -> None:
    _, page = put()
    view = page.evaluate("JSON.parse(document.getElementById('view').textContent)")
    assert "other" not in view["tracks"]["oak"]
    assert page.locator("#second").count() == 0
    assert (
        page.evaluate("performance.getEntriesByType('resource').filter(({ name }) => name.includes('tongues'))") == []
    )
