"""The organisation's look: what pages say of it, and its style sheet and logo under an address that never changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Flask, Response

from kiosk.errors import NotFound
from kiosk.store import look
from kiosk.store.database import Store
from kiosk.store.logos import KINDS, Logo
from kiosk.store.look import Look

FOREVER = 365 * 24 * 3600
# Whoever opens a logo by itself opens a picture: nothing in it may run, or load anything.
PICTURE_ONLY = "default-src 'none'; sandbox"


@dataclass(frozen=True, slots=True)
class Linked:
    """What a page needs to know of the look: its style sheet is `address`.css, its logo (if any) `address`.logo."""

    address: str
    logo: Logo | None


def install(app: Flask, store: Store) -> None:
    """Tell every page of the look, and add what they link to."""
    routes = Blueprint("look", __name__)

    @routes.get("/look/<version>.css")
    def sheet(version: str) -> Response:
        return _lasting(Response(_sheet(_known(store, version)), mimetype="text/css"))

    @routes.get("/look/<version>.logo")
    def logo(version: str) -> Response:
        found = _known(store, version).logo
        if found is None:
            raise NotFound("There is no logo.")
        answer = _lasting(Response(found.content, mimetype=KINDS[found.kind]))
        answer.headers["Content-Security-Policy"] = PICTURE_ONLY
        return answer

    app.register_blueprint(routes)
    app.context_processor(lambda: _linked(store))


def _linked(store: Store) -> dict[str, Any]:
    with store.read() as db:
        version = look.version(db)
        found = look.read(db) if version else Look()
    return {"look": Linked(f"/look/{version}", found.logo) if version else None}


def _known(store: Store, version: str) -> Look:
    with store.read() as db:
        if version != look.version(db):
            raise NotFound("This look holds no longer.")
        return look.read(db)


def _lasting(answer: Response) -> Response:
    answer.cache_control.max_age = FOREVER
    answer.cache_control.public = answer.cache_control.immutable = True
    return answer


def _sheet(one: Look) -> str:
    """Return the look as custom properties: nothing of it paints a status."""
    plate = "dark" if one.dark_plate else "light"
    values = {"logo-plate": f"var(--plate-{plate})"}
    if one.day:
        inks = look.ink(one.day), look.ink(one.night)
        values["page-accent"] = f"light-dark({one.day}, {one.night})"
        values["page-accent-ink"] = f"light-dark({', '.join(inks)})"
        values["board-accent"] = one.night
    return ":root {\n" + "".join(f"  --{name}: {value};\n" for name, value in values.items()) + "}\n"
