"""The pages: home, doors, lobbies, floors, and the way in."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Flask, Response, make_response, redirect, render_template, request, send_from_directory
from flask_babel import lazy_gettext
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from displays import REGISTRY
from displays.lobby import place
from kiosk.fleet import light
from kiosk.live.drawing import Drawn, current_scene, current_slots
from kiosk.live.gallery import FEW, Gallery, Screen
from kiosk.resources import resource
from kiosk.store import boards, plans, rooms
from kiosk.store.rooms import StoredRoom
from kiosk.web import floors, pairing, tongues, worker
from kiosk.web.access import COOKIE, COOKIE_DAYS, Gate, from_elsewhere
from kiosk.web.identity import inside
from kiosk.web.links import Links
from kiosk.web.wording import gettext as _

FOREVER = 365 * 24 * 3600
NEEDLESS = ("Content-Disposition", "Last-Modified", "Expires")


@dataclass(frozen=True, slots=True)
class Pages:
    """What the pages need; `hub_says`: what a hub said of this machine: its display's path, its words."""

    gallery: Gallery
    gate: Gate
    links: Links
    hub_says: Callable[[], Mapping[str, Any]] = dict

    def path(self) -> str:
        """Return the address of the display of the machine that asks, empty where none does."""
        device = self.gate.device()
        return device.path if device else str(self.hub_says().get("path", "")) if self.gate.allowed() else ""

    def words(self) -> Mapping[str, str]:
        """Return what the machine that asks does otherwise than the rooms it shows."""
        device = self.gate.device()
        return device.words if device else self.hub_says().get("words", {})


def install(app: Flask, pages: Pages) -> None:
    """Add the pages to the app."""
    routes = Blueprint("pages", __name__)
    _add_static(app, routes, pages.gallery.build)
    worker.install(routes, pages.gallery.build)

    @routes.get("/")
    def home() -> str | AnyResponse:
        path = pages.path()
        if path:
            return _private(redirect(path, 302))
        if not pages.gate.allowed():
            return way_in(pages.gate, "")
        return render_template("home.html", **_home(pages.gallery))

    @routes.get("/door/<slug>")
    def door(slug: str) -> AnyResponse:
        return _display(pages, Screen("door", slug))

    @routes.get("/doors/<slug>")
    def doors(slug: str) -> AnyResponse:
        return _display(pages, Screen("doors", slug))

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
        return _asking(inside(request.args.get("next", ""), ""))

    @routes.post("/enter")
    def enter() -> AnyResponse:
        return _enter(pages.gate)

    app.register_blueprint(routes)


def _add_static(app: Flask, routes: Blueprint, build: str) -> None:
    folder = resource("static")
    # The build is part of the path, so a page's scripts import each other by relative address and never go stale.
    app.jinja_env.globals["static"] = lambda path: f"/static/{build}/{path}"

    @routes.get("/static/<asked>/<path:path>")
    def static(asked: str, path: str) -> Response:
        answer = send_from_directory(folder, path, max_age=FOREVER, etag=False, conditional=False)
        answer.cache_control.immutable = True
        if asked != build:
            # While processes are renewed one after the other, a page may ask one of another build: nobody keeps that.
            answer.headers["Cache-Control"] = "no-store"
        # A page asks for two dozen of them: what nobody needs is not said, for nothing here is ever asked for again.
        for name in NEEDLESS:
            answer.headers.pop(name, None)
        return answer


def _home(gallery: Gallery) -> dict[str, Any]:
    with gallery.store.read() as db:
        found, everything = boards.every(db), [stored.room for stored in rooms.every(db)]
        drawn = plans.every(db)
    listed = [
        {"slug": one.slug, "name": one.name or _("All rooms"), "rooms": sum(map(one.has, everything))} for one in found
    ]
    return {"rooms": sorted(everything, key=place), "boards": listed, "floors": drawn}


def _display(pages: Pages, screen: Screen) -> AnyResponse:
    if not pages.gate.sees(screen.display, screen.slug):
        return way_in(pages.gate, request.path)
    if request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json":
        return data(pages.gallery, screen)
    picture = _picture(pages, screen)
    answer = make_response(tongues.page(REGISTRY[screen.display].template, **picture))
    answer.headers[worker.MARK] = pages.gallery.build
    if picture["view"]["rest"]:
        answer.headers[worker.REST] = "1"
    answer.cache_control.no_cache = True
    pairing.renew(pages.gate, answer)
    return answer


def data(gallery: Gallery, screen: Screen) -> Response:
    """Return a screen's view for its script, or only how old it is where the script has it already."""
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


def _picture(pages: Pages, screen: Screen) -> dict[str, Any]:
    gallery = pages.gallery
    stored, now = gallery.rooms_of(screen), gallery.clock()
    view, pictures = gallery.view(screen, first=worker.WHOLE not in request.headers), gallery.pictures(screen, now)
    shared = {"view": view, **_appearance(pages.words(), stored, view["frame"]["theme"])}
    if screen.display == "doors":
        return {**shared, "panes": [_pane(one, pictures[one.room.slug], now) for one in stored]}
    if screen.display == "floor":
        return {**shared, "title": view["frame"]["title"]}
    if screen.display != "door":
        title = view["frame"]["title"] or lazy_gettext("All rooms")
        return {**shared, "title": title, "current": first_page(pictures, now, view["frame"]["least_minutes"])}
    code = pages.links.code(stored[0].room)
    return {**shared, **_pane(stored[0], pictures[screen.slug], now), "code": code}


def _appearance(words: Mapping[str, str], stored: list[StoredRoom], theme: str) -> dict[str, str]:
    """Return the theme of a page and, where its device has hours of its own, when it is lit."""
    hours = light.write(light.lights(words, [one.room for one in stored])) or "always"
    return {"theme": words.get("theme", theme), "light": hours if "light" in words else ""}


def _pane(stored: StoredRoom, drawn: Drawn, now: datetime) -> dict[str, Any]:
    scene, slots = current_slots(drawn, now)
    marked = {slot: Markup(html) for slot, html in slots.items()}
    return {"room": stored.room, "status": scene.status, "current": marked}


def first_page(pictures: Mapping[str, Drawn], now: datetime, least_minutes: int = 0) -> dict[str, Any]:
    """Return what a board begins with, before its page knows how many rows fit.

    `rows`: the first ones, of which `heading` is the HTML that stands above, empty where the row before has the same;
    `more`: whether others follow. `soonest`: the HTML that says which room is free next, where none is; otherwise
    `free` says how many are free for `least_minutes`, None where that is not asked for.
    """
    known = sorted(pictures.items(), key=lambda one: current_scene(one[1], now).order)
    drawn = [(slug, *current_slots(one, now)) for slug, one in known[:FEW]]
    headings = [slots.get("place", "") for _slug, _scene, slots in drawn]
    rows = [
        {
            "slug": slug,
            "status": scene.status,
            "html": Markup(slots["row"]),
            "heading": Markup("" if heading == before else heading),
        }
        for (slug, scene, slots), heading, before in zip(drawn, headings, ["", *headings], strict=False)
    ]
    return {"rows": rows, "more": len(known) > FEW, **_lead([one for _slug, one in known], now, least_minutes)}


def _lead(pictures: list[Drawn], now: datetime, least_minutes: int) -> dict[str, Any]:
    known = [(current_scene(one, now).free, one) for one in pictures]
    coming = [(since, one) for since, one in known if since]
    free = len([since for since, _one in coming if since <= now])
    if free or not coming:
        return {"soonest": "", "free": free if free and least_minutes else None}
    _since, soonest = min(coming, key=lambda one: one[0])
    return {"soonest": Markup(current_slots(soonest, now)[1].get("soonest", "")), "free": None}


def way_in(gate: Gate, following: str) -> AnyResponse:
    """Answer whoever may not see a display: a device is sent to its own, everybody else asked who they are."""
    wanted = request.accept_mimetypes.best_match(["text/html", "application/json"])
    if wanted == "application/json":
        raise gate.refusal()
    device = gate.device()
    if device:
        return _private(redirect(device.path, 302))
    return _private(make_response(render_template("pair.html", next=following), 401))


def _asking(following: str, error: str = "") -> AnyResponse:
    return make_response(render_template("enter.html", next=following, error=error), 401)


def _private(answer: AnyResponse) -> AnyResponse:
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _enter(gate: Gate) -> AnyResponse:
    token = request.form.get("token", "").strip()
    if from_elsewhere(request) or not gate.is_screen(token):
        return _asking(inside(request.form.get("next", ""), ""), _("This server does not know that token."))
    answer = redirect(inside(request.form.get("next", "")), 303)
    answer.set_cookie(
        COOKIE, token, max_age=timedelta(days=COOKIE_DAYS), httponly=True, samesite="Lax", secure=request.is_secure
    )
    return answer
