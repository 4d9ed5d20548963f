"""The API as a device sees it: who it is, what it shows, how it says that it is well, and what it is asked to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypedDict

from flask import Blueprint, Flask, Response, g, jsonify, request
from msgspec import Struct

from kiosk import clock
from kiosk.errors import NotFound, UsageError
from kiosk.fleet import health, light
from kiosk.fleet.courier import Courier
from kiosk.fleet.report import FLAGS, NUMBERS, TEXTS, read
from kiosk.fleet.roster import Roster
from kiosk.store import devices, errands
from kiosk.store.database import Store
from kiosk.store.devices import Device
from kiosk.store.errands import Errand
from kiosk.web.access import Gate, foreign, from_elsewhere, machine_token, revoked, stranger
from kiosk.web.asking import place
from kiosk.web.openapi.kinds import Moment, about, lines, number, text
from kiosk.web.openapi.operation import File, operation
from kiosk.web.openapi.roles import MACHINES
from kiosk.web.outcomes import invalid
from kiosk.web.problems import Problem

# A heartbeat and a long poll in one: as long as a proxy lets a request wait.
LONGEST_WAIT = 30
# What a machine may send with its answer: the act for which, its type, how it begins, and how long it may be.
PICTURE = ("screenshot", "image/jpeg", b"\xff\xd8", 100 * 1024)
LOGS = ("collect_logs", "text/plain", b"", 200 * 1024)
Sendable = tuple[str, str, bytes, int]


class MyDevice(TypedDict):
    """What a device is told of itself."""

    id: int
    name: str
    display: str
    slug: str
    path: str
    rooms: Annotated[list[str], about("The slugs of the rooms that it shows.")]
    hours: Annotated[str, about("When its screen is lit; empty for always.")]
    server_time: Moment


class NextToken(Struct, frozen=True, kw_only=True):
    """The token that a device wants to show from now on."""

    next_sha256: Annotated[str, text(64, "Its SHA-256, in hexadecimal.")] = ""


class Rotated(TypedDict):
    """The next token is good from its first use, and the old one for a day longer."""

    rotated: bool


class Heard(TypedDict):
    """What a device is told when it has said how it is."""

    interval: Annotated[int, about("Seconds until the next heartbeat.")]
    rotate: Annotated[bool, about("It is time for another token.")]


class Waiting(Struct, frozen=True, kw_only=True):
    """How long to wait for something."""

    wait: Annotated[int, number(600, "Seconds; 30 at most are waited.")] | None = None


class DeviceAct(TypedDict):
    """Something that a device is to do."""

    id: int
    act: errands.What
    value: str
    expires_at: Moment


class DeviceActs(TypedDict):
    """What a device is to do, each told once."""

    acts: list[DeviceAct]


class DeviceAnswer(Struct, frozen=True, kw_only=True):
    """What became of something that a device was to do."""

    state: Literal["done", "failed"] = "done"
    said: Annotated[str, lines(2_000, "A word about it.")] = ""


class Answered(TypedDict):
    """How it is written down."""

    id: int
    state: errands.State


READINGS = (
    "What the machine reads of itself, as far as it can: "
    + ", ".join(f"`{name}`" for name in (*TEXTS, *FLAGS, *NUMBERS))
    + ". What makes no sense is left out."
)


@dataclass(frozen=True, slots=True)
class Machines:
    """What answers devices."""

    store: Store
    gate: Gate
    clock: clock.Clock
    roster: Roster
    courier: Courier

    def asking(self) -> Device:
        """Return the device that asks. Raises a problem when none does, or a revoked one."""
        if "device" not in g:
            g.device = self.gate.device()
        found: Device | None = g.device
        if found is None:
            raise revoked() if self.gate.is_revoked() else stranger()
        return found

    def notice(self) -> None:
        """Note that a device has shown itself, and make the token laid down for it its current one at first sight."""
        token = machine_token(request)
        found = self.gate.device() if token else None
        if found is None:
            return
        with self.store.read() as db:
            is_next = devices.is_next(db, found.id, token)
        if is_next:
            self.store.write(devices.promote, found.id, token, self.clock())
        self.roster.heard(found.id, None, place())


def install(app: Flask, machines: Machines) -> None:
    """Add the API to the app."""
    app.before_request(machines.notice)
    routes = Blueprint("device", __name__, url_prefix="/api/v1/device")

    @routes.before_request
    def check() -> None:
        machines.asking()
        if request.method != "GET" and from_elsewhere(request):
            raise foreign()

    @routes.get("")
    @operation("Which device asks, and what it shows", MACHINES, {200: MyDevice})
    def myself() -> Response:
        return jsonify(_told(machines, machines.asking()))

    @routes.post("/token")
    @operation("Exchange the device's token", MACHINES, {200: Rotated}, example={"next_sha256": "9f86d081884c7d65…"})
    def rotate(body: NextToken) -> Response:
        return _rotate(machines, body.next_sha256)

    @routes.post("/heartbeat")
    @operation(
        "Say how the device is",
        MACHINES,
        {200: Heard},
        about=READINGS,
        example={"version": "1.4.0", "uptime_s": 3600, "temp_c": 51.5, "screen_on": True},
    )
    def heartbeat(body: Any) -> Response:
        return _heartbeat(machines, machines.asking(), body if isinstance(body, dict) else {})

    _add_errands(routes, machines)
    app.register_blueprint(routes)


def _add_errands(routes: Blueprint, machines: Machines) -> None:
    @routes.get("/acts")
    @operation("What the device is to do; waits until there is something", MACHINES, {200: DeviceActs})
    def take(query: Waiting) -> Response:
        found = machines.courier.wait(machines.asking().id, min(query.wait or 0, LONGEST_WAIT))
        # It may have been revoked while it waited.
        if machines.gate.device() is None:
            raise revoked()
        return jsonify(acts=[_errand(one) for one in found])

    @routes.post("/acts/<int:number>")
    @operation(
        "Say what became of something that the device was to do",
        MACHINES,
        {200: Answered},
        refusals=(409,),
        example={"state": "done", "said": "as you wish"},
    )
    def answer(number: int, body: DeviceAnswer) -> Response:
        return _answer(machines, number, body)

    @routes.put("/acts/<int:number>/picture")
    @operation(
        "Send the picture that was asked for",
        MACHINES,
        {204: None},
        refusals=(409, 413, 415),
        takes=File(PICTURE[1], "The picture, 100 KiB at most."),
    )
    def picture(number: int) -> Response:
        return _keep(machines, number, PICTURE)

    @routes.put("/acts/<int:number>/logs")
    @operation(
        "Send the log that was asked for",
        MACHINES,
        {204: None},
        refusals=(409, 413, 415),
        takes=File(LOGS[1], "The log, 200 KiB at most."),
    )
    def logs(number: int) -> Response:
        return _keep(machines, number, LOGS)


def _told(machines: Machines, device: Device) -> dict[str, object]:
    """Return what a device is told of itself; `hours`: when its screen is lit, empty for always."""
    said = {name: getattr(device, name) for name in ("id", "name", "display", "slug", "path")}
    return said | {
        "rooms": sorted(machines.gate.reaches(device)),
        "hours": light.write(machines.roster.lights(device.id)),
        "server_time": clock.iso(machines.clock()),
    }


def _rotate(machines: Machines, hashed: str) -> Response:
    try:
        machines.store.write(devices.lay_down, machines.asking().id, hashed)
    except UsageError as error:
        raise invalid("next_sha256", str(error)) from error
    return jsonify(rotated=True)


def _heartbeat(machines: Machines, device: Device, said: dict[str, Any]) -> Response:
    machines.roster.heard(device.id, read(said), place())
    interval = int(health.INTERVAL.total_seconds())
    return jsonify(interval=interval, rotate=device.rotates(machines.clock()))


def _errand(one: Errand) -> dict[str, object]:
    return {"id": one.id, "act": one.act, "value": one.value, "expires_at": clock.iso(one.expires_at)}


def _answer(machines: Machines, number: int, body: DeviceAnswer) -> Response:
    told = number, body.state == "done", body.said.replace("\r", ""), machines.clock()
    try:
        one = machines.store.write(errands.answer, machines.asking().id, *told)
    except NotFound:
        raise
    except UsageError as error:
        raise Problem(409, "over", "Over", str(error)) from error
    return jsonify(id=one.id, state=one.state)


def _keep(machines: Machines, number: int, what: Sendable) -> Response:
    """Keep what a machine sends with an answer, in memory only. Raises a problem for what was not asked for."""
    act, kind, begins, most = what
    request.max_content_length = most
    with machines.store.read() as db:
        one = errands.of_device(db, machines.asking().id, number)
    content = request.get_data()
    if one.act != act or one.state != "taken":
        raise Problem(409, "over", "Over", "Nobody waits for this any more.")
    if request.mimetype != kind or not content.startswith(begins):
        raise Problem(415, "not_this", "Refused", "This is not what was asked for.")
    machines.courier.keep(number, kind, content)
    return Response(status=204)
