"""An office manager links rooms, follows their bookings, rejects one and disconnects, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from kiosk import clock
from kiosk.emulator.faults import Fault
from kiosk.emulator.server import Emulator
from kiosk.sync import linking
from tests.browser.admin import DESK, PHONE, make_admin, obstacles, opened, sign_in
from tests.running import SERVICE_USER, Server, wait_for

ZONE = clock.zone("Europe/Berlin")
SOON = 30_000


@pytest.fixture
def server(google_settings: dict[str, str], tmp_path: Path) -> Iterator[Server]:
    """A server that may ask Google and has one room of its own, Oak, in Berlin."""
    running = Server(tmp_path, google_settings | {"KIOSK_TIMEZONE": ZONE.key})
    assert running.run("rooms", "add", "Oak", "--zone", ZONE.key).returncode == 0
    make_admin(running)
    running.start()
    yield running
    running.stop()


BOTH = pytest.mark.parametrize("page", [DESK, PHONE], indirect=True, ids=["desk", "phone"])


@pytest.fixture
def page(request: pytest.FixtureRequest, browser: Browser, server: Server) -> Iterator[Page]:
    """An administrator's browser, on a desk unless said otherwise."""
    context = opened(browser, server, getattr(request, "param", DESK))
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    sign_in(page, server)
    yield page
    assert not problems
    context.close()


def tomorrow(hour: int) -> datetime:
    day = (clock.now() + timedelta(days=1)).astimezone(ZONE).date()
    return datetime(day.year, day.month, day.day, hour, tzinfo=ZONE).astimezone(UTC)


def meet(google: Emulator, title: str, hour: int = 10) -> str:
    """Have somebody invite the first room for an hour tomorrow; return the event's id."""
    start = tomorrow(hour)
    return google.world.create(somebody(google), title, start, start + timedelta(hours=1), rooms=[first(google)])


def somebody(google: Emulator) -> str:
    return google.world.people()[0].id


def first(google: Emulator) -> str:
    return google.world.rooms()[0].id


def link(page: Page, server: Server, address: str, slug: str = "oak") -> None:
    page.goto(f"{server.url}/admin/rooms/{slug}")
    page.fill("input#calendar", address)
    confirm = page.locator("[name=confirmed]")
    if confirm.count():
        confirm.check()
    page.get_by_role("button", name="Link", exact=True).click()


def linked(page: Page, server: Server, google: Emulator) -> None:
    link(page, server, first(google))
    expect(page.get_by_text("Linked oak to")).to_be_visible(timeout=SOON)


def bookings(page: Page, server: Server, **query: str) -> Any:
    """Open the list of tomorrow's bookings and return its rows."""
    day = tomorrow(0).astimezone(ZONE).date().isoformat()
    more = "".join(f"&{name}={value}" for name, value in query.items())
    page.goto(f"{server.url}/admin/bookings?day={day}{more}")
    return page.locator("table.bookings tbody tr")


def test_bad_addresses_say_exactly_why(page: Page, server: Server, google: Emulator) -> None:
    hidden, other = google.world.rooms()[1].id, google.world.rooms()[2].id
    google.world.share(hidden, SERVICE_USER, "none")
    google.world.set_domain_role(hidden, "none")
    assert server.run("rooms", "add", "Elm", "--calendar", other).returncode == 0
    for address, why in {
        "Oak": "is no calendar's address",
        f"c_188nobody{linking.ROOM_ADDRESS}": "the Directory has no such room",
        hidden: f"is not shared with {SERVICE_USER}",
        other: "belongs to the room Elm (elm) already",
    }.items():
        link(page, server, address)
        expect(page.locator(".flash--bad")).to_contain_text(why, timeout=SOON)
        expect(page.locator(".copyable", has_text=SERVICE_USER)).to_have_count(int(address == hidden))
    expect(page.get_by_text("not linked", exact=True)).to_be_visible()


def test_good_address_is_marked_and_a_read_only_one_warns(page: Page, server: Server, google: Emulator) -> None:
    google.world.share(first(google), SERVICE_USER, "reader")
    link(page, server, first(google))
    done = page.locator(".flash--good")
    expect(done).to_contain_text("Linked oak to", timeout=SOON)
    expect(done).to_contain_text("Bookings cannot be made")
    expect(done.locator(".tick")).to_be_visible()
    expect(page.get_by_text("linked, read-only")).to_be_visible()


def test_calendar_that_is_no_rooms_is_linked_with_a_warning(page: Page, server: Server, google: Emulator) -> None:
    google.world.share(somebody(google), SERVICE_USER, "writer")
    link(page, server, somebody(google))
    expect(page.locator(".flash--good")).to_contain_text("This is not a room's calendar", timeout=SOON)


def test_slow_google_is_given_up_after_twenty_seconds(page: Page, server: Server, google: Emulator) -> None:
    google.service.faults.order(Fault("slow", "Calendars.Get", seconds=40))
    begun = clock.monotonic()
    link(page, server, first(google))
    expect(page.locator(".flash--bad")).to_contain_text("Google has not answered", timeout=SOON)
    assert linking.VERIFY_SECONDS <= clock.monotonic() - begun < 40
    expect(page.get_by_text("not linked", exact=True)).to_be_visible()


@BOTH
def test_linking_warns_of_bookings_deletes_them_and_brings_googles(
    page: Page, server: Server, google: Emulator
) -> None:
    assert server.book("oak", start=tomorrow(9).isoformat(), minutes=30, title="Ours").status_code == 201
    meet(google, "Budget")
    page.goto(f"{server.url}/admin/rooms/oak")
    expect(page.get_by_text("has 1 booking of its own to come")).to_be_visible()
    page.fill("input#calendar", first(google))
    page.get_by_role("button", name="Link", exact=True).click()
    expect(page.get_by_text("not linked", exact=True)).to_be_visible()  # the browser asks for the tick first
    linked(page, server, google)
    expect(page.get_by_text("Deleted: 1 future booking")).to_be_visible()
    rows = bookings(page, server)
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Budget")
    expect(rows).to_contain_text("Google Calendar")


def test_meeting_that_moves_or_leaves_the_room_is_followed(page: Page, server: Server, google: Emulator) -> None:
    event = meet(google, "Budget")
    linked(page, server, google)
    expect(bookings(page, server)).to_contain_text("10:00–11:00")
    google.world.move(event, tomorrow(14), tomorrow(15))
    wait_for(lambda: "14:00–15:00" in bookings(page, server).inner_text())
    google.world.move(event, rooms=[])
    wait_for(lambda: bookings(page, server).count() == 0)
    expect(page.get_by_role("heading", name="No bookings")).to_be_visible()


def test_meeting_is_rejected_where_the_policy_allows_it(page: Page, server: Server, google: Emulator) -> None:
    event = meet(google, "Budget")
    linked(page, server, google)
    expect(bookings(page, server).get_by_role("button", name="Reject")).to_have_count(0)
    page.goto(f"{server.url}/admin/levels")
    page.select_option("select[name='policy:owners-release']", "yes")
    page.get_by_role("button", name="Save the policies").click()
    bookings(page, server).get_by_role("button", name="Reject").click()
    page.get_by_role("dialog").get_by_role("button", name="Reject").click()
    expect(page.locator(".flash--good")).to_contain_text("The room is released", timeout=SOON)
    answers = {one["email"]: one["responseStatus"] for one in google.world.event(somebody(google), event)["attendees"]}
    assert answers[first(google)] == "declined"
    assert google.world.event(somebody(google), event)["status"] == "confirmed"


def test_room_is_read_anew_on_request(page: Page, server: Server, google: Emulator) -> None:
    meet(google, "Budget")
    linked(page, server, google)
    page.get_by_role("button", name="Synchronise now").click()
    expect(page.get_by_text("Read 1 events.")).to_be_visible(timeout=SOON)


@BOTH
def test_room_is_disconnected_and_its_own_bookings_go_from_google(page: Page, server: Server, google: Emulator) -> None:
    meet(google, "Budget")
    linked(page, server, google)
    made = server.book("oak", start=tomorrow(16).isoformat(), minutes=30, title="Ours")
    assert made.status_code == 201, made.text
    page.reload()
    page.get_by_text("Disconnect…").click()
    expect(page.get_by_text("that are in Google: 1 to come")).to_be_visible()
    page.get_by_label(re.compile("Delete them in Google")).check()
    page.get_by_role("button", name="Disconnect").click()
    page.get_by_role("dialog").get_by_role("button", name="Disconnect").click()
    expect(page.get_by_text("1 booking made here is deleted in Google.")).to_be_visible(timeout=SOON)
    expect(page.get_by_text("not linked", exact=True)).to_be_visible()
    assert [one["summary"] for one in google.world.events(first(google))] == ["Budget"]
    rows = bookings(page, server)
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Ours")


@BOTH
def test_rooms_of_the_directory_are_picked(page: Page, server: Server, google: Emulator) -> None:
    page.goto(f"{server.url}/admin/rooms/import")
    boxes = page.locator("#listed [name=room]")
    expect(boxes).to_have_count(4)
    boxes.first.uncheck()
    page.get_by_role("button", name="Import the chosen rooms").click()
    expect(page.get_by_text("Imported 3 rooms")).to_be_visible(timeout=SOON)
    page.get_by_role("link", name="See the rooms").click()
    expect(page.locator("#rooms tbody tr")).to_have_count(4)
    page.get_by_role("searchbox").fill("not linked")
    expect(page.locator("#rooms tbody tr:visible")).to_have_count(1)


def test_nothing_keeps_anybody_from_using_these_pages(browser: Browser, server: Server, google: Emulator) -> None:
    assert server.book("oak", start=tomorrow(9).isoformat(), minutes=30, title="Ours").status_code == 201
    meet(google, "Budget")
    google.world.share(google.world.rooms()[1].id, SERVICE_USER, "reader")
    for slug, room in zip(("elm", "ash"), google.world.rooms(), strict=False):
        assert server.run("rooms", "add", slug, "--calendar", room.id).returncode == 0
    assert server.run("policy", "owners-release=yes").returncode == 0
    found: list[str] = []
    for size, scheme in ((DESK, "dark"), (PHONE, "light")):
        context = opened(browser, server, size, scheme)
        page = context.new_page()
        sign_in(page, server)
        for path in (
            "rooms",
            "rooms/new",
            "rooms/import",
            "rooms/oak",
            "rooms/elm",
            "rooms/ash",
            "levels",
            "bookings?days=7",
        ):
            page.goto(f"/admin/{path}")
            for more in page.locator("details:not([open]) > summary").all():
                more.click()
            found += [f"{path} {one}" for one in obstacles(page)]
        context.close()
    assert found == []
