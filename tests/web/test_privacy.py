"""Nobody reads more of a booking than the glass says, but programs, its owner, and who keeps the room."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from kiosk import clock
from kiosk.schedule.model import Person
from kiosk.store import boards, mirror, policies, rooms
from kiosk.store.boards import Board
from tests.fakes import meeting
from tests.web.visitors import Reception, Visitor

TITLE, OWNER, PAUL = "Merger with Initech", "Ada Lovelace", "paul@kiosk.example"
EVERYTHING = (True, True)
LEVELS = {"all": EVERYTHING, "people": (False, True), "titles": (True, False), "nothing": (False, False)}


@pytest.fixture
def secret(reception: Reception) -> str:
    """A meeting of Paul's in "oak", under way; return its id."""
    now = clock.now().replace(microsecond=0)
    person = Person(PAUL, OWNER)
    event = replace(meeting(1, now - timedelta(minutes=10), 60, organizer=person), title=TITLE)
    with reception.parts.store.read() as db:
        oak = rooms.by_slug(db, "oak")
    reception.parts.store.write(mirror.write_through, oak.id, [event], [])
    return event.id


def hide(reception: Reception, level: str) -> None:
    reception.parts.store.write(policies.change, None, {"shows": level})


def read(text: str) -> tuple[bool, bool]:
    return TITLE in text, OWNER in text


def glass(visitor: Visitor, path: str) -> set[tuple[bool, bool]]:
    """What can be read in a screen's page, and in the JSON that it fetches."""
    texts = [visitor.get(path, headers={"Accept": kind}).text for kind in ("text/html", "application/json")]
    assert all("oak" in text for text in texts)
    return {read(text) for text in texts}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("path", ["/door/oak", "/lobby/all"])
def test_pages_and_their_data_hold_what_the_level_says_and_no_more(
    reception: Reception, secret: str, path: str, level: str
) -> None:
    hide(reception, level)
    assert glass(reception.screen(), path) == {LEVELS[level]}


@pytest.mark.parametrize("level", LEVELS)
def test_a_board_hides_more_than_the_door_of_the_same_room(reception: Reception, secret: str, level: str) -> None:
    reception.parts.store.write(boards.add, Board("hall", "Hall", shows=level))  # type: ignore[arg-type]
    assert glass(reception.screen(), "/lobby/hall") == {LEVELS[level]}
    assert glass(reception.screen(), "/lobby/all") == glass(reception.screen(), "/door/oak") == {EVERYTHING}


def test_a_live_connection_is_sent_no_more_than_the_page_holds(reception: Reception, secret: str) -> None:
    hide(reception, "nothing")
    wires = reception.server.web.extensions["socketio"]
    line = wires.test_client(reception.server.web, flask_test_client=reception.screen().client)
    for display, slug in (("door", "oak"), ("lobby", "all")):
        answer = line.emit("show", {"display": display, "slug": slug}, callback=True)
        assert answer["view"]["tracks"]["oak"]
        assert read(json.dumps(answer, ensure_ascii=False)) == (False, False)


def test_a_changed_level_is_on_the_glass_at_once(reception: Reception, secret: str) -> None:
    screen = reception.screen()
    assert glass(screen, "/door/oak") == {EVERYTHING}
    hide(reception, "titles")
    assert glass(screen, "/door/oak") == {(True, False)}


@pytest.mark.parametrize("path", ["/api/v1/rooms", "/api/v1/rooms/oak", "/api/v1/rooms/oak/schedule"])
def test_the_api_tells_screens_what_the_glass_says_and_programs_all(
    reception: Reception, secret: str, path: str
) -> None:
    hide(reception, "people")
    someone, elsewhere = reception.person("eve@kiosk.example"), reception.account("manager", "elm", email="m@x.example")
    for visitor in (reception.screen(), someone, elsewhere, reception.account("caterer")):
        assert read(visitor.get(path).text) == (False, True)
    for visitor in (reception.program(), *(reception.account(role) for role in ("admin", "viewer", "manager"))):
        assert read(visitor.get(path).text) == EVERYTHING


def test_a_person_reads_all_of_their_own(reception: Reception, secret: str) -> None:
    hide(reception, "nothing")
    assert read(reception.person(PAUL).get("/api/v1/rooms/oak/schedule").text) == EVERYTHING


def test_the_answer_to_a_change_tells_a_screen_no_hidden_title(reception: Reception, secret: str) -> None:
    hide(reception, "people")
    reception.parts.store.write(policies.change, None, {"check-in": "all", "grace": "30"})
    answer = reception.screen().post_json(f"/api/v1/bookings/{secret}/check-in", {"room": "oak"})
    assert (answer.status_code, answer.json["title"]) == (200, "")


def test_who_books_is_told_the_title_they_gave(reception: Reception) -> None:
    hide(reception, "nothing")
    answer = reception.screen().post_json("/api/v1/rooms/elm/bookings", {"minutes": 30, "title": "Standup"})
    assert (answer.status_code, answer.json["title"]) == (201, "Standup")
