"""The section Look: the organisation's logo and its colour."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Flask, request
from werkzeug.wrappers import Response as AnyResponse

from kiosk.errors import UsageError
from kiosk.store import logos, look
from kiosk.store.look import Look, Unreadable
from kiosk.web.admin import frame
from kiosk.web.admin.frame import Admin, Section
from kiosk.web.identity import needs

PAGE = "/admin/look"


def install(app: Flask, admin: Admin) -> None:
    """Add the section."""
    admin.add(Section("look", "Look", PAGE, order=65))
    routes = frame.blueprint("look")

    @routes.get("/look")
    @needs()
    def show() -> AnyResponse:
        return _page(_current(admin))

    @routes.post("/look")
    @needs()
    def save() -> AnyResponse:
        return _save(admin)

    @routes.post("/look/clear")
    @needs()
    def clear() -> AnyResponse:
        admin.store.write(look.write, Look())
        admin.record("edit_look", look="ours")
        return frame.done("The look is the product's own again.", PAGE)

    app.register_blueprint(routes)


def _page(current: Look, status: int = 200, **values: Any) -> AnyResponse:
    given = {"error": None, "offers": [], "refused": ""} | values
    return frame.page("admin/look.html", status, here="look", current=current, is_ours=current == Look(), **given)


def _save(admin: Admin) -> AnyResponse:
    wanted = _current(admin)
    try:
        wanted = _asked_for(wanted)
        kept = admin.store.write(look.write, wanted)
    except Unreadable as error:
        return _page(wanted, 422, error=str(error), offers=error.offers, refused=error.time)
    except UsageError as error:
        return _page(wanted, 422, error=str(error))
    admin.record("edit_look", look=kept)
    return frame.done("Saved. Screens that nobody uses show it within seconds.", PAGE)


def _current(admin: Admin) -> Look:
    with admin.store.read() as db:
        return look.read(db)


def _asked_for(before: Look) -> Look:
    """Return the look of the form; a logo stays where no other one comes."""
    day, night = (request.form.get(name, "").strip() for name in ("day", "night"))
    # A night's accent that was made of the old day's one follows the new one.
    night = "" if night == before.night and day != before.day else night
    wanted = replace(before, day=day, night=night, dark_plate=request.form.get("plate") == "dark")
    if request.form.get("without_logo"):
        return replace(wanted, logo=None)
    file = request.files.get("logo")
    content = file.read(logos.LARGEST_BYTES + 1) if file else b""
    return replace(wanted, logo=logos.read(content)) if content else wanted
