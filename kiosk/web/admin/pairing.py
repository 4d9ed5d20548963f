"""Pairing as an administrator does it: the code that a screen shows is typed, looked at, and given a display."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Blueprint, Flask, request
from werkzeug.wrappers import Response as AnyResponse

from kiosk.errors import NotFound, UsageError
from kiosk.store import pairings, reach, tries
from kiosk.store.devices import Described
from kiosk.store.pairings import Pairing
from kiosk.store.tries import Resting
from kiosk.web.admin import frame
from kiosk.web.admin.frame import Admin
from kiosk.web.asking import place
from kiosk.web.fields import form_text
from kiosk.web.identity import me, needs

PAGE = "/admin/devices"
PAIR = f"{PAGE}/pair"
HERE = "devices"
RESTS = "Too many wrong codes. Please try again later."
Result = TypeVar("Result")


def install(app: Flask, admin: Admin) -> None:
    """Add the pages."""
    routes = frame.blueprint("pairing")

    @routes.get("/devices/pair")
    @needs()
    def ask() -> AnyResponse:
        return _form(request.args.get("code", "")[:20])

    @routes.post("/devices/pair")
    @needs()
    def look() -> AnyResponse:
        return _shown(admin)

    @routes.post("/devices/pair/identify")
    @needs()
    def identify() -> AnyResponse:
        return _identify(admin)

    _add_answers(routes, admin)
    app.register_blueprint(routes)


def _add_answers(routes: Blueprint, admin: Admin) -> None:
    @routes.post("/devices/pair/approve")
    @needs()
    def approve() -> AnyResponse:
        return _approve(admin)

    @routes.post("/devices/pair/deny")
    @needs()
    def deny() -> AnyResponse:
        return _deny(admin)


def _form(code: str, status: int = 200, error: str = "") -> AnyResponse:
    return frame.page("admin/pair.html", status, here=HERE, code=code, error=error, found=None)


def _again(error: Resting | NotFound) -> AnyResponse:
    """Ask for the code once more."""
    rests = isinstance(error, Resting)
    return _form(request.form.get("code", "")[:20], 429 if rests else 404, RESTS if rests else str(error))


def _tried(admin: Admin, act: Callable[[str], Result]) -> Result:
    """Do something with the code that was typed; wrong ones are counted, and make whoever types them rest.

    Raises Resting, NotFound, and whatever the act does.
    """
    code, person, now = request.form.get("code", "")[:20], me().email, admin.clock()
    admin.store.write(tries.begin_code, person, place(), now)
    try:
        done = act(code)
    except NotFound:
        admin.record("pair_device", "refused")
        raise
    except UsageError:
        admin.store.write(tries.forgive_code, person, place())
        raise
    admin.store.write(tries.forgive_code, person, place())
    return done


def _find(admin: Admin, code: str) -> Pairing:
    with admin.store.read() as db:
        return pairings.find(db, code, admin.clock())


def _shown(admin: Admin, **more: Any) -> AnyResponse:
    """Show the screen whose code was typed, with what it can be given to show."""
    try:
        found = _tried(admin, lambda code: _find(admin, code))
    except (Resting, NotFound) as error:
        return _again(error)
    with admin.store.read() as db:
        choices = reach.choices(db)
    code = pairings.plain(request.form["code"])
    given: dict[str, Any] = {
        "code": f"{code[:4]}-{code[4:]}",
        "found": found,
        "choices": choices,
        "now": admin.clock(),
        "error": "",
    }
    return frame.page("admin/pair.html", here=HERE, **given | more)


def _identify(admin: Admin) -> AnyResponse:
    code = request.form.get("code", "")
    try:
        _tried(admin, lambda typed: admin.store.write(pairings.blink, typed, admin.clock()))
    except (Resting, NotFound) as error:
        return _again(error)
    return _shown(admin, blinks=pairings.plain(code))


def _approve(admin: Admin) -> AnyResponse:
    try:
        wanted = _wanted()
        _tried(admin, lambda code: admin.store.write(pairings.approve, code, wanted, me().email, admin.clock()))
    except (Resting, NotFound) as error:
        return _again(error)
    except UsageError as error:
        return _shown(admin, error=str(error))
    admin.record("pair_device", name=wanted.name, display=f"/{wanted.display}/{wanted.slug}")
    return frame.done(f"{wanted.name} shows /{wanted.display}/{wanted.slug} within a few seconds.", PAGE)


def _deny(admin: Admin) -> AnyResponse:
    try:
        _tried(admin, lambda code: admin.store.write(pairings.deny, code, admin.clock()))
    except (Resting, NotFound) as error:
        return _again(error)
    admin.record("refuse_device")
    return frame.done("The screen is refused.", PAIR)


def _wanted() -> Described:
    """Return what the form says of a screen: its display is chosen, or written as its address. Raises UsageError."""
    return Described(form_text("name", 200), *chosen(form_text("other", 200) or form_text("display", 200)))


def chosen(address: str) -> tuple[str, str]:
    """Return the display and slug of an address such as /door/oak. Raises UsageError."""
    display, _, slug = address.strip("/").partition("/")
    if not display or not slug or "/" in slug:
        raise UsageError("Choose what the screen shows, or write its address, such as /doors/oak+elm.")
    return display, slug
