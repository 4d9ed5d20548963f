"""The API as a device sees it: who it is, what it shows, how it says that it is well, and what it is asked to do."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Flask, Response, g, jsonify, request

from kiosk import clock
from kiosk.errors import NotFound, UsageError
from kiosk.fleet import health, light
from kiosk.fleet.courier import Courier
from kiosk.fleet.report import read
from kiosk.fleet.roster import Roster
from kiosk.store import devices, errands
from kiosk.store.database import Store
from kiosk.store.devices import Device
from kiosk.store.errands import Errand
from kiosk.web import fields
from kiosk.web.access import Gate, foreign, from_elsewhere, machine_token, revoked, stranger
from kiosk.web.asking import place
from kiosk.web.fields import Body, Query
from kiosk.web.outcomes import invalid
from kiosk.web.problems import Problem

# A heartbeat and a long poll in one: as long as a proxy lets a request wait.
LONGEST_WAIT = 30
# What a machine may send with its answer: the act for which, its type, how it begins, and how long it may be.
PICTURE = ("screenshot", "image/jpeg", b"\xff\xd8", 100 * 1024)
LOGS = ("collect_logs", "text/plain", b"", 200 * 1024)
Sendable = tuple[str, str, bytes, int]


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
    def myself() -> Response:
        return jsonify(_told(machines, machines.asking()))

    @routes.post("/token")
    def rotate() -> Response:
        return _rotate(machines)

    @routes.post("/heartbeat")
    def heartbeat() -> Response:
        return _heartbeat(machines, machines.asking())

    _add_errands(routes, machines)
    app.register_blueprint(routes)


def _add_errands(routes: Blueprint, machines: Machines) -> None:
    @routes.get("/acts")
    def take() -> Response:
        wait = min(Query().number("wait", 600) or 0, LONGEST_WAIT)
        found = machines.courier.wait(machines.asking().id, wait)
        # It may have been revoked while it waited.
        if machines.gate.device() is None:
            raise revoked()
        return jsonify(acts=[_errand(one) for one in found])

    @routes.post("/acts/<int:number>")
    def answer(number: int) -> Response:
        return _answer(machines, number)

    @routes.put("/acts/<int:number>/picture")
    def picture(number: int) -> Response:
        return _keep(machines, number, PICTURE)

    @routes.put("/acts/<int:number>/logs")
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


def _rotate(machines: Machines) -> Response:
    device, hashed = machines.asking(), Body().text("next_sha256", 64)
    try:
        machines.store.write(devices.lay_down, device.id, hashed)
    except UsageError as error:
        raise invalid("next_sha256", str(error)) from error
    return jsonify(rotated=True)


def _heartbeat(machines: Machines, device: Device) -> Response:
    said = fields.said()
    machines.roster.heard(device.id, read(said if isinstance(said, dict) else {}), place())
    interval = int(health.INTERVAL.total_seconds())
    return jsonify(interval=interval, rotate=device.rotates(machines.clock()))


def _errand(one: Errand) -> dict[str, object]:
    return {"id": one.id, "act": one.act, "value": one.value, "expires_at": clock.iso(one.expires_at)}


def _answer(machines: Machines, number: int) -> Response:
    body = Body()
    done = body.one_of("state", ("done", "failed")) == "done"
    said = body.lines("said", 2_000)
    try:
        one = machines.store.write(errands.answer, machines.asking().id, number, done, said, machines.clock())
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
