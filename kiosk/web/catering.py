"""Asking for services with a booking, from My bookings and by the API: only whose booking it is may, and admins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, TypedDict

from flask import Blueprint, Response, current_app, jsonify
from msgspec import Struct, field

from kiosk import clock
from kiosk.errors import NotFound, UsageError
from kiosk.schedule.model import Booking, Room
from kiosk.schedule.rights import Who
from kiosk.store import diary, orders, rooms, services
from kiosk.store.database import Store
from kiosk.store.orders import MOST, KeyReused, Request, TooLate
from kiosk.store.rooms import StoredRoom
from kiosk.store.services import Service
from kiosk.web.asking import Asking, Signed, place
from kiosk.web.openapi.kinds import Moment, about, number, text
from kiosk.web.openapi.operation import operation
from kiosk.web.openapi.reading import idempotency_key
from kiosk.web.openapi.roles import INSIDE
from kiosk.web.outcomes import invalid
from kiosk.web.problems import Problem
from kiosk.web.wording import gettext as _
from kiosk.web.wording import zone_of

WHOSE = "on whose booking it is"


class Offered(TypedDict):
    """A service of a building."""

    id: int
    name: str
    detail: str
    lead_minutes: Annotated[int, about("So long before the booking begins it can be asked for at the latest.")]


class Services(TypedDict):
    """What a building offers with a booking."""

    services: list[Offered]


class ServiceRequest(TypedDict):
    """A service that was asked for with a booking."""

    id: int
    service: Offered
    booking: str
    start: Moment
    quantity: int
    note: str
    state: orders.State
    answer: Annotated[str, about("What the caterers say.")]


class ServiceRequests(TypedDict):
    """What was asked for with a booking."""

    requests: list[ServiceRequest]


class ServiceWish(Struct, frozen=True, kw_only=True):
    """What is asked for with a booking."""

    room: Annotated[str, text(100, "Whose booking it is.")] = ""
    service: Annotated[int, number(2**31, "The service's number.")] | None = None
    quantity: Annotated[int, number(MOST, "How many.")] = 1
    note: Annotated[str, text(orders.LONGEST_NOTE, "A word to the caterers.")] = ""
    as_: Annotated[Signed | None, about("In whose name.")] = field(default=None, name="as")


class BookedRoom(Struct, frozen=True, kw_only=True):
    """Which room's booking is meant."""

    room: Annotated[str, text(100, "The room's slug.")] = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A service wanted with a booking of the room `slug`; `key` makes a repeated request the same request."""

    event_id: str
    slug: str
    service: int
    quantity: int
    note: str
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Catering:
    """Takes requests for services, in the name of whoever has the booking."""

    store: Store
    asking: Asking
    clock: clock.Clock

    def booking(self, event_id: str, slug: str, who: Who) -> tuple[StoredRoom, Booking]:
        """Return somebody's booking of a room. Raises NotFound, and a problem when it is another's."""
        with self.store.read() as db:
            stored = rooms.by_slug(db, slug)
            booking = diary.find(db, stored, event_id)
        if booking is None:
            raise NotFound(_("The booking is not in Google Calendar any more."))
        if who.kind != "admin" and (not who.email or who.email != booking.person):
            raise Problem(403, "not_yours", "Refused", _("Services are asked for by whoever has the booking."))
        return stored, booking

    def ask(self, wanted: Wanted, who: Who) -> Request:
        """Ask for a service with a booking; answers as before when the same was asked with its key before.

        Raises NotFound, and a problem with the reason why not.
        """
        by = who.email or who.name
        asked = (wanted.event_id, wanted.service, wanted.quantity, wanted.note, by)
        try:
            with self.store.read() as db:
                earlier = orders.by_key(db, wanted.key, asked)
            return earlier or self._ask(wanted, by, self.booking(wanted.event_id, wanted.slug, who))
        except KeyReused as error:
            sentence = _("This Idempotency-Key came with another request before: use a new one.")
            raise Problem(422, "key_reused", "Key reused", sentence) from error

    def _ask(self, wanted: Wanted, by: str, found: tuple[StoredRoom, Booking]) -> Request:
        stored, booking = found
        with self.store.read() as db:
            offered = {one.id: one for one in services.offered(db, stored.room.building)}
        if wanted.service not in offered:
            raise invalid("service", _("This service is not offered at %(room)s.", room=stored.room.name))
        asked = (offered[wanted.service], wanted.quantity, wanted.note, by, self.clock(), place(), wanted.key)
        try:
            return self.store.write(orders.ask, stored, booking, *asked)
        except KeyReused:
            raise
        except TooLate as error:
            raise Problem(409, "too_late", "Not done", too_late(error.service, error.until, stored.room)) from error
        except UsageError as error:
            raise invalid("quantity", _("This must be a whole number from 1 to %(highest)s.", highest=MOST)) from error

    def take_back(self, number: int, event_id: str, who: Who) -> Request:
        """Take a request back. Raises NotFound, and a problem when it is another's or settled already."""
        with self.store.read() as db:
            one = orders.find(db, number)
            stored = rooms.by_id(db, one.room_id)
            booking = diary.find(db, stored, one.event_id)
        theirs = bool(who.email) and who.email in {one.by, booking.person if booking else ""}
        if one.event_id != event_id or not (theirs or who.kind == "admin"):
            raise Problem(403, "not_yours", "Refused", _("Services are asked for by whoever has the booking."))
        if one.state not in orders.LIVING:
            raise Problem(409, "settled", "Not done", _("This request is settled already."))
        if (booking.end if booking else one.start) <= self.clock():
            raise Problem(409, "over", "Not done", _("The meeting is over: what was asked for cannot be taken back."))
        return self.store.write(orders.cancel, number, who.email or who.name, self.clock(), place())


def add_routes(routes: Blueprint, catering: Catering) -> None:
    """Add what the API does about services to its routes."""

    @routes.get("/rooms/<slug>/services")
    @operation("What the building of a room offers with a booking", INSIDE, {200: Services})
    def offered(slug: str) -> Response:
        with catering.store.read() as db:
            found = services.offered(db, rooms.by_slug(db, slug).room.building)
        return jsonify(services=[_service(one) for one in found])

    @routes.get("/bookings/<event_id>/services")
    @operation("What was asked for with a booking", INSIDE, {200: ServiceRequests}, where=WHOSE)
    def asked(event_id: str, query: BookedRoom) -> Response:
        slug = query.room
        stored, booking = catering.booking(event_id, slug, catering.asking.who(None, slug))
        with catering.store.read() as db:
            found = orders.of_bookings(db, [(stored.id, booking.id)])[stored.id, booking.id]
        return jsonify(requests=[_request(one) for one in found])

    @routes.post("/bookings/<event_id>/services")
    @operation(
        "Ask for a service with a booking",
        INSIDE,
        {201: ServiceRequest},
        refusals=(409, 429),
        where=WHOSE,
        keyed=True,
        example={"room": "oak", "service": 1, "quantity": 6, "note": "oat milk"},
    )
    def ask(event_id: str, body: ServiceWish) -> tuple[Response, int]:
        who = catering.asking.who(body.as_, body.room)
        key = idempotency_key()
        made = catering.ask(Wanted(event_id, body.room, body.service or 0, body.quantity, body.note, key), who)
        return jsonify(_request(made)), 201

    @routes.delete("/bookings/<event_id>/services/<int:number>")
    @operation(
        "Take a request back, until the meeting is over", INSIDE, {200: ServiceRequest}, refusals=(409,), where=WHOSE
    )
    def take_back(event_id: str, number: int) -> Response:
        return jsonify(_request(catering.take_back(number, event_id, catering.asking.who(None, ""))))


def too_late(service: Service, until: datetime, room: Room) -> str:
    """Return the sentence for a service that cannot be asked for any more."""
    day, time = written(until, room)
    return _("%(service)s had to be asked for until %(day)s, %(time)s.", service=service.name, day=day, time=time)


def written(instant: datetime, room: Room) -> tuple[str, str]:
    """Return the day and the time of an instant in a room's zone, in the language of the moment."""
    filters = current_app.jinja_env.filters
    with zone_of(room):
        return str(filters["day"](instant.astimezone(room.zone).date())), str(filters["clock"](instant))


def _service(one: Service) -> Offered:
    return {"id": one.id, "name": one.name, "detail": one.detail, "lead_minutes": one.lead_minutes}


def _request(one: Request) -> ServiceRequest:
    return {
        "id": one.id,
        "service": _service(one.service),
        "booking": one.event_id,
        "start": clock.iso(one.start),
        "quantity": one.quantity,
        "note": one.note,
        "state": one.state,
        "answer": one.answer,
    }
