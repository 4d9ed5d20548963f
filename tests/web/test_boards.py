"""Boards in the administration and on the command line, and what becomes of them on the glass."""

from __future__ import annotations

import json
import re
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from kiosk.__main__ import main
from kiosk.live.gallery import Screen
from kiosk.schedule.model import Room
from kiosk.store import acts, boards, rooms
from kiosk.store.boards import Board
from tests.web.visitors import Reception


def find(reception: Reception, slug: str) -> Board:
    with reception.parts.store.read() as db:
        return boards.find(db, slug)


def rows(reception: Reception, slug: str) -> list[str]:
    return re.findall(r'data-room="([^"]+)"', reception.screen().get(f"/lobby/{slug}").text)


def test_a_board_is_added_shown_changed_and_removed(reception: Reception) -> None:
    admin = reception.account("admin")
    made = admin.post("/admin/boards/new", name="West wing", floors="Hamburg\n1", grouped="on", shows="titles")
    assert made.headers["Location"] == "/admin/boards/west-wing"
    assert find(reception, "west-wing") == Board("west-wing", "West wing", (), (("Hamburg", "1"),), shows="titles")
    assert rows(reception, "west-wing") == ["elm"]
    admin.post("/admin/boards/west-wing", name="West", rooms="oak", free_first="on", least_minutes="30", shows="all")
    assert rows(reception, "west-wing") == ["oak"]
    assert "West" in reception.screen().get("/").text
    admin.post("/admin/boards/west-wing/remove")
    assert reception.screen().get("/lobby/west-wing").status_code == 404
    with reception.parts.store.read() as db:
        assert [one.act for one in acts.recent(db, None, 3)] == ["remove_board", "edit_board", "add_board"]


def test_the_form_shows_what_is_kept(reception: Reception) -> None:
    wanted = Board(
        "hall", "Hall", ("Berlin",), (("Hamburg", "1"),), ("elm",), False, True, 45, "people", ("Berlin", "2")
    )
    reception.parts.store.write(boards.add, wanted)
    page = reception.account("admin").get("/admin/boards/hall").text
    chosen = set(re.findall(r'name="(\w+)"(?: value="([^"]*)")? checked', page))
    assert chosen == {("buildings", "Berlin"), ("floors", "Hamburg\n1"), ("rooms", "elm"), ("free_first", "")}
    assert re.findall(r'<option value="([^"]*)" selected', page) == ["people", "Berlin\n2"]
    assert 'value="45"' in page


@pytest.mark.parametrize(
    "wrong",
    [{"name": ""}, {"least_minutes": "soon"}, {"rooms": "nowhere"}, {"shows": "secrets"}],
    ids=lambda one: next(iter(one)),
)
def test_what_cannot_be_is_said_and_what_was_typed_stays(reception: Reception, wrong: dict[str, Any]) -> None:
    answer = reception.account("admin").post("/admin/boards/new", **({"name": "Hall", "shows": "all"} | wrong))
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


def test_an_adjusted_built_in_board_is_drawn_anew_where_somebody_looks(reception: Reception) -> None:
    gallery, lobby = reception.server.pulse.gallery, Screen("lobby", "all")
    before = gallery.view(lobby)
    reception.account("admin").post("/admin/boards/all", name="", free_first="on", shows="nothing")
    after = gallery.view(lobby)
    assert after["version"] != before["version"]
    assert (before["frame"]["free_first"], after["frame"]["free_first"]) == (False, True)
    assert "All rooms" in reception.screen().get("/lobby/all").text


def test_one_place_needs_no_heading(reception: Reception) -> None:
    reception.parts.store.write(boards.add, Board("one", "One", rooms=("oak",)))
    assert 'class="place"' not in reception.screen().get("/lobby/one").text
    assert reception.screen().get("/lobby/all").text.count('<li class="place">') == 2


def test_boards_are_kept_on_the_command_line(
    reception: Reception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KIOSK_DATABASE_URL", reception.parts.settings.database_url)
    monkeypatch.setenv("KIOSK_SECRETS", reception.parts.settings.secrets)
    chosen = ["--floor", "Berlin", "2", "--room", "elm", "--free-first", "yes", "--hangs", "Berlin", "2"]
    assert main(["boards", "add", "Ground floor", *chosen]) == 0
    made = Board(
        "ground-floor", "Ground floor", (), (("Berlin", "2"),), ("elm",), free_first=True, hangs=("Berlin", "2")
    )
    assert find(reception, "ground-floor") == made
    assert main(["boards", "edit", "ground-floor", "--least", "20", "--shows", "nothing", "--every-room"]) == 0
    kept = find(reception, "ground-floor")
    assert (kept.chooses, kept.least_minutes, kept.shows, kept.free_first) == (False, 20, "nothing", True)
    capsys.readouterr()
    assert main(["boards", "list", "--json"]) == 0
    assert [one["slug"] for one in json.loads(capsys.readouterr().out)] == ["all", "ground-floor"]
    assert main(["boards", "remove", "ground-floor"]) == 0
    assert main(["boards", "remove", "ground-floor"]) == 1
    assert main(["boards", "edit", "all", "--every-room", "--room", "oak"]) == 1


def test_doors_are_listed_by_floors_from_the_ground_up(reception: Reception) -> None:
    for slug, floor in (("above", "10"), ("low", "EG"), ("below", "UG")):
        reception.parts.store.write(rooms.add, Room(slug, slug.title(), ZoneInfo("Europe/Berlin"), "Tower", floor))
    listed = re.findall(r'href="/door/([^"]+)"', reception.screen().get("/").text)
    assert [slug for slug in listed if slug in ("above", "low", "below")] == ["below", "low", "above"]
