"""The API of the fleet for whoever looks after it: to enrol devices, list, change and revoke them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, NotRequired, TypedDict

from flask import Blueprint, Flask, Response, jsonify, request
from msgspec import UNSET, Struct, UnsetType, to_builtins

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
from kiosk.web.openapi.kinds import Moment, about, text
from kiosk.web.openapi.operation import operation
from kiosk.web.openapi.roles import ADMINS
from kiosk.web.outcomes import invalid
from kiosk.web.problems import Problem
from kiosk.web.wording import gettext as _

MOST_ERRANDS = 20


class Reason(TypedDict):
    """Why a device is not well."""

    reason: str
    says: str
    repair: str


class AskedOf(TypedDict):
    """Something that a device was asked to do."""

    id: int
    act: errands.What
    value: str
    state: errands.State
    by: str
    said: Annotated[str, about("What the device answered.")]
    created_at: Moment
    expires_at: Moment
    ended_at: Moment | None


class KnownDevice(TypedDict):
    """A machine of the fleet; how it is, where that is asked for."""

    id: int
    name: str
    display: str
    slug: str
    path: str
    serial: str | None
    model: str
    host_key: str
    created_at: Moment
    revoked_at: Moment | None
    settings: dict[str, str]
    rotating: Annotated[bool, about("It is to have another token.")]
    state: NotRequired[str]
    reasons: NotRequired[list[Reason]]
    seen_at: NotRequired[Moment | None]
    report: NotRequired[Annotated[dict[str, str | float | bool], about("What it said of itself last.")]]
    acts: NotRequired[Annotated[list[AskedOf], about("What it was asked last, newest first.")]]


class KnownDevices(TypedDict):
    """The fleet."""

    devices: list[KnownDevice]


Text = Annotated[str, text(devices.LONGEST_TEXT)]
Display = Annotated[str, text(devices.LONGEST_TEXT, "Such as door, doors, lobby or floor.")]


class NewDevice(Struct, frozen=True, kw_only=True):
    """A machine to be let in; one that is known by its serial number or its token is changed."""

    name: Text = ""
    display: Display = ""
    slug: Text = ""
    serial: Annotated[str, text(devices.LONGEST_TEXT, "Names it also when its card was replaced.")] = ""
    model: Text = ""
    host_key: Text = ""
    token_sha256: Annotated[str, text(64, "The SHA-256 of its token, in hexadecimal.")] = ""


class DeviceSettings(Struct, frozen=True, kw_only=True):
    """What a device does otherwise than its rooms; an empty text for what they do."""

    light: Annotated[str, text(80)] | UnsetType = UNSET
    theme: Annotated[str, text(80)] | UnsetType = UNSET


class DeviceChange(Struct, frozen=True, kw_only=True):
    """What is to be changed of a device; what is left out stays."""

    name: Text = ""
    display: Display = ""
    slug: Text = ""
    settings: DeviceSettings | None = None


class Forgetting(Struct, frozen=True, kw_only=True):
    """How a device is to go."""

    forget: Annotated[Literal["0", "1"], about("1: everything known of it goes, too.")] = "0"


class Errands(Struct, frozen=True, kw_only=True):
    """What a device is asked to do."""

    act: Annotated[str, text(100, f"One of {', '.join(errands.ACTS)}.")] = ""
    value: Annotated[str, text(100, "From 1 to 100 for `brightness`, else nothing.")] = ""


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
    @operation("The fleet, and how each device is", ADMINS, {200: KnownDevices})
    def every_device() -> Response:
        with fleet.store.read() as db:
            found = devices.every(db)
        return jsonify(devices=[as_json(one) | how(fleet, one) for one in found])

    @routes.post("")
    @operation(
        "Let a machine in by the hash of its token",
        ADMINS,
        {200: KnownDevice, 201: KnownDevice},
        refusals=(409,),
        about="200 where it is known already.",
        example={
            "name": "Oak, left of the door",
            "display": "door",
            "slug": "oak",
            "serial": "10000000abcd",
            "token_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        },
    )
    def enrol(body: NewDevice) -> tuple[Response, int]:
        return _enrol(fleet, body)

    @routes.get("/<int:number>")
    @operation("One device, how it is, and what it was asked last", ADMINS, {200: KnownDevice})
    def one_device(number: int) -> Response:
        with fleet.store.read() as db:
            one = devices.find(db, number)
            asked = errands.recent(db, number, MOST_ERRANDS)
        return jsonify(as_json(one) | how(fleet, one) | {"acts": [_errand(each) for each in asked]})

    @routes.patch("/<int:number>")
    @operation("Change a device", ADMINS, {200: KnownDevice}, example={"display": "lobby", "slug": "all"})
    def change(number: int, body: DeviceChange) -> Response:
        return _change(fleet, number, body)

    @routes.delete("/<int:number>")
    @operation("Let a device in no more", ADMINS, {200: KnownDevice, 204: None})
    def revoke(number: int, query: Forgetting) -> Response:
        return _revoke(fleet, number, query.forget == "1")

    @routes.post("/<int:number>/acts")
    @operation("Ask a device to do something", ADMINS, {201: AskedOf}, example={"act": "identify"})
    def ask(number: int, body: Errands) -> tuple[Response, int]:
        return _ask(fleet, number, body)

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


def _ask(fleet: Devices, number: int, body: Errands) -> tuple[Response, int]:
    by = By(fleet.administrator(), place(), fleet.clock())
    try:
        one = fleet.store.write(errands.ask, number, body.act, body.value, by)
    except NotFound:
        raise
    except UsageError as error:
        raise invalid("act", str(error)) from error
    return jsonify(_errand(one)), 201


def _errand(one: Errand) -> dict[str, Any]:
    said = {name: getattr(one, name) for name in ("id", "act", "value", "state", "by", "said")}
    moments = {"created_at": one.created_at, "expires_at": one.expires_at, "ended_at": one.ended_at}
    return said | {name: clock.iso(moment) if moment else None for name, moment in moments.items()}


def _enrol(fleet: Devices, body: NewDevice) -> tuple[Response, int]:
    by, wanted = fleet.administrator(), Described(**{name: getattr(body, name) for name in Described.__slots__})
    try:
        one, is_new = fleet.store.write(devices.enrol, wanted, body.token_sha256, by, fleet.clock())
    except Revoked as error:
        raise Problem(409, "revoked", "Revoked", str(error)) from error
    except NotFound as error:
        raise invalid("slug", str(error)) from error
    except UsageError as error:
        raise invalid("body", str(error)) from error
    fleet.record(by, "enrol_device", one, display=one.path)
    return jsonify(as_json(one)), 201 if is_new else 200


def _change(fleet: Devices, number: int, body: DeviceChange) -> Response:
    by = fleet.administrator()
    with fleet.store.read() as db:
        before = devices.find(db, number)
    said = {name: getattr(body, name) or getattr(before, name) for name in ("name", "display", "slug")}
    words = to_builtins(body.settings) if body.settings else {}
    try:
        one = fleet.store.write(devices.change, number, said["name"], said["display"], said["slug"], words)
    except UsageError as error:
        raise invalid("body", str(error)) from error
    fleet.record(by, "edit_device", one, **difference(before, one))
    fleet.roster.refresh()
    return jsonify(as_json(one))


def _revoke(fleet: Devices, number: int, forget: bool) -> Response:
    """Revoke a device; with `forget` everything known of it goes, and its token is nobody's."""
    by = fleet.administrator()
    if forget:
        with fleet.store.read() as db:
            one = devices.find(db, number)
        fleet.store.write(devices.forget, number)
        fleet.record(by, "forget_device", one)
        return Response(status=204)
    one = fleet.store.write(devices.revoke, number, fleet.clock())
    fleet.record(by, "revoke_device", one)
    return jsonify(as_json(one))
