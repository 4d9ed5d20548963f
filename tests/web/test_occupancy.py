"""How rooms were used: on the page, as files, over the API, and only of the rooms that somebody is for."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from datetime import date

import pytest

from kiosk.schedule.model import Room
from kiosk.store import monthly, past_rooms, rooms
from kiosk.web.admin import occupancy
from tests.store import seeded
from tests.web.visitors import Reception

FIRST = date(2026, 6, 1)
JUNE = "from=2026-06-01&to=2026-06-10"


@pytest.fixture
def house(reception: Reception) -> Reception:
    """Two rooms that were used for ten days; to meetings in Elm more people came than it has seats."""
    store = reception.parts.store
    with store.read() as db:
        numbers = [rooms.by_slug(db, slug).id for slug in ("oak", "elm")]
    for number, attendees in zip(numbers, (3, 5), strict=True):
        seeded.remember(store, number, FIRST, 10, attendees)
    return reception


def test_page_says_what_was_used_and_what_only_booked(house: Reception) -> None:
    page = house.account("viewer").get(f"/admin/occupancy?{JUNE}").text
    words = " ".join(re.sub("<[^>]+>", " ", page).split())
    for said in ("In use 20 % of opening hours", "Nobody came 20 h", "50 % of check-ins missed", "Most at once 2 of 2"):
        assert said in words
    assert "Oak" in page
    assert "Elm" in page


def test_page_shows_a_week_by_hours_with_a_number_in_every_cell(house: Reception) -> None:
    page = house.account("viewer").get(f"/admin/occupancy?{JUNE}").text
    heat = page.split('<table class="heat">')[1].split("</table>")[0]
    monday = re.findall(r'<td class="heat-(\d)">(\d+)</td>', heat.split("Mon</th>")[1].split("</tr>")[0])
    assert monday == [("0", "0"), ("0", "0"), ("5", "100"), ("5", "100"), *[("0", "0")] * 6]


def test_building_floor_size_and_room_narrow_the_report(house: Reception) -> None:
    viewer = house.account("viewer")
    for asked, told in (
        ("building=Berlin", ["oak"]),
        ("where=building%3DHamburg%26floor%3D1", ["elm"]),
        ("size=5-8", ["oak"]),
        ("room=elm", ["elm"]),
        ("building=Berlin&room=elm", []),
    ):
        found = viewer.get(f"/admin/occupancy.json?{JUNE}&{asked}").json
        assert [one["room"] for one in found["by_room"]] == told


def test_manager_sees_only_their_rooms_everywhere(house: Reception) -> None:
    manager = house.account("manager")
    for path in ("/admin/occupancy", "/admin/occupancy.csv", "/admin/occupancy.json", "/api/v1/occupancy"):
        text = manager.get(f"{path}?{JUNE}").text
        assert "Oak" in text
        assert not re.search("elm|hamburg", text, re.IGNORECASE)
    assert manager.get(f"/api/v1/occupancy?{JUNE}&room=elm").json["rooms"] == 0


def test_program_reads_the_report_as_json_and_csv(house: Reception) -> None:
    program = house.program()
    found = program.get(f"/api/v1/occupancy?{JUNE}").json
    assert (found["rooms"], found["figures"]["held"], found["shares"]["ghost"]) == (2, 2400, 0.5)
    rows = list(csv.DictReader(io.StringIO(program.get(f"/api/v1/occupancy?{JUNE}&format=csv").text)))
    assert [row["name"] for row in rows] == ["Elm", "Oak", "all"]
    assert (rows[0]["fill_beyond"], rows[1]["fill_half"]) == ("10", "10")


@pytest.mark.parametrize(
    "asked", ["from=june", "from=2026-06-02&to=2026-06-01", "from=2000-01-01&to=2026-06-01", "to=1"]
)
def test_days_that_cannot_be_used_are_refused(house: Reception, asked: str) -> None:
    assert house.program().get(f"/api/v1/occupancy?{asked}").status_code == 422
    assert house.account("viewer").get(f"/admin/occupancy?{asked}").status_code == 422


def test_fewer_rooms_are_tried_on_the_page(house: Reception) -> None:
    page = house.account("viewer").get(f"/admin/occupancy?{JUNE}&less=1").text
    row = page.split('<tr class="asked">')[1].split("</tr>")[0]
    assert re.findall(r'class="number">([^<]*)', row) == ["1", "1", "10", "20 h"]


def test_page_without_history_says_how_it_comes(reception: Reception) -> None:
    page = reception.account("viewer").get("/admin/occupancy")
    assert (page.status_code, "Nothing is known of this time" in page.text) == (200, True)


def test_a_name_is_text_on_the_page(house: Reception) -> None:
    store = house.parts.store
    with store.read() as db:
        oak = rooms.by_slug(db, "oak")
    store.write(rooms.change, oak.id, replace(oak.room, name="<script>alert(1)</script>"))
    store.write(past_rooms.follow, seeded.at(FIRST, 1))
    assert "<script>alert" not in house.account("viewer").get(f"/admin/occupancy?{JUNE}").text


def test_many_rooms_are_shown_by_their_ends_and_files_have_all(
    house: Reception, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = house.parts.store
    seeded.remember(store, store.write(rooms.add, Room("fir", "Fir", seeded.ZONE)), FIRST, 3)
    monkeypatch.setattr(occupancy, "MOST_ROOMS", 2)
    viewer = house.account("viewer")
    page = viewer.get(f"/admin/occupancy?{JUNE}").text
    assert "1 more room<" in page
    assert [name for name in ("Elm", "Fir", "Oak") if f'<th scope="row">{name}</th>' in page] == ["Elm", "Oak"]
    assert len(viewer.get(f"/admin/occupancy.csv?{JUNE}").text.splitlines()) == 5


def test_monthly_report_is_planned_by_administrators(house: Reception) -> None:
    admin = house.account("admin")
    admin.post("/admin/occupancy/monthly", day="3", to="Boss@kiosk.example, other@kiosk.example")
    with house.parts.store.read() as db:
        assert monthly.plan(db) == monthly.Plan(3, ("boss@kiosk.example", "other@kiosk.example"))
    page = admin.get("/admin/occupancy").text
    assert 'value="boss@kiosk.example, other@kiosk.example"' in page
    for wrong in ({"day": "29"}, {"day": "soon"}, {"day": "1", "to": "nobody"}):
        admin.post("/admin/occupancy/monthly", **wrong)
    with house.parts.store.read() as db:
        assert monthly.plan(db).day == 3
    assert "Monthly report" not in house.account("viewer").get("/admin/occupancy").text
