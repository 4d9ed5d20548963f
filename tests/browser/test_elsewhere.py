"""Another room, a problem with this one, and several doors on one screen: as hands use them, on a stage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from kiosk.schedule.model import Booking, CheckIn, Room
from tests.browser.conftest import SIZES, Put, inside, smallest
from tests.browser.stage import NOW, OAK, Stage, at
from tests.schedule.values import BERLIN

# Of the smallest panel, 15 mm and 9 mm.
PRIMARY, SECOND = 78, 46
LONG = "Großer Besprechungsraum Donauschwaben"
THEIRS = Booking("theirs", at("08:00"), at("09:00"), "Design review", "Ada", person="ada@example.com")
MINE = Booking("mine", at("08:00"), at("08:45"), "Booked here", own=True)
WEEKLY = Booking("weekly", at("08:10"), at("10:00"), "Weekly", "Bob")
ELM, ASH = Room("elm", "Elm", BERLIN), Room("ash", LONG, BERLIN)
OTHERS: list[dict[str, Any]] = [
    {
        "room": "elm",
        "name": "Elm",
        "where": "2 floors up ↑",
        "capacity": 8,
        "until": "2026-08-10T12:30:00Z",
        "offers": [{"minutes": 15}, {"minutes": 30}, {"minutes": 60}, {"until": "2026-08-10T12:30:00Z"}],
    },
    {"room": "ash", "name": LONG, "where": "same floor", "capacity": 120, "until": None, "offers": [{"minutes": 15}]},
    {
        "room": "fir",
        "name": "Fir",
        "where": "Haus B · 3",
        "capacity": 0,
        "until": None,
        "offers": [{"minutes": 15}, {"minutes": 30}, {"minutes": 60}],
    },
]
BOOKED = {"id": "made", "status": "confirmed", "end": "2026-08-10T12:30:00Z", "message": "Booked until 14:30."}


def find_another(page: Page) -> None:
    page.get_by_role("button", name="Find another room").click()
    expect(page.get_by_role("dialog", name="Free rooms now")).to_be_visible()


def said(page: Page, text: str) -> None:
    expect(page.locator("[data-message-text]")).to_have_text(text)


def test_another_room_is_booked_by_one_tap_and_taken_back(put: Put) -> None:
    stage, page = put(THEIRS, others=OTHERS, answer=(201, BOOKED))
    find_another(page)
    expect(page.locator(".other").first).to_contain_text("2 floors up ↑ · 8 seats")
    page.get_by_role("button", name="Book Elm until 14:30").dblclick()
    said(page, "Booked: Elm until 14:30 — 2 floors up ↑")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.locator("[data-act=undo]").click()
    expect(page.locator("[data-act=undo]")).to_be_hidden()
    assert stage.taps == [
        ("POST", "rooms/elm/bookings", {"until": "2026-08-10T12:30:00Z"}),
        ("DELETE", "bookings/made?room=elm", None),
    ]


def test_room_that_is_taken_meanwhile_is_said_to_be_and_the_list_renewed(put: Put) -> None:
    stage, page = put(THEIRS, others=OTHERS, answer=(409, {"detail": "Somebody else has just taken this time."}))
    find_another(page)
    expect(page.locator(".other")).to_have_count(3)
    stage.others = OTHERS[1:]
    page.get_by_role("button", name="Book Elm 30 min").click()
    expect(page.locator("[data-sheet=other] [data-told]")).to_have_text("Elm: Somebody else has just taken this time.")
    expect(page.locator(".other")).to_have_count(2)
    expect(page.locator("[data-message]")).to_be_hidden()


def test_booking_that_google_has_not_confirmed_is_not_said_to_be_made(put: Put) -> None:
    held = BOOKED | {"status": "held", "message": "Held until 14:30."}
    _, page = put(THEIRS, others=OTHERS, answer=(202, held))
    find_another(page)
    page.get_by_role("button", name="Book Elm 15 min").click()
    said(page, "Elm: Held until 14:30.")


@pytest.mark.parametrize(
    ("others", "sentence"),
    [
        ([], "No other room is free now."),
        (None, "No connection: this screen cannot say now which rooms are free."),
    ],
)
def test_sheet_says_plainly_that_there_is_no_room_or_no_server(put: Put, others: Any, sentence: str) -> None:
    _, page = put(THEIRS, others=others)
    find_another(page)
    expect(page.locator("[data-sheet=other] [data-told]")).to_have_text(sentence)
    expect(page.locator(".other")).to_have_count(0)


def test_sheet_opens_and_says_so_when_the_server_is_gone(put: Put) -> None:
    stage, page = put(THEIRS, others=OTHERS)
    came = "performance.getEntriesByType('resource').some(({ name }) => name.endsWith('/other.js'))"
    page.wait_for_function(came)
    page.route("**/api/**", lambda route: route.abort())
    find_another(page)
    expect(page.locator("[data-sheet=other] [data-told]")).to_contain_text("No connection")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert stage.taps == []


def test_another_room_is_booked_by_keyboard_alone(put: Put) -> None:
    stage, page = put(THEIRS, others=OTHERS, answer=(201, BOOKED))
    page.get_by_role("button", name="Find another room").press("Enter")
    expect(page.locator(".other")).to_have_count(3)
    assert page.evaluate("document.activeElement.closest('dialog')?.dataset.sheet") == "other"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    said(page, "Booked: Elm until 14:30 — 2 floors up ↑")
    assert stage.taps[0][2] == {"minutes": 15}


def test_problem_is_reported_once_however_often_it_is_tapped_and_taken_back(put: Put) -> None:
    sent = {"id": 7, "kind": "screen", "known": False, "message": "Sent. Thank you."}
    stage, page = put(THEIRS, answer=(201, sent))
    page.get_by_role("button", name="Report a problem").click()
    page.get_by_role("button", name="Screen or projector").dblclick()
    said(page, "Sent. Thank you.")
    page.locator("[data-act=undo]").click()
    expect(page.locator("[data-act=undo]")).to_be_hidden()
    assert [tap[:2] for tap in stage.taps] == [
        ("POST", "rooms/oak/problems"),
        ("DELETE", "rooms/oak/problems/7"),
    ]
    assert stage.taps[0][2] == {"kind": "screen"}


def test_what_is_reported_stands_at_the_door_and_is_not_reported_again(context: BrowserContext) -> None:
    with Stage(replace(OAK, reported=("screen",)), moment=NOW) as stage:
        page = context.new_page()
        page.goto(f"{stage.url}/door/oak")
        page.get_by_role("button", name="Reported: Screen or projector").click()
        expect(page.get_by_role("button", name="Screen or projector", exact=True)).to_be_disabled()
        expect(page.get_by_role("button", name="Light")).to_be_enabled()


def test_door_says_that_a_booking_ends_and_what_follows_counting_down(put: Put) -> None:
    ends = replace(THEIRS, start=at("07:00"), end=at("08:10"))
    _, page = put(ends, WEEKLY)
    expect(page.locator("[data-slot=next]")).to_have_text("Ends in 3 minnext: 10:10 Weekly")


@pytest.mark.parametrize("name", ["other", "report"])
def test_sheet_closes_by_itself_and_does_nothing(put: Put, context: BrowserContext, name: str) -> None:
    context.clock.install(time=NOW)
    stage, page = put(THEIRS, others=OTHERS)
    page.locator(f"[data-open={name}]").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.clock.fast_forward(31_000)
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert stage.taps == []


@pytest.mark.parametrize("name", ["other", "report"])
@pytest.mark.parametrize("language", ["en", "de", "ar"])
def test_sheets_fit_every_screen_and_every_hand(put: Put, name: str, language: str) -> None:
    _, page = put(THEIRS, others=OTHERS, language=language)
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        page.locator(f"[data-open={name}]").click()
        expect(page.locator("[data-sheet=other] li, [data-sheet=report] [data-kind]").first).to_be_attached()
        unit = min(width / 800, height / 480) if width > height else min(width / 480, height / 800)
        assert inside(page, "dialog[open] *") == []
        assert smallest(page, "dialog[open] .act") >= PRIMARY * unit
        assert smallest(page, "[data-open=report]") >= SECOND * unit
        page.locator("dialog[open] [data-close]").click()


@pytest.fixture
def panes(context: BrowserContext) -> Iterator[tuple[Stage, Page]]:
    """A screen of three rooms: free, waiting for a check-in, and booked here."""
    awaited = replace(THEIRS, check_in=CheckIn(at("07:50"), at("08:12")))
    with Stage(OAK, moment=NOW, beside=[(ELM, [awaited]), (ASH, [MINE])]) as stage:
        page = context.new_page()
        page.goto(f"{stage.url}/doors/oak+elm+ash")
        page.wait_for_function("document.querySelector('[data-clock]').textContent")
        yield stage, page


def test_every_tap_at_a_screen_of_three_rooms_is_about_its_room(panes: tuple[Stage, Page]) -> None:
    stage, page = panes
    for room, act in (("elm", "check-in"), ("ash", "end"), ("oak", "book")):
        page.locator(f"[data-room={room}] [data-act={act}]").first.dblclick()
        expect(page.locator(f"[data-room={room}] [data-message-text]")).to_have_text("Done.")
    page.locator("[data-room=oak] [data-act=undo]").click()
    expect(page.locator("[data-room=oak] [data-act=undo]")).to_be_hidden()
    assert [tap[:2] for tap in stage.taps] == [
        ("POST", "bookings/theirs/check-in"),
        ("POST", "bookings/mine/end"),
        ("POST", "rooms/oak/bookings"),
        ("DELETE", "bookings/kioskmade?room=oak"),
    ]
    assert [body["room"] for _, path, body in stage.taps if path.startswith("bookings") and body] == ["elm", "ash"]


def test_hands_at_two_rooms_of_a_screen_do_not_wait_for_each_other(panes: tuple[Stage, Page]) -> None:
    stage, page = panes
    with stage.waiting():
        page.locator("[data-room=oak] [data-act=book]").first.click()
        page.locator("[data-room=ash] [data-act=end]").click()
        expect(page.locator("[data-room] [data-sending]")).to_have_count(2)
    for room in ("oak", "ash"):
        expect(page.locator(f"[data-room={room}] [data-message-text]")).to_have_text("Done.")
    assert sorted(path for _, path, _ in stage.taps) == ["bookings/mine/end", "rooms/oak/bookings"]


def test_refusal_is_told_in_its_room_and_stays_out_of_the_others(panes: tuple[Stage, Page]) -> None:
    stage, page = panes
    stage.answer = (409, {"detail": "Somebody else has just taken this time."})
    page.locator("[data-room=oak] [data-act=book]").first.click()
    expect(page.locator("[data-room=oak] [data-message]")).to_contain_text("taken this time")
    expect(page.locator("[data-room=elm] [data-message]")).to_be_hidden()


def test_three_rooms_have_their_place_and_their_targets_on_every_screen(panes: tuple[Stage, Page]) -> None:
    _, page = panes
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        assert inside(page, ".pane *") == []
        # A screen of two or three rooms has less than half of the height that the smallest panel gives to one.
        assert smallest(page, ".pane .act:not(.act--quiet)") >= PRIMARY * 0.8
        shapes = page.locator(".pane .mark").evaluate_all("all => all.map(one => one.innerHTML)")
        assert len(set(shapes)) == 3


def test_the_whole_place_of_every_room_is_said(put: Put) -> None:
    where = "Berlin, Spreeufer 12 · 3. Etage"
    _, page = put(THEIRS, others=[one | {"where": where, "capacity": 16} for one in OTHERS])
    find_another(page)
    expect(page.locator(".other__where > bdi")).to_have_count(3)
    hidden = "all => all.filter(e => e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 4).length"
    assert page.eval_on_selector_all(".other__where > bdi", hidden) == 0
    assert page.locator(".other").last.evaluate("e => e.getBoundingClientRect().bottom < innerHeight")
