"""The HTTP API under /api/v1: rooms, schedules, and bookings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Flask, Response, jsonify, request

from kiosk import clock
from kiosk.booking.alternatives import Alternative, alternatives
from kiosk.booking.desk import Declined, Desk, Wish
from kiosk.schedule.availability import situation
from kiosk.schedule.model import Booking, Situation
from kiosk.store import diary, mirror, rooms
from kiosk.store.database import Store
from kiosk.store.journal import Command
from kiosk.store.rooms import StoredRoom
from kiosk.web import outcomes
from kiosk.web.access import Gate, foreign, from_elsewhere, stranger
from kiosk.web.fields import Body, Query
from kiosk.web.problems import Problem
from kiosk.web.wording import gettext as _

LONGEST_SCHEDULE = timedelta(days=62)
LOOKAHEAD = timedelta(days=2)
UNKNOWN = Situation("closed", None, None, None, None)


@dataclass(frozen=True, slots=True)
class Api:
    """What the API needs; `touched` hears of a room that somebody acted on."""

    store: Store
    desk: Desk
    gate: Gate
    title: str
    clock: clock.Clock


def install(app: Flask, api: Api) -> None:
    """Add the API to the app."""
    routes = Blueprint("api", __name__, url_prefix="/api/v1")

    @routes.before_request
    def check() -> None:
        if not api.gate.allowed():
            raise stranger()
        if request.method != "GET" and from_elsewhere(request):
            raise foreign()

    @routes.get("/rooms")
    def every_room() -> Response:
        return jsonify(rooms=[_room(api, stored) for stored in _every(api)])

    @routes.get("/rooms/<slug>")
    def one_room(slug: str) -> Response:
        return jsonify(_room(api, _stored(api, slug)))

    @routes.get("/rooms/<slug>/schedule")
    def schedule(slug: str) -> Response:
        return _schedule(api, _stored(api, slug))

    @routes.get("/rooms/<slug>/alternatives")
    def free_rooms(slug: str) -> Response:
        stored = _stored(api, slug)
        start = Query().instant("from", api.clock())
        end = Query().instant("to", start + timedelta(minutes=30))
        return jsonify(alternatives=[_alternative(one) for one in alternatives(api.store, stored, start, end)])

    @routes.post("/rooms/<slug>/bookings")
    def book(slug: str) -> tuple[Response, int]:
        return _book(api, slug)

    @routes.post("/bookings/<event_id>/end")
    def end(event_id: str) -> tuple[Response, int]:
        return _answer(api, api.desk.end(event_id, _key()), 200)

    @routes.delete("/bookings/<event_id>")
    def cancel(event_id: str) -> tuple[Response, int]:
        return _answer(api, api.desk.cancel(event_id, _key()), 200)

    app.register_blueprint(routes)


def _book(api: Api, slug: str) -> tuple[Response, int]:
    body = Body()
    start, minutes, until = body.instant("start"), body.minutes("minutes"), body.instant("until")
    if (minutes is None) == (until is None):
        raise outcomes.invalid("minutes", _("Say either for how many minutes, or until when."))
    title = body.text("title", 200) or api.title
    wish = Wish(slug, start, until, minutes, title, _key())
    try:
        return _answer(api, api.desk.book(wish), 201)
    except Declined as error:
        if error.reason != "taken":
            raise
        start, end = api.desk.span(wish)
        raise outcomes.refusal("taken", **_instead(api, _stored(api, slug), start, end)) from error


def _answer(api: Api, command: Command, done: int) -> tuple[Response, int]:
    with api.store.read() as db:
        stored = rooms.by_id(db, command.room_id)
    if command.state in {"confirmed", "held", "pending"}:
        status = done if command.state == "confirmed" else 202
        return jsonify(_booking_made(command, stored, outcomes.message(command, stored.room))), status
    instead = _instead(api, stored, command.start, command.end) if command.kind == "book" else {}
    raise outcomes.refusal(command.reason, **instead)


def _instead(api: Api, stored: StoredRoom, start: datetime, end: datetime) -> dict[str, Any]:
    return {"alternatives": [_alternative(one) for one in alternatives(api.store, stored, start, end)]}


def _key() -> str | None:
    key = request.headers.get("Idempotency-Key", "").strip()
    if len(key) > 200:
        raise Problem(422, "invalid", "Invalid header", _("The Idempotency-Key is longer than 200 characters."))
    return key or None


def _every(api: Api) -> list[StoredRoom]:
    with api.store.read() as db:
        return rooms.every(db)


def _stored(api: Api, slug: str) -> StoredRoom:
    with api.store.read() as db:
        return rooms.by_slug(db, slug)


def _room(api: Api, stored: StoredRoom) -> dict[str, Any]:
    now, room = api.clock(), stored.room
    with api.store.read() as db:
        found = diary.between(db, stored.id, now, now + LOOKAHEAD)
        known = diary.is_known(db, stored)
        progress = mirror.progress(db, stored.id)
    as_of = (progress.checked_at if progress else None) if stored.calendar_id else now
    present = situation(found, now, room.policy) if known else UNKNOWN
    return {
        "slug": room.slug,
        "name": room.name,
        "building": room.building,
        "floor": room.floor,
        "capacity": room.capacity,
        "equipment": list(room.equipment),
        "zone": room.zone.key,
        "linked": stored.calendar_id is not None,
        "as_of": clock.iso(as_of) if as_of else None,
        "status": present.status,
        "until": clock.iso(present.until) if present.until else None,
        "current": _booking(present.current) if present.current else None,
        "next": _booking(present.next) if present.next else None,
    }


def _schedule(api: Api, stored: StoredRoom) -> Response:
    today = api.clock().astimezone(stored.room.zone).date()
    start = Query().instant("from", clock.local_midnight(today, stored.room.zone))
    end = Query().instant("to", start + timedelta(days=1))
    if not start < end <= start + LONGEST_SCHEDULE:
        raise outcomes.invalid("to", _("The end must come after the start, by 62 days at most."))
    with api.store.read() as db:
        found = diary.between(db, stored.id, start, end)
    return jsonify(room=stored.room.slug, zone=stored.room.zone.key, bookings=[_booking(one) for one in found])


def _booking(booking: Booking) -> dict[str, Any]:
    return {
        "id": booking.id,
        "start": clock.iso(booking.start),
        "end": clock.iso(booking.end),
        "title": booking.title,
        "owner": booking.owner,
        "private": booking.private,
        "own": booking.own,
        "held": booking.held,
        "tentative": booking.tentative,
    }


def _booking_made(command: Command, stored: StoredRoom, message: str) -> dict[str, Any]:
    return {
        "id": command.event_id,
        "room": stored.room.slug,
        "status": "confirmed" if command.state == "confirmed" else "held",
        "start": clock.iso(command.start),
        "end": clock.iso(command.end),
        "title": command.title,
        "message": message,
    }


def _alternative(one: Alternative) -> dict[str, Any]:
    until: datetime | None = one.until
    return {"room": one.room.slug, "name": one.room.name, "until": clock.iso(until) if until else None}
