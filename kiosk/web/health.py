"""Is the process alive, and is what it shows true: /healthz and /readyz."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Flask, Response, jsonify, request

from kiosk import clock, runtime
from kiosk.crew.crew import Crew
from kiosk.errors import DatabaseAway
from kiosk.live.audience import LATE
from kiosk.live.gallery import Screen
from kiosk.live.members import ALL_ROOMS
from kiosk.live.pulse import Pulse
from kiosk.store import directory, mirror
from kiosk.web.access import Gate, WsgiApp


@dataclass(frozen=True, slots=True)
class Health:
    """What the answers are made of; `hub`: why the hub that this server follows cannot be followed, or empty.

    `crew`: the processes of which this is one.
    """

    pulse: Pulse
    gate: Gate
    stalls: runtime.StallWatch
    hub: Callable[[], str] = str
    crew: Crew | None = None


def install(app: Flask, health: Health) -> None:
    """Add the two addresses; strangers learn only yes or no."""
    routes = Blueprint("health", __name__)

    @routes.get("/healthz")
    def alive() -> Response:
        return jsonify(alive=True)

    @routes.get("/readyz")
    def ready() -> tuple[Response, int]:
        try:
            return told()
        except DatabaseAway as error:
            return jsonify(ready=False, database=str(error)), 503

    def told() -> tuple[Response, int]:
        reasons = _reasons(health)
        details = _details(health, reasons) if health.gate.allowed() else {}
        hub = {"hub": health.hub()} if health.gate.is_here(request) else {}
        is_ready = not reasons and not _waits(health)
        return jsonify(ready=is_ready, **details, **hub), 200 if is_ready else 503

    app.register_blueprint(routes)


def alone(app: WsgiApp) -> WsgiApp:
    """Answer nothing but how this process is: others serve."""

    def entry(environ: dict[str, Any], start_response: Any) -> Any:
        if environ.get("PATH_INFO", "") in ("/healthz", "/readyz", "/metrics"):
            return app(environ, start_response)
        start_response("404 Not Found", [("Content-Type", "text/plain; charset=utf-8")])
        return [b"This process works for others that serve.\n"]

    return entry


def _reasons(health: Health) -> dict[str, str]:
    """Return, by slug, why a room's truth is stale."""
    stamp = health.pulse.gallery.stamp(Screen("lobby", ALL_ROOMS))
    with health.pulse.gallery.store.read() as db:
        known = {one.slug: one.reason for one in mirror.everything(db)}
    return {slug: known.get(slug) or f"last checked {as_of or 'never'}" for slug, as_of in stamp["stale"].items()}


def _waits(health: Health) -> bool:
    """Tell whether this server shows nothing because its hub does not let it in, or was never reached."""
    follows = health.gate.follows
    return follows is not None and not follows()


def _details(health: Health, reasons: dict[str, str]) -> dict[str, Any]:
    viewers = list(health.pulse.audience.viewers.values())
    silent = health.pulse.gallery.clock() - LATE
    behind, late = health.pulse.behind()
    return {
        "reasons": reasons,
        "vanished": _vanished(health),
        "screens": len(viewers),
        "screens_behind": behind,
        "screens_late": late,
        "screens_silent": sum(1 for viewer in viewers if viewer.at < silent),
        "freshness_seconds": health.pulse.freshness.summary(),
        "hub_stall_ms": round(health.stalls.longest() * 1000, 1),
        **({"warnings": health.crew.warnings(), "processes": health.crew.told()} if health.crew else {}),
    }


def _vanished(health: Health) -> dict[str, str]:
    """Return, by slug, since when the Directory no longer has a room; that makes nobody unready."""
    with health.pulse.gallery.store.read() as db:
        return {slug: clock.iso(since) for slug, since in directory.vanished(db).items()}
