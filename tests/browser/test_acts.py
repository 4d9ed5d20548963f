"""What hands do at a door, on a stage: every tap says what it means and at which room, and nothing is cut off."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from kiosk.schedule.hours import parse
from kiosk.schedule.model import Booking, CheckIn, Message, Policy
from tests.browser.conftest import SIZES, Put, inside, settled, smallest
from tests.browser.stage import NOW, at

LONG = "Quartalsplanung der Arbeitsgruppe Barrierefreiheit und Nutzerforschung"
MINE = Booking("mine", at("08:00"), at("09:00"), "Booked here", own=True)
THEIRS = Booking("theirs", at("08:00"), at("09:00"), LONG, "Friedrich-Wilhelm Schultheiß", person="fw@example.com")
NEXT = Booking("next", at("12:00"), at("13:00"), LONG, "Ada Lovelace", person="ada@example.com")
AWAITED = CheckIn(at("07:50"), at("08:12"))
SOON = Booking("soon", at("08:12"), at("09:00"), own=True, check_in=CheckIn(at("08:02"), at("08:22")))
MISSED = Message("missed_warned", at("08:05"), at("08:20"), at("07:50"), at("09:00"), undo="gone")
REFUSED = Message("hold_refused", at("08:05"), at("08:20"), at("07:50"), at("09:00"), reason="taken")
EDIT, HOURS = Policy(edit_meetings=True), Policy(hours=parse("Mon-Fri 11:30-19:00"))


def told(page: Page) -> None:
    expect(page.locator("[data-message-text]")).to_have_text("Done.")


def test_a_check_in_is_asked_for_with_a_countdown_and_given_by_one_tap(put: Put) -> None:
    stage, page = put(replace(THEIRS, check_in=AWAITED))
    timer = page.locator("[role=timer]")
    expect(timer).to_have_text(re.compile(r"^4:\d\d$"))
    expect(timer).not_to_have_text(timer.text_content() or "")
    page.locator("[data-act=check-in]").click()
    told(page)
    assert stage.taps == [("POST", "bookings/theirs/check-in", {"room": "oak"})]


def test_a_check_in_that_came_too_late_leaves_the_room_busy(put: Put) -> None:
    _, page = put(replace(THEIRS, check_in=CheckIn(at("07:50"), NOW + timedelta(seconds=2))))
    expect(page.locator("main")).to_have_attribute("data-status", "checkin")
    expect(page.locator("main")).to_have_attribute("data-status", "busy", timeout=5_000)
    expect(page.locator("[data-act=check-in]")).to_have_count(0)


def test_the_next_booking_is_checked_in_or_started_early(put: Put) -> None:
    stage, page = put(SOON)
    for act in ("check-in", "start"):
        page.locator(f"[data-act={act}]").click()
        expect(page.locator("[data-message]")).to_be_visible()
        page.locator("[data-message-text]").click()
    assert [path for _, path, _ in stage.taps] == ["bookings/soon/check-in", "bookings/soon/start"]
    assert {body["room"] for _, _, body in stage.taps} == {"oak"}


def test_an_own_booking_is_extended_by_minutes_or_until_the_next(put: Put) -> None:
    stage, page = put(MINE, replace(NEXT, start=at("09:20")))
    page.locator("[data-act=extend][data-minutes='15']").click()
    told(page)
    page.locator("[data-message-text]").click()
    with page.expect_response("**/extend"):
        page.locator("[data-act=extend][data-until]").click()
    assert [body for _, _, body in stage.taps] == [
        {"room": "oak", "minutes": 15},
        {"room": "oak", "until": "2026-08-10T09:20:00Z"},
    ]


def test_somebody_elses_meeting_is_ended_after_one_question(put: Put) -> None:
    stage, page = put(THEIRS, policy=EDIT)
    page.locator("[data-act=end]").click()
    sheet = page.get_by_role("dialog")
    expect(sheet).to_contain_text("Friedrich-Wilhelm")
    expect(sheet).to_contain_text("End this meeting now")
    assert stage.taps == []
    sheet.locator("[data-act=end]").click()
    told(page)
    expect(sheet).to_be_hidden()
    assert stage.taps == [("POST", "bookings/theirs/end", {"room": "oak"})]


def test_whoever_says_no_or_touches_beside_it_leaves_the_meeting_alone(put: Put) -> None:
    stage, page = put(THEIRS, policy=EDIT)
    for leave in (lambda: page.locator("dialog[open] [data-close]").click(), lambda: page.mouse.click(400, 20)):
        page.locator("[data-act=extend]").first.click()
        expect(page.get_by_role("dialog")).to_be_visible()
        settled(page)
        leave()
        expect(page.get_by_role("dialog")).to_have_count(0)
    assert stage.taps == []


def test_a_release_is_taken_back_by_who_is_there_after_all(put: Put) -> None:
    stage, page = put(messages=[MISSED])
    expect(page.locator("[data-slot=note]")).to_contain_text("Nobody checked in for 09:50–11:00")
    page.get_by_role("button", name="I’m here").click()
    told(page)
    assert stage.taps == [("POST", "bookings/gone/check-in", {"room": "oak"})]


def test_a_keyboard_goes_on_with_undo(put: Put) -> None:
    stage, page = put()
    page.locator("[data-minutes='15']").focus()
    with stage.waiting():
        page.keyboard.press("Enter")
        stage.bookings = [MINE]
    expect(page.locator("[data-act=undo]")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("[data-act=undo]")).to_be_hidden()
    assert [method for method, _, _ in stage.taps] == ["POST", "DELETE"]


def test_undo_says_at_which_room(put: Put) -> None:
    stage, page = put()
    page.locator("[data-minutes='15']").click()
    page.locator("[data-act=undo]").click()
    expect(page.locator("[data-act=undo]")).to_be_hidden()
    assert [tap[:2] for tap in stage.taps] == [
        ("POST", "rooms/oak/bookings"),
        ("DELETE", "bookings/kioskmade?room=oak"),
    ]


def test_later_is_booked_from_the_first_quarter_that_is_free(put: Put) -> None:
    stage, page = put(MINE, NEXT)
    page.locator("[data-open=later]").click()
    expect(page.locator("[data-chosen]")).to_have_text("11:00–11:30")
    expect(page.locator("[data-step='-1']")).to_be_disabled()
    page.locator("[data-step='1']").click()
    page.locator("[data-length='60']").click()
    expect(page.locator("[data-chosen]")).to_have_text("11:15–12:15")
    page.locator("[data-act=later]").click()
    told(page)
    assert stage.taps == [("POST", "rooms/oak/bookings", {"start": "2026-08-10T09:15:00.000Z", "minutes": 60})]
    expect(page.locator("[data-act=undo]")).to_be_visible()


def test_later_steps_over_what_is_taken_and_offers_what_fits(put: Put) -> None:
    _, page = put(MINE, replace(NEXT, start=at("09:30"), end=at("10:05")))
    page.locator("[data-open=later]").click()
    expect(page.locator("[data-length='60']")).to_be_disabled()
    page.locator("[data-step='1']").click()
    expect(page.locator("[data-chosen]")).to_have_text("11:15–11:30")
    page.locator("[data-step='1']").click()
    expect(page.locator("[data-chosen]")).to_have_text("12:15–12:30")


def test_tomorrow_is_the_same_time_of_the_next_day(put: Put) -> None:
    stage, page = put()
    page.locator("[data-open=later]").click()
    page.locator("[data-day=tomorrow]").click()
    page.locator("[data-act=later]").click()
    told(page)
    assert stage.taps[0][2]["start"] == "2026-08-11T08:15:00.000Z"


@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_touch_on_the_day_chooses_that_time(put: Put, language: str) -> None:
    _, page = put(language=language)
    box = page.locator("svg.strip").bounding_box()
    assert box
    part = (15.1 - 7) / 13  # of the strip's hours from 7 to 20, some minutes after three
    along = 1 - part if language == "ar" else part
    page.mouse.click(box["x"] + along * box["width"], box["y"] + box["height"] * 0.8)
    expect(page.locator("[data-act=later]")).to_have_attribute("data-start", "2026-08-10T13:00:00.000Z")


def test_where_nothing_is_free_the_door_says_so(put: Put) -> None:
    _, page = put(replace(MINE, end=at("22:00", day=11)))
    page.locator("[data-open=later]").click()
    expect(page.locator("[data-message]")).to_contain_text("Nothing is free")


def test_a_sheet_closes_by_itself_and_books_nothing(put: Put, context: BrowserContext) -> None:
    context.clock.install(time=NOW)
    stage, page = put(MINE)
    page.locator("[data-open=later]").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.clock.fast_forward(31_000)
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert stage.taps == []


def test_a_refusal_closes_the_sheet_and_names_rooms_free_at_that_time(put: Put) -> None:
    stage, page = put()
    stage.answer = (409, {"detail": "Somebody was faster.", "alternatives": [{"room": "elm", "name": "Elm"}]})
    page.locator("[data-open=later]").click()
    page.locator("[data-act=later]").click()
    expect(page.locator("[data-message]")).to_contain_text("Somebody was faster.")
    expect(page.locator("[data-message]")).to_contain_text("Free at that time: Elm")
    expect(page.get_by_role("dialog")).to_have_count(0)


SCENES: dict[str, dict[str, Any]] = {
    "checkin": {"bookings": [replace(THEIRS, check_in=AWAITED), NEXT]},
    "checkin-own": {"bookings": [replace(MINE, title=LONG, check_in=AWAITED), NEXT]},
    "early": {"bookings": [SOON, NEXT]},
    "start": {"bookings": [replace(SOON, start=at("08:55"), end=at("10:00"))]},
    "own": {"bookings": [MINE, replace(NEXT, start=at("09:20"))]},
    "edit": {"bookings": [THEIRS, NEXT], "policy": EDIT},
    "held": {"bookings": [replace(MINE, held=True), NEXT]},
    "closed": {"bookings": [NEXT], "policy": HOURS},
    "names": {"bookings": [NEXT], "policy": Policy(names=True)},
    "names-start": {"bookings": [replace(SOON, start=at("08:55"), end=at("10:00"))], "policy": Policy(names=True)},
    "names-own": {"bookings": [replace(THEIRS, own=True), NEXT], "policy": Policy(names=True)},
    "people": {"bookings": [SOON, NEXT], "policy": Policy(names=True, bookable="people")},
    "elsewhere": {"bookings": [NEXT], "policy": Policy(bookable="people")},
    "missed": {"bookings": [NEXT], "messages": [MISSED]},
    "refused": {"bookings": [MINE, NEXT], "messages": [REFUSED]},
}
# Parts that must not lie on each other; the mark and its word are one sign.
PARTS = ".top, .sign__word, .until, .drain, .now .line, .next .line, .note, .act, .elsewhere, .open"


@pytest.mark.parametrize("language", ["de", "ar"])
@pytest.mark.parametrize("name", SCENES)
def test_nothing_is_cut_off_or_covered_at_any_size(put: Put, name: str, language: str) -> None:
    scene = dict(SCENES[name])
    _, page = put(*scene.pop("bookings"), **scene, language=language)
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        assert inside(page, "[data-slot] *:not(svg *, .line__text *), .act") == [], (width, height)
        assert covered(page) == [], (width, height)


def test_whose_the_room_is_can_be_read_beside_the_longest_title(put: Put) -> None:
    _, page = put(THEIRS, NEXT)
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        line, owner = (page.locator(f".now {one}").bounding_box() for one in (".line", ".line__owner"))
        assert line
        assert owner
        assert owner["x"] + owner["width"] <= line["x"] + line["width"] + 1
        assert owner["width"] >= line["width"] / 4


@pytest.mark.parametrize("language", ["de", "ar"])
@pytest.mark.parametrize("act", ["later", "end"])
def test_a_sheet_fits_and_its_targets_can_be_hit(put: Put, act: str, language: str) -> None:
    _, page = put(THEIRS, policy=EDIT, language=language)
    page.locator(f"[data-open={act}], [data-act={act}]").first.click()
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        assert inside(page, "dialog[open] *:not(bdi)") == [], (width, height)
        assert smallest(page, "dialog[open] .pick") >= 48, (width, height)
        assert smallest(page, "dialog[open] .act") >= 80, (width, height)


def covered(page: Page) -> list[str]:
    """Return the parts that lie on each other, or whose words are wider than their button."""
    return list(
        page.eval_on_selector_all(
            PARTS,
            """all => {
                const seen = all.filter(e => e.checkVisibility() && !e.closest('.message, dialog'));
                const boxes = seen.map(e => [e, e.getBoundingClientRect()]).filter(([, b]) => b.width && b.height);
                const apart = (a, b) => a.right <= b.left + 2 || b.right <= a.left + 2
                    || a.bottom <= b.top + 2 || b.bottom <= a.top + 2;
                const on = boxes.flatMap(([e, box], i) => boxes.slice(i + 1)
                    .filter(([other, its]) => !e.contains(other) && !apart(box, its))
                    .map(([other]) => `${e.className} on ${other.className}`));
                const tight = seen.filter(e => e.matches('.act') && e.scrollWidth > e.clientWidth + 1);
                return [...on, ...tight.map(e => `tight: ${e.textContent}`)];
            }""",
        )
    )
