"""The HTTP API under /api/v1: rooms, schedules, and bookings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Flask, Response, jsonify, request

from kiosk import clock
from kiosk.booking.alternatives import alternatives
from kiosk.booking.counter import Asked, Declined, Wish
from kiosk.booking.desk import Desk
from kiosk.errors import Busy
from kiosk.schedule.closing import is_out_of_order, seen, shut
from kiosk.schedule.model import Offer, Situation, Slot
from kiosk.schedule.nearby import Candidate
from kiosk.schedule.rights import Act as ActName
from kiosk.schedule.rights import Who
from kiosk.schedule.rules import book_now
from kiosk.store import acts, diary, extract, mirror, rooms
from kiosk.store.database import Store
from kiosk.store.journal import Command
from kiosk.store.rooms import StoredRoom
from kiosk.web import catering, guests, instead, notices, occupancy, outcomes, reporting, scope, told, wishes
from kiosk.web.access import Gate, foreign, from_elsewhere, revoked
from kiosk.web.asking import Asking, place
from kiosk.web.catering import Catering
from kiosk.web.links import Code, Links
from kiosk.web.occupancy import Occupancy
from kiosk.web.openapi.operation import operation
from kiosk.web.openapi.reading import idempotency_key
from kiosk.web.openapi.roles import ADMINS, AT_A_DOOR, BY_DEVICES, INSIDE
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
# What is done about bookings, by its word in addresses: the act, what its request says, and what it is.
ACTS: dict[str, tuple[ActName, type[wishes.Change], str, dict[str, Any]]] = {
    "extend": ("extend", wishes.Extension, "Make a booking longer", {"minutes": 15}),
    "start": ("start", wishes.Change, "Begin a booking now that was to begin later", {}),
    "end": ("end", wishes.Change, "End a booking now; one that has not begun is taken back", {}),
    "release": ("release", wishes.Release, "Give the room back", {"scope": "one"}),
    "check-in": ("check_in", wishes.Change, "Say that somebody has come", {"room": "oak"}),
}
NAMED = {"as": {"person": "anna@example.org", "pin": "4711"}}
CHANGES = {200: told.Done, 202: told.Done}
# Not done as things are, and Google cannot be reached.
CHANGED = (409, 503)
WHOSE = "on whose booking it is, and on the room's policy"
IN_WHOSE_NAME = (
    "Say for how many `minutes`, or `until` when. A screen books in the room's name, who has signed in or sends `as` "
    "in their own, and a program as an administrator."
)
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
    offers: Offers
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

    _add_rooms(routes, api)
    _add_bookings(routes, api)
    _add_lists(routes, api)
    occupancy.add_routes(routes, api.occupancy, api.gate.knows)
    reporting.add_routes(routes, Reporting(api.store, api.clock))
    catering.add_routes(routes, Catering(api.store, api.asking, api.clock))
    notices.add_routes(routes, notices.Desk(api.store, api.asking, api.clock))
    app.register_blueprint(routes)


def _add_rooms(routes: Blueprint, api: Api) -> None:
    @routes.get("/rooms")
    @operation("All rooms, each with its status, its current and its next booking", INSIDE, {200: told.Rooms})
    def every_room() -> Response:
        return jsonify(rooms=[_room(api, stored) for stored in _every(api)])

    @routes.get("/rooms/<slug>")
    @operation("One room, with its status, its current and its next booking", AT_A_DOOR, {200: told.Room})
    def one_room(slug: str) -> Response:
        return jsonify(_room(api, _stored(api, slug)))

    @routes.get("/rooms/<slug>/schedule")
    @operation("The bookings of a room that overlap a stretch of time", AT_A_DOOR, {200: told.Schedule})
    def schedule(slug: str, query: wishes.Stretch) -> Response:
        return _schedule(api, _stored(api, slug), query)

    @routes.get("/rooms/<slug>/alternatives")
    @operation("Up to three other rooms that are free, the best first", AT_A_DOOR, {200: told.Alternatives})
    def free_rooms(slug: str, query: wishes.Elsewhere) -> Response:
        return _free_rooms(api, _stored(api, slug), query)

    @routes.get("/rooms/<slug>/link")
    @operation("The link of the code at a room's door", BY_DEVICES, {200: told.DoorLinked})
    def link(slug: str) -> Response:
        return jsonify(link=_link(api.links.code(_stored(api, slug).room)))

    @routes.post("/rooms/<slug>/presence")
    @operation(
        "Say that somebody is in the room, which checks in the booking that waits for it",
        BY_DEVICES,
        {200: told.Present},
        refusals=CHANGED,
    )
    def presence(slug: str) -> Response:
        return _presence(api, _stored(api, slug))


def _add_bookings(routes: Blueprint, api: Api) -> None:
    @routes.post("/rooms/<slug>/bookings")
    @operation(
        "Book a room",
        AT_A_DOOR,
        {201: told.Done, 202: told.Done},
        refusals=(*CHANGED, 429),
        about=IN_WHOSE_NAME,
        where="on who may book at the room",
        keyed=True,
        example={"minutes": 30, "title": "Stand-up"},
    )
    def book(slug: str, body: wishes.BookingWish) -> tuple[Response, int]:
        return _book(api, slug, body)

    for name, (_act, kind, summary, example) in ACTS.items():
        routes.add_url_rule(
            f"/bookings/<event_id>/{name}", name, _changer(api, name, kind, summary, example), methods=["POST"]
        )

    @routes.delete("/bookings/<event_id>")
    @operation(
        "Take a booking back",
        AT_A_DOOR,
        CHANGES,
        refusals=(*CHANGED, 429),
        where=WHOSE,
        keyed=True,
        example={"as": {"person": "anna@example.org", "pin": "4711"}},
    )
    def cancel(event_id: str, query: wishes.OfRoom, body: wishes.Name | None) -> tuple[Response, int]:
        asked = _meant(api, Asked("cancel", event_id, query.room))
        return _change(api, replace(asked, who=api.asking.who(body.as_ if body else None, asked.slug)))


def _add_lists(routes: Blueprint, api: Api) -> None:
    @routes.get("/people")
    @operation(
        "People with a PIN whose name begins so, where names are allowed at a door",
        BY_DEVICES,
        {200: told.People},
        where="on whether one of a device's rooms allows names",
    )
    def people_with_pins(query: wishes.Search) -> Response:
        return jsonify(people=[{"email": email, "name": name} for email, name in api.asking.people(query.q)])

    @routes.get("/acts")
    @operation("The log of acts, newest first", ADMINS, {200: told.Acts}, first=lambda: _check_admin(api))
    def log_of_acts(query: wishes.Log) -> Response:
        return _acts(api, query)


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


def _book(api: Api, slug: str, body: wishes.BookingWish) -> tuple[Response, int]:
    minutes, until = _length(body)
    who, title = api.asking.who(body.as_, slug), body.title or api.title
    wish = Wish(slug, body.start, until, minutes, title, idempotency_key(), who, place())
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


def _length(body: wishes.BookingWish | wishes.Extension) -> tuple[int | None, datetime | None]:
    """Return for how many minutes, or until when: one of the two."""
    if (body.minutes is None) == (body.until is None):
        raise outcomes.invalid("minutes", _("Say either for how many minutes, or until when."))
    return body.minutes, body.until


def _changer(
    api: Api, name: str, kind: type[wishes.Change], summary: str, example: dict[str, Any]
) -> Callable[..., tuple[Response, int]]:
    more: dict[str, Any] = {"where": WHOSE, "keyed": True, "body": kind, "example": example}

    @operation(summary, AT_A_DOOR, CHANGES, refusals=(*CHANGED, 429), **more)
    def change(event_id: str, body: wishes.Change) -> tuple[Response, int]:
        asked = _meant(api, Asked(ACTS[name][0], event_id, body.room))
        asked = replace(asked, who=api.asking.who(body.as_, asked.slug))
        if isinstance(body, wishes.Extension):
            minutes, until = _length(body)
            asked = replace(asked, minutes=minutes, until=until)
        if isinstance(body, wishes.Release):
            asked = replace(asked, series=body.scope == "series")
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


def _check_admin(api: Api) -> None:
    if api.asking.who(None, "").kind != "admin":
        raise Problem(403, "admins_only", "Refused", _("Only an access token may read the log of acts."))


def _acts(api: Api, query: wishes.Log) -> Response:
    with api.store.read() as db:
        found = acts.recent(db, query.room or None, MOST_ACTS, query.before)
    return jsonify(acts=[extract.row(one) for one in found])


def _answer(api: Api, command: Command, done: int, who: Who) -> tuple[Response, int]:
    with api.store.read() as db:
        stored = rooms.by_id(db, command.room_id)
    if command.state in {"confirmed", "held", "pending"}:
        status = done if command.state == "confirmed" else 202
        title, message = sight(who, stored).title(command), outcomes.message(command, stored.room)
        return jsonify(told.done(command, stored, title, message)), status
    wanted = _wanted(command)
    raise outcomes.refusal(command.reason, **(_instead(api, stored, wanted) if wanted else {}))


def _wanted(command: Command) -> Slot | None:
    """Return the time that another room may have instead."""
    starts = {"book": command.start, "start": command.start, "extend": command.old_end}
    start = starts.get(command.kind)
    return Slot(start, command.end) if start else None


def _instead(api: Api, stored: StoredRoom, asked: Slot) -> dict[str, Any]:
    now = api.clock()
    wanted = _begun(asked, now)
    if api.hub_offers:
        return {"alternatives": api.hub_offers(stored.room.slug, wanted.start, wanted.end)}
    who = api.asking.who(None, stored.room.slug)
    found = alternatives(api.store, stored, wanted.start, wanted.end, who, now)
    return {"alternatives": _told(api, found, stored, wanted.start)}


def _begun(wanted: Slot, now: datetime) -> Slot:
    """Return a time whose minute has ended while it was asked for as one that begins now, and is as long."""
    start = max(wanted.start, book_now(now))
    return Slot(start, start + (wanted.end - wanted.start))


def _told(api: Api, found: list[Candidate], stored: StoredRoom, start: datetime) -> list[dict[str, Any]]:
    """Return what is told of other rooms; with what can be booked there at once, where that is wanted."""
    now, device = api.clock(), api.gate.device()
    if device:
        api.offers.made(device, [one.room.slug for one in found], now)
    said = []
    with api.store.read() as db:
        for one in found:
            offered: tuple[Offer, ...] = ()
            if start <= now:
                other = rooms.by_slug(db, one.room.slug)
                taken = diary.between(db, other, now, now + one.room.policy.longest)
                offered = instead.offers_now(one.room, taken, now)
            said.append(instead.told(one, stored.room, offered))
    return said


def _every(api: Api) -> list[StoredRoom]:
    with api.store.read() as db:
        return rooms.every(db)


def _stored(api: Api, slug: str) -> StoredRoom:
    with api.store.read() as db:
        return rooms.by_slug(db, slug)


def _room(api: Api, stored: StoredRoom) -> told.Room:
    now, one = api.clock(), stored.room
    with api.store.read() as db:
        found = diary.between(db, stored, now, now + LOOKAHEAD)
        known = diary.is_known(db, stored)
        progress = mirror.progress(db, stored.id)
    as_of = diary.as_of(stored, progress, now)
    present = seen(one, found, now, shut(one, now, now + LOOKAHEAD)) if known else UNKNOWN
    reader = sight(api.asking.who(None, one.slug), stored)
    return told.room(stored, present, clock.iso(as_of) if as_of else None, reader, is_out_of_order(one, now))


def _schedule(api: Api, stored: StoredRoom, query: wishes.Stretch) -> Response:
    today = api.clock().astimezone(stored.room.zone).date()
    start = query.from_ or clock.local_midnight(today, stored.room.zone)
    end = query.to or start + timedelta(days=1)
    if not start < end <= start + LONGEST_SCHEDULE:
        raise outcomes.invalid("to", _("The end must come after the start, by 62 days at most."))
    with api.store.read() as db:
        found = diary.between(db, stored, start, end)
    reader = sight(api.asking.who(None, stored.room.slug), stored)
    bookings = [told.booking(reader.of(one)) for one in found]
    return jsonify(room=stored.room.slug, zone=stored.room.zone.key, bookings=bookings)


def _free_rooms(api: Api, stored: StoredRoom, query: wishes.Elsewhere) -> Response:
    start = query.from_ or api.clock()
    end = query.to or start + SHORTEST_WISH
    if not start < end <= start + LONGEST_WISH or start > api.clock() + FURTHEST:
        raise outcomes.invalid("to", _("The end must come after the start, by a week at most."))
    who = api.asking.who(None, stored.room.slug)
    found = alternatives(api.store, stored, start, end, who, api.clock(), query.people, query.equipment)
    return jsonify(alternatives=_told(api, found, stored, start))
