"""Services are asked for by whoever has the booking, answered by the building's caterers, and follow the booking."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest

from kiosk import clock
from kiosk.booking.counter import Wish
from kiosk.booking.waiter import Waiter
from kiosk.notify import letters
from kiosk.schedule.model import Booking, Person, Room
from kiosk.schedule.rights import Who
from kiosk.store import accounts, acts, astray, deliveries, mirror, orders, rooms, services, webhooks
from kiosk.store.deliveries import Delivery
from kiosk.store.orders import Request
from kiosk.store.services import Service
from tests.fakes import meeting
from tests.web.visitors import Reception, Visitor

PAUL = "paul@kiosk.example"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def coffee(reception: Reception) -> Service:
    return reception.parts.store.write(services.add, "Berlin", "Coffee", "a pot for six", 30)


def later(minutes: int = 180) -> datetime:
    return clock.now().replace(second=0, microsecond=0) + minutes * MINUTE


def book(reception: Reception, start: datetime | None = None, email: str = PAUL, slug: str = "oak") -> str:
    begins = start or later()
    wish = Wish(slug, begins, begins + timedelta(hours=1), title="Review", who=Who("person", email))
    made = reception.server.desk.book(wish)
    assert made.state == "confirmed"
    return made.event_id


def ask(visitor: Visitor, event_id: str, wanted: Service, **more: object) -> int:
    body = {"room": "oak", "service": wanted.id} | more
    return visitor.post_json(f"/api/v1/bookings/{event_id}/services", body).status_code


def requests(reception: Reception) -> list[Request]:
    with reception.parts.store.read() as db:
        return [one for one, _ in orders.between(db, clock.DAWN, later(100_000))]


def mails(reception: Reception) -> list[Delivery]:
    with reception.parts.store.read() as db:
        return [one for one in reversed(deliveries.recent(db, 100)) if one.way == "mail"]


def follow(reception: Reception, minutes: int = 0) -> None:
    Waiter(reception.parts.store, lambda: clock.now() + minutes * MINUTE).step()


def test_owner_asks_and_the_caterers_of_the_building_are_told(reception: Reception, coffee: Service) -> None:
    reception.account("caterer")
    reception.account("caterer", "Hamburg", email="hamburg@kiosk.example")
    event_id = book(reception)
    answer = reception.person().post_json(
        f"/api/v1/bookings/{event_id}/services",
        {"room": "oak", "service": coffee.id, "quantity": 6, "note": "oat milk"},
    )
    assert (answer.status_code, answer.json["state"]) == (201, "requested")
    assert [(one.target, one.event) for one in mails(reception)] == [("caterer@kiosk.example", "service.requested")]
    with reception.parts.store.read() as db:
        [act] = [one for one in acts.recent(db) if one.act == "request_service"]
    assert (act.actor, act.room, act.event_id) == (f"person:{PAUL}", "oak", event_id)


def test_nobody_else_asks(reception: Reception, coffee: Service) -> None:
    event_id = book(reception)
    assert ask(reception.person("eve@kiosk.example"), event_id, coffee) == 403
    assert ask(reception.screen(), event_id, coffee) == 403
    assert ask(reception.account("admin"), event_id, coffee) == 201


def test_too_late_is_said_with_the_time_until_which_it_could_be_asked_for(
    reception: Reception, coffee: Service
) -> None:
    event_id = book(reception, later(20))
    body = {"room": "oak", "service": coffee.id}
    answer = reception.person().post_json(f"/api/v1/bookings/{event_id}/services", body)
    assert (answer.status_code, answer.json["reason"]) == (409, "too_late")
    assert answer.json["detail"].startswith("Coffee had to be asked for until ")


@pytest.mark.parametrize("more", [{"quantity": 0}, {"quantity": 1000}, {"service": 99}, {"note": "x" * 501}])
def test_what_cannot_be_brought_is_refused_with_its_field(
    reception: Reception, coffee: Service, more: dict[str, object]
) -> None:
    assert ask(reception.person(), book(reception), coffee, **more) == 422


def test_another_buildings_services_are_not_offered(reception: Reception) -> None:
    cake = reception.parts.store.write(services.add, "Hamburg", "Cake")
    person = reception.person()
    assert person.get("/api/v1/rooms/oak/services").json == {"services": []}
    assert [one["name"] for one in person.get("/api/v1/rooms/elm/services").json["services"]] == ["Cake"]
    assert ask(person, book(reception), cake) == 422


def test_caterer_accepts_and_whoever_asked_is_told(reception: Reception, coffee: Service) -> None:
    ask(reception.person(), book(reception), coffee)
    [one] = requests(reception)
    caterer = reception.account("caterer")
    assert "1 × Coffee" in caterer.get("/admin/services").text
    caterer.post(f"/admin/services/requests/{one.id}", state="accepted", answer="At ten to.")
    [one] = requests(reception)
    assert (one.state, one.answer, one.answered_by) == ("accepted", "At ten to.", "caterer@kiosk.example")
    assert [(mail.target, mail.event) for mail in mails(reception)][-1] == (PAUL, "service.changed")
    assert "At ten to." in reception.person().get("/my").text


def test_caterer_of_another_building_neither_sees_nor_answers(reception: Reception, coffee: Service) -> None:
    ask(reception.person(), book(reception), coffee)
    [one] = requests(reception)
    other = reception.account("caterer", "Hamburg", email="hamburg@kiosk.example")
    assert "Coffee" not in other.get("/admin/services").text
    assert other.post(f"/admin/services/requests/{one.id}", state="accepted").status_code == 403
    assert requests(reception)[0].state == "requested"


def test_what_is_settled_is_not_answered_again(reception: Reception, coffee: Service) -> None:
    ask(reception.person(), book(reception), coffee)
    [one] = requests(reception)
    admin = reception.account("admin")
    for state in ("declined", "accepted"):
        admin.post(f"/admin/services/requests/{one.id}", state=state)
    assert requests(reception)[0].state == "declined"


def test_it_is_cancelled_with_the_booking_at_once(reception: Reception, coffee: Service) -> None:
    reception.account("caterer")
    event_id = book(reception)
    ask(reception.person(), event_id, coffee)
    reception.person().post(f"/my/bookings/{event_id}/cancel", room="oak")
    follow(reception)
    assert requests(reception)[0].state == "cancelled"
    assert mails(reception)[-1].event == "service.cancelled"


def test_where_nobody_caters_administrators_are_told_and_see_why(reception: Reception, coffee: Service) -> None:
    anna = reception.account("admin")
    ask(reception.person(), book(reception), coffee)
    [mail] = mails(reception)
    assert (mail.target, mail.event) == ("admin@kiosk.example", "service.requested")
    letter = letters.write(mail.event, json.loads(mail.body), "", letters.plain)
    assert "Nobody answers requests in this building yet" in letter.text
    assert "Berlin: nobody has the role caterer here" in anna.get("/admin/services").text
    reception.account("caterer")
    ask(reception.person(), book(reception, later(400)), coffee)
    assert [one.target for one in mails(reception)] == ["admin@kiosk.example", "caterer@kiosk.example"]
    assert "nobody has the role caterer" not in anna.get("/admin/services").text


def test_webhooks_are_told_how_many_answer_for_the_building(reception: Reception, coffee: Service) -> None:
    reception.parts.store.write(webhooks.add, "https://example.org/", (), clock.now())
    ask(reception.person(), book(reception), coffee)
    with reception.parts.store.read() as db:
        [told] = [one for one in deliveries.recent(db, 10) if one.event == "service.requested" and one.way == "webhook"]
    assert json.loads(told.body)["data"]["caterers"] == 0


def test_caterer_may_be_for_the_rooms_without_a_building(reception: Reception) -> None:
    store, admin = reception.parts.store, reception.account("admin")
    assert "(rooms without a building)" not in admin.get("/admin/people").text
    store.write(rooms.add, Room("tent", "Tent", clock.zone("Europe/Berlin")))
    assert "(rooms without a building)" in admin.get("/admin/people").text
    email = "cook@kiosk.example"
    admin.post("/admin/people", email=email, name="Cook", role="caterer", buildings=["", "Berlin"])
    assert "(no building), Berlin" in admin.get("/admin/people").text
    cook, tea = reception.person(email), store.write(services.add, "", "Tea")
    reception.person().post_json(
        f"/api/v1/bookings/{book(reception, slug='tent')}/services", {"room": "tent", "service": tea.id}
    )
    assert (mails(reception)[-1].target, "1 × Tea" in cook.get("/admin/services").text) == (email, True)
    [one] = requests(reception)
    cook.post(f"/admin/services/requests/{one.id}", state="accepted")
    assert requests(reception)[0].state == "accepted"


def test_program_that_asked_is_sent_no_mail(reception: Reception, coffee: Service) -> None:
    ask(reception.program(), book(reception), coffee)
    [one] = requests(reception)
    reception.account("admin").post(f"/admin/services/requests/{one.id}", state="accepted")
    assert "@" not in one.by
    assert all("@" in mail.target for mail in mails(reception))


def test_whoever_asked_is_told_when_it_is_cancelled_with_its_booking(reception: Reception, coffee: Service) -> None:
    reception.account("caterer")
    number, start = linked(reception), later()
    in_google(reception, number, start)
    ask(reception.person(), "m1", coffee)
    in_google(reception, number)
    follow(reception)
    follow(reception, minutes=3)
    mail = mails(reception)[-1]
    assert (mail.target, mail.event) == (PAUL, "service.cancelled")
    assert "not there any more" in letters.write(mail.event, json.loads(mail.body), "", letters.plain).text


def test_meeting_that_vanishes_just_before_it_begins_takes_its_services_along(
    reception: Reception, coffee: Service
) -> None:
    number, start = linked(reception), later(32)
    in_google(reception, number, start)
    ask(reception.person(), "m1", coffee)
    in_google(reception, number)
    for minutes in (30, 32, 33):
        follow(reception, minutes=minutes)
    assert requests(reception)[0].state == "cancelled"


@pytest.mark.parametrize(("state", "left"), [("requested", "cancelled"), ("accepted", "accepted")])
def test_what_was_brought_is_not_cancelled_by_a_meeting_that_vanishes_later(
    reception: Reception, coffee: Service, state: str, left: str
) -> None:
    number, start = linked(reception), later(32)
    in_google(reception, number, start)
    ask(reception.person(), "m1", coffee)
    if state == "accepted":
        [one] = requests(reception)
        reception.parts.store.write(orders.answer, one.id, "accepted", "", "caterer@kiosk.example", clock.now())
    in_google(reception, number)
    for minutes in (45, 48):
        follow(reception, minutes=minutes)
    assert requests(reception)[0].state == left


def test_asking_again_with_the_same_key_asks_once(reception: Reception, coffee: Service) -> None:
    person, path = reception.person(), f"/api/v1/bookings/{book(reception)}/services"
    person.headers["Idempotency-Key"] = "7c1b"
    first, second = (person.post_json(path, {"room": "oak", "service": coffee.id, "note": "oat "}) for _ in range(2))
    assert (first.status_code, second.status_code, first.json) == (201, 201, second.json)
    other = person.post_json(path, {"room": "oak", "service": coffee.id, "quantity": 2})
    assert (other.status_code, other.json["reason"]) == (422, "key_reused")
    assert len(requests(reception)) == 1


def test_asking_again_with_the_same_key_is_answered_though_it_is_too_late_now(
    reception: Reception, coffee: Service
) -> None:
    person, path = reception.person(), f"/api/v1/bookings/{book(reception)}/services"
    person.headers["Idempotency-Key"] = "7c1b"
    body = {"room": "oak", "service": coffee.id}
    first = person.post_json(path, body)
    reception.parts.store.write(services.change, coffee.id, "Berlin", "Coffee", "a pot for six", 1000, True)
    again = person.post_json(path, body)
    assert (again.status_code, again.json["id"]) == (201, first.json["id"])


def test_what_was_brought_is_not_taken_back_after_the_meeting(reception: Reception, coffee: Service) -> None:
    number, start = linked(reception), later(-90)
    in_google(reception, number, start)
    with reception.parts.store.read() as db:
        oak = rooms.by_slug(db, "oak")
    meeting_ = Booking("m1", start, start + 30 * MINUTE, "Review", person=PAUL)
    one = reception.parts.store.write(orders.ask, oak, meeting_, coffee, 1, "", PAUL, start - timedelta(hours=3))
    reception.parts.store.write(orders.answer, one.id, "accepted", "", "caterer@kiosk.example", start)
    person = reception.person()
    answer = person.ask("DELETE", f"/api/v1/bookings/m1/services/{one.id}", headers={"X-CSRF-Token": person.csrf})
    assert (answer.status_code, answer.json["reason"]) == (409, "over")
    person.post(f"/my/bookings/m1/services/{one.id}/cancel", room="oak")
    assert "The meeting is over" in person.get("/my").text
    assert requests(reception)[0].state == "accepted"


@pytest.mark.parametrize(("role", "scope"), [("manager", "Berlin"), ("admin", "Hamburg")])
def test_only_administrators_join_a_building_to_another(
    reception: Reception, coffee: Service, role: str, scope: str
) -> None:
    reception.account("caterer")
    reception.account(role).post("/admin/rooms/oak", building="Hamburg")
    with reception.parts.store.read() as db:
        assert accounts.get(db, "caterer@kiosk.example").scope == (scope,)
        assert (rooms.by_slug(db, "oak").room.building, services.every(db)[0].building) == ("Hamburg", scope)


def linked(reception: Reception) -> int:
    """Let "oak" be a linked room that was read once."""
    store, now = reception.parts.store, clock.now()
    with store.read() as db:
        number = rooms.by_slug(db, "oak").id
    store.write(rooms.link, number, "Europe/Berlin", "oak@resource.calendar.google.com", now)
    return number


def in_google(reception: Reception, number: int, *starts: datetime) -> None:
    """Let Google's calendar of the room be read with one meeting of Paul's, or none."""
    store, now = reception.parts.store, clock.now()
    found = [meeting(1, start, organizer=Person(PAUL)) for start in starts]
    with store.read() as db:
        known = mirror.progress(db, number)
    assert known
    window = (now - timedelta(days=1), now + timedelta(days=21))
    store.write(mirror.commit_full, number, known.generation, found, "cursor", window, now)


def test_it_moves_with_a_meeting_that_is_moved_in_google(reception: Reception, coffee: Service) -> None:
    reception.account("caterer")
    number, start = linked(reception), later()
    in_google(reception, number, start)
    ask(reception.person(), "m1", coffee)
    [one] = requests(reception)
    reception.parts.store.write(orders.answer, one.id, "accepted", "", "caterer@kiosk.example", clock.now())
    in_google(reception, number, start + timedelta(hours=2))
    follow(reception)
    [one] = requests(reception)
    assert (one.start, one.state) == (start + timedelta(hours=2), "requested")
    assert (mails(reception)[-1].target, mails(reception)[-1].event) == ("caterer@kiosk.example", "service.changed")
    assert clock.iso(start) in mails(reception)[-1].body


def test_it_is_cancelled_when_google_has_no_such_meeting_for_a_while(reception: Reception, coffee: Service) -> None:
    number, start = linked(reception), later()
    in_google(reception, number, start)
    ask(reception.person(), "m1", coffee)
    in_google(reception, number)
    follow(reception)
    assert requests(reception)[0].state == "requested"
    follow(reception, minutes=1)
    assert requests(reception)[0].state == "requested"
    follow(reception, minutes=3)
    assert requests(reception)[0].state == "cancelled"


def test_a_meeting_that_is_back_in_time_keeps_its_services(reception: Reception, coffee: Service) -> None:
    number, start = linked(reception), later()
    in_google(reception, number, start)
    ask(reception.person(), "m1", coffee)
    in_google(reception, number)
    follow(reception)
    in_google(reception, number, start)
    follow(reception, minutes=5)
    [one] = requests(reception)
    assert (one.state, one.missing_at) == ("requested", None)
    with reception.parts.store.read() as db:
        assert astray.found(db, clock.now()) == []


def test_it_moves_with_a_meeting_to_another_room_of_the_building_only(reception: Reception, coffee: Service) -> None:
    reception.account("caterer")
    store, number, start = reception.parts.store, linked(reception), later()
    zone = clock.zone("Europe/Berlin")
    others = [
        store.write(rooms.add_linked, Room(slug, slug, zone, building), f"{slug}@resource.calendar.google.com", start)
        for slug, building in (("ash", "Berlin"), ("fir", "Hamburg"))
    ]
    in_google(reception, number, start)
    ask(reception.person(), "m1", coffee)
    in_google(reception, number)
    in_google(reception, others[0].id, start)
    follow(reception)
    [one] = requests(reception)
    assert (one.room_id, one.state) == (others[0].id, "requested")
    in_google(reception, others[0].id)
    in_google(reception, others[1].id, start)
    follow(reception)
    assert requests(reception)[0].state == "cancelled"
    told = [(mail.target, mail.event) for mail in mails(reception)][-2:]
    assert sorted(told) == [("caterer@kiosk.example", "service.cancelled"), (PAUL, "service.cancelled")]


def test_caterers_are_told_when_the_room_is_deleted(reception: Reception, coffee: Service) -> None:
    reception.account("caterer")
    ask(reception.person(), book(reception), coffee)
    reception.account("admin").post("/admin/rooms/oak/delete")
    assert mails(reception)[-1].event == "service.cancelled"
    assert requests(reception) == []


def test_owner_takes_a_request_back_and_others_do_not(reception: Reception, coffee: Service) -> None:
    event_id = book(reception)
    ask(reception.person(), event_id, coffee)
    [one] = requests(reception)
    path = f"/my/bookings/{event_id}/services/{one.id}/cancel"
    reception.person("eve@kiosk.example").post(path, room="oak")
    assert requests(reception)[0].state == "requested"
    reception.person().post(path, room="oak")
    assert requests(reception)[0].state == "cancelled"


def test_catalogue_is_kept_by_the_buildings_caterers(reception: Reception) -> None:
    caterer = reception.account("caterer")
    added = {"building": "Berlin", "name": "Lunch", "detail": "", "lead": "120"}
    caterer.post("/admin/services/catalogue", **added)
    assert caterer.post("/admin/services/catalogue", **added | {"building": "Hamburg"}).status_code == 403
    with reception.parts.store.read() as db:
        [lunch] = services.every(db)
    assert (lunch.building, lunch.lead_minutes, lunch.active) == ("Berlin", 120, True)
    caterer.post(f"/admin/services/catalogue/{lunch.id}", **added | {"name": "Dinner"})
    with reception.parts.store.read() as db:
        [dinner] = services.every(db)
    assert (dinner.name, dinner.active) == ("Dinner", False)
