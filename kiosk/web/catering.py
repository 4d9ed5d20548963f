"""Asking for services with a booking, from My bookings and by the API: only whose booking it is may, and admins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, current_app, jsonify

from kiosk import clock
from kiosk.errors import NotFound, UsageError
from kiosk.schedule.model import Booking, Room
from kiosk.schedule.rights import Who
from kiosk.store import diary, orders, rooms, services
from kiosk.store.database import Store
from kiosk.store.orders import MOST, KeyReused, Request, TooLate
from kiosk.store.rooms import StoredRoom
from kiosk.store.services import Service
from kiosk.web.asking import Asking, idempotency_key, place
from kiosk.web.fields import Body, Query
from kiosk.web.outcomes import invalid
from kiosk.web.problems import Problem
from kiosk.web.wording import gettext as _
from kiosk.web.wording import zone_of


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
    def offered(slug: str) -> Response:
        with catering.store.read() as db:
            found = services.offered(db, rooms.by_slug(db, slug).room.building)
        return jsonify(services=[_service(one) for one in found])

    @routes.get("/bookings/<event_id>/services")
    def asked(event_id: str) -> Response:
        slug = Query().text("room")
        stored, booking = catering.booking(event_id, slug, catering.asking.who(None, slug))
        with catering.store.read() as db:
            found = orders.of_bookings(db, [(stored.id, booking.id)])[stored.id, booking.id]
        return jsonify(requests=[_request(one) for one in found])

    @routes.post("/bookings/<event_id>/services")
    def ask(event_id: str) -> tuple[Response, int]:
        body = Body()
        slug = body.text("room", 100)
        who = catering.asking.who(body, slug)
        service, quantity = body.number("service", 2**31), body.number("quantity", MOST)
        note = body.text("note", orders.LONGEST_NOTE)
        made = catering.ask(Wanted(event_id, slug, service or 0, quantity or 1, note, idempotency_key()), who)
        return jsonify(_request(made)), 201

    @routes.delete("/bookings/<event_id>/services/<int:number>")
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


def _service(one: Service) -> dict[str, Any]:
    return {"id": one.id, "name": one.name, "detail": one.detail, "lead_minutes": one.lead_minutes}


def _request(one: Request) -> dict[str, Any]:
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
