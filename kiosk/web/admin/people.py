"""The section People: accounts with their roles, links to choose a password with, and people's PINs."""

from __future__ import annotations

import secrets
from typing import Any

from flask import Blueprint, Flask, request
from werkzeug.wrappers import Response as AnyResponse

from kiosk.errors import UsageError
from kiosk.store import accounts, pins, rooms, sessions
from kiosk.store.accounts import Account
from kiosk.web.admin import frame
from kiosk.web.admin.frame import Admin, Section
from kiosk.web.fields import form_text
from kiosk.web.identity import needs

# What each role may do, in a few words.
ROLES = {
    "admin": "Administrator: everything",
    "manager": "Manager: the rooms you choose, their bookings and policies",
    "caterer": "Caterer: the requests for services in the buildings you choose",
    "viewer": "Viewer: sees rooms, bookings and reports, changes nothing",
}
HOME = "/admin/people"
DIGITS = 6


def install(app: Flask, admin: Admin) -> None:
    """Add the section."""
    admin.add(Section("people", "People", HOME, order=60))
    routes = frame.blueprint("people")
    _add_accounts(routes, admin)
    _add_pins(routes, admin)
    app.register_blueprint(routes)


def _add_accounts(routes: Blueprint, admin: Admin) -> None:
    @routes.get("/people")
    @needs()
    def every() -> AnyResponse:
        return _every(admin)

    @routes.post("/people")
    @needs()
    def add() -> AnyResponse:
        return _add(admin)

    @routes.get("/people/<email>")
    @needs()
    def one(email: str) -> AnyResponse:
        return _one(admin, email)

    @routes.post("/people/<email>")
    @needs()
    def change(email: str) -> AnyResponse:
        return _change(admin, email)

    @routes.post("/people/<email>/link")
    @needs()
    def link(email: str) -> AnyResponse:
        word = admin.store.write(accounts.reset_link, email, admin.clock())
        admin.record("reset_password", account=email)
        return _one(admin, email, link=f"{admin.sign_in.root()}/admin/password/{word}")

    @routes.post("/people/<email>/sign-out-everywhere")
    @needs()
    def leave_everywhere(email: str) -> AnyResponse:
        number = admin.identities.sign_out_everywhere(email)
        admin.record("log_out_everywhere", account=email)
        return frame.done(f"{email} is signed out of {number} browsers.", f"{HOME}/{email}")

    @routes.post("/people/<email>/remove")
    @needs()
    def remove(email: str) -> AnyResponse:
        admin.store.write(accounts.remove, email)
        admin.record("remove_account", account=email)
        return frame.done(f"{email} has no account any more.", HOME)


def _add_pins(routes: Blueprint, admin: Admin) -> None:
    @routes.get("/people/pins")
    @needs()
    def every_pin() -> AnyResponse:
        return _pins(admin)

    @routes.post("/people/pins")
    @needs()
    def give_pin() -> AnyResponse:
        email, typed = form_text("email", 200).lower(), form_text("pin", 8)
        pin = typed or "".join(secrets.choice("0123456789") for _ in range(DIGITS))
        pins.set_pin(admin.store, email, pin)
        admin.record("set_pin", account=email)
        return _pins(admin, email=email, pin=pin)

    @routes.post("/people/pins/remove")
    @needs()
    def take_pin() -> AnyResponse:
        email = form_text("email", 200)
        admin.store.write(pins.remove, email)
        admin.record("remove_pin", account=email)
        return frame.done(f"{email} has no PIN any more.", f"{HOME}/pins")


def _every(admin: Admin, status: int = 200, error: str = "") -> AnyResponse:
    with admin.store.read() as db:
        known, seen = accounts.every(db), sessions.last_seen(db)
    values: dict[str, Any] = {"accounts": known, "seen": seen, "error": error, "typed": request.form}
    return frame.page("admin/people.html", status, here="people", **_choices(admin), **values)


def _choices(admin: Admin) -> dict[str, Any]:
    with admin.store.read() as db:
        known = [stored.room for stored in rooms.every(db)]
    buildings = sorted({room.building for room in known})
    return {"roles": ROLES, "rooms": known, "buildings": buildings}


def _scope(role: str) -> list[str]:
    """Return what the form says of a role's scope."""
    return request.form.getlist("rooms" if role == "manager" else "buildings")


def _add(admin: Admin) -> AnyResponse:
    role = form_text("role", 20)
    try:
        email, name = form_text("email", 200), form_text("name", 200)
        account = admin.store.write(accounts.add, email, name, role, _scope(role), admin.clock())
    except UsageError as error:
        return _every(admin, 422, str(error))
    admin.record("add_account", account=account.email, role=role, scope=accounts.told_scope(account))
    return frame.done(f"{account.email} has an account. Give them a link to choose a password.", _path(account))


def _one(admin: Admin, email: str, status: int = 200, error: str = "", link: str = "") -> AnyResponse:
    with admin.store.read() as db:
        account = accounts.get(db, email)
        open_ = sessions.of_person(db, email, admin.clock())
    values = {"account": account, "sessions": open_, "error": error, "link": link}
    values["google"] = admin.sign_in.google is not None
    return frame.page("admin/person.html", status, here="people", **_choices(admin), **values)


def _change(admin: Admin, email: str) -> AnyResponse:
    role = form_text("role", 20)
    try:
        account = admin.store.write(accounts.change, email, form_text("name", 200), role, _scope(role))
    except UsageError as error:
        return _one(admin, email, 422, str(error))
    admin.record("edit_account", account=account.email, role=role, scope=accounts.told_scope(account))
    return frame.done("Saved.", _path(account))


def _path(account: Account) -> str:
    return f"{HOME}/{account.email}"


def _pins(admin: Admin, email: str = "", pin: str = "") -> AnyResponse:
    with admin.store.read() as db:
        holders = pins.holders(db)
        allowed = [stored.room.name for stored in rooms.every(db) if stored.room.policy.names]
    values: dict[str, Any] = {"holders": holders, "now": admin.clock(), "email": email, "pin": pin, "allowed": allowed}
    return frame.page("admin/pins.html", here="people", **values)
