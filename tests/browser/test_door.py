"""The door and the lobby as people use them: tapped, watched, unplugged."""

from __future__ import annotations

import re
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from kiosk import clock
from kiosk.emulator.faults import Fault
from kiosk.emulator.server import Emulator
from kiosk.schedule.rules import book_now
from tests.browser.conftest import inside, open_page, row_status, status
from tests.running import Server, wait_for

# How long a machine that is busy with much else may take to follow, in milliseconds.
FOLLOWS = 20_000


@pytest.fixture
def slug(google: Emulator, one_server: Server) -> str:
    return str(one_server.get("/api/v1/rooms").json()["rooms"][0]["slug"])


@pytest.fixture
def calendar(google: Emulator, one_server: Server, slug: str) -> str:
    name = one_server.room(slug)["name"]
    return next(room.id for room in google.world.rooms() if name in room.summary)


@pytest.fixture
def door(context: BrowserContext, one_server: Server, slug: str) -> Page:
    return open_page(context, f"{one_server.url}/door/{slug}")


def has_status(page: Page, wanted: str, patience: float = FOLLOWS) -> None:
    expect(page.locator("main")).to_have_attribute("data-status", wanted, timeout=patience)


def row_has_status(page: Page, slug: str, wanted: str) -> None:
    expect(page.locator(f"[data-room={slug}]")).to_have_attribute("data-status", wanted)


def events(google: Emulator, calendar: str) -> list[str]:
    return [event["id"] for event in google.world.events(calendar)]


def test_double_tap_books_once_in_google_and_the_lobby_follows(
    context: BrowserContext, one_server: Server, google: Emulator, calendar: str, door: Page, slug: str
) -> None:
    lobby = open_page(context, f"{one_server.url}/lobby/all")
    assert (status(door), row_status(lobby, slug)) == ("free", "free")
    door.locator("[data-minutes='30']").dblclick()
    has_status(door, "busy")
    row_has_status(lobby, slug, "busy")
    assert len(events(google, calendar)) == 1
    assert events(google, calendar)[0].startswith("kiosk")
    expect(door.locator("[data-message]")).to_contain_text("Booked until")


def test_undo_takes_the_booking_back_from_google(google: Emulator, calendar: str, door: Page) -> None:
    door.locator("[data-minutes='15']").click()
    door.locator("[data-act=undo]").click()
    has_status(door, "free")
    wait_for(lambda: events(google, calendar) == [])


def test_own_booking_is_ended_at_the_door(google: Emulator, calendar: str, door: Page) -> None:
    door.locator("[data-minutes='60']").click()
    has_status(door, "busy")
    door.locator("[data-act=end]").click()
    has_status(door, "free")


def test_own_booking_is_extended_at_the_door(google: Emulator, calendar: str, door: Page, one_server: Server) -> None:
    booked = one_server.book(door.get_attribute("main", "data-slug") or "", minutes=15).json()
    door.locator("[data-act=extend][data-minutes='30']").click()
    expect(door.locator("[data-message]")).to_contain_text("Extended until")
    (event,) = google.world.events(calendar)
    assert clock.parse(event["end"]["dateTime"]) == clock.parse(booked["end"]) + timedelta(minutes=30)


def test_next_own_booking_is_started_early(
    google: Emulator, calendar: str, door: Page, one_server: Server, slug: str
) -> None:
    later = book_now(clock.now()) + timedelta(minutes=40)
    assert one_server.book(slug, start=clock.iso(later), minutes=30).status_code == 201
    door.get_by_role("button", name="Start now").click()
    has_status(door, "busy")
    (event,) = google.world.events(calendar)
    assert clock.parse(event["start"]["dateTime"]) < later


def test_tomorrow_is_booked_at_the_door_and_taken_back(
    google: Emulator, calendar: str, door: Page, one_server: Server, slug: str
) -> None:
    zone = clock.zone(one_server.room(slug)["zone"])
    tomorrow = (clock.now().astimezone(zone) + timedelta(days=1)).date()
    door.locator("[data-open=later]").click()
    door.locator("[data-day=tomorrow]").click()
    while door.locator("[data-length='60']").is_disabled():  # shortly before midnight an hour does not fit
        door.locator("[data-step='-1']").click()
    door.locator("[data-length='60']").click()
    start = clock.parse(door.locator("[data-act=later]").get_attribute("data-start") or "")
    door.locator("[data-act=later]").click()
    expect(door.locator("[data-message]")).to_contain_text("Booked")
    (event,) = google.world.events(calendar)
    assert clock.parse(event["start"]["dateTime"]) == start
    assert start.astimezone(zone).date() == tomorrow
    door.locator("[data-act=undo]").click()
    wait_for(lambda: events(google, calendar) == [])


def test_another_room_is_found_at_a_busy_door_and_booked_in_google(
    google: Emulator, door: Page, one_server: Server, slug: str
) -> None:
    assert one_server.book(slug, minutes=60).status_code == 201
    has_status(door, "busy")
    door.locator("[data-open=other]").click()
    door.locator(".other [data-act=other][data-minutes='15']").first.dblclick()
    expect(door.locator("[data-message]")).to_contain_text("Booked:")
    booked = [room.id for room in google.world.rooms() for _ in events(google, room.id)]
    assert len(booked) == len(set(booked)) == 2
    door.locator("[data-act=undo]").click()
    wait_for(lambda: [len(events(google, room)) for room in sorted(booked)].count(0) == 1)


def test_problem_reported_at_a_door_stands_there_until_it_is_settled(door: Page, one_server: Server) -> None:
    door.locator("[data-open=report]").click()
    door.locator("[data-kind=light]").click()
    expect(door.locator("[data-slot=report]")).to_contain_text("Light", timeout=FOLLOWS)
    assert one_server.run("problems", "done", "1").returncode == 0
    expect(door.locator("[data-slot=report]")).not_to_contain_text("Light", timeout=FOLLOWS)


def test_two_doors_on_one_screen_follow_their_rooms(context: BrowserContext, one_server: Server) -> None:
    first, second = [room["slug"] for room in one_server.get("/api/v1/rooms").json()["rooms"]][:2]
    page = open_page(context, f"{one_server.url}/doors/{second}+{first}")
    assert [row_status(page, slug) for slug in (first, second)] == ["free", "free"]
    page.locator(f"[data-room={second}] [data-act=book][data-minutes='15']").click()
    row_has_status(page, second, "busy")
    assert row_status(page, first) == "free"
    assert one_server.book(first, minutes=15).status_code == 201
    row_has_status(page, first, "busy")
    page.locator(f"[data-room={second}] [data-act=end]").click()
    row_has_status(page, second, "free")


def say_who(door: Page, name: str, pin: str) -> None:
    """Be the person of that name, whose PIN it is."""
    door.locator(".person", has_text=name).click()
    for digit in pin:
        door.locator(f".keys--digits [data-key='{digit}']").click()
    door.locator("[data-signs]").click()


def test_person_books_and_ends_in_their_own_name_with_a_pin(
    google: Emulator, calendar: str, door: Page, one_server: Server, slug: str
) -> None:
    person = google.world.people()[0]
    assert one_server.run("policy", slug, "names=yes", "bookable=people").returncode == 0
    assert one_server.run("people", "pin", person.id, typed="4711\n").returncode == 0
    door.locator("[data-act=book][data-named][data-minutes='30']").click(timeout=FOLLOWS)
    expect(door.locator("dialog[open]")).to_be_visible()
    door.keyboard.type(person.summary[:2])
    say_who(door, person.summary, "0000")
    expect(door.locator("[data-said]")).to_have_text("This is not the PIN of that person.")
    door.locator("[data-back]").click()
    say_who(door, person.summary, "4711")
    has_status(door, "busy", 25_000)
    expect(door.locator("[data-message]")).to_contain_text("Booked until", timeout=25_000)
    door.locator("[data-message-text]").click()
    (event,) = google.world.events(person.id)
    assert [guest["email"] for guest in event["attendees"] if guest.get("resource")] == [calendar]
    door.locator("[data-act=end]").click()
    say_who(door, person.summary, "4711")
    has_status(door, "free", 25_000)


def wants_check_in(server: Server, slug: str) -> None:
    assert server.run("policy", slug, "check-in=all").returncode == 0


def meeting_now(google: Emulator, calendar: str) -> str:
    now = book_now(clock.now())
    event = google.world.create(
        google.world.people()[0].id, "Planning", now, now + timedelta(minutes=45), rooms=[calendar]
    )
    google.world.settle()
    return str(event)


def test_meeting_is_checked_in_at_the_door(
    google: Emulator, calendar: str, door: Page, one_server: Server, slug: str
) -> None:
    wants_check_in(one_server, slug)
    meeting_now(google, calendar)
    has_status(door, "checkin")
    expect(door.locator("[role=timer]")).to_contain_text(re.compile(r"^\d+:\d\d$"))
    door.locator("[data-act=check-in]").click()
    has_status(door, "busy")
    expect(door.locator("[data-message]")).to_contain_text("Checked in")


def test_room_nobody_came_to_is_free_again_and_can_be_taken_back(
    google: Emulator, calendar: str, door: Page, one_server: Server, slug: str, tmp_path: Path
) -> None:
    wants_check_in(one_server, slug)
    meeting_now(google, calendar)
    has_status(door, "checkin")
    long_ago = clock.now() - timedelta(minutes=1)
    wait_for(lambda: is_overdue(tmp_path, int(long_ago.timestamp() * 1000)))
    has_status(door, "free")
    expect(door.locator("[data-slot=note]")).to_contain_text("Nobody checked in")
    door.get_by_role("button", name="I’m here").click()
    has_status(door, "busy")


def is_overdue(folder: Path, due: int) -> bool:
    """Let the check-in that is awaited have been due at that moment; tell whether there was one."""
    with sqlite3.connect(folder / "kiosk.db", timeout=10) as database:
        return database.execute("UPDATE attendance SET due_at = ? WHERE state = 'open'", (due,)).rowcount > 0


def test_of_two_panels_tapped_at_once_one_books_and_one_says_why(
    context: BrowserContext, one_server: Server, google: Emulator, calendar: str, door: Page, slug: str
) -> None:
    other = open_page(context, f"{one_server.url}/door/{slug}")
    tap = "document.querySelector(\"[data-minutes='30']\").click()"
    # Both have tapped before either is answered.
    google.service.faults.order(Fault("slow", "Events.Insert", seconds=3))
    door.evaluate(tap)
    other.evaluate(tap)
    for page in (door, other):
        expect(page.locator("[data-message]")).to_be_visible(timeout=15_000)
        has_status(page, "busy")
    said = sorted(str(page.locator("[data-message-text]").text_content()) for page in (door, other))
    assert said[0].startswith("Booked until")
    assert re.match("Somebody", said[1])
    assert len(events(google, calendar)) == 1


def test_meeting_played_on_the_google_page_reaches_door_and_lobby(
    context: BrowserContext, one_server: Server, google: Emulator, calendar: str, door: Page, slug: str
) -> None:
    lobby = open_page(context, f"{one_server.url}/lobby/all")
    person = google.world.people()[0].id
    now = book_now(clock.now())
    event = google.world.create(person, "Planning", now, now + timedelta(minutes=45), rooms=[calendar])
    google.world.settle()
    has_status(door, "busy")
    row_has_status(lobby, slug, "busy")
    expect(door.locator("[data-slot=now]")).to_contain_text("Planning")
    google.world.move(event, now + timedelta(minutes=10), now + timedelta(minutes=20))
    google.world.settle()
    has_status(door, "soon")
    google.world.cancel(event)
    has_status(door, "free")
    row_has_status(lobby, slug, "free")


def test_door_without_a_server_changes_scene_on_time_and_says_since_when(
    context: BrowserContext, one_server: Server, google: Emulator, calendar: str, slug: str
) -> None:
    now = book_now(clock.now())
    start = now + timedelta(minutes=30)
    google.world.create(google.world.people()[0].id, "Later", start, start + timedelta(minutes=20), rooms=[calendar])
    google.world.settle()
    wait_for(lambda: one_server.room(slug)["next"])
    context.clock.install(time=clock.now())
    door = open_page(context, f"{one_server.url}/door/{slug}")
    assert one_server.stop() == 0
    door.clock.fast_forward("16:00")
    has_status(door, "soon")
    expect(door.locator("main")).to_have_attribute("data-link", "offline")
    expect(door.locator("[data-stamp]")).to_contain_text("No connection since")
    door.clock.fast_forward("15:00")
    has_status(door, "busy")
    door.clock.fast_forward("20:00")
    has_status(door, "free")


def test_tap_without_a_server_says_so_and_the_door_recovers_untouched(
    one_server: Server, google: Emulator, calendar: str, door: Page
) -> None:
    port = one_server.url.rsplit(":", 1)[1]
    one_server.stop()
    door.locator("[data-minutes='15']").click()
    expect(door.locator("[data-message]")).to_contain_text("No answer from the server", timeout=30_000)
    expect(door.locator("main")).to_have_attribute("data-link", "offline", timeout=35_000)
    one_server.settings["KIOSK_PORT"] = port
    one_server.start()
    expect(door.locator("main")).to_have_attribute("data-link", "live", timeout=30_000)
    google.world.create(
        google.world.people()[0].id, "Now", book_now(clock.now()), clock.now() + timedelta(hours=1), rooms=[calendar]
    )
    google.world.settle()
    has_status(door, "busy")


def test_door_whose_socket_is_blocked_follows_by_asking(context: BrowserContext, one_server: Server, slug: str) -> None:
    context.route("**/socket.io/**", lambda route: route.abort())
    context.route_web_socket(re.compile("/socket.io/"), lambda socket: socket.close())
    door = open_page(context, f"{one_server.url}/door/{slug}")
    assert one_server.book(slug, minutes=30).status_code == 201
    has_status(door, "busy")
    expect(door.locator("main")).to_have_attribute("data-link", "live")


def test_tap_while_google_is_away_is_held_and_confirmed_later(
    one_server: Server, google: Emulator, calendar: str, door: Page
) -> None:
    google.service.faults.order(Fault("drop_before", times=1_000_000))
    door.locator("[data-minutes='30']").click()
    has_status(door, "held")
    expect(door.locator("main")).to_contain_text("not yet in Google")
    google.service.faults.clear()
    has_status(door, "busy", 45_000)
    assert len(events(google, calendar)) == 1


def test_old_truth_is_shown_with_its_age(one_server: Server, google: Emulator, door: Page, tmp_path: Path) -> None:
    google.service.faults.order(Fault("status", status=503, times=1_000_000))
    wait_for(lambda: "not synchronised" in one_server.log())
    with sqlite3.connect(tmp_path / "kiosk.db", timeout=10) as database:
        database.execute("UPDATE mirror SET checked_at = checked_at - 120000")
    door.reload()
    expect(door.locator("main")).to_have_attribute("data-link", "stale")
    expect(door.locator("[data-stamp]")).to_contain_text("As of")
    assert status(door) == "free"


SIZES = [(800, 480), (1280, 800), (800, 1280), (1920, 1080), (3840, 2160)]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_nothing_is_cut_off_at_any_size(
    context: BrowserContext, one_server: Server, slug: str, door: Page, size: tuple[int, int]
) -> None:
    page = door
    page.set_viewport_size({"width": size[0], "height": size[1]})
    assert inside(page, "[data-slot] *:not(svg *), .act") == []
    buttons = page.eval_on_selector_all(".act[data-act=book]", "all => all.map(b => b.getBoundingClientRect().height)")
    assert min(buttons) >= 80
    one_server.book(slug, minutes=30)
    has_status(page, "busy")
    assert inside(page, "[data-slot] *:not(svg *), .act") == []
    page.goto(f"{one_server.url}/lobby/all")
    assert inside(page, "[data-room]:not([hidden]) *:not(svg *)") == []
