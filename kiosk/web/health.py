"""Is the process alive, and is what it shows true: /healthz and /readyz."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Blueprint, Flask, Response, jsonify

from kiosk import runtime
from kiosk.live.audience import Audience
from kiosk.live.gallery import ALL_ROOMS, Gallery, Screen
from kiosk.store import mirror
from kiosk.web.access import Gate


@dataclass(frozen=True, slots=True)
class Health:
    """What the answers are made of."""

    gallery: Gallery
    audience: Audience
    gate: Gate
    stalls: runtime.StallWatch


def install(app: Flask, health: Health) -> None:
    """Add the two addresses; strangers learn only yes or no."""
    routes = Blueprint("health", __name__)

    @routes.get("/healthz")
    def alive() -> Response:
        return jsonify(alive=True)

    @routes.get("/readyz")
    def ready() -> tuple[Response, int]:
        reasons = _reasons(health)
        details = _details(health, reasons) if health.gate.allowed() else {}
        return jsonify(ready=not reasons, **details), 503 if reasons else 200

    app.register_blueprint(routes)


def _reasons(health: Health) -> dict[str, str]:
    """Return, by slug, why a room's truth is stale."""
    stamp = health.gallery.stamp(Screen("lobby", ALL_ROOMS))
    with health.gallery.store.read() as db:
        known = {one.slug: one.reason for one in mirror.everything(db)}
    return {slug: known.get(slug) or f"last checked {as_of or 'never'}" for slug, as_of in stamp["stale"].items()}


def _details(health: Health, reasons: dict[str, str]) -> dict[str, Any]:
    viewers = list(health.audience.viewers.values())
    versions = {screen: health.gallery.version(screen) for screen in {viewer.screen for viewer in viewers}}
    late = health.gallery.clock() - timedelta(minutes=1)
    return {
        "reasons": reasons,
        "screens": len(viewers),
        "screens_behind": health.audience.behind(versions),
        "screens_silent": sum(1 for viewer in viewers if viewer.at < late),
        "hub_stall_ms": round(health.stalls.longest() * 1000, 1),
    }
