"""Whole days and nights before a door, told by a fake clock: every change comes on time, with or without a server."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from kiosk.schedule.model import Booking
from tests.browser.stage import OAK, Stage, at
from tests.running import wait_for
from tests.schedule.values import BERLIN, NEW_YORK

SECOND, MINUTE, HALF, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(minutes=30), timedelta(hours=1)


def stopped(context: BrowserContext, stage: Stage, path: str = "/door/oak") -> Page:
    """Open a screen at the stage's moment; its time stands still until it is moved."""
    context.clock.install(time=stage.moment)
    context.clock.pause_at(stage.moment)
    page = context.new_page()
    page.goto(stage.url + path)
    expect(page.locator("[data-clock]")).not_to_be_empty()
    return page


def shows(page: Page, moment: datetime, status: str, clock: str = "") -> None:
    """Let it be that moment, and look."""
    page.clock.pause_at(moment)
    expect(page.locator("main")).to_have_attribute("data-status", status)
    if clock:
        expect(page.locator("[data-clock]")).to_have_text(clock)


@dataclass(frozen=True)
class Night:
    """A night in which clocks change at an instant, from one time of day to another; the local day ends at `end`."""

    zone: ZoneInfo
    change: datetime
    before: str
    after: str
    end: datetime


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


NIGHTS = [
    Night(BERLIN, utc(2026, 3, 29, 1), "01:59", "03:00", utc(2026, 3, 29, 22)),
    Night(BERLIN, utc(2026, 10, 25, 1), "02:59", "02:00", utc(2026, 10, 25, 23)),
    Night(NEW_YORK, utc(2026, 3, 8, 7), "01:59", "03:00", utc(2026, 3, 9, 4)),
    Night(NEW_YORK, utc(2026, 11, 1, 6), "01:59", "01:00", utc(2026, 11, 2, 5)),
]


@pytest.mark.parametrize("night", NIGHTS, ids=lambda night: f"{night.zone.key}-{night.change:%m}")
def test_a_door_goes_through_the_night_in_which_clocks_change(context: BrowserContext, night: Night) -> None:
    meeting = Booking("over", night.change - HALF, night.change + HALF, "Release night")
    after = night.change + 2 * HOUR
    breakfast = Booking("after", after, after + HALF, "Breakfast")
    room = replace(OAK, zone=night.zone)
    with Stage(room, [meeting, breakfast], moment=night.change - 4 * HOUR) as stage:
        page = stopped(context, stage)
        stage.close()
        shows(page, meeting.start - 16 * MINUTE, "free")
        shows(page, meeting.start - 15 * MINUTE, "soon")
        shows(page, meeting.start - SECOND, "soon")
        shows(page, meeting.start, "busy")
        shows(page, night.change - SECOND, "busy", night.before)
        shows(page, night.change, "busy", night.after)
        shows(page, meeting.end - SECOND, "busy")
        shows(page, meeting.end, "free")
        shows(page, breakfast.start, "busy")
        shows(page, breakfast.end, "free")
        shows(page, night.end - SECOND, "free", "23:59")
        shows(page, night.end, "closed", "00:00")
        expect(page.locator("main")).to_contain_text("No schedule for today")


# Local times are two hours ahead: the network is cut at 09:10 and back at 17:00.
MORNING = Booking("a", at("07:00"), at("07:30"), "Standup")
REVIEW = Booking("b", at("08:00"), at("09:00"), "Review")
PLANNING = Booking("c", at("09:00"), at("09:45"), "Planning")
LUNCH = Booking("d", at("11:00"), at("12:00"), "Lunch talk")
LATE = Booking("e", at("14:30"), at("15:30"), "Late")
DAY = [
    ("07:10", "busy", "Standup"),
    ("07:30", "free", "Review"),
    ("07:45", "soon", "Review"),
    ("08:00", "busy", "Review"),
    ("09:00", "busy", "Planning"),
    ("09:45", "free", "Lunch talk"),
    ("10:45", "soon", "Lunch talk"),
    ("11:00", "busy", "Lunch talk"),
    ("12:00", "free", "Late"),
    ("14:15", "soon", "Late"),
    ("14:30", "busy", "Late"),
]


def test_a_working_day_with_the_network_cut_at_ten_past_nine_and_back_at_five(context: BrowserContext) -> None:
    with Stage(OAK, [MORNING, REVIEW, PLANNING, LUNCH, LATE], moment=at("06:50")) as stage:
        page = stopped(context, stage)
        page.evaluate("window.same = true")
        stage.moment = at("07:10")
        shows(page, at("07:10"), "busy", "09:10")
        expect(page.locator("main")).to_have_attribute("data-link", "live")
        stage.close()
        for (_, before, _), (clock, status, title) in pairwise(DAY):
            shows(page, at(clock) - SECOND, before)
            shows(page, at(clock), status)
            expect(page.locator("main")).to_contain_text(title)
        expect(page.locator("[data-stamp]")).to_have_text("No connection since 09:10")
        shows(page, at("15:00"), "busy", "17:00")
        stage.moment, stage.bookings = at("15:00"), [replace(LATE, end=at("15:00"))]
        stage.open()
        # A question that was still under way when it came back is in vain.
        wait_for(lambda: page.clock.run_for(6_000) or page.get_attribute("main", "data-link") == "live", pause=1)
        expect(page.locator("main")).to_have_attribute("data-status", "free")
        assert page.evaluate("window.same")
