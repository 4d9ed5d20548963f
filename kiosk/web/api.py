"""The HTTP API under /api/v1: rooms, schedules, and bookings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Flask, Response, jsonify, request

from kiosk import clock
from kiosk.booking.alternatives import alternatives
from kiosk.booking.counter import Asked, Declined, Wish
from kiosk.booking.desk import Desk
from kiosk.errors import Busy
from kiosk.schedule.closing import is_out_of_order, seen, shut
from kiosk.schedule.model import Booking, CheckIn, Offer, Situation, Slot
from kiosk.schedule.nearby import Candidate
from kiosk.schedule.rights import Act as ActName
from kiosk.schedule.rights import Who
from kiosk.store import acts, diary, extract, mirror, rooms
from kiosk.store.database import Store
from kiosk.store.journal import Command
from kiosk.store.rooms import StoredRoom
from kiosk.web import catering, guests, instead, notices, occupancy, outcomes, reporting, scope
from kiosk.web.access import Gate, foreign, from_elsewhere, revoked
from kiosk.web.asking import Asking, idempotency_key, place
from kiosk.web.catering import Catering
from kiosk.web.fields import Body, Query
from kiosk.web.links import Code, Links
from kiosk.web.occupancy import Occupancy
from kiosk.web.problems import Problem
from kiosk.web.reporting import Reporting
from kiosk.web.scope import Offers
from kiosk.web.sight import sight
from kiosk.web.wording import gettext as _

LONGEST_SCHEDULE = timedelta(days=62)
LOOKAHEAD = timedelta(days=2)
LONGEST_WISH = timedelta(days=7)
SHORTEST_WISH = timedelta(minutes=15)
FURTHEST = timedelta(days=400)
MOST_ACTS = 200
ACTS: dict[str, ActName] = {
    "extend": "extend",
    "start": "start",
    "end": "end",
    "release": "release",
    "check-in": "check_in",
}
# Where the room itself is in the way, another one may do.
ELSEWHERE = {"taken", "closed", "being_booked", "unread"}
UNKNOWN = Situation("closed", None, None, None, None)


@dataclass(frozen=True, slots=True)
class Api:
    """What the API needs; `hub_offers`: returns what a hub tells of other rooms, where this server follows one."""

    store: Store
    desk: Desk
    gate: Gate
    asking: Asking
    title: str
    clock: clock.Clock
    links: Links
    occupancy: Occupancy
    offers: Offers = field(default_factory=Offers)
    hub_offers: Callable[[str, datetime, datetime], list[dict[str, Any]]] | None = None


def install(app: Flask, api: Api) -> None:
    """Add the API to the app."""
    routes = Blueprint("api", __name__, url_prefix="/api/v1")

    @routes.before_request
    def check() -> None:
        if not api.gate.allowed():
            _check_part(api)
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
        end = Query().instant("to", start + SHORTEST_WISH)
        if not start < end <= start + LONGEST_WISH or start > api.clock() + FURTHEST:
            raise outcomes.invalid("to", _("The end must come after the start, by a week at most."))
        who = api.asking.who(None, slug)
        people, equipment = Query().number("people", 10_000), request.args.getlist("equipment")
        found = alternatives(api.store, stored, start, end, who, api.clock(), people, equipment)
        return jsonify(alternatives=_told(api, found, stored, start))

    @routes.get("/rooms/<slug>/link")
    def link(slug: str) -> Response:
        return jsonify(link=_link(api.links.code(_stored(api, slug).room)))

    @routes.post("/rooms/<slug>/bookings")
    def book(slug: str) -> tuple[Response, int]:
        return _book(api, slug)

    for name in ACTS:
        routes.add_url_rule(f"/bookings/<event_id>/{name}", f"{name}", _changer(api, name), methods=["POST"])

    @routes.delete("/bookings/<event_id>")
    def cancel(event_id: str) -> tuple[Response, int]:
        asked = _meant(api, Asked("cancel", event_id, request.args.get("room", "")))
        # Only whoever types a PIN sends anything with it.
        return _change(api, replace(asked, who=api.asking.who(Body() if request.data else None, asked.slug)))

    @routes.post("/rooms/<slug>/presence")
    def presence(slug: str) -> Response:
        return _presence(api, _stored(api, slug))

    @routes.get("/people")
    def people_with_pins() -> Response:
        found = api.asking.people(request.args.get("q", ""))
        return jsonify(people=[{"email": email, "name": name} for email, name in found])

    @routes.get("/acts")
    def log_of_acts() -> Response:
        return _acts(api)

    occupancy.add_routes(routes, api.occupancy, api.gate.knows)
    reporting.add_routes(routes, Reporting(api.store, api.clock), idempotency_key)
    catering.add_routes(routes, Catering(api.store, api.asking, api.clock))
    notices.add_routes(routes, notices.Desk(api.store, api.asking, api.clock))
    app.register_blueprint(routes)


def _check_part(api: Api) -> None:
    """Raise a problem unless whoever is not let in everywhere asks for what is theirs: a device, or a phone."""
    device = api.gate.device()
    if device:
        scope.check(api.gate, device, api.offers, api.clock())
    elif api.gate.is_revoked():
        raise revoked()
    else:
        guests.check(api.gate, api.clock())


def _link(code: Code | None) -> dict[str, str] | None:
    return {"url": code.url, "until": clock.iso(code.until), "picture": code.picture} if code else None


def _book(api: Api, slug: str) -> tuple[Response, int]:
    body = Body()
    start, (minutes, until) = body.instant("start"), _length(body)
    title = body.text("title", 200) or api.title
    wish = Wish(slug, start, until, minutes, title, idempotency_key(), api.asking.who(body, slug), place())
    with _alternatives_to(api, slug, api.desk.counter.span(wish)):
        return _answer(api, _noted(api, api.desk.book(wish)), 201, wish.who)


def _noted(api: Api, command: Command) -> Command:
    """Return a booking, which a device that made it may take back wherever it is."""
    device = api.gate.device()
    if device:
        api.offers.made(device, [f"booking {command.event_id}"], api.clock())
    return command


@contextmanager
def _alternatives_to(api: Api, slug: str, wanted: Slot | None = None) -> Iterator[None]:
    """Tell of other rooms when a room cannot be had for the time that was wanted."""
    try:
        yield
    except Busy as error:
        more = _instead(api, _stored(api, slug), wanted) if wanted else {}
        raise outcomes.refusal("being_booked", **more) from error
    except Declined as error:
        if error.reason not in ELSEWHERE or error.wanted is None:
            raise
        raise outcomes.refusal(error.reason, **_instead(api, _stored(api, slug), error.wanted)) from error


def _meant(api: Api, asked: Asked) -> Asked:
    """Return what is asked with its room named."""
    return replace(asked, slug=api.desk.counter.room_of(asked).room.slug)


def _length(body: Body) -> tuple[int | None, datetime | None]:
    """Return for how many minutes, or until when: one of the two."""
    minutes, until = body.minutes("minutes"), body.instant("until")
    if (minutes is None) == (until is None):
        raise outcomes.invalid("minutes", _("Say either for how many minutes, or until when."))
    return minutes, until


def _changer(api: Api, name: str) -> Callable[[str], tuple[Response, int]]:
    def change(event_id: str) -> tuple[Response, int]:
        body = Body()
        asked = _meant(api, Asked(ACTS[name], event_id, body.text("room", 100)))
        asked = replace(asked, who=api.asking.who(body, asked.slug))
        if name == "extend":
            minutes, until = _length(body)
            asked = replace(asked, minutes=minutes, until=until)
        if name == "release":
            asked = replace(asked, series=body.one_of("scope", ("one", "series")) == "series")
        return _change(api, asked)

    return change


def _change(api: Api, asked: Asked) -> tuple[Response, int]:
    asked = replace(asked, key=idempotency_key(), place=place())
    with _alternatives_to(api, asked.slug):
        return _answer(api, api.desk.change(asked), 200, asked.who)


def _presence(api: Api, stored: StoredRoom) -> Response:
    """Somebody is in the room: that is a check-in, where one is awaited of the booking that is on, or else the next."""
    now = api.clock()
    with api.store.read() as db:
        found = diary.between(db, stored, now, now + stored.room.policy.opens)
    nearest = next(iter(found), None)
    awaited = nearest if nearest and nearest.check_in and nearest.check_in.opens_at <= now else None
    if awaited:
        slug = stored.room.slug
        api.desk.change(Asked("check_in", awaited.id, slug, who=api.asking.who(None, slug), place=place()))
    return jsonify(checked_in=awaited.id if awaited else None)


def _acts(api: Api) -> Response:
    if api.asking.who(None, "").kind != "admin":
        raise Problem(403, "admins_only", "Refused", _("Only an access token may read the log of acts."))
    with api.store.read() as db:
        before = Query().instant("before", None)
        found = acts.recent(db, request.args.get("room") or None, MOST_ACTS, before)
    return jsonify(acts=[extract.row(one) for one in found])


def _answer(api: Api, command: Command, done: int, who: Who) -> tuple[Response, int]:
    with api.store.read() as db:
        stored = rooms.by_id(db, command.room_id)
    if command.state in {"confirmed", "held", "pending"}:
        status = done if command.state == "confirmed" else 202
        said = {"title": sight(who, stored).title(command), "message": outcomes.message(command, stored.room)}
        return jsonify(_booking_made(command, stored) | said), status
    wanted = _wanted(command)
    raise outcomes.refusal(command.reason, **(_instead(api, stored, wanted) if wanted else {}))


def _wanted(command: Command) -> Slot | None:
    """Return the time that another room may have instead."""
    starts = {"book": command.start, "start": command.start, "extend": command.old_end}
    start = starts.get(command.kind)
    return Slot(start, command.end) if start else None


def _instead(api: Api, stored: StoredRoom, wanted: Slot) -> dict[str, Any]:
    if api.hub_offers:
        return {"alternatives": api.hub_offers(stored.room.slug, wanted.start, wanted.end)}
    now, who = api.clock(), api.asking.who(None, stored.room.slug)
    found = alternatives(api.store, stored, wanted.start, wanted.end, who, now)
    return {"alternatives": _told(api, found, stored, wanted.start)}


def _told(api: Api, found: list[Candidate], stored: StoredRoom, start: datetime) -> list[dict[str, Any]]:
    """Return what is told of other rooms; with what can be booked there at once, where that is wanted."""
    now, device = api.clock(), api.gate.device()
    if device:
        api.offers.made(device, [one.room.slug for one in found], now)
    told = []
    with api.store.read() as db:
        for one in found:
            offered: tuple[Offer, ...] = ()
            if start <= now:
                other = rooms.by_slug(db, one.room.slug)
                taken = diary.between(db, other, now, now + one.room.policy.longest)
                offered = instead.offers_now(one.room, taken, now)
            told.append(instead.told(one, stored.room, offered))
    return told


def _every(api: Api) -> list[StoredRoom]:
    with api.store.read() as db:
        return rooms.every(db)


def _stored(api: Api, slug: str) -> StoredRoom:
    with api.store.read() as db:
        return rooms.by_slug(db, slug)


def _room(api: Api, stored: StoredRoom) -> dict[str, Any]:
    now, room = api.clock(), stored.room
    with api.store.read() as db:
        found = diary.between(db, stored, now, now + LOOKAHEAD)
        known = diary.is_known(db, stored)
        progress = mirror.progress(db, stored.id)
    as_of = diary.as_of(stored, progress, now)
    present = seen(room, found, now, shut(room, now, now + LOOKAHEAD)) if known else UNKNOWN
    told = sight(api.asking.who(None, room.slug), stored)
    return {
        "slug": room.slug,
        "name": room.name,
        "building": room.building,
        "floor": room.floor,
        "capacity": room.capacity,
        "equipment": list(room.equipment),
        "zone": room.zone.key,
        "reported": list(room.reported),
        "out_of_order": is_out_of_order(room, now),
        "linked": stored.calendar_id is not None,
        "as_of": clock.iso(as_of) if as_of else None,
        "status": present.status,
        "until": clock.iso(present.until) if present.until else None,
        "current": _booking(told.of(present.current)) if present.current else None,
        "next": _booking(told.of(present.next)) if present.next else None,
    }


def _schedule(api: Api, stored: StoredRoom) -> Response:
    today = api.clock().astimezone(stored.room.zone).date()
    start = Query().instant("from", clock.local_midnight(today, stored.room.zone))
    end = Query().instant("to", start + timedelta(days=1))
    if not start < end <= start + LONGEST_SCHEDULE:
        raise outcomes.invalid("to", _("The end must come after the start, by 62 days at most."))
    with api.store.read() as db:
        found = diary.between(db, stored, start, end)
    told = sight(api.asking.who(None, stored.room.slug), stored)
    bookings = [_booking(told.of(one)) for one in found]
    return jsonify(room=stored.room.slug, zone=stored.room.zone.key, bookings=bookings)


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
        "attended": booking.attended,
        "check_in": _check_in(booking.check_in) if booking.check_in else None,
    }


def _check_in(awaited: CheckIn) -> dict[str, str]:
    return {"from": clock.iso(awaited.opens_at), "until": clock.iso(awaited.due_at)}


def _booking_made(command: Command, stored: StoredRoom) -> dict[str, Any]:
    return {
        "id": command.event_id,
        "room": stored.room.slug,
        "status": command.state,
        "done": command.kind,
        "way": command.way,
        "start": clock.iso(command.start),
        "end": clock.iso(command.end),
    }
