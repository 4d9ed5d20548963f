"""The pages: home, doors, lobbies, floors, and the way in."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Flask, Response, make_response, redirect, render_template, request, send_from_directory
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from displays import REGISTRY
from kiosk.live.drawing import Drawn, current_slots
from kiosk.live.gallery import Gallery, Screen
from kiosk.live.members import ALL_ROOMS
from kiosk.resources import resource
from kiosk.store import plans
from kiosk.web import floors
from kiosk.web.access import COOKIE, COOKIE_DAYS, Gate, from_elsewhere, stranger
from kiosk.web.identity import inside
from kiosk.web.wording import gettext as _

FOREVER = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Pages:
    """What the pages need."""

    gallery: Gallery
    gate: Gate


def install(app: Flask, pages: Pages) -> None:
    """Add the pages to the app."""
    routes = Blueprint("pages", __name__)
    _add_static(app, routes, pages.gallery.build)

    @routes.get("/")
    def home() -> str | AnyResponse:
        if not pages.gate.allowed():
            return _way_in("")
        return render_template("home.html", **_home(pages.gallery))

    @routes.get("/door/<slug>")
    def door(slug: str) -> AnyResponse:
        return _display(pages, Screen("door", slug))

    @routes.get("/lobby/<slug>")
    def lobby(slug: str) -> AnyResponse:
        return _display(pages, Screen("lobby", slug))

    @routes.get("/floor/<slug>")
    def floor(slug: str) -> AnyResponse:
        return _display(pages, Screen("floor", slug))

    @routes.get("/floor/<slug>/plan/<version>")
    def plan(slug: str, version: str) -> AnyResponse:
        return floors.file(pages.gallery.store, pages.gate, slug, version)

    @routes.get("/enter")
    def ask() -> AnyResponse:
        return _way_in("")

    @routes.post("/enter")
    def enter() -> AnyResponse:
        return _enter(pages.gate)

    app.register_blueprint(routes)


def _add_static(app: Flask, routes: Blueprint, build: str) -> None:
    folder = resource("static")
    # The build is part of the path, so a page's scripts import each other by relative address and never go stale.
    app.jinja_env.globals["static"] = lambda path: f"/static/{build}/{path}"

    @routes.get("/static/<_build>/<path:path>")
    def static(_build: str, path: str) -> Response:
        answer = send_from_directory(folder, path, max_age=FOREVER)
        answer.cache_control.immutable = True
        return answer


def _home(gallery: Gallery) -> dict[str, Any]:
    everything = gallery.rooms_of(Screen("lobby", ALL_ROOMS))
    boards = [{"slug": ALL_ROOMS, "name": _("All rooms"), "rooms": len(everything)}]
    with gallery.store.read() as db:
        drawn = plans.every(db)
    return {"rooms": [stored.room for stored in everything], "boards": boards, "floors": drawn}


def _display(pages: Pages, screen: Screen) -> AnyResponse:
    if not pages.gate.allowed():
        return _way_in(request.path)
    if request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json":
        return _data(pages.gallery, screen)
    answer = make_response(render_template(REGISTRY[screen.display].template, **_picture(pages.gallery, screen)))
    answer.cache_control.no_cache = True
    return answer


def _data(gallery: Gallery, screen: Screen) -> Response:
    version = gallery.version(screen)
    if request.if_none_match.contains(version):
        answer = Response(status=304)
        answer.headers["Kiosk-Stamp"] = json.dumps(gallery.stamp(screen))
    else:
        answer = Response(json.dumps(gallery.view(screen)), mimetype="application/json")
    answer.set_etag(version)
    answer.headers["Vary"] = "Accept"
    answer.cache_control.no_cache = True
    return answer


def _picture(gallery: Gallery, screen: Screen) -> dict[str, Any]:
    stored, now = gallery.rooms_of(screen), gallery.clock()
    view, pictures = gallery.view(screen), gallery.pictures(screen.display, stored, now)
    if screen.display == "floor":
        return {"view": view, "title": view["frame"]["title"]}
    if screen.display != "door":
        rows = [_row(slug, drawn, now) for slug, drawn in pictures.items()]
        return {"view": view, "title": _("All rooms"), "current": sorted(rows, key=lambda row: row["order"])}
    scene, slots = current_slots(pictures[screen.slug], now)
    marked = {slot: Markup(html) for slot, html in slots.items()}
    return {"view": view, "room": stored[0].room, "status": scene.status, "current": marked}


def _row(slug: str, drawn: Drawn, now: datetime) -> dict[str, Any]:
    scene, slots = current_slots(drawn, now)
    return {
        "slug": slug,
        "status": scene.status,
        "order": scene.order,
        "html": Markup(slots["row"]),
    }


def _way_in(following: str, error: str = "") -> AnyResponse:
    wanted = request.accept_mimetypes.best_match(["text/html", "application/json"])
    if wanted == "application/json":
        raise stranger()
    return make_response(render_template("enter.html", next=following, error=error), 401)


def _enter(gate: Gate) -> AnyResponse:
    token = request.form.get("token", "").strip()
    if from_elsewhere(request) or not gate.knows(token):
        return _way_in(inside(request.form.get("next", ""), ""), _("This server does not know that token."))
    answer = redirect(inside(request.form.get("next", "")), 303)
    answer.set_cookie(
        COOKIE, token, max_age=timedelta(days=COOKIE_DAYS), httponly=True, samesite="Lax", secure=request.is_secure
    )
    return answer
