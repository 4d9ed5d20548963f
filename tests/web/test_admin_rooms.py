"""The pages of rooms, policies and bookings: what they show, what their forms do, and what they refuse."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from html import unescape

import pytest

from kiosk import clock
from kiosk.booking.counter import Wish
from kiosk.schedule.model import Person
from kiosk.store import acts, events, policies, rooms, tasks
from kiosk.store.levels import Level
from kiosk.store.rooms import StoredRoom
from tests.fakes import meeting
from tests.running import wait_for
from tests.web.visitors import Reception, Visitor


@pytest.fixture
def admin(reception: Reception) -> Visitor:
    return reception.account("admin")


def room(reception: Reception, slug: str = "oak") -> StoredRoom:
    with reception.parts.store.read() as db:
        return rooms.by_slug(db, slug)


def book(reception: Reception, hours: int = 24) -> str:
    start = clock.now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=hours)
    wish = Wish("oak", start, start + timedelta(hours=1), title="At the door")
    return reception.server.desk.book(wish).event_id


def text(visitor: Visitor, path: str) -> str:
    answer = visitor.get(path, follow_redirects=True)
    assert answer.status_code == 200
    return unescape(answer.text)


def acted(reception: Reception) -> list[tuple[str, str, str]]:
    with reception.parts.store.read() as db:
        return [(act.actor, act.act, act.room) for act in acts.recent(db)]


def test_list_shows_what_a_visitor_may_see(reception: Reception, admin: Visitor) -> None:
    page = text(admin, "/admin/rooms")
    assert all(word in page for word in ("Oak", "Elm", "not linked"))
    managed = text(reception.account("manager"), "/admin/rooms")
    assert "/admin/rooms/oak" in managed
    assert "/admin/rooms/elm" not in managed


def test_room_is_added_edited_and_deleted(reception: Reception, admin: Visitor) -> None:
    added = admin.post("/admin/rooms/new", name="Großer Saal", zone="Europe/Berlin", building="Berlin", capacity="40")
    assert (added.status_code, added.headers["Location"]) == (303, "/admin/rooms/grosser-saal")
    form = {
        "name": "Hall",
        "slug": "hall",
        "floor": "3",
        "capacity": "",
        "equipment": "Screen, Stage ,",
        "zone": "Asia/Tokyo",
    }
    assert admin.post("/admin/rooms/grosser-saal", **form).headers["Location"] == "/admin/rooms/hall"
    hall = room(reception, "hall").room
    assert (hall.name, hall.building, hall.floor, hall.capacity) == ("Hall", "Berlin", "3", 0)
    assert (hall.equipment, hall.zone.key) == (("Screen", "Stage"), "Asia/Tokyo")
    assert admin.post("/admin/rooms/hall/delete").status_code == 303
    assert admin.get("/admin/rooms/hall").status_code == 404
    who = "admin@kiosk.example"
    assert acted(reception)[:3] == [
        (who, "remove_room", "hall"),
        (who, "edit_room", "hall"),
        (who, "add_room", "grosser-saal"),
    ]


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"name": "", "zone": "UTC"}, "A room needs a name"),
        ({"name": "Fir", "zone": "Berlin"}, "'Berlin' is not a time zone"),
        ({"name": "Fir", "zone": "UTC", "slug": "oak"}, "address 'oak' already"),
        ({"name": "Fir", "zone": "UTC", "capacity": "many"}, "Seats are a whole number"),
        (
            {"name": "F" * 201, "zone": "UTC", "slug": "fir"},
            "at most 200 characters, and this has 201",
        ),
        ({"name": "Fir", "zone": "UTC", "floor": "1" * 201}, "A room's floor has at most 200 characters"),
        ({"name": "Fir", "zone": "UTC", "equipment": "x, " * 400}, "A room's equipment has at most 1000 characters"),
    ],
)
def test_wrong_room_keeps_what_was_typed_and_says_why(admin: Visitor, form: dict[str, str], said: str) -> None:
    answer = admin.post("/admin/rooms/new", building="Attic", **form)
    assert answer.status_code == 422
    assert said in unescape(answer.text)
    assert 'value="Attic"' in answer.text


def test_manager_changes_a_room_but_not_its_address(reception: Reception) -> None:
    manager = reception.account("manager")
    assert manager.post("/admin/rooms/oak", name="The Oak", slug="mine").status_code == 303
    assert room(reception).room.name == "The Oak"


def test_page_shows_where_each_policy_comes_from(reception: Reception, admin: Visitor) -> None:
    store = reception.parts.store
    store.write(policies.change, Level("Berlin"), {"grace": "21"})
    page = text(admin, "/admin/rooms/oak")
    assert '<strong>21</strong> <span class="hint">from the building</span>' in page
    admin.post("/admin/rooms/oak/policy", **{"policy:grace": "5", "policy:names": "yes"})
    assert '<strong>5</strong> <span class="hint">from this room</span>' in text(admin, "/admin/rooms/oak")
    admin.post("/admin/rooms/oak/policy", **{"policy:grace": "", "policy:names": "yes"})
    with store.read() as db:
        assert policies.of_room(db, room(reception).id) == {"names": "yes"}


def test_wrong_policy_is_shown_with_its_reason(admin: Visitor) -> None:
    answer = admin.post("/admin/rooms/oak/policy", **{"policy:grace": "soon"})
    assert answer.status_code == 422
    assert "grace cannot be 'soon'" in unescape(answer.text)
    assert 'value="soon"' in answer.text
    assert admin.post("/admin/levels", building="Berlin", **{"policy:grace": "soon"}).status_code == 422


def test_levels_are_written_and_an_unknown_one_is_not_there(reception: Reception, admin: Visitor) -> None:
    assert admin.post("/admin/levels", building="Berlin", floor="2", **{"policy:check-in": "all"}).status_code == 303
    assert room(reception).room.policy.check_in == "all"
    assert room(reception, "elm").room.policy.check_in == "off"
    assert "1 of its own" in text(admin, "/admin/levels")
    assert admin.get("/admin/levels?building=Atlantis").status_code == 404


def test_linking_asks_before_bookings_go(reception: Reception, admin: Visitor) -> None:
    book(reception)
    page = text(admin, "/admin/rooms/oak")
    assert "This room has 1 booking of its own to come" in page
    assert 'name="confirmed" value="1"' in page
    book(reception, 48)
    address = "c_1@resource.calendar.google.com"
    assert admin.post("/admin/rooms/oak/link", calendar=address, confirmed="1").status_code == 303
    task = ended(reception, "link")
    assert task.state == "failed"
    assert "and not 1 as was agreed: say that they may go" in task.says
    part = text(admin, "/admin/rooms/oak/calendar.part")
    assert "say that they may go" in part
    assert 'name="confirmed" value="2"' in part


def ended(reception: Reception, act: str) -> tasks.Task:
    """Return how work about "oak" ended, waiting for that."""

    def look() -> tasks.Task | None:
        with reception.parts.store.read() as db:
            found = tasks.latest(db, f"{act}:{room(reception).id}", clock.now())
        return found if found and found.state != "running" else None

    task: tasks.Task = wait_for(look)
    return task


def test_address_that_could_not_be_linked_is_there_again_to_be_mended(reception: Reception, admin: Visitor) -> None:
    typed = 'value="c_188wrong@resource.calendar.google.com"'
    admin.post("/admin/rooms/oak/link", calendar="c_188wrong@resource.calendar.google.com")
    assert ended(reception, "link").state == "failed"
    assert typed in text(admin, "/admin/rooms/oak")
    assert typed in text(admin, "/admin/rooms/oak/calendar.part")
    assert 'value="ada@kiosk.example"' in text(admin, "/admin/rooms/oak/calendar.part?calendar=ada@kiosk.example")


def test_room_that_gets_another_word_keeps_what_is_done_about_it(reception: Reception, admin: Visitor) -> None:
    store, stored = reception.parts.store, room(reception)
    store.write(tasks.begin, f"link:{stored.id}", clock.now())
    store.write(rooms.change, stored.id, replace(stored.room, slug="quercus"))
    assert "<progress" in text(admin, "/admin/rooms/quercus/calendar.part")


@pytest.mark.parametrize("act", ["sync", "disconnect", "link"])
def test_what_makes_no_sense_is_refused_at_once(admin: Visitor, act: str) -> None:
    answer = admin.post(f"/admin/rooms/oak/{act}")
    assert answer.status_code == 303
    assert "flash--bad" in text(admin, "/admin/rooms/oak")


def test_import_without_a_directory_says_what_to_do(admin: Visitor) -> None:
    page = text(admin, "/admin/rooms/import")
    assert "The Directory cannot be read" in page
    assert "/admin/doctor" in page


def test_bookings_are_listed_marked_and_deleted(reception: Reception, admin: Visitor) -> None:
    number = book(reception)
    tomorrow = (clock.now() + timedelta(hours=24)).astimezone(room(reception).room.zone)
    theirs = meeting("theirs", clock.now() + timedelta(hours=30), organizer=Person("ada@kiosk.example", "Ada"))
    reception.parts.store.write(events.upsert, room(reception).id, [theirs])
    path = f"/admin/bookings?day={tomorrow.date()}&days=7"
    page = text(admin, path)
    assert "anonymous" in page
    assert page.count('class="google-mark"') == 2  # once in the list, once where it is explained
    assert page.count(">Reject<") == 0
    done = admin.post("/admin/bookings/cancel", room="oak", booking=number, back=path)
    assert (done.status_code, done.headers["Location"]) == (303, path)
    page = text(admin, path)
    assert "The booking is cancelled." in page
    assert "At the door" not in page


def test_others_meeting_is_not_rejected_unless_the_policy_says_so(reception: Reception, admin: Visitor) -> None:
    theirs = meeting("theirs", clock.now() + timedelta(hours=3), organizer=Person("ada@kiosk.example", "Ada"))
    reception.parts.store.write(events.upsert, room(reception).id, [theirs])
    admin.post("/admin/bookings/release", room="oak", booking="mtheirs")
    assert "its organizer can change it there" in text(admin, "/admin/bookings")
    reception.parts.store.write(policies.change, None, {"owners-release": "yes"})
    assert ">Reject<" in text(admin, "/admin/bookings?days=7")
    assert ">Reject<" not in text(reception.account("viewer"), "/admin/bookings?days=7")


def test_manager_sees_and_changes_bookings_of_their_rooms_only(reception: Reception) -> None:
    number = book(reception)
    elsewhere = reception.account("manager", "elm", email="elsewhere@kiosk.example")
    assert "At the door" not in text(elsewhere, "/admin/bookings?days=7")
    assert elsewhere.post("/admin/bookings/cancel", room="oak", booking=number).status_code == 403
    assert "At the door" in text(reception.account("manager"), "/admin/bookings?days=7")


@pytest.mark.parametrize(
    "query", ["day=never&days=x&page=-1&kind=odd&order=odd", "day=9999-12-31", "room=nowhere", "page=99999"]
)
def test_odd_question_gets_a_plain_answer(admin: Visitor, query: str) -> None:
    assert admin.get(f"/admin/bookings?{query}").status_code == 200
