"""The API as a device sees it: who it is, what it shows, and another token for itself."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Flask, Response, jsonify, request

from kiosk import clock
from kiosk.errors import UsageError
from kiosk.store import devices
from kiosk.store.database import Store
from kiosk.store.devices import Device
from kiosk.web.access import Gate, foreign, from_elsewhere, machine_token, revoked, stranger
from kiosk.web.fields import Body
from kiosk.web.outcomes import invalid


@dataclass(frozen=True, slots=True)
class Machines:
    """What answers devices."""

    store: Store
    gate: Gate
    clock: clock.Clock

    def asking(self) -> Device:
        """Return the device that asks. Raises a problem when none does, or a revoked one."""
        found = self.gate.device()
        if found is None:
            raise revoked() if self.gate.is_revoked() else stranger()
        return found

    def settle_token(self) -> None:
        """Make a token that was laid down for a device its current one when it is shown for the first time."""
        token = machine_token(request)
        if not token:
            return
        with self.store.read() as db:
            found = devices.by_token(db, token, self.clock())
            is_next = found is not None and devices.is_next(db, found.id, token)
        if found and is_next:
            self.store.write(devices.promote, found.id, token, self.clock())


def install(app: Flask, machines: Machines) -> None:
    """Add the API to the app."""
    app.before_request(machines.settle_token)
    routes = Blueprint("device", __name__, url_prefix="/api/v1/device")

    @routes.before_request
    def check() -> None:
        machines.asking()
        if request.method != "GET" and from_elsewhere(request):
            raise foreign()

    @routes.get("")
    def myself() -> Response:
        return jsonify(told(machines, machines.asking()))

    @routes.post("/token")
    def rotate() -> Response:
        return _rotate(machines)

    app.register_blueprint(routes)


def told(machines: Machines, device: Device) -> dict[str, object]:
    """Return what a device is told of itself."""
    said = {name: getattr(device, name) for name in ("id", "name", "display", "slug", "path")}
    return said | {"rooms": sorted(machines.gate.reaches(device)), "server_time": clock.iso(machines.clock())}


def _rotate(machines: Machines) -> Response:
    device, hashed = machines.asking(), Body().text("next_sha256", 64)
    try:
        machines.store.write(devices.lay_down, device.id, hashed)
    except UsageError as error:
        raise invalid("next_sha256", str(error)) from error
    return jsonify(rotated=True)
