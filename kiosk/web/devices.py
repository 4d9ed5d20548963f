"""The API of the fleet for whoever looks after it: to enrol devices, list, change and revoke them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Flask, Response, jsonify, request

from kiosk import clock
from kiosk.booking.counter import actor_of
from kiosk.errors import NotFound, UsageError
from kiosk.fleet.roster import Roster
from kiosk.store import acts, devices, errands
from kiosk.store.acts import Act
from kiosk.store.database import Store
from kiosk.store.devices import Described, Device, Revoked
from kiosk.store.errands import By, Errand
from kiosk.web.access import Gate, foreign, from_elsewhere, stranger
from kiosk.web.asking import Asking, place
from kiosk.web.fields import Body
from kiosk.web.outcomes import invalid
from kiosk.web.problems import Problem
from kiosk.web.wording import gettext as _

MOST_ERRANDS = 20


@dataclass(frozen=True, slots=True)
class Devices:
    """What the API needs."""

    store: Store
    gate: Gate
    asking: Asking
    clock: clock.Clock
    roster: Roster

    def administrator(self) -> str:
        """Return who asks, as the log of acts names them. Raises a problem unless they administer this server."""
        who = self.asking.who(None, "")
        if who.kind != "admin":
            raise (self._refusal() if self.gate.allowed() or self.gate.device() else stranger())
        return actor_of(who)

    def record(self, by: str, act: str, device: Device, **detail: str | int) -> None:
        """Write down in the log of acts what was done to a device."""
        what = {"device": device.id, "name": device.name, **detail}
        self.store.write(acts.record, Act(self.clock(), by, place(), act, "", "", "done", "", what))

    def _refusal(self) -> Problem:
        return Problem(403, "admins_only", "Refused", _("Only administrators and access tokens may do this."))


def install(app: Flask, fleet: Devices) -> None:
    """Add the API to the app."""
    routes = Blueprint("devices", __name__, url_prefix="/api/v1/devices")

    @routes.before_request
    def check() -> None:
        fleet.administrator()
        if request.method != "GET" and from_elsewhere(request):
            raise foreign()

    @routes.get("")
    def every_device() -> Response:
        with fleet.store.read() as db:
            found = devices.every(db)
        return jsonify(devices=[as_json(one) | how(fleet, one) for one in found])

    @routes.post("")
    def enrol() -> tuple[Response, int]:
        return _enrol(fleet)

    @routes.get("/<int:number>")
    def one_device(number: int) -> Response:
        with fleet.store.read() as db:
            one = devices.find(db, number)
            asked = errands.recent(db, number, MOST_ERRANDS)
        return jsonify(as_json(one) | how(fleet, one) | {"acts": [_errand(each) for each in asked]})

    @routes.patch("/<int:number>")
    def change(number: int) -> Response:
        return _change(fleet, number)

    @routes.delete("/<int:number>")
    def revoke(number: int) -> Response:
        return _revoke(fleet, number)

    @routes.post("/<int:number>/acts")
    def ask(number: int) -> tuple[Response, int]:
        return _ask(fleet, number)

    app.register_blueprint(routes)


def as_json(one: Device) -> dict[str, Any]:
    """Return a device as programs get it."""
    said: dict[str, Any] = {
        name: getattr(one, name) for name in ("id", "name", "display", "slug", "path", "serial", "model", "host_key")
    }
    return said | {
        "created_at": clock.iso(one.created_at),
        "revoked_at": clock.iso(one.revoked_at) if one.revoked_at else None,
        "settings": dict(one.words),
        "rotating": one.rotating,
    }


def difference(before: Device, after: Device) -> dict[str, str]:
    """Return what has changed of a device, as the log of acts tells it."""
    names = ("name", "display", "slug")
    return acts.difference(*({name: getattr(one, name) for name in names} | dict(one.words) for one in (before, after)))


def how(fleet: Devices, one: Device) -> dict[str, Any]:
    """Return how a device is, as programs get it."""
    found, beat = fleet.roster.condition(one), fleet.roster.beat(one.id)
    return {
        "state": "revoked" if one.revoked_at else found.state,
        "reasons": [{"reason": each.word, "says": each.says, "repair": each.repair} for each in found.reasons],
        "seen_at": clock.iso(beat.at) if beat else None,
        "report": dict(beat.report.said) if beat else {},
    }


def _ask(fleet: Devices, number: int) -> tuple[Response, int]:
    body, by = Body(), By(fleet.administrator(), place(), fleet.clock())
    act, value = body.text("act", 100), body.text("value", 100)
    try:
        one = fleet.store.write(errands.ask, number, act, value, by)
    except NotFound:
        raise
    except UsageError as error:
        raise invalid("act", str(error)) from error
    return jsonify(_errand(one)), 201


def _errand(one: Errand) -> dict[str, Any]:
    said = {name: getattr(one, name) for name in ("id", "act", "value", "state", "by", "said")}
    moments = {"created_at": one.created_at, "expires_at": one.expires_at, "ended_at": one.ended_at}
    return said | {name: clock.iso(moment) if moment else None for name, moment in moments.items()}


def _enrol(fleet: Devices) -> tuple[Response, int]:
    body, by = Body(), fleet.administrator()
    said = {name: body.text(name, devices.LONGEST_TEXT) for name in Described.__slots__}
    try:
        hashed = body.text("token_sha256", 64)
        one, is_new = fleet.store.write(devices.enrol, Described(**said), hashed, by, fleet.clock())
    except Revoked as error:
        raise Problem(409, "revoked", "Revoked", str(error)) from error
    except NotFound as error:
        raise invalid("slug", str(error)) from error
    except UsageError as error:
        raise invalid("body", str(error)) from error
    fleet.record(by, "enrol_device", one, display=one.path)
    return jsonify(as_json(one)), 201 if is_new else 200


def _change(fleet: Devices, number: int) -> Response:
    body, by = Body(), fleet.administrator()
    with fleet.store.read() as db:
        before = devices.find(db, number)
    said = {
        name: body.text(name, devices.LONGEST_TEXT) or getattr(before, name) for name in ("name", "display", "slug")
    }
    part = body.part("settings")
    words = {name: part.text(name, 80) for name in devices.WORDS if part.says(name)} if part else {}
    try:
        one = fleet.store.write(devices.change, number, said["name"], said["display"], said["slug"], words)
    except UsageError as error:
        raise invalid("body", str(error)) from error
    fleet.record(by, "edit_device", one, **difference(before, one))
    fleet.roster.refresh()
    return jsonify(as_json(one))


def _revoke(fleet: Devices, number: int) -> Response:
    """Revoke a device; with `?forget=1` everything known of it goes, and its token is nobody's."""
    by = fleet.administrator()
    if request.args.get("forget") == "1":
        with fleet.store.read() as db:
            one = devices.find(db, number)
        fleet.store.write(devices.forget, number)
        fleet.record(by, "forget_device", one)
        return Response(status=204)
    one = fleet.store.write(devices.revoke, number, fleet.clock())
    fleet.record(by, "revoke_device", one)
    return jsonify(as_json(one))
