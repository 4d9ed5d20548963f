"""Booking in one's own name at a door, on a stage: letters, a name, a PIN, and nothing left of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from kiosk.schedule.model import Booking, Policy
from tests.browser.conftest import SIZES, Put, inside, smallest
from tests.browser.stage import NOW, at

NAMES, PEOPLE = Policy(names=True), Policy(names=True, bookable="people")
ANNA, DOUBLE = "anna@example.org", "anna.berger@example.org"
LONG = "Annalena-Sophie Schultheiß-Wittgenstein"
STAFF = [(ANNA, "Anna Berger"), (DOUBLE, "Anna Berger"), ("c@example.org", LONG), ("d@example.org", "Annika Öst")]
MANY = [*STAFF, ("e@example.org", "Anouk Petit"), ("f@example.org", "Anton Bruckner")]
ANNAS = Booking("annas", at("08:00"), at("09:00"), "Review", "Annika Öst", own=True, person="d@example.org")
SIGNED = {"person": "d@example.org", "pin": "4711"}
WRONG = {"reason": "wrong_pin", "detail": "This is not the PIN of that person."}


def sheet(page: Page) -> Locator:
    return page.get_by_role("dialog")


def say_name(page: Page, letters: str = "ANNI", name: str = "Annika Öst") -> None:
    for letter in letters:
        page.locator(f"[data-letters]:not([hidden]) [data-key='{letter}']").click()
    page.locator(".person", has_text=name).click()


def say_pin(page: Page, pin: str = "4711") -> None:
    for digit in pin:
        page.locator(f".keys--digits [data-key='{digit}']").click()
    page.locator("[data-signs]").click()


def told(page: Page, words: str = "Done.") -> None:
    expect(page.locator("[data-message-text]")).to_have_text(words)
    expect(sheet(page)).to_have_count(0)


def test_a_booking_is_made_in_ones_own_name_for_as_long_as_one_chooses(put: Put) -> None:
    stage, page = put(policy=NAMES, people=STAFF)
    page.get_by_role("button", name="In my name").click()
    say_name(page)
    sheet(page).locator("[data-minutes='60']").click()
    say_pin(page)
    told(page)
    assert stage.taps == [("POST", "rooms/oak/bookings", {"minutes": 60, "as": SIGNED})]
    expect(page.locator("[data-act=undo]")).to_be_hidden()


def test_where_only_people_book_each_duration_asks_who_one_is(put: Put) -> None:
    stage, page = put(policy=PEOPLE, people=STAFF)
    page.locator("[data-act=book][data-minutes='15']").click()
    assert stage.taps == []
    say_name(page)
    say_pin(page)
    told(page)
    assert stage.taps == [("POST", "rooms/oak/bookings", {"minutes": 15, "as": SIGNED})]


def test_a_room_that_is_booked_elsewhere_says_where(put: Put) -> None:
    _, page = put(policy=Policy(bookable="people"))
    expect(page.locator("[data-slot=actions]")).to_contain_text("with your phone or in Google Calendar")
    expect(page.locator("[data-slot=actions] button")).to_have_count(0)


@pytest.mark.parametrize("policy", [NAMES, PEOPLE], ids=["either", "person"])
def test_later_is_booked_in_ones_own_name(put: Put, policy: Policy) -> None:
    stage, page = put(policy=policy, people=STAFF)
    page.locator("[data-open=later]").click()
    page.locator("[data-day=tomorrow]").click()
    page.locator("dialog[open] [data-named]:visible").click()
    say_name(page)
    expect(page.locator(".signing__what")).to_have_text("Tomorrow 10:15–10:45")
    say_pin(page)
    told(page)
    wish = {"start": "2026-08-11T08:15:00.000Z", "minutes": 30, "as": SIGNED}
    assert stage.taps == [("POST", "rooms/oak/bookings", wish)]


def test_ones_own_booking_is_ended_and_its_name_is_there_already(put: Put) -> None:
    stage, page = put(ANNAS, policy=NAMES, people=STAFF)
    page.locator("[data-act=end]").click()
    page.locator(".person").click()
    say_pin(page)
    told(page)
    assert stage.taps == [("POST", "bookings/annas/end", {"room": "oak", "as": SIGNED})]


def test_a_wrong_pin_is_typed_again_and_one_that_rests_says_until_when(put: Put) -> None:
    stage, page = put(policy=NAMES, people=STAFF)
    page.get_by_role("button", name="In my name").click()
    say_name(page)
    stage.answer, stage.headers = (429, {"reason": "pin_resting", "detail": "Later."}), {"Retry-After": "300"}
    say_pin(page, "1234")
    expect(page.locator("[data-said]")).to_contain_text("after 10:12")
    stage.answer, stage.headers = (403, WRONG), {}
    say_pin(page, "0000")
    expect(page.locator("[data-said]")).to_have_text(WRONG["detail"])
    expect(page.locator("[data-signs]")).to_be_disabled()
    stage.answer = (202, {"message": "Done."})
    say_pin(page)
    told(page)
    assert [body["as"]["pin"] for _, _, body in stage.taps] == ["1234", "0000", "4711"]


def test_two_people_of_one_name_are_told_apart(put: Put) -> None:
    stage, page = put(policy=NAMES, people=MANY)
    page.get_by_role("button", name="In my name").click()
    say_name(page, "AN", DOUBLE)
    say_pin(page)
    told(page)
    assert stage.taps[0][2]["as"]["person"] == DOUBLE


def test_at_most_five_names_are_shown_and_one_letter_shows_none(put: Put) -> None:
    _, page = put(policy=NAMES, people=MANY)
    page.get_by_role("button", name="In my name").click()
    page.locator("[data-key=A]").click()
    expect(page.locator("[data-people]")).to_have_text("Type the first letters of your name.")
    page.locator("[data-key=N]").click()
    expect(page.locator(".person")).to_have_count(5)
    expect(page.locator("[data-people]")).to_contain_text("Type on.")
    page.locator("[data-part=name][data-erase]").click()
    expect(page.locator(".person")).to_have_count(0)


def test_a_name_that_nobody_has_is_no_dead_end(put: Put) -> None:
    _, page = put(policy=NAMES, people=STAFF)
    page.get_by_role("button", name="In my name").click()
    expect(sheet(page)).to_be_visible()
    page.keyboard.type("Zo")
    expect(page.locator("[data-people]")).to_have_text("Nobody with a PIN has a name like this.")


def test_a_real_keyboard_does_as_well(put: Put) -> None:
    stage, page = put(policy=NAMES, people=STAFF)
    page.get_by_role("button", name="In my name").click()
    expect(sheet(page)).to_be_visible()
    page.keyboard.type("annix")
    page.keyboard.press("Backspace")
    expect(page.locator(".person")).to_have_count(1)
    page.keyboard.press("Enter")
    page.keyboard.type("47118")
    page.keyboard.press("Backspace")
    page.keyboard.press("Enter")
    told(page)
    assert stage.taps[0][2]["as"] == SIGNED


def is_forgotten(page: Page) -> None:
    """Nothing of a name, an address or a PIN is in the page, and the sheet opens as new."""
    expect(sheet(page)).to_have_count(0)
    expect(page.locator("[data-sheet=name] [data-person]")).to_be_empty()  # the browser tells of closing a little later
    left = page.locator("[data-sheet=name]").inner_html()
    assert not [word for word in ("Annika", "example.org", "4711") if word in left]
    assert page.locator("[data-sheet=name] :is(input, textarea, .pin i)").count() == 0
    page.get_by_role("button", name="In my name").click()
    expect(page.locator("[data-typed]")).to_be_empty()
    expect(page.locator("[data-part=pin]").first).to_be_hidden()


@pytest.mark.parametrize("leaves", ["cancel", "escape", "idle", "booking"])
def test_whatever_closes_the_sheet_nothing_typed_is_left(put: Put, context: BrowserContext, leaves: str) -> None:
    context.clock.install(time=NOW)
    _, page = put(policy=NAMES, people=STAFF)
    page.get_by_role("button", name="In my name").click()
    expect(sheet(page)).to_be_visible()
    page.keyboard.type("anni")
    page.clock.run_for(500)
    page.locator(".person").click()
    page.keyboard.type("4711")
    assert "4711" not in page.content()
    acts: dict[str, Any] = {
        "cancel": lambda: page.locator("dialog[open] [data-close]").click(),
        "escape": lambda: page.keyboard.press("Escape"),
        "idle": lambda: page.clock.run_for(31_000),
        "booking": lambda: (page.keyboard.press("Enter"), told(page), page.locator("[data-message-text]").click()),
    }
    acts[leaves]()
    is_forgotten(page)


def test_while_the_room_is_asked_the_door_says_so(put: Put) -> None:
    stage, page = put(policy=NAMES, people=STAFF)
    page.get_by_role("button", name="In my name").click()
    say_name(page)
    with stage.waiting():
        say_pin(page)
        expect(sheet(page)).to_contain_text("Asking the room…")
        page.locator("dialog[open] [data-close]").click()
        expect(sheet(page)).to_be_visible()
    told(page)
    assert len(stage.taps) == 1


@pytest.mark.parametrize("language", ["en", "de", "ar"])
def test_the_sheet_fits_and_its_keys_can_be_hit(put: Put, language: str) -> None:
    lots = replace(NAMES, durations=(15, 30, 45, 60, 90))
    _, page = put(Booking("b", at("10:00"), at("11:00")), policy=lots, people=MANY, language=language, hours="12")
    page.locator("[data-named=book]").click()
    expect(sheet(page)).to_be_visible()
    page.keyboard.type("an")
    expect(page.locator(".person")).to_have_count(5)
    every_size(page, ".person")
    page.locator(".person").first.click()
    every_size(page, "[data-signs]", 80)


def every_size(page: Page, chosen: str, least: float = 48) -> None:
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        assert inside(page, "dialog[open] *:not(bdi)") == [], (width, height)
        assert smallest(page, "dialog[open] :is(.key, .pick, .person)") >= 48, (width, height)
        assert smallest(page, chosen) >= least, (width, height)
        assert overlapping(page) == [], (width, height)


def overlapping(page: Page) -> list[str]:
    """Return the buttons of the sheet that lie on each other, or whose words are wider than they are."""
    return list(
        page.eval_on_selector_all(
            "dialog[open] :is(button, .pin, .typed, .people__hint, .signing__what)",
            """all => {
                const boxes = all.map(e => [e, e.getBoundingClientRect()]).filter(([, box]) => box.width);
                const apart = (a, b) => a.right <= b.left + 1 || b.right <= a.left + 1
                    || a.bottom <= b.top + 1 || b.bottom <= a.top + 1;
                const on = boxes.flatMap(([e, box], i) => boxes.slice(i + 1)
                    .filter(([, its]) => !apart(box, its)).map(([other]) => `${e.className} on ${other.className}`));
                const tight = boxes.filter(([e]) => e.matches('button') && e.scrollWidth > e.clientWidth + 1);
                return [...on, ...tight.map(([e]) => `tight: ${e.textContent}`)];
            }""",
        )
    )
