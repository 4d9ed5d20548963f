"""A floor's plan on the glass and in the administration, in a real browser before the real server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page, expect

from tests.browser.admin import make_admin, obstacles, opened, sign_in
from tests.browser.chromium import window
from tests.browser.conftest import inside, open_page, smallest
from tests.running import Server

SOON = 20_000
ROOMS = ("oak", "elm", "ash")
SHAPES = """
<rect id="west" x="10" y="10" width="380" height="300" fill="#fff" stroke="#333"/>
<rect id="elm" x="400" y="10" width="380" height="300" fill="#fff" stroke="#333"/>
<path id="ash" d="M800 10H1190V740H1080V120H800Z" fill="#fff" stroke="#333"/>
<text x="100" y="600" font-size="40">Corridor</text>
"""
PLAN = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1200 750">{SHAPES}</svg>'.encode()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """An open server with three rooms of its own on the second floor, bookable at any hour."""
    running = Server(tmp_path, {"KIOSK_OPENING_HOURS": "00:00-24:00"})
    for slug in ROOMS:
        added = running.run("rooms", "add", slug.title(), "--building", "Main", "--floor", "2")
        assert added.returncode == 0, added.stderr
    make_admin(running)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def desk(browser: Browser, server: Server) -> Iterator[Page]:
    """An administrator's browser that has signed in."""
    context = opened(browser, server)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    sign_in(page, server)
    yield page
    assert not problems
    context.close()


def picture() -> bytes:
    drawn = Image.new("RGB", (800, 500), "white")
    ImageDraw.Draw(drawn).rectangle((20, 20, 780, 480), outline="black", width=4)
    out = BytesIO()
    drawn.save(out, "PNG")
    return out.getvalue()


def upload(page: Page, data: bytes, name: str = "Second floor", kind: str = "image/svg+xml", floor: str = "2") -> None:
    page.goto("/admin/plans")
    page.fill("#name", name)
    page.fill("#building", "Main")
    page.fill("#floor", floor)
    page.set_input_files("#file", {"name": "plan", "mimeType": kind, "buffer": data})
    page.get_by_role("button", name="Upload").click()
    expect(page.locator(".flash--good")).to_contain_text("is here", timeout=SOON)
    page.wait_for_load_state()


def mapped(page: Page) -> None:
    """Upload the drawing; two rooms are suggested by name, the third is chosen by clicking."""
    upload(page, PLAN)
    page.locator("[data-parts] [data-element=west]").click()
    page.locator("select:focus").select_option("oak")
    page.get_by_role("button", name="Save the rooms").click()
    expect(page.locator(".flash--good")).to_contain_text("3 rooms are on the plan", timeout=SOON)


def add(server: Server, folder: Path, data: bytes, name: str, floor: str = "2") -> None:
    """Add a plan on the command line."""
    file = folder / "plan"
    file.write_bytes(data.replace(b'"west"', b'"oak"'))
    assert server.run("plans", "add", str(file), name, "--building", "Main", "--floor", floor).returncode == 0


def hung(browser: Browser, server: Server, folder: Path) -> Page:
    """Add the plan, and open the screen that shows it."""
    add(server, folder, PLAN, "Second floor")
    return open_page(opened(browser, server), f"{server.url}/floor/second-floor")


def spot(page: Page, slug: str) -> str | None:
    return page.get_attribute(f".spot[data-room={slug}]", "data-status")


def fill(page: Page, slug: str) -> str:
    script = "slug => getComputedStyle(document.querySelector(`[data-shapes] [data-room=${slug}] *`)).fill"
    return str(page.evaluate(script, slug))


def test_shapes_become_rooms_by_clicking_and_change_when_somebody_books(
    desk: Page, browser: Browser, server: Server
) -> None:
    mapped(desk)
    screen = open_page(desk.context, f"{server.url}/floor/second-floor")
    expect(screen.locator(".spot")).to_have_count(3)
    before = fill(screen, "oak")
    assert spot(screen, "oak") == "free"
    assert server.book("oak", minutes=30, title="Review").status_code == 201
    expect(screen.locator(".spot[data-room=oak]")).to_have_attribute("data-status", "busy", timeout=SOON)
    screen.wait_for_function(
        "([slug, was]) => getComputedStyle(document.querySelector(`[data-shapes] [data-room=${slug}] *`)).fill !== was",
        arg=["oak", before],
    )
    screen.locator(".spot[data-room=oak]").click()
    expect(screen.locator("[data-touched]")).to_contain_text("Review")
    expect(screen.locator("[data-soonest]")).to_contain_text("Free now")


def test_a_list_maps_without_a_mouse(desk: Page, server: Server) -> None:
    upload(desk, PLAN)
    desk.get_by_label("west", exact=True).focus()
    desk.keyboard.press("O")
    desk.get_by_role("button", name="Save the rooms").press("Enter")
    expect(desk.locator(".flash--good")).to_contain_text("3 rooms are on the plan", timeout=SOON)
    expect(desk.locator("#missing")).to_contain_text("Every room of this floor")


def test_rooms_are_placed_on_a_picture_by_clicking(desk: Page, server: Server) -> None:
    upload(desk, picture(), kind="image/png")
    box = desk.locator("[data-drawing]").bounding_box()
    assert box
    for number, name in enumerate(("Oak", "Elm"), 1):
        desk.get_by_label(name, exact=True).check()
        desk.locator("[data-drawing]").click(position={"x": box["width"] * number / 4, "y": box["height"] / 2})
    desk.get_by_role("button", name="Save the rooms").click()
    expect(desk.locator(".flash--good")).to_contain_text("2 rooms are on the plan", timeout=SOON)
    screen = open_page(desk.context, f"{server.url}/floor/second-floor?here=0.5,0.9")
    expect(screen.locator("[data-here]")).to_be_visible()
    expect(screen.locator("[data-arrow]")).to_be_visible()
    middles = screen.eval_on_selector_all(
        ".spot",
        """all => all.map(one => {
            const [box, plan] = [one, one.parentElement].map(each => each.getBoundingClientRect());
            return Math.round(20 * (box.left + box.width / 2 - plan.left) / plan.width);
        })""",
    )
    assert sorted(middles) == [5, 10]


@pytest.mark.parametrize("size", [(800, 480), (800, 1280), (1920, 1080), (3840, 2160)], ids=str)
def test_everything_fits_on_every_glass(
    browser: Browser, server: Server, tmp_path: Path, size: tuple[int, int]
) -> None:
    add(server, tmp_path, PLAN, "Second floor")
    add(server, tmp_path, PLAN, "Third floor", "3")
    context = window(browser, viewport={"width": size[0], "height": size[1]})
    page = open_page(context, f"{server.url}/floor/second-floor?here=0.3,0.6")
    expect(page.locator(".spot")).to_have_count(3)
    expect(page.locator("main")).to_have_attribute("data-density", "full")
    assert inside(page, ".spot, .side *, .top *") == []
    unit = min(max(size) / 800, min(size) / 480)
    assert smallest(page, ".spot, .tab") >= 9 * 5.2 * unit - 1
    context.close()


def test_a_label_lies_in_its_rooms_shape_even_where_the_middle_does_not(
    browser: Browser, server: Server, tmp_path: Path
) -> None:
    page = hung(browser, server, tmp_path)
    expect(page.locator(".spot")).to_have_count(3)
    script = """() => {
        const box = document.querySelector('.spot[data-room=ash]').getBoundingClientRect();
        const path = document.querySelector('[data-shapes] [data-room=ash] path');
        const middle = new DOMPoint(box.left + box.width / 2, box.top + box.height / 2);
        return path.isPointInFill(middle.matrixTransform(path.getScreenCTM().inverse()));
    }"""
    assert page.evaluate(script)
    page.context.close()


def test_a_label_larger_than_its_room_is_told_from_the_room_beside_it(
    browser: Browser, server: Server, tmp_path: Path
) -> None:
    page = hung(browser, server, tmp_path)
    elm = page.locator(".spot[data-room=elm]")
    expect(elm).not_to_have_attribute("data-beyond", "")
    elm.evaluate("one => (one.style.paddingInline = '30%')")
    page.set_viewport_size({"width": 1000, "height": 700})
    expect(elm).to_have_attribute("data-beyond", "")
    assert elm.evaluate("one => getComputedStyle(one).outlineStyle") == "solid"
    page.context.close()


def test_a_crowded_plan_numbers_its_rooms_and_lists_them(browser: Browser, server: Server, tmp_path: Path) -> None:
    close = "".join(
        f'<rect id="{slug}" x="{500 + 40 * n}" y="300" width="38" height="38"/>' for n, slug in enumerate(ROOMS)
    )
    add(
        server,
        tmp_path,
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1200 750">{close}</svg>'.encode(),
        "Dense",
    )
    context = window(browser, viewport={"width": 800, "height": 480})
    page = open_page(context, f"{server.url}/floor/dense")
    expect(page.locator("main")).to_have_attribute("data-density", "number")
    expect(page.locator("[data-rows] .row:visible")).to_have_count(3)
    assert page.locator("[data-rows]").inner_text().count("Free") == 3
    context.close()


def test_a_touched_floor_is_shown_and_the_screen_returns_to_its_own(
    browser: Browser, server: Server, tmp_path: Path
) -> None:
    add(server, tmp_path, PLAN, "Second floor")
    add(server, tmp_path, PLAN.replace(b'"elm"', b'"attic"'), "Third floor", "3")
    context = opened(browser, server)
    page = context.new_page()
    page.clock.install()
    page.goto("/floor/second-floor")
    expect(page.locator(".spot")).to_have_count(3)
    page.get_by_role("button", name="3", exact=True).click()
    expect(page.locator(".spot")).to_have_count(2)
    page.clock.run_for(31_000)
    expect(page.locator(".spot")).to_have_count(3)
    context.close()


def test_the_plan_stays_when_the_server_is_gone(browser: Browser, server: Server, tmp_path: Path) -> None:
    page = hung(browser, server, tmp_path)
    page.wait_for_function("document.querySelector('[data-image]').naturalWidth")
    server.stop()
    expect(page.locator("main")).to_have_attribute("data-link", "offline", timeout=60_000)
    assert spot(page, "oak") == "free"
    assert page.evaluate("document.querySelector('[data-image]').naturalWidth")
    page.context.close()


def test_a_replaced_plan_comes_to_the_glass_by_itself(desk: Page, server: Server, tmp_path: Path) -> None:
    mapped(desk)
    screen = open_page(desk.context, f"{server.url}/floor/second-floor")
    before = screen.get_attribute("[data-image]", "src")
    desk.goto("/admin/plans/second-floor")
    desk.set_input_files(
        "#file", {"name": "p", "mimeType": "image/svg+xml", "buffer": PLAN.replace(b"Corridor", b"Hall")}
    )
    desk.get_by_role("button", name="Replace the file").click()
    screen.wait_for_function("was => document.querySelector('[data-image]').getAttribute('src') !== was", arg=before)
    expect(screen.locator(".spot")).to_have_count(3)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_anybody_from_using_plans(desk: Page, browser: Browser, server: Server, scheme: str) -> None:
    mapped(desk)
    upload(desk, picture(), "Picture", "image/png", "3")
    context = opened(browser, server, scheme=scheme)
    page = context.new_page()
    sign_in(page, server)
    found = []
    for path in (
        "/admin/plans",
        "/admin/plans/second-floor",
        "/admin/plans/picture",
        "/floor/second-floor?here=0.3,0.6",
    ):
        page.goto(path)
        page.wait_for_selector("main")
        found += [f"{path} {one}" for one in obstacles(page)]
    assert json.dumps(found) == "[]"
    context.close()
