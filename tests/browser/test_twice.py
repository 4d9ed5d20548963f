"""Fingers that tap twice: what has only just come under them takes no touch, since none was meant for it."""

from __future__ import annotations

from dataclasses import replace
from itertools import repeat

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from kiosk.schedule.model import Booking, Policy
from tests.browser.conftest import Put, settled
from tests.browser.stage import NOW, OAK, Stage, at

MINE = Booking("mine", at("08:00"), at("09:00"), "Booked here", own=True)
THEIRS = Booking("theirs", at("08:00"), at("09:00"), "Planning", "Ada Lovelace", person="ada@example.com")
NEXT = Booking("next", at("12:00"), at("13:00"), "Planning", "Ada Lovelace")
OFFER = {"room": "elm", "name": "Elm", "where": "Berlin", "until": "2026-08-10T10:00:00Z", "offers": [{"minutes": 30}]}
# Between two taps of an impatient finger, in milliseconds.
GAP = 150
DIALOG = "dialog[open]"


def spot(page: Page, target: Locator, times: int = 1) -> None:
    """Tap on one place of the glass, whatever is there meanwhile."""
    expect(target).to_be_visible()
    box = target.bounding_box()
    assert box
    for gap in [0, *repeat(GAP, times - 1)]:
        page.wait_for_timeout(gap)
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def test_four_taps_book_once_and_end_nothing(put: Put) -> None:
    stage, page = put()
    offer = page.locator("[data-minutes='30']")
    with stage.waiting():
        spot(page, offer, 2)
        stage.bookings = [MINE]
    end = page.locator("[data-act=end]")
    expect(end).to_be_visible()
    spot(page, end, 4)
    settled(page)
    expect(page.locator("[data-message-text]")).to_have_text("Done.")
    assert [path for _, path, _ in stage.taps] == ["rooms/oak/bookings"]
    end.click()
    expect(page.locator("[data-sending]")).to_have_count(0)
    assert [path for _, path, _ in stage.taps] == ["rooms/oak/bookings", "bookings/mine/end"]


@pytest.mark.usefixtures("slow_hands")
@pytest.mark.parametrize("opener", ["[data-open=later]", "[data-open=report]", "[data-open=other]", "[data-act=end]"])
def test_two_taps_open_a_sheet_and_touch_nothing_in_it(put: Put, opener: str) -> None:
    stage, page = put(THEIRS, policy=Policy(edit_meetings=True), others=[OFFER])
    spot(page, page.locator(opener).first, 2)
    settled(page)
    expect(page.locator(DIALOG)).to_have_count(1)
    assert stage.taps == []


@pytest.mark.usefixtures("slow_hands")
def test_two_taps_on_the_way_out_of_a_sheet_touch_nothing_behind_it(put: Put) -> None:
    stage, page = put(MINE)
    page.locator("[data-open=later]").click()
    settled(page)
    end = page.locator("[data-act=end]").bounding_box()
    assert end
    page.locator(f"{DIALOG} [data-close]").click()
    page.mouse.click(end["x"] + 20, end["y"] + 20)
    settled(page)
    expect(page.locator(DIALOG)).to_have_count(0)
    assert stage.taps == []


@pytest.mark.usefixtures("slow_hands")
def test_two_taps_on_a_message_touch_nothing_below_it(put: Put) -> None:
    stage, page = put(NEXT)
    page.locator("[data-minutes='30']").click()
    words = page.locator("[data-message-text]")
    expect(words).to_have_text("Done.")
    settled(page)
    spot(page, words, 2)
    expect(words).to_be_hidden()
    settled(page)
    assert len(stage.taps) == 1


@pytest.mark.usefixtures("slow_hands")
def test_two_taps_on_a_name_type_no_digit(put: Put) -> None:
    people = [("ada@example.com", "Ada Lovelace")]
    _, page = put(policy=Policy(names=True, bookable="people"), people=people)
    page.locator("[data-act=book]").first.click()
    for letter in "AD":
        page.locator(f"[data-letters]:not([hidden]) [data-key='{letter}']").click()
    spot(page, page.locator(".person"), 2)
    settled(page)
    expect(page.locator("[data-dots] i")).to_have_count(0)
    expect(page.locator(".entry--pin")).to_be_visible()


def test_a_quick_hand_types_its_pin_and_steps_through_the_day(put: Put) -> None:
    people = [("ada@example.com", "Ada Lovelace")]
    _, page = put(policy=Policy(names=True, bookable="people"), people=people)
    page.locator("[data-act=book]").first.click()
    for letter in "AD":
        page.locator(f"[data-letters]:not([hidden]) [data-key='{letter}']").click()
    settled(page)
    spot(page, page.locator(".person"))
    settled(page)
    for digit in "4711":
        spot(page, page.locator(f".keys--digits [data-key='{digit}']"))
        page.wait_for_timeout(150)
    expect(page.locator("[data-dots] i")).to_have_count(4)


def test_whoever_taps_elsewhere_is_not_held_up_by_every_tap(put: Put) -> None:
    _, page = put()
    page.locator("[data-open=later]").click()
    expect(page.locator("[data-chosen]")).not_to_be_empty()
    start = page.locator("[data-chosen]").text_content()
    for _ in range(8):
        spot(page, page.locator("[data-step='1']"))
        page.wait_for_timeout(GAP)
    expect(page.locator("[data-chosen]")).not_to_have_text(start or "")


@pytest.mark.usefixtures("slow_hands")
def test_what_others_change_takes_no_touch_at_once(put: Put) -> None:
    stage, page = put()
    stage.bookings = [THEIRS]
    stage.room = replace(OAK, policy=Policy(edit_meetings=True))
    page.evaluate("dispatchEvent(new Event('online'))")
    end = page.locator("[data-act=end]")
    expect(end).to_be_visible(timeout=30_000)
    spot(page, end, 2)
    settled(page)
    expect(page.locator(DIALOG)).to_have_count(0)


def test_a_phone_books_once_too(context: BrowserContext) -> None:
    with Stage(OAK, moment=NOW, person="Ada Lovelace") as stage:
        page = context.new_page()
        page.goto(f"{stage.url}/phone/oak")
        book = page.locator("[data-act=book]")
        book.scroll_into_view_if_needed()
        expect(page.locator("[data-slot=actions] [aria-pressed=true]")).to_have_count(1)
        with stage.waiting():
            spot(page, book, 2)
            stage.bookings = [replace(MINE, person="ada@example.com")]
        expect(page.locator("main .glass")).to_have_attribute("data-status", "busy")
        spot(page, page.locator("[data-slot=actions] button, [data-message] button").first, 4)
        settled(page)
        assert [path for _, path, _ in stage.taps] == ["rooms/oak/bookings"]
