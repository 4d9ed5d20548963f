"""The files of plans: for whoever may see the screens, and unable to do anything wherever they are opened."""

from __future__ import annotations

from flask import Response

from kiosk.errors import NotFound
from kiosk.store import plans, reach
from kiosk.store.database import Store
from kiosk.web.access import Gate

FOREVER = 365 * 24 * 3600
INERT = "default-src 'none'; sandbox; frame-ancestors 'none'"


def file(store: Store, gate: Gate, slug: str, version: str) -> Response:
    """Return a version of a plan, which never changes. Raises NotFound for any but the newest; a problem."""
    if not gate.allowed() and not _is_shown(store, gate, slug):
        raise gate.refusal()
    with store.read() as db:
        plan = plans.find(db, slug)
        if plan.version != version:
            raise NotFound("This plan was replaced.")
        data, mime = plans.content(db, plan)
    answer = Response(data, mimetype=mime)
    answer.headers["Content-Security-Policy"] = INERT
    answer.cache_control.private = True
    answer.cache_control.max_age = FOREVER
    answer.cache_control.immutable = True
    return answer


def _is_shown(store: Store, gate: Gate, slug: str) -> bool:
    """Tell whether the device that asks shows the floors of that plan's building."""
    device = gate.device()
    if device is None:
        return False
    with store.read() as db:
        return slug in reach.plan_slugs(db, device.display, device.slug)
