"""The templates: complete, safe for any title, and without a script or style of their own."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

import pytest
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from displays import REGISTRY
from displays.deeds import Deed
from displays.door import Actions, Choice, Next, Note, Now, StatusLine
from displays.lobby import Row
from displays.scene import Until, Use
from kiosk.resources import resource
from kiosk.schedule.model import Message, MessageKind, Status
from tests.displays.rooms import OAK, awaiting, lasting, shown, slot
from tests.schedule.values import at

FOLDER = Path(resource("templates"))
FILES = sorted(path.name for path in FOLDER.glob("*.html"))
STATUSES: tuple[Status, ...] = ("free", "soon", "busy", "held", "checkin", "closed")
NOON = at("11:00")
SYMBOLS = dict(
    re.findall(r'<symbol id="([\w-]+)"[^>]*>(.*)</symbol>', (Path(resource("static")) / "icons.svg").read_text())
)
NASTY = "<script>alert(1)</script> & \"'"


def spell(instant: datetime) -> str:
    return instant.strftime("%H:%M")


@pytest.fixture(scope="module")
def environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(FOLDER), extensions=["jinja2.ext.i18n"], undefined=StrictUndefined, autoescape=True
    )
    made.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
    made.filters.update(clock=spell, iso=datetime.isoformat, day=str, elsewhere=lambda _at: "", breadth=len)
    made.filters.update(api_words=str)
    made.globals.update(static=lambda path: f"/static/{path}", language="en", direction="ltr")
    made.globals.update(icons="<svg hidden></svg>")
    made.globals.update(hour_cycle="h23", numerals="latn", face={}, next="", error="", detail="")
    return made


def draw(environment: Environment, display: str, slot: str, value: object) -> str:
    fragments = environment.get_template(REGISTRY[display].fragments)
    return str(getattr(fragments.module, slot)(value, OAK))


def use(title: str = "Design review") -> Use:
    return Use(title, "Ada", False, False, False, NOON, at("12:00"))


def end() -> Until:
    return Until(at("12:00"), "today", NOON.date(), False)


@pytest.mark.parametrize("name", FILES)
def test_every_template_can_be_read(environment: Environment, name: str) -> None:
    assert isinstance(environment.get_template(name), Template)


@pytest.mark.parametrize("display", REGISTRY.values(), ids=REGISTRY)
def test_every_slot_of_a_display_has_its_macro(environment: Environment, display: Any) -> None:
    module = environment.get_template(display.fragments).module
    assert all(callable(getattr(module, slot)) for slot in display.slots)
    assert environment.get_template(display.template)


@pytest.mark.parametrize("display", REGISTRY)
def test_every_scene_of_two_days_can_be_drawn(environment: Environment, display: str) -> None:
    bookings = [
        lasting(at("08:00"), 1, title="Daily", owner="Ada"),
        lasting(at("10:00"), 2, "b", own=True, held=True),
        awaiting(lasting(at("12:00"), 30, "c", private=True), opens="11:50", due="12:10"),
    ]
    for scene in REGISTRY[display].scenes(OAK, bookings, NOON):
        for name, value in scene.slots:
            assert "None" not in draw(environment, display, name, value)


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_has_a_word_and_a_shape_on_the_door_and_the_board(
    environment: Environment, status: Status
) -> None:
    door = draw(environment, "door", "status", StatusLine(status, end()))
    board = draw(environment, "lobby", "row", Row(status, end(), use()))
    assert '<svg class="mark"' in door
    assert '<svg class="mark"' in board


def test_every_status_has_a_shape_of_its_own(environment: Environment) -> None:
    drawn = [draw(environment, "door", "status", StatusLine(status, end())) for status in STATUSES]
    named = [re.findall(r'<use href="#(mark-\w+)"', html)[0] for html in drawn]
    assert len({SYMBOLS[name] for name in named}) == len(STATUSES)


def test_every_shape_that_a_template_names_is_among_the_symbols() -> None:
    sources = [path.read_text() for path in FOLDER.rglob("*.html")]
    assert {name for source in sources for name in re.findall(r'<use href="[^"#]*#([\w-]+)"', source)} <= SYMBOLS.keys()


@pytest.mark.parametrize("name", FILES)
def test_a_page_that_shows_shapes_carries_them(name: str) -> None:
    source = (FOLDER / name).read_text()
    shows = re.search(r'from "marks.html" import [^%]*\b(?:mark|eraser|space)\b', source)
    is_page = re.search(r'extends "(?!display)|<body', source)
    assert not (shows and is_page) or "{{ icons }}" in source


def test_what_people_write_is_text_and_nothing_else(environment: Environment) -> None:
    drawn = [
        draw(environment, "door", "now", Now("busy", use(NASTY))),
        draw(environment, "door", "next", Next("busy", use(NASTY))),
        draw(environment, "door", "actions", Actions("busy", deeds=(Deed("end", NASTY, asks=use(NASTY)),))),
        draw(environment, "lobby", "row", Row("busy", end(), use(NASTY))),
    ]
    assert not any("<script" in html or NASTY in html for html in drawn)


def test_buttons_carry_what_the_page_sends(environment: Environment) -> None:
    html = draw(environment, "door", "actions", Actions("free", (Choice(30), Choice(None, at("12:00")))))
    assert 'data-act="book" data-minutes="30"' in html
    assert f'data-act="book" data-until="{at("12:00").isoformat()}"' in html


@pytest.mark.parametrize(
    ("deed", "sent"),
    [
        (Deed("end", "x"), 'data-act="end" data-booking="x"'),
        (Deed("start", "x"), 'data-act="start" data-booking="x"'),
        (Deed("check_in", "x"), 'data-act="check-in" data-booking="x"'),
        (Deed("extend", "x", 15), 'data-act="extend" data-booking="x" data-minutes="15"'),
        (Deed("extend", "x", None, NOON), f'data-act="extend" data-booking="x" data-until="{NOON.isoformat()}"'),
    ],
    ids=lambda one: one.act if isinstance(one, Deed) else "",
)
def test_what_can_be_done_about_a_booking_carries_what_the_page_sends(
    environment: Environment, deed: Deed, sent: str
) -> None:
    html = draw(environment, "door", "actions", Actions("busy", deeds=(deed,)))
    assert sent in html
    assert "data-ask" not in html


def test_somebody_elses_meeting_comes_with_a_question(environment: Environment) -> None:
    html = draw(environment, "door", "actions", Actions("busy", deeds=(Deed("end", "x", asks=use()),)))
    assert 'data-whose="Design review · Ada"' in html
    assert re.search(r'data-ask="[^"]+\?"', html)


def test_a_private_meetings_question_names_nobody(environment: Environment) -> None:
    hidden = Use("", "", True, False, False, NOON, at("12:00"))
    html = draw(environment, "door", "actions", Actions("busy", deeds=(Deed("end", "x", asks=hidden),)))
    assert 'data-whose="Private"' in html


@pytest.mark.parametrize("kind", get_args(MessageKind))
def test_every_message_is_told_in_words_of_its_own(environment: Environment, kind: MessageKind) -> None:
    message = Message(kind, NOON, at("11:30"), NOON, at("12:00"), reason="taken")
    html = draw(environment, "door", "note", Note(message))
    assert "11:00–12:00" in html
    assert "<button" not in html
    others = [Message(other, NOON, at("11:30"), NOON, at("12:00")) for other in get_args(MessageKind) if other != kind]
    assert html not in [draw(environment, "door", "note", Note(other)) for other in others]


def test_a_release_that_can_be_taken_back_has_a_button(environment: Environment) -> None:
    message = Message("missed", NOON, at("11:05"), NOON, at("12:00"), undo="x")
    assert 'data-act="check-in" data-booking="x"' in draw(environment, "door", "note", Note(message, "x"))


def test_a_check_in_counts_down_without_telling_it_aloud(environment: Environment) -> None:
    html = draw(environment, "door", "status", StatusLine("checkin", end(), due=at("11:05")))
    assert f'<span role="timer" data-countdown="{at("11:05").isoformat()}"' in html


def test_what_is_free_comes_with_the_timeline(environment: Environment) -> None:
    scene = shown(REGISTRY["door"].project(OAK, [lasting(at("12:00"), 1)], NOON), NOON)
    html = draw(environment, "door", "timeline", slot(scene, "timeline"))
    assert f"/{at('12:00').isoformat()} {at('13:00').isoformat()}/" in html
    html = draw(environment, "door", "later", slot(scene, "later"))
    assert 'data-length="30"' in html
    assert 'data-open="later"' in html


def test_a_timeline_without_anything_to_book_is_no_button(environment: Environment) -> None:
    scene = shown(REGISTRY["door"].project(OAK, [], NOON), NOON)
    html = draw(environment, "door", "timeline", replace(slot(scene, "timeline"), later=None))
    assert "data-today" not in html
    assert not draw(environment, "door", "later", None)


def test_a_countdown_carries_a_sentence_for_every_kind_of_number(environment: Environment) -> None:
    html = draw(environment, "door", "status", StatusLine("soon", end()))
    assert "{n} minute left" in html
    assert "{n} minutes left" in html


@pytest.mark.parametrize("name", FILES)
def test_no_template_has_a_style_or_script_of_its_own_but_what_begins_it_anew(name: str) -> None:
    source = (FOLDER / name).read_text().replace('<script>{% include "again.js" %}</script>', "")
    assert not re.findall(r"\sstyle=|<style|\son\w+=|javascript:", source)
    assert all("src=" in tag or "application/json" in tag for tag in re.findall(r"<script[^>]*>", source))


@pytest.mark.parametrize("code", [401, 403, 404, 429, 500, 503])
def test_every_error_says_what_to_do(environment: Environment, code: int) -> None:
    html = environment.get_template("error.html").render(code=code)
    assert re.search(r"<h1>.+</h1>\s*<p>.+</p>", html)
    assert 'href="/' in html


def test_the_door_page_has_the_hooks_that_others_rely_on(environment: Environment) -> None:
    scene = shown(REGISTRY["door"].project(OAK, [], NOON), NOON)
    current = {slot: draw(environment, "door", slot, value) for slot, value in scene.slots}
    view = {"display": "door", "slug": "oak", "version": "1f", "tracks": {}}
    html = environment.get_template("door.html").render(view=view, room=OAK, status=scene.status, current=current)
    assert re.search(
        r'<main [^>]*data-display="door" data-slug="oak" data-version="1f" data-status="free" data-link="live"', html
    )
    assert all(f'data-slot="{slot}"' in html for slot in REGISTRY["door"].slots)


def test_the_board_page_has_the_hooks_that_others_rely_on(environment: Environment) -> None:
    row = {"slug": "oak", "status": "free", "html": "Oak", "heading": ""}
    view = {"display": "lobby", "slug": "all", "version": "1f", "rest": False, "tracks": {}}
    html = environment.get_template("lobby.html").render(
        view=view, title="All rooms", current={"rows": [row], "soonest": "", "free": None, "more": False}
    )
    assert 'data-display="lobby" data-slug="all" data-version="1f" data-link="live"' in html
    assert 'data-room="oak" data-status="free"' in html


def test_the_list_of_screens_leads_to_every_one(environment: Environment) -> None:
    board = {"slug": "all", "name": "All rooms", "rooms": 1}
    html = environment.get_template("home.html").render(rooms=[OAK], boards=[board])
    assert re.findall(r'href="(/(?:door|lobby)/[^"]+)"', html) == ["/lobby/all", "/door/oak"]
