"""Everything that can be asked of the server, by everybody who may ask: one table, in which nothing may be missing."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask_socketio import SocketIO
from werkzeug.routing import Rule

from kiosk import clock
from kiosk.store import policies
from tests.web.visitors import Reception, Visitor

# Who comes, in the order of the table's columns.
VISITORS: dict[str, Callable[[Reception], Visitor]] = {
    "stranger": lambda reception: reception.stranger(),
    "phone": lambda reception: reception.phone(),
    "screen": lambda reception: reception.screen(),
    "device": lambda reception: reception.device(),
    "program": lambda reception: reception.program(),
    "person": lambda reception: reception.person(),
    "viewer": lambda reception: reception.account("viewer"),
    "caterer": lambda reception: reception.account("caterer"),
    "manager": lambda reception: reception.account("manager"),
    "elsewhere": lambda reception: reception.account("manager", "elm", email="elsewhere@kiosk.example"),
    "admin": lambda reception: reception.account("admin"),
}
WAY_IN = "/admin/log-in?next="

# Forms that must say something to get as far as they should; `{visitor}` is the column's name.
FORMS = {
    "/admin/log-in": {"email": "{visitor}@nowhere.example", "password": "wrong"},
    "/admin/bookings/release": {"room": "oak", "booking": "{booking}"},
    "/admin/data/days": {"days": "30"},
    "/admin/data/erase": {"email": "nobody@kiosk.example"},
    "/admin/emergency": {"title": "Drill", "target": "organisation%3A"},
    "/admin/emergency/confirm": {"title": "Drill", "target": "organisation%3A"},
    "/admin/notices/new": {"title": "Lift B is out", "target": "room%3Aoak", "end": "{tomorrow}"},
    "/admin/services/catalogue": {"building": "Berlin", "name": "Coffee", "lead": "30"},
    "/admin/services/catalogue/1": {"building": "Berlin", "name": "Tea", "lead": "30", "active": "on"},
    "/my/bookings/{booking}/cancel": {"room": "oak"},
    "/my/bookings/{booking}/end": {"room": "oak"},
    "/my/bookings/{booking}/services": {"room": "oak"},
    "/my/bookings/{booking}/services/1/cancel": {"room": "oak"},
}

# Pages on which everybody finds what they are for, and nothing else.
LISTS = (
    "/",
    "/overview.part",
    "/status.json",
    "/rooms",
    "/bookings",
    "/levels",
    "/notices",
    "/problems",
    "/services",
    "/services/catalogue",
)

TABLE = (Path(__file__).parent / "matrix.txt").read_text(encoding="utf-8")

# What a live connection may say, and what becomes of it: out (not let in), told (shown a display), heard.
EVENTS = """
                    stranger  screen device program person viewer caterer manager elsewhere admin
connect             out/in    in     in     in      in     in     in      in      in        in
show                out/heard told   told   told    told   told   told    told    told      told
noticed             out/heard heard  heard  heard   heard  heard  heard   heard   heard     heard
touch               out/heard heard  heard  heard   heard  heard  heard   heard   heard     heard
did                 out/heard heard  heard  heard   heard  heard  heard   heard   heard     heard
disconnect          out/heard heard  heard  heard   heard  heard  heard   heard   heard     heard
"""


@pytest.fixture
def house(reception: Reception) -> Reception:
    """The server, with what administrators may do about other people's bookings switched on."""
    reception.parts.store.write(policies.change, None, {"owners-release": "yes"})
    return reception


def rows(table: str) -> dict[str, list[str]]:
    """Return the expected answers by what is asked.

    A phone that has scanned a door's code shares the stranger's column: what it gets stands behind a stroke there,
    where it is something else.
    """
    columns = [name for name in VISITORS if name != "phone"]
    lines = [line.rsplit(maxsplit=len(columns)) for line in table.splitlines() if line.strip() and line[0] != "#"]
    assert lines[0] == columns
    return {" ".join(asked.split()): _with_phone(*cells) for asked, *cells in lines[1:]}


def _with_phone(stranger: str, *others: str) -> list[str]:
    alone, _, phone = stranger.partition("/")
    return [alone, phone or alone, *others]


def asked(reception: Reception, name: str, method: str, path: str) -> str:
    """Return how the server answers that visitor."""
    visitor = VISITORS[name](reception)
    form = FORMS.get(path, {})
    tomorrow = f"{clock.now() + timedelta(days=1):%Y-%m-%dT%H:%M}"
    known = {
        "visitor": name,
        "tomorrow": tomorrow,
        "booking": booked(reception) if "{booking}" in f"{path} {form}" else "",
    }
    path, form = path.format(**known), {key: value.format(**known) for key, value in form.items()}
    if method == "GET":
        answer = visitor.get(path)
    elif path.startswith("/api/"):
        body = {"room": "oak"} | ({"minutes": 15} if path.endswith("/extend") else {})
        answer = visitor.ask(method, path, json=body, headers={"X-CSRF-Token": visitor.csrf})
    else:
        answer = visitor.post(path, **form)
    answer.close()
    return f"{answer.status_code}{_sent(visitor, answer.headers['Location']) if answer.status_code == 303 else ''}"


def _sent(visitor: Visitor, where: str) -> str:
    """Return "in" for a page that asks who it is, "no" for a page that will say why nothing was done, else nothing."""
    with visitor.client.session_transaction() as kept:
        said = kept.get("_flashes", [])
    if where.startswith(WAY_IN) or visitor.get(where).status_code == 401:
        return "in"
    return "no" if said and said[-1][0] == "bad" else ""


def booked(reception: Reception) -> str:
    """Return the id of a new booking of "oak" in the name of the person without an account, the only one there."""
    person, now = reception.person(), clock.now().replace(microsecond=0)
    start = now + timedelta(minutes=50)
    day = f"from={clock.iso(now)}&to={clock.iso(now + timedelta(days=1))}"
    for before in reception.program().get(f"/api/v1/rooms/oak/schedule?{day}").json["bookings"]:
        person.ask("DELETE", f"/api/v1/bookings/{before['id']}?room=oak", json={})
    wish = {"minutes": 30, "start": clock.iso(start)}
    answer = person.post_json("/api/v1/rooms/oak/bookings", wish)
    assert answer.status_code == 201, answer.text
    return str(answer.json["id"])


def everything(reception: Reception) -> set[tuple[str, str]]:
    """Return (method, rule) of everything the server answers."""
    rules = reception.server.web.url_map.iter_rules()
    return {(method, rule.rule) for rule in rules for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}}


def rule_of(reception: Reception, line: str) -> tuple[str, str]:
    """Return (method, rule) that a line of the table is about."""
    method, path = line.split()
    match: tuple[Rule, object] = reception.server.web.url_map.bind("localhost").match(
        path.partition("?")[0], method, return_rule=True
    )
    return method, match[0].rule


def test_every_route_is_in_the_table(reception: Reception) -> None:
    in_table = {rule_of(reception, line) for line in rows(TABLE)}
    assert sorted(everything(reception) - in_table) == []


def test_lists_name_no_room_that_somebody_is_not_for(house: Reception) -> None:
    booked(house)
    manager, caterer = VISITORS["elsewhere"](house), house.account("caterer", "Hamburg")
    for visitor in (manager, caterer):
        pages = [visitor.get(f"/admin{path}") for path in LISTS]
        assert {page.status_code for page in pages} == {200, 403}
        assert [page.request.path for page in pages if re.search("Oak|Paul", page.text)] == []


@pytest.mark.parametrize("name", VISITORS)
def test_everybody_is_answered_as_the_table_says(house: Reception, name: str) -> None:
    column = list(VISITORS).index(name)
    expected = {line: cells[column] for line, cells in rows(TABLE).items()}
    answers = {line: asked(house, name, *line.split()) for line in expected}
    assert answers == expected


def test_every_event_of_a_live_connection_is_in_the_table(reception: Reception) -> None:
    wires: SocketIO = reception.server.web.extensions["socketio"]
    assert {event for events in wires.server.handlers.values() for event in events} == set(rows(EVENTS))


@pytest.mark.parametrize("name", VISITORS)
def test_live_connection_is_answered_as_the_table_says(reception: Reception, name: str) -> None:
    column = list(VISITORS).index(name)
    expected = {event: cells[column] for event, cells in rows(EVENTS).items()}
    assert {event: said(reception, name, event) for event in expected} == expected


def said(reception: Reception, name: str, event: str) -> str:
    """Return what becomes of an event that the visitor sends."""
    visitor, wires = VISITORS[name](reception), reception.server.web.extensions["socketio"]
    line = wires.test_client(reception.server.web, flask_test_client=visitor.client, headers=visitor.headers)
    if not line.is_connected():
        return "out"
    if event == "connect":
        return "in"
    if event == "disconnect":
        line.disconnect()
        return "out" if line.is_connected() else "heard"
    answer = line.emit(event, {"display": "door", "slug": "oak"}, callback=True)
    return "told" if answer and answer.get("view") else "heard"
