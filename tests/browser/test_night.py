"""Screens by night, and against burn-in: dark when nobody is expected, awake under a hand, never still for long."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from kiosk.schedule.hours import parse
from kiosk.schedule.model import Booking, Policy
from tests.browser.stage import NOW, OAK, Stage, at
from tests.browser.test_days import SECOND, stopped

OFFICE = Policy(hours=parse("Mon-Fri 07:00-19:00"))
# Bookable at any hour, and yet by night at the stage's moment.
EARLY = Policy(light=parse("Mon-Fri 06:00-08:00"))
NIGHT = "html[data-night][data-theme=dark]"


def door(context: BrowserContext, policy: Policy, *bookings: Booking, path: str = "/door/oak") -> Page:
    """Open a screen and take its server away; its time stands still."""
    with Stage(replace(OAK, policy=policy), bookings, moment=NOW) as stage:
        return stopped(context, stage, path)


def is_night(page: Page, moment: datetime, night: bool) -> None:
    page.clock.pause_at(moment)
    expect(page.locator(NIGHT)).to_have_count(int(night))


@pytest.mark.parametrize("path", ["/door/oak", "/lobby/all"])
def test_a_screen_dims_when_its_room_closes_and_is_light_when_it_opens(context: BrowserContext, path: str) -> None:
    page = door(context, OFFICE, path=path)
    is_night(page, at("17:00") - SECOND, False)
    is_night(page, at("17:00"), True)
    is_night(page, at("05:00", day=11) - SECOND, True)
    is_night(page, at("05:00", day=11), False)


def test_a_meeting_late_in_the_evening_keeps_its_door_light(context: BrowserContext) -> None:
    page = door(context, OFFICE, Booking("late", at("16:30"), at("19:00")))
    is_night(page, at("19:00") - SECOND, False)
    is_night(page, at("19:00"), True)


def test_a_screen_without_a_schedule_is_not_dimmed(context: BrowserContext) -> None:
    page = door(context, OFFICE)
    is_night(page, at("22:00", day=11) - SECOND, True)
    is_night(page, at("22:00", day=11), False)


def test_a_screen_that_shall_not_dim_does_not(context: BrowserContext) -> None:
    is_night(door(context, replace(OFFICE, light="always")), at("18:00"), False)


@pytest.mark.usefixtures("slow_hands")
def test_a_touch_wakes_the_screen_for_a_minute_and_does_nothing_else(context: BrowserContext) -> None:
    with Stage(replace(OAK, policy=EARLY), moment=NOW) as stage:
        page = stopped(context, stage)
        expect(page.locator(NIGHT)).to_have_count(1)
        place = page.locator("[data-minutes='15']").bounding_box()
        assert place
        for _ in range(2):
            page.mouse.click(place["x"] + 40, place["y"] + 20)
        expect(page.locator(NIGHT)).to_have_count(0)
        assert stage.taps == []
        page.locator("[data-minutes='15']").click()
        expect(page.locator("[data-message-text]")).to_have_text("Done.")
        assert [path for _, path, _ in stage.taps] == ["rooms/oak/bookings"]


def test_a_screen_that_was_woken_sleeps_again_when_nobody_is_there(context: BrowserContext) -> None:
    page = door(context, EARLY)
    page.mouse.click(400, 20)
    page.clock.run_for(59_000)
    expect(page.locator(NIGHT)).to_have_count(0)
    page.clock.run_for(2_000)
    expect(page.locator(NIGHT)).to_have_count(1)


def test_a_sheet_that_is_open_keeps_the_screen_light(context: BrowserContext) -> None:
    room = replace(OAK, policy=Policy(light=parse("Mon-Fri 06:00-10:09")))
    with Stage(room, moment=NOW) as stage:
        page = stopped(context, stage, "/door/oak")
        page.clock.run_for(80_000)
        page.locator("[data-open=later]").click()
        expect(page.locator("dialog[open]")).to_be_visible()
        page.clock.run_for(29_000)
        expect(page.get_by_role("dialog")).to_be_visible()
        expect(page.locator(NIGHT)).to_have_count(0)


def test_the_veil_lies_over_the_whole_screen_and_lets_hands_through(context: BrowserContext) -> None:
    page = door(context, EARLY)
    veil = page.evaluate("""() => {
        const veil = getComputedStyle(document.body, '::after');
        return [veil.width, veil.height, veil.pointerEvents, veil.backgroundColor];
    }""")
    assert veil == ["800px", "480px", "none", "rgba(0, 0, 0, 0.65)"]


def places(page: Page) -> Any:
    """Return where the door's picture lies, and how large its buttons are."""
    return page.evaluate("""() => {
        const boxes = [...document.querySelectorAll('.act, .open')].map((e) => e.getBoundingClientRect());
        const { x, y } = document.querySelector('main').getBoundingClientRect();
        return [[x, y], boxes.filter((b) => b.width).map((b) => [b.width, b.height])];
    }""")


def test_the_picture_moves_a_little_every_few_minutes_and_keeps_its_sizes(context: BrowserContext) -> None:
    page = door(context, Policy())
    seen, sizes = [], places(page)[1]
    for _ in range(9):
        seen.append(tuple(places(page)[0]))
        assert places(page)[1] == sizes
        page.clock.fast_forward("04:01")
        page.clock.run_for(61_000)
    assert len(set(seen)) == 8
    assert max(abs(part) for place in seen for part in place) == 3


def test_the_picture_stays_where_it_is_under_a_hand(context: BrowserContext) -> None:
    page = door(context, Policy())
    page.clock.fast_forward("03:50")
    page.mouse.click(400, 20)
    page.clock.run_for(25_000)
    assert places(page)[0] == [0, 0]
    page.clock.run_for(70_000)
    assert places(page)[0] != [0, 0]


def test_the_moving_picture_shifts_no_layout(context: BrowserContext) -> None:
    page = door(context, Policy())
    page.evaluate("""() => {
        window.shifts = new PerformanceObserver(() => {});
        window.shifts.observe({ type: 'layout-shift', buffered: false });
    }""")
    page.clock.fast_forward("04:01")
    page.clock.run_for(61_000)
    assert places(page)[0] != [0, 0]
    page.screenshot()
    assert page.evaluate("window.shifts.takeRecords().length") == 0
