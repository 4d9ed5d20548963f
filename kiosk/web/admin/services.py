"""The section Services: what was asked for with bookings, to be answered, and what each building offers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Flask, request
from werkzeug.wrappers import Response as AnyResponse

from kiosk.errors import UsageError
from kiosk.schedule.model import Room
from kiosk.store import orders, people, rooms, services
from kiosk.store.orders import ANSWERS, Request
from kiosk.web.admin import frame
from kiosk.web.admin.frame import Admin, Section
from kiosk.web.asking import place
from kiosk.web.identity import Identity, may_serve, me, needs
from kiosk.web.problems import Problem

PAGE, CATALOGUE = "/admin/services", "/admin/services/catalogue"
BEHIND, AHEAD = timedelta(hours=12), timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Asked:
    """A line of the list: a request, the room of its booking, and the name of who asked."""

    request: Request
    room: Room
    by: str


def install(app: Flask, admin: Admin) -> None:
    """Add the section."""
    admin.add(Section("services", "Services", PAGE, roles=("caterer", "viewer"), order=50))
    routes = frame.blueprint("services")

    @routes.get("/services")
    @needs("caterer", "viewer")
    def asked() -> AnyResponse:
        return frame.page("admin/services.html", here="services", **_asked(admin))

    @routes.get("/services.part")
    @needs("caterer", "viewer")
    def asked_part() -> AnyResponse:
        return frame.part("admin/services_part.html", **_asked(admin))

    @routes.post("/services/requests/<int:number>")
    @needs("caterer")
    def answer(number: int) -> AnyResponse:
        return _answer(admin, number)

    @routes.get("/services/catalogue")
    @needs("caterer", "viewer")
    def catalogue() -> AnyResponse:
        return frame.page("admin/catalogue.html", here="services", **_catalogue(admin))

    @routes.post("/services/catalogue")
    @needs("caterer")
    def add() -> AnyResponse:
        building, name, detail, lead, _ = _described()
        _check_building(building)
        made = admin.store.write(services.add, building, name, detail, lead)
        admin.record("add_service", service=made.name, building=made.building)
        return frame.done(f"{made.name} is offered.", CATALOGUE)

    @routes.post("/services/catalogue/<int:number>")
    @needs("caterer")
    def change(number: int) -> AnyResponse:
        return _change(admin, number)

    app.register_blueprint(routes)


def _asked(admin: Admin) -> dict[str, Any]:
    """Return what was asked for, of today and the days ahead: what is still to be answered, and the rest."""
    now, who = admin.clock(), me()
    with admin.store.read() as db:
        found = orders.between(db, now - BEHIND, now + AHEAD, _buildings(who))
        names = people.names(db, {one.by for one, _ in found}) or {}
        unserved = services.unserved(db)
    shown = [Asked(one, stored.room, names.get(one.by, one.by)) for one, stored in found]
    return {
        "open": [row for row in shown if row.request.state == "requested"],
        "settled": [row for row in shown if row.request.state != "requested"],
        "now": now,
        "unserved": sorted(unserved) if who.role != "caterer" else [],
        "may_serve": lambda building: may_serve(who, building),
    }


def _buildings(who: Identity) -> Collection[str] | None:
    """Return of which buildings somebody sees requests, None for all."""
    return who.scope if who.role == "caterer" else None


def _answer(admin: Admin, number: int) -> AnyResponse:
    with admin.store.read() as db:
        one = orders.find(db, number)
    _check_building(one.service.building)
    state = next((word for word in ANSWERS if word == request.form.get("state")), None)
    if state is None:
        raise UsageError("A request is accepted, declined or done.")
    said = request.form.get("answer", "").strip()
    done = admin.store.write(orders.answer, number, state, said, me().email, admin.clock(), place())
    return frame.done(f"{done.quantity} × {done.service.name}: {done.state}. Whoever asked is told by mail.", PAGE)


def _catalogue(admin: Admin) -> dict[str, Any]:
    who = me()
    with admin.store.read() as db:
        known = {stored.room.building for stored in rooms.every(db)}
        found = services.every(db)
    seen = [one for one in found if who.role != "caterer" or one.building in who.scope]
    buildings = sorted(building for building in known | {one.building for one in seen} if may_serve(who, building))
    return {"services": seen, "buildings": buildings, "may_serve": lambda building: may_serve(who, building)}


def _change(admin: Admin, number: int) -> AnyResponse:
    with admin.store.read() as db:
        before = services.find(db, number)
    _check_building(before.building)
    building, name, detail, lead, active = _described()
    _check_building(building)
    one = admin.store.write(services.change, number, building, name, detail, lead, active)
    admin.record("edit_service", service=one.name, building=one.building, active=int(one.active))
    return frame.done(f"{one.name} is saved." if one.active else f"{one.name} is offered no longer.", CATALOGUE)


def _described() -> tuple[str, str, str, int, bool]:
    form = request.form
    lead = form.get("lead", "").strip() or "0"
    if not (lead.isascii() and lead.isdigit() and len(lead) < 9):
        raise UsageError("A lead time is a whole number of minutes.")
    return form.get("building", ""), form.get("name", ""), form.get("detail", ""), int(lead), "active" in form


def _check_building(building: str) -> None:
    if not may_serve(me(), building.strip()):
        raise Problem(403, "scope", "Refused", "Your account is not for this building.")
