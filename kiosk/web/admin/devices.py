"""The section Devices: the machines of the fleet, how they are, and what they are asked to do."""

from __future__ import annotations

from flask import Flask
from werkzeug.wrappers import Response as AnyResponse

from kiosk.store import devices
from kiosk.web.admin import frame, pairing
from kiosk.web.admin.frame import Admin, Section
from kiosk.web.admin.pairing import PAGE
from kiosk.web.identity import needs


def install(app: Flask, admin: Admin) -> None:
    """Add the section."""
    admin.add(Section("devices", "Devices", PAGE, roles=("viewer",), order=44))
    pairing.install(app, admin)
    routes = frame.blueprint("devices")

    @routes.get("/devices")
    @needs("viewer")
    def every() -> AnyResponse:
        with admin.store.read() as db:
            found = devices.every(db)
        return frame.page("admin/devices.html", here="devices", devices=found)

    app.register_blueprint(routes)
