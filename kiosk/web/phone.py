"""A room on somebody's phone: in by the code at its door or by signing in, out again after half an hour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Flask, current_app, make_response, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from displays.names import ANYBODY
from kiosk.live.drawing import current_slots
from kiosk.live.gallery import Gallery, Screen
from kiosk.schedule import rights, rules
from kiosk.schedule.hours import closures
from kiosk.schedule.model import Booking, Offer
from kiosk.schedule.rights import Who
from kiosk.store import diary, mine
from kiosk.store.rooms import StoredRoom
from kiosk.web import my, pages
from kiosk.web.access import PHONE_COOKIE, Gate, stranger
from kiosk.web.catering import written
from kiosk.web.identity import Identities, Identity, wants_data
from kiosk.web.links import VISIT_LIFE, Links
from kiosk.web.my import Entry

# How far after a booking's end another one may keep it from being extended.
NEAR = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Phone:
    """What the page needs; `sign_in`: people can sign in with Google here."""

    gallery: Gallery
    gate: Gate
    links: Links
    identities: Identities
    sign_in: bool


@dataclass(frozen=True, slots=True)
class Own:
    """A booking of whoever is signed in, what may be done about it now, and by how much it can be extended."""

    entry: Entry
    longer: tuple[Offer, ...]

    def ending(self, offer: Offer) -> str:
        """Return the end of an extension as people write it."""
        return written(offer.end, self.entry.stored.room)[1]


def install(app: Flask, phone: Phone) -> None:
    """Add the page to the app."""
    routes = Blueprint("phone", __name__, url_prefix="/phone")
    routes.after_request(_keep_private)

    @routes.get("/<slug>")
    def room(slug: str) -> AnyResponse:
        if "k" in request.args:
            return _scanned(phone, slug, request.args["k"])
        if not phone.gate.allowed_at(slug):
            return _stranger(phone, slug)
        return pages.data(phone.gallery, Screen("phone", slug)) if wants_data() else _page(phone, slug)

    @routes.get("/<slug>/mine")
    def own(slug: str) -> AnyResponse:
        if not phone.gate.allowed_at(slug):
            raise stranger()
        return make_response(render_template("phone_mine.html", own=_own(phone, slug)))

    app.register_blueprint(routes)


def _scanned(phone: Phone, slug: str, key: str) -> AnyResponse:
    """Open the room on a phone that shows a good link; the link itself is not kept in its address."""
    answer = redirect(url_for("phone.room", slug=slug), 303)
    if not phone.links.fits(slug, key) or not phone.gate.welcomes_phones(slug):
        return answer if phone.gate.allowed_at(slug) else _stranger(phone, slug)
    answer.set_cookie(
        PHONE_COOKIE,
        phone.links.visit(slug),
        max_age=VISIT_LIFE,
        httponly=True,
        samesite="Lax",
        secure=current_app.session_interface.get_cookie_secure(current_app),
    )
    return answer


def _stranger(phone: Phone, slug: str) -> AnyResponse:
    """Ask for the code again; whether there is such a room is not told."""
    if wants_data():
        raise stranger()
    following = url_for("phone.room", slug=slug)
    return make_response(render_template("phone_stranger.html", sign_in=phone.sign_in, following=following), 401)


def _page(phone: Phone, slug: str) -> AnyResponse:
    screen, now = Screen("phone", slug), phone.gallery.clock()
    [stored] = phone.gallery.rooms_of(screen)
    scene, slots = current_slots(phone.gallery.pictures(screen, now)[slug], now)
    view = phone.gallery.view(screen)
    shown: dict[str, Any] = {
        "view": view,
        "theme": view["frame"]["theme"],
        "room": stored.room,
        "status": scene.status,
        "current": {slot: Markup(html) for slot, html in slots.items()},
        "person": phone.identities.current(),
        "guest": rights.may_book(ANYBODY, stored.room.policy) is None,
        "sign_in": phone.sign_in,
        "own": _own(phone, slug),
    }
    return make_response(render_template("phone.html", **shown))


def _own(phone: Phone, slug: str) -> list[Own]:
    """Return what somebody who is signed in has booked in a room, the earliest first."""
    person = phone.identities.current()
    if person is None:
        return []
    [stored], now = phone.gallery.rooms_of(Screen("phone", slug)), phone.gallery.clock()
    with phone.gallery.store.read() as db:
        found = [booking for where, booking in mine.upcoming(db, person.email, now) if where.id == stored.id]
    return [_one(phone, stored, booking, person, now) for booking in found]


def _one(phone: Phone, stored: StoredRoom, booking: Booking, person: Identity, now: datetime) -> Own:
    entry = my.entry(stored, booking, person, now)
    return Own(entry, _longer(phone, stored, booking, Who("person", person.email), now))


def _longer(phone: Phone, stored: StoredRoom, booking: Booking, who: Who, now: datetime) -> tuple[Offer, ...]:
    policy, end = stored.room.policy, booking.end + NEAR
    if booking.held or not rights.ways("extend", booking, who, policy):
        return ()
    with phone.gallery.store.read() as db:
        near = diary.between(db, stored, booking.start, end)
    return rules.extensions(near, booking, now, policy, closures(policy.hours, stored.room.zone, booking.start, end))


def _keep_private(answer: AnyResponse) -> AnyResponse:
    answer.headers["Cache-Control"] = "no-store"
    return answer
