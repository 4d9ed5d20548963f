"""One device: how it is and was, what it is asked to do, and its settings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Flask, Response, request
from werkzeug.wrappers import Response as AnyResponse

from kiosk.errors import NotFound, UsageError
from kiosk.fleet import light
from kiosk.fleet.roster import STATES
from kiosk.store import devices, errands, health, reach
from kiosk.store.devices import Device
from kiosk.store.errands import By, Errand
from kiosk.store.health import Minute
from kiosk.web.admin import frame
from kiosk.web.admin.frame import Admin
from kiosk.web.admin.pairing import HERE, PAGE, chosen
from kiosk.web.asking import place
from kiosk.web.devices import difference
from kiosk.web.fields import form_text
from kiosk.web.identity import me, needs

DAY, BUCKET = timedelta(hours=24), timedelta(minutes=5)
MOST_ERRANDS = 12
# What the page draws: so many units wide, one for each bucket, with the temperature from COLD to HOT above each other.
COLD, HOT, TALL = 20, 90, 40
# The worst state of a bucket is the one that is drawn.
WORST = ("ill", "live", "dark")
BUTTONS = (
    ("identify", "Let it blink"),
    ("reload", "Load its page anew"),
    ("screenshot", "Take a picture"),
    ("restart_display", "Restart its display"),
    ("reboot", "Restart the machine"),
    ("screen_on", "Screen on"),
    ("screen_off", "Screen off"),
    ("collect_logs", "Collect its logs"),
)
ASKING = {"restart_display", "reboot", "screen_off"}


@dataclass(frozen=True, slots=True)
class Bar:
    """Five minutes of a machine: where they are drawn, the worst state, empty where nothing was heard."""

    x: int
    state: str
    y: float | None


def install(app: Flask, admin: Admin) -> None:
    """Add the page."""
    routes = frame.blueprint("device")

    @routes.get("/devices/<int:number>")
    @needs("viewer")
    def one(number: int) -> AnyResponse:
        return frame.page("admin/device.html", here=HERE, **_found(admin, number))

    @routes.get("/devices/<int:number>.part")
    @needs("viewer")
    def part(number: int) -> AnyResponse:
        return frame.part("admin/device_part.html", **_found(admin, number))

    _add_errands(routes, admin)
    _add_changes(routes, admin)
    app.register_blueprint(routes)


def _add_errands(routes: Blueprint, admin: Admin) -> None:
    @routes.post("/devices/<int:number>/acts")
    @needs()
    def ask(number: int) -> AnyResponse:
        act, value = form_text("act", 40), form_text("value", 10)
        by = By(me().email, place(), admin.clock())
        admin.store.write(errands.ask, number, act, value if act == "brightness" else "", by)
        return frame.done("It is asked; what becomes of it stands below.", f"{PAGE}/{number}")

    @routes.get("/devices/<int:number>/acts/<int:errand>/<what>")
    @needs()
    def find(number: int, errand: int, what: str) -> AnyResponse:
        return _sent(admin, number, errand, what)


def _add_changes(routes: Blueprint, admin: Admin) -> None:
    @routes.post("/devices/<int:number>")
    @needs()
    def change(number: int) -> AnyResponse:
        return _change(admin, number)

    @routes.post("/devices/<int:number>/rotate")
    @needs()
    def rotate(number: int) -> AnyResponse:
        admin.store.write(devices.rotate, number)
        return _told(admin, "rotate_device", number, "It takes another token as soon as it shows itself.")

    @routes.post("/devices/<int:number>/revoke")
    @needs()
    def revoke(number: int) -> AnyResponse:
        admin.store.write(devices.revoke, number, admin.clock())
        return _told(admin, "revoke_device", number, "It is let in no more, and shows a pairing code.")

    @routes.post("/devices/<int:number>/forget")
    @needs()
    def forget(number: int) -> AnyResponse:
        name = _device(admin, number).name
        admin.store.write(devices.forget, number)
        admin.record("forget_device", device=number, name=name)
        return frame.done(f"{name} is forgotten.", PAGE)


def _device(admin: Admin, number: int) -> Device:
    with admin.store.read() as db:
        return devices.find(db, number)


def _told(admin: Admin, act: str, number: int, text: str) -> AnyResponse:
    admin.record(act, device=number, name=_device(admin, number).name)
    return frame.done(text, f"{PAGE}/{number}")


def _found(admin: Admin, number: int) -> dict[str, Any]:
    """Return what the page shows of a machine."""
    now, one, roster = admin.clock(), _device(admin, number), admin.fleet.roster
    with admin.store.read() as db:
        asked, choices = errands.recent(db, number, MOST_ERRANDS), reach.choices(db)
    minutes = admin.store.report(health.history, number, now - DAY)
    return {
        "device": one,
        "condition": roster.condition(one),
        "beat": roster.beat(number),
        "errands": [(each, _kept(admin, each)) for each in asked],
        "picture": next((each for each in asked if _kept(admin, each) == "picture"), None),
        "choices": choices,
        "hours": light.write(roster.lights(number)),
        "bars": bars(minutes, now),
        "shares": shares(minutes),
        "buttons": BUTTONS,
        "asking": ASKING,
        "now": now,
    }


def bars(minutes: list[tuple[datetime, Minute]], now: datetime) -> list[Bar]:
    """Return a day in stretches of five minutes, the oldest first; `y` is where its temperature is drawn."""
    start, count = now - DAY, DAY // BUCKET
    found: list[list[Minute]] = [[] for _ in range(count)]
    for at, minute in minutes:
        found[min(count - 1, max(0, (at - start) // BUCKET))].append(minute)
    return [Bar(x, _worst(some), _height(some)) for x, some in enumerate(found)]


def shares(minutes: list[tuple[datetime, Minute]]) -> dict[str, int]:
    """Return in how many minutes a machine was in which state."""
    counted = [STATES.get(minute.state, "live") for _at, minute in minutes]
    return {state: counted.count(state) for state in WORST if state in counted}


def _worst(some: list[Minute]) -> str:
    states = {STATES.get(minute.state, "live") for minute in some}
    return next((state for state in WORST if state in states), "")


def _height(some: list[Minute]) -> float | None:
    known = [minute.temp_c for minute in some if minute.temp_c is not None]
    if not known:
        return None
    share = (max(known) - COLD) / (HOT - COLD)
    return round(TALL * (1 - min(1.0, max(0.0, share))), 1)


def _kept(admin: Admin, one: Errand) -> str:
    """Return the word under which what a machine has sent can be looked at, empty where nothing is there."""
    found = admin.fleet.courier.find(one.id)
    return "" if found is None else "picture" if found.kind.startswith("image/") else "logs"


def _sent(admin: Admin, number: int, errand: int, what: str) -> AnyResponse:
    with admin.store.read() as db:
        one = errands.of_device(db, number, errand)
    found = admin.fleet.courier.find(one.id)
    if found is None or _kept(admin, one) != what:
        raise NotFound("This is not here any more: what a device sends is kept for ten minutes.")
    kind = found.kind if what == "picture" else "text/plain; charset=utf-8"
    answer = Response(found.content, content_type=kind)
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox; frame-ancestors 'none'"
    return answer


def _change(admin: Admin, number: int) -> AnyResponse:
    before = _device(admin, number)
    display, slug = chosen(form_text("other", 200) or form_text("display", 200))
    words = {name: form_text(name, 80) for name in devices.WORDS if name in request.form}
    after = admin.store.write(devices.change, number, form_text("name", 200), display, slug, words)
    changed = difference(before, after)
    if not changed:
        raise UsageError("Nothing is different.")
    admin.fleet.roster.refresh()
    by = By(me().email, place(), admin.clock())
    admin.store.write(errands.ask, number, "reload", "", by)
    told: dict[str, Any] = {"device": number, **changed}
    admin.record("edit_device", **told)
    return frame.done("Saved; its page is loaded anew.", f"{PAGE}/{number}")
