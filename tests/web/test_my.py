"""My bookings: everybody sees their own in all rooms, and does about them what the rules allow."""

from __future__ import annotations

import re
from datetime import timedelta

from kiosk import clock
from kiosk.booking.counter import Wish
from kiosk.schedule.model import Room
from kiosk.schedule.rights import Who
from kiosk.store import acts, diary, policies, rooms
from tests.web.test_services import PAUL, book, in_google, later, linked
from tests.web.visitors import Reception


def on(reception: Reception, slug: str = "oak") -> list[str]:
    with reception.parts.store.read() as db:
        stored = rooms.by_slug(db, slug)
        return [one.id for one in diary.between(db, stored, clock.now(), later(10_000))]


def test_a_stranger_is_shown_the_way_in(reception: Reception) -> None:
    answer = reception.stranger().get("/my")
    assert answer.status_code == 401
    assert "/admin/log-in?next=/my" in answer.text


def test_own_bookings_of_all_rooms_are_listed_and_nobody_elses(reception: Reception) -> None:
    book(reception)
    book(reception, later(300), slug="elm")
    book(reception, later(500), email="eve@kiosk.example")
    page = reception.person().get("/my").text
    assert ("Oak" in page, "Elm" in page, page.count("<article")) == (True, True, 2)
    assert "Nothing is booked" in reception.person("max@kiosk.example").get("/my").text


def test_where_rooms_lie_in_several_zones_each_time_names_its_own(reception: Reception) -> None:
    book(reception)
    assert 'class="zone"' not in reception.person().get("/my").text
    reception.parts.store.write(rooms.add, Room("hudson", "Hudson", clock.zone("America/New_York"), "New York", "1", 4))
    book(reception, later(300), slug="hudson")
    page = reception.person().get("/my").text
    here, there = re.findall(r'class="zone">([^<]+)<', page)
    # Clocks are not changed on the same day everywhere.
    assert here in {"UTC+1", "UTC+2", "CET", "CEST"}
    assert there in {"EST", "EDT"}


def test_a_meeting_made_in_google_carries_its_mark_and_is_changed_there(reception: Reception) -> None:
    in_google(reception, linked(reception), later())
    page = reception.person().get("/my").text
    assert "Google Calendar</p>" in page
    assert "It is changed in Google Calendar." in page
    assert "Release the room" not in page


def test_where_owners_may_release_the_room_they_are_offered_it(reception: Reception) -> None:
    in_google(reception, linked(reception), later())
    reception.parts.store.write(policies.change, None, {"owners-release": "yes"})
    assert "Release the room" in reception.person().get("/my").text


def test_a_booking_is_cancelled_from_the_list(reception: Reception) -> None:
    event_id = book(reception)
    person = reception.person()
    assert person.post(f"/my/bookings/{event_id}/cancel", room="oak").status_code == 303
    assert "The booking is cancelled." in person.get("/my").text
    assert on(reception) == []


def test_a_booking_under_way_is_ended_from_the_list(reception: Reception) -> None:
    wish = Wish("oak", None, None, 30, "Now", who=Who("person", PAUL))
    made = reception.server.desk.book(wish)
    person = reception.person()
    assert "End now" in person.get("/my").text
    person.post(f"/my/bookings/{made.event_id}/end", room="oak")
    assert "<article" not in person.get("/my").text


def test_somebody_elses_booking_is_not_touched(reception: Reception) -> None:
    event_id = book(reception)
    eve = reception.person("eve@kiosk.example")
    for act in ("end", "cancel", "release"):
        assert eve.post(f"/my/bookings/{event_id}/{act}", room="oak").status_code == 303
    assert on(reception) == [event_id]
    assert "its organizer can change it there" in eve.get("/my").text


def test_a_form_from_elsewhere_is_refused(reception: Reception) -> None:
    event_id = book(reception)
    person = reception.person()
    person.csrf = "guessed"
    assert person.post(f"/my/bookings/{event_id}/cancel", room="oak").status_code == 403
    assert on(reception) == [event_id]


def test_an_account_of_any_role_sees_its_own_bookings(reception: Reception) -> None:
    book(reception, email="viewer@kiosk.example")
    assert reception.account("viewer").get("/my").text.count("<article") == 1


def test_anybody_signs_themselves_out_everywhere(reception: Reception) -> None:
    phone, desk, other = reception.person(), reception.person(), reception.person("max@kiosk.example")
    assert "Sign out everywhere" in phone.get("/my").text
    assert phone.post("/my/sign-out-everywhere").status_code == 303
    assert [each.get("/my").status_code for each in (phone, desk, other)] == [401, 401, 200]
    with reception.parts.store.read() as db:
        assert (acts.recent(db)[0].actor, acts.recent(db)[0].act) == (PAUL, "log_out_everywhere")


def test_a_check_in_is_given_from_the_list(reception: Reception) -> None:
    reception.parts.store.write(policies.change, None, {"check-in": "own"})
    event_id = book(reception, later(0) + timedelta(minutes=3))
    person = reception.person()
    assert "Check in" in person.get("/my").text
    person.post(f"/my/bookings/{event_id}/check-in", room="oak")
    assert "/check-in" not in person.get("/my").text
