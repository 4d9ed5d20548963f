"""No touch, button or key leads out of a display."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Page

from kiosk.schedule.model import Booking
from tests.browser.conftest import Put
from tests.browser.stage import OAK, Stage, at

MEETING = Booking("theirs", at("08:00"), at("09:00"), "Quarterly planning", "Ada Lovelace")
SHORTCUTS = [
    *("Control+p", "Control+s", "Control+o", "Control+u", "Control+f", "Control+=", "Control+-", "Control+0"),
    *("Control+l", "Control+h", "Control+j", "Meta+p", "Alt+ArrowLeft", "Alt+ArrowRight", "Alt+Home"),
    *("F1", "F3", "F7", "F11", "F12"),
]
WAYS_OUT = "a, area, form, input, textarea, select, iframe, object, embed, [contenteditable]"
# Writes down of each event of a kind whether the page has refused it.
WATCH = """(kinds) => {
    window.refused = [];
    for (const kind of kinds) addEventListener(kind, (event) => window.refused.push(event.defaultPrevented));
}"""


@pytest.fixture
def door(put: Put) -> Page:
    return put(MEETING)[1]


def refused(page: Page) -> list[bool]:
    return list(page.evaluate("window.refused"))


@pytest.mark.parametrize("keys", SHORTCUTS)
def test_shortcuts_of_the_browser_do_nothing(door: Page, keys: str) -> None:
    door.evaluate(
        """() => { window.refused = []; addEventListener('keydown', (event) =>
            ['Control', 'Meta', 'Alt'].includes(event.key) || window.refused.push(event.defaultPrevented)); }"""
    )
    door.keyboard.press(keys)
    assert refused(door) == [True]


def test_letters_are_left_alone(door: Page) -> None:
    door.evaluate(WATCH, ["keydown"])
    for key in ("a", "Shift+A", "Tab"):
        door.keyboard.press(key)
    assert True not in refused(door)


def test_a_long_press_opens_no_menu(door: Page) -> None:
    door.evaluate(WATCH, ["contextmenu"])
    door.locator(".now .line").click(button="right")
    assert refused(door) == [True]


def test_no_text_can_be_selected(door: Page) -> None:
    box = door.locator(".now .line").bounding_box()
    assert box
    door.locator(".now .line").dblclick()
    door.mouse.move(box["x"] + 2, box["y"] + 2)
    door.mouse.down()
    door.mouse.move(box["x"] + box["width"], box["y"] + box["height"] + 60, steps=5)
    door.mouse.up()
    assert door.evaluate("getSelection().toString()") == ""


def test_what_is_dragged_in_or_out_is_refused(door: Page) -> None:
    answers = door.evaluate(
        """['dragstart', 'dragover', 'drop'].map((kind) =>
            document.querySelector('.line').dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true })))"""
    )
    assert answers == [False, False, False]


@pytest.mark.parametrize("button", [1, 3, 4])
def test_the_side_buttons_of_a_mouse_lead_nowhere(door: Page, button: int) -> None:
    answers = door.evaluate(
        """(button) => ['mousedown', 'mouseup'].map((kind) =>
            document.body.dispatchEvent(new MouseEvent(kind, { button, bubbles: true, cancelable: true })))""",
        button,
    )
    assert answers == [False, False]


def test_two_fingers_do_not_zoom(context: BrowserContext, door: Page) -> None:
    wires = context.new_cdp_session(door)
    wires.send("Input.synthesizePinchGesture", {"x": 400, "y": 240, "scaleFactor": 3, "gestureSourceType": "touch"})
    door.keyboard.down("Control")
    door.mouse.wheel(0, -400)
    door.keyboard.up("Control")
    assert door.evaluate("[visualViewport.scale, devicePixelRatio, innerWidth]") == [1, 1, 800]


def test_a_swipe_neither_scrolls_nor_goes_back(context: BrowserContext, door: Page) -> None:
    before = door.url
    wires = context.new_cdp_session(door)
    for distance in ({"xDistance": 500, "yDistance": 0}, {"xDistance": 0, "yDistance": 300}):
        wires.send("Input.synthesizeScrollGesture", {"x": 200, "y": 100, "gestureSourceType": "touch", **distance})
    assert door.evaluate("[scrollX, scrollY]") == [0, 0]
    assert door.url == before


@pytest.mark.parametrize("path", ["/door/oak", "/lobby/all"])
def test_a_display_has_no_link_field_or_frame(context: BrowserContext, path: str) -> None:
    page = context.new_page()
    with Stage(OAK, [MEETING]) as stage:
        page.goto(stage.url + path)
        assert page.locator(WAYS_OUT).count() == 0
