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
from kiosk.store.past import PastDayRow
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
    viewer = house.account("viewer")
    assert viewer.get(f"/admin/occupancy.csv?{asked}").status_code == 422
    answer = viewer.get(f"/admin/occupancy?{asked}")
    assert (answer.status_code, answer.text.count('aria-invalid="true"')) == (422, 1)
    assert "The four weeks up to yesterday are shown instead." in answer.text
    assert (
        dict(pair.split("=") for pair in asked.split("&")).items()
        <= dict(re.findall(r'<input id="(from|to)"[^>]* value="([^"]*)"', answer.text)).items()
    )


def test_spreadsheets_are_told_the_letters_of_the_file_and_programs_get_it_plain(house: Reception) -> None:
    path = f"occupancy.csv?{JUNE}"
    assert house.account("viewer").get(f"/admin/{path}").data.startswith("\ufeffroom,name,".encode())
    assert house.program().get(f"/api/v1/occupancy?{JUNE}&format=csv").data.startswith(b"room,name,")


def test_no_cell_of_the_file_is_a_formula(house: Reception) -> None:
    store = house.parts.store
    with store.read() as db:
        oak = rooms.by_slug(db, "oak")
    store.write(rooms.change, oak.id, replace(oak.room, name="=1+1", building="@SUM(A1)", floor="-1"))
    store.write(past_rooms.follow, seeded.at(FIRST, 1))
    rows = list(csv.DictReader(io.StringIO(house.program().get(f"/api/v1/occupancy?{JUNE}&format=csv").text)))
    told = [[row[name] for name in ("name", "building", "floor")] for row in rows]
    assert ["'=1+1", "'@SUM(A1)", "'-1"] in told


def remove_oak(house: Reception) -> None:
    """Remove Oak, and let its manager be for another room that has the same word in addresses now."""
    store = house.parts.store
    with store.read() as db:
        oak = rooms.by_slug(db, "oak")
    store.write(rooms.unlink, oak.id)
    store.write(rooms.remove, oak.id)
    seeded.remember(store, store.write(rooms.add, Room("oak", "Another", seeded.ZONE)), FIRST, 3)


def test_manager_does_not_see_a_removed_room_whose_word_another_has_now(house: Reception) -> None:
    remove_oak(house)
    found = house.account("manager").get(f"/admin/occupancy.json?{JUNE}").json
    assert [(one["name"], one["removed"]) for one in found["by_room"]] == [("Another", False)]
    assert not re.search(">Oak", house.account("manager").get(f"/admin/occupancy?{JUNE}").text)


def test_removed_room_is_said_to_be_and_asked_for_by_a_word_of_its_own(house: Reception) -> None:
    remove_oak(house)
    viewer = house.account("viewer")
    page = viewer.get(f"/admin/occupancy?{JUNE}").text
    words = dict(re.findall(r'<option value="(oak[^"]*)">([^<]*)', page))
    assert list(words.values()) == ["Another", "Oak (removed)"] or list(words.values()) == ["Oak (removed)", "Another"]
    for word, name in words.items():
        found = viewer.get(f"/admin/occupancy.json?{JUNE}&room={word}").json
        assert [one["name"] for one in found["by_room"]] == [name.removesuffix(" (removed)")]
        assert f"· {name} · 1 room" in viewer.get(f"/admin/occupancy?{JUNE}&room={word}").text


def cells(page: str, chart: str, row: str) -> list[str]:
    """Return the numbers of a row of a chart's table."""
    table = page.split(f'data-chart="{chart}"')[1].split("</table>", maxsplit=1)[0]
    return re.findall(r">([^<>]*)</data>", table.split(f'<th scope="row">{row}</th>')[1].split("</tr>")[0])


def test_bookings_of_which_something_is_not_known_are_counted_as_such(house: Reception) -> None:
    page = house.account("viewer").get(f"/admin/occupancy?{JUNE}").text
    assert cells(page, "bars", "not known") == ["20", "100 %"]


def test_what_was_given_back_and_taken_by_others_is_in_no_second_column(house: Reception) -> None:
    store = house.parts.store
    with store.read() as db:
        past = past_rooms.every(db)[0]
    row = {"open_minutes": 600, "booked": 120, "held": 120, "early": 60}
    where = (PastDayRow.past_room == past.id) & (PastDayRow.day == FIRST.toordinal())
    store.write(lambda db: PastDayRow.update(**row).where(where).execute(db))
    page = house.account("viewer").get("/admin/occupancy?from=2026-06-01&to=2026-06-01").text
    assert cells(page, "rooms", past.name)[2] == "0 %"


def test_hours_are_told_to_the_nearest_one() -> None:
    assert [occupancy.in_hours(minutes) for minutes in (0, 20, 629, 630, 74_399)] == [
        "0 h",
        "0.3 h",
        "10 h",
        "11 h",
        "1,240 h",
    ]


def test_one_room_is_not_asked_whether_fewer_would_do(house: Reception) -> None:
    page = house.account("viewer").get(f"/admin/occupancy?{JUNE}&room=elm").text
    assert ("fewer" in page, "<h2>Places</h2>" in page) == (False, False)


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
