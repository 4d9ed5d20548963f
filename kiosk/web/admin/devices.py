"""The section Devices: the machines of the fleet, how each is, and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Flask, request
from werkzeug.wrappers import Response as AnyResponse

from kiosk.fleet.health import STATES, Beat, Condition
from kiosk.store import devices
from kiosk.store.devices import Device
from kiosk.web.admin import device, frame, pairing
from kiosk.web.admin.frame import Admin, Section
from kiosk.web.admin.pairing import PAGE
from kiosk.web.identity import needs

# As many as a browser draws at once without a pause.
MOST = 200
REVOKED = "revoked"
KINDS = {"gone": "bad", "ill": "warn", "live": "good", "dark": "plain", REVOKED: "plain"}
WORDS = {"gone": "Gone", "ill": "Unwell", "live": "Live", "dark": "Dark as planned", REVOKED: "Revoked"}
ORDER = (*STATES, REVOKED)


@dataclass(frozen=True, slots=True)
class Row:
    """A machine as the list shows it; `state` is "revoked" where it is let in no more."""

    device: Device
    state: str
    condition: Condition
    beat: Beat | None

    def has(self, text: str) -> bool:
        """Tell whether what the list says of it holds every word of a text."""
        report = self.beat.report.said.values() if self.beat else ()
        said = (self.device.name, self.device.path, self.device.serial, self.beat.address if self.beat else "", *report)
        whole = " ".join(map(str, said)).casefold()
        return all(word in whole for word in text.casefold().split())


def install(app: Flask, admin: Admin) -> None:
    """Add the section."""
    admin.add(Section("devices", "Devices", PAGE, roles=("viewer",), order=44))
    pairing.install(app, admin)
    device.install(app, admin)
    routes = frame.blueprint("devices")

    @routes.get("/devices")
    @needs("viewer")
    def whole() -> AnyResponse:
        return frame.page("admin/devices.html", here="devices", **_found(admin))

    @routes.get("/devices.part")
    @needs("viewer")
    def part() -> AnyResponse:
        return frame.part("admin/devices_part.html", **_found(admin))

    app.register_blueprint(routes)


def row(admin: Admin, one: Device) -> Row:
    """Return a machine as it is now."""
    condition = admin.fleet.roster.condition(one)
    return Row(one, REVOKED if one.revoked_at else condition.state, condition, admin.fleet.roster.beat(one.id))


def _found(admin: Admin) -> dict[str, Any]:
    """Return the machines that are asked for, the worst first, and how many there are of each state."""
    asked = {name: request.args.get(name, "").strip()[:80] for name in ("state", "reason", "q")}
    rows = [row(admin, one) for one in admin.store.report(devices.every)]
    chosen = [one for one in rows if _is_chosen(one, asked)]
    chosen.sort(key=lambda one: (ORDER.index(one.state), one.device.name.casefold(), one.device.id))
    reasons = {each.word: each.says for one in rows if one.state in {"ill", "gone"} for each in one.condition.reasons}
    return {
        "rows": chosen[:MOST],
        "left_out": max(0, len(chosen) - MOST),
        "counts": Counter(one.state for one in rows),
        "reasons": sorted(reasons.items(), key=lambda one: one[1]),
        "asked": asked,
        "query": urlencode({name: text for name, text in asked.items() if text}),
        "now": admin.clock(),
        "kinds": KINDS,
        "words": WORDS,
        "order": ORDER,
    }


def _is_chosen(one: Row, asked: dict[str, str]) -> bool:
    # What is let in no more is shown to whoever asks for it.
    state = one.state == asked["state"] if asked["state"] else one.state != REVOKED
    reason = not asked["reason"] or asked["reason"] in {each.word for each in one.condition.reasons}
    return state and reason and one.has(asked["q"])
