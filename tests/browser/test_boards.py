"""Boards in a lobby as people look at them: sorted, under headings, paged, and silent about what is hidden."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from kiosk.schedule.model import Person
from tests.browser.admin import obstacles
from tests.browser.chromium import window
from tests.browser.conftest import SIZES, inside
from tests.browser.hall import Hall

WALL = (1920, 1080)
BIG = (3840, 2160)
# What a board of 200 rooms weighs: a bare row for each room, and the few that are in view.
MOST_NODES = 200 + 400
Build = Callable[..., Hall]
Look = Callable[..., Page]


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Build]:
    with ExitStack() as halls:
        yield lambda **more: halls.enter_context(Hall(tmp_path, **more))


@pytest.fixture
def look(browser: Browser) -> Iterator[Look]:
    """Open a board on a wall, where time is the test's."""
    with ExitStack() as open_windows:

        def at(url: str, size: tuple[int, int] = WALL, scheme: Any = "light", motion: Any = "reduce") -> Page:
            viewport: Any = {"width": size[0], "height": size[1]}
            opened = window(browser, viewport=viewport, color_scheme=scheme, reduced_motion=motion)
            open_windows.callback(opened.close)
            page = opened.new_page()
            page.clock.install()
            errors: list[str] = []
            page.on("pageerror", lambda error: errors.append(str(error)))
            page.goto(url)
            page.wait_for_function("document.querySelector('[data-clock]').textContent")
            settle(page)
            assert errors == []
            return page

        yield at


def settle(page: Page) -> None:
    """Let the page put its rows in order."""
    page.clock.run_for(100)


def turned(page: Page) -> None:
    """Wait until the page has turned."""
    before = page.text_content("[data-pages]") or ""
    page.clock.run_for(12_100)
    page.wait_for_function("before => document.querySelector('[data-pages]').textContent !== before", arg=before)


def lines(page: Page) -> list[str]:
    """What stands on the page in view: rooms, and headings in brackets."""
    return [str(one) for one in page.eval_on_selector_all(
        "[data-rows] > :not([hidden])",
        """all => all.map(e => e.classList.contains('place')
            ? `[${e.querySelector('.line__text')?.textContent ?? e.textContent}]`
            : e.querySelector('.row__room').textContent)""",
    )]  # fmt: skip


def pages(page: Page) -> list[list[str]]:
    """Everything that the board shows, page by page."""
    count = int((page.text_content("[data-pages]") or "1").split()[-1])
    found = [lines(page)]
    for _ in range(count - 1):
        turned(page)
        found.append(lines(page))
    return found


@pytest.mark.parametrize("count", [4, 40, 200])
def test_every_room_is_on_one_page_and_each_page_begins_with_its_heading(build: Build, look: Look, count: int) -> None:
    hall = build()
    hall.house(count)
    found = pages(look(hall.board()))
    rooms = [line for page in found for line in page if not line.startswith("[")]
    assert rooms == [f"Room {number + 1}" for number in range(count)]
    assert {page[0][:9] for page in found} == {"[Berlin ·"}
    assert not [page for page in found if page[-1].startswith("[")]


@pytest.mark.parametrize("size", [WALL, BIG, (1080, 1920)])
def test_letters_are_large_enough_and_rows_few_enough_to_be_read_from_afar(
    build: Build, look: Look, size: tuple[int, int]
) -> None:
    hall = build()
    hall.house(40)
    page = look(hall.board(grouped=False), size)
    capitals = page.eval_on_selector(".row__room", "e => parseFloat(getComputedStyle(e).fontSize) * 0.7273")
    assert capitals >= 66 * min(size) / 1080 * (0.9 if size[0] < size[1] else 1)
    assert 6 <= len(lines(page)) <= 9


def test_two_hundred_rooms_are_as_light_as_one_page(build: Build, look: Look) -> None:
    hall = build()
    hall.house(200)
    page = look(hall.board())
    for _ in range(3):
        assert page.evaluate("document.querySelectorAll('main *').length") < MOST_NODES
        assert page.locator("[data-room] > *:visible").count() < 9 * 6
        turned(page)
    assert page.locator("[data-room]").count() == 200


def test_free_rooms_come_first_and_a_change_moves_a_row(build: Build, look: Look) -> None:
    hall = build()
    hall.room("Ash", "Berlin", "1", ("09:00", "11:00"))
    hall.room("Birch", "Berlin", "1", ("09:00", "10:30"))
    hall.room("Cedar", "Berlin", "2", ("11:00", "12:00"))
    hall.room("Date", "Berlin", "2")
    page = look(hall.board(grouped=False, free_first=True))
    assert lines(page) == ["Date", "Cedar", "Birch", "Ash"]
    # The server is not asked: the page knows when its rows change.
    page.route("**/*", lambda route: route.abort())
    page.clock.fast_forward("00:54:00")
    settle(page)
    assert lines(page) == ["Ash", "Birch", "Date", "Cedar"]


def test_where_nothing_is_free_the_soonest_is_called_out(build: Build, look: Look) -> None:
    hall = build()
    hall.room("Ash", "Berlin", "1", ("09:00", "11:00"))
    hall.room("Birch", "Berlin", "3", ("09:00", "10:45"), ("11:00", "12:00"))
    page = look(hall.board(hangs=("Berlin", "1")))
    expect(page.locator("[data-lead]")).to_contain_text("Soonest free Birch from 10:45 Berlin · 3", use_inner_text=True)
    assert "2 floors up" in page.inner_text("[data-lead]")
    hall.board(least_minutes=30)
    page = look(f"{hall.url}/lobby/all")
    expect(page.locator("[data-lead]")).to_contain_text("Soonest free for 30 min Ash from 11:00", use_inner_text=True)


def test_rooms_free_for_long_enough_are_counted_at_the_head(build: Build, look: Look) -> None:
    hall = build()
    hall.room("Ash", "Berlin", "1", ("10:40", "11:00"))
    hall.room("Birch", "Berlin", "1")
    page = look(hall.board(least_minutes=60))
    assert page.inner_text("[data-lead]") == "Free for at least 60 min: 1"
    assert page.get_attribute("[data-room=ash]", "data-status") == "soon"
    page = look(hall.board("any", free_first=True))
    assert not page.is_visible("[data-lead]")


def test_rows_say_the_way_from_where_the_board_hangs(build: Build, look: Look) -> None:
    hall = build()
    for name, building, floor in [("Ash", "Berlin", "1"), ("Birch", "Berlin", "EG"), ("Cedar", "Hamburg", "1")]:
        hall.room(name, building, floor)
    page = look(hall.board(grouped=False, hangs=("Berlin", "1")))
    said = [text.strip() for text in page.locator(".row__where").all_inner_texts()]
    assert said == ["1 floor down", "this floor", "Hamburg · 1"]
    assert page.locator(".way__mark").count() == 2


@pytest.mark.parametrize("shows", ["people", "nothing"])
def test_hidden_words_are_nowhere_on_the_page(build: Build, look: Look, shows: Any) -> None:
    hall = build()
    hall.room("Ash", "Berlin", "1", ("10:00", "11:00"), title="Merger", organizer=Person("ada@x.example", "Ada"))
    page = look(hall.board("hall", shows=shows))
    assert "Merger" not in page.content()
    assert ("Ada" in page.content()) == (shows == "people")


def test_an_adjusted_board_is_followed_without_a_hand(build: Build, look: Look) -> None:
    hall = build()
    hall.house(8)
    page = look(hall.board(grouped=False))
    hall.board(name="Just two", rooms=("room-2", "room-1"), free_first=True)
    page.evaluate("dispatchEvent(new Event('online'))")  # the page asks the server how things are
    expect(page.locator("main [data-title]")).to_have_text("Just two")
    settle(page)
    assert lines(page) == ["Room 1", "Room 2"]


def test_the_last_page_turns_to_the_first_by_a_fade(build: Build, look: Look) -> None:
    hall = build()
    hall.house(12)
    page = look(hall.board(grouped=False), motion="no-preference")
    first = lines(page)
    turned(page)
    turned(page)
    assert lines(page) == first
    assert page.eval_on_selector("[data-rows]", "e => e.getAnimations().length") <= 1


@pytest.mark.parametrize(("language", "hours"), [("en", "12"), ("de", "24"), ("ar", "12")])
@pytest.mark.parametrize("size", [*SIZES, BIG], ids=str)
def test_nothing_reaches_beyond_the_screen_or_is_squeezed(
    build: Build, look: Look, size: tuple[int, int], language: str, hours: str
) -> None:
    hall = build(language=language, hours=hours)
    crowd(hall)
    page = look(hall.board("hall", grouped=False, hangs=("Berlin", "1")), size)
    assert inside(page, "main *") == []
    widths = page.eval_on_selector_all(
        ".row:not([hidden]) .row__what", "all => all.map(e => e.clientWidth / innerWidth)"
    )
    assert min(widths) > 0.1


def test_what_names_leave_is_for_what_is_on(build: Build, look: Look) -> None:
    hall = build(language="de")
    who = Person("vint@x.example", "Vint Bianchi")
    hall.room("Elbe", "Berlin", "1", ("09:00", "11:00"), title="Retrospective", organizer=who)
    hall.room("Besprechung 3", "Berlin", "2")
    page = look(hall.board(grouped=True))
    assert cut_short(page, ".row__room > bdi, .row__what > .line__text") == []


def cut_short(page: Page, selector: str) -> list[str]:
    """The texts that end in an ellipsis."""
    script = """all => all.filter(e => e.checkVisibility())
        .filter(e => e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight * 1.3)
        .map(e => e.textContent)"""
    return [str(one) for one in page.eval_on_selector_all(selector, script)]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_board_can_be_read_by_everybody(build: Build, look: Look, scheme: str, language: str) -> None:
    hall = build(language=language)
    crowd(hall)
    for url in (hall.board(hangs=("Berlin", "1")), hall.board("long", free_first=True, least_minutes=400)):
        page = look(url, scheme=scheme)
        page.clock.resume()
        assert obstacles(page) == []


def crowd(hall: Hall) -> None:
    """Rooms of every kind: long names, unread, free, taken, soon taken, and of no place."""
    hall.room("Großer Besprechungsraum Havel", "Berlin", "1")
    hall.room("Ash", "Berlin", "1", ("09:00", "11:00"), title="Quarterly planning of all departments")
    hall.room("Birch", "Berlin", "2", ("10:15", "11:00"))
    hall.unread("Cedar", "Berlin", "2")
    hall.room("Elm", "Hamburg", "1", ("12:00", "13:00"))
    hall.room("Fir", "", "")
