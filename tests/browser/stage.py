"""A door with whatever a test says is known of its room: real templates, scripts and rules, and nobody behind them."""

from __future__ import annotations

import json
import mimetypes
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask, Response, jsonify, render_template, request
from flask_babel import lazy_gettext
from markupsafe import Markup
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from displays import REGISTRY
from kiosk import clock
from kiosk.live.drawing import Drawn, Painter, current_slots, track_json
from kiosk.resources import resource
from kiosk.schedule.model import Booking, Message, Room
from kiosk.web import icons, links, tongues, wording, worker
from kiosk.web.links import Code
from kiosk.web.pages import first_page
from tests.schedule.values import BERLIN

OAK = Room("oak", "Elbe", BERLIN, building="Berlin", floor="2")


class Silent(WSGIRequestHandler):
    """Serves without a word."""

    def log(self, *_what: Any) -> None:
        """Say nothing."""


@dataclass
class Stage:
    """Serves the screens of one room at a fixed moment; taps are written down and answered as the test says.

    `refusal`: with what strangers are answered, while everybody is one.
    """

    room: Room
    bookings: Sequence[Booking] = ()
    messages: Sequence[Message] = ()
    moment: datetime = field(default_factory=clock.now)
    language: str = "en"
    hours: str = "24"
    links: list[str] = field(default_factory=list)
    second: str = ""
    taps: list[tuple[str, str, Any]] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)
    answer: tuple[int, dict[str, Any]] = (200, {"message": "Done.", "id": "kioskmade"})
    headers: dict[str, str] = field(default_factory=dict)
    people: Sequence[tuple[str, str]] = ()
    link: str = ""
    person: str = ""
    sign_in: bool = True
    own: Sequence[Any] = ()
    build: str = "stage"
    refusal: int = 0
    port: int = 0
    told: Sequence[dict[str, Any]] = ()
    beside: Sequence[tuple[Room, Sequence[Booking]]] = ()
    others: Sequence[dict[str, Any]] | None = ()
    neighbours: Sequence[tuple[Room, Sequence[Booking]]] = ()
    known: bool = True
    theme: str = "auto"
    url: str = ""
    _may_answer: threading.Event = field(default_factory=threading.Event)
    _server: BaseWSGIServer | None = None
    app: Flask = field(init=False)

    def __enter__(self) -> Stage:
        """Open."""
        self._may_answer.set()
        self.open()
        return self

    def __exit__(self, *_failure: object) -> None:
        """Close."""
        self.close()

    def open(self) -> None:
        """Serve, at the same address as before."""
        self.app = _app(self)
        self._server = make_server("127.0.0.1", self.port, self.app, threaded=True, request_handler=Silent)
        self.port = self._server.port
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Be away, as a server that is switched off."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()
        self._server = None

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Leave taps without an answer inside."""
        self._may_answer.clear()
        yield
        self._may_answer.set()

    def answered(self) -> tuple[Response, int, dict[str, str]]:
        """Answer a tap when that may be."""
        self._may_answer.wait(20)
        code, body = self.answer
        return jsonify(body), code, self.headers

    def drawn(self, app: Flask, display: str) -> dict[str, Drawn]:
        """Draw the rooms of a display as they are known now."""
        more = {"doors": self.beside, "lobby": self.neighbours}.get(display, ())
        rooms = [(self.room, self.bookings), *more]
        return {room.slug: self._paint(app, display, room, bookings) for room, bookings in rooms}

    def _paint(self, app: Flask, display: str, room: Room, bookings: Sequence[Booking]) -> Drawn:
        kind = REGISTRY[display]
        unknown = (kind.unknown(room, self.moment),)
        scenes = kind.scenes(room, bookings, self.moment, self.messages) if self.known else unknown
        other = wording.drawer(app, self.second) if self.second else None
        painter = Painter(wording.drawer(app, self.language), "", other)
        return painter.paint(kind, room, room.zone, scenes, self.moment)

    def view(self, drawn: dict[str, Drawn], display: str) -> dict[str, Any]:
        """Return what the page plays."""
        stamp = {"now": clock.iso(self.moment), "as_of": clock.iso(self.moment), "stale": {}}
        return {
            "display": display,
            "slug": "+".join(drawn) if display == "doors" else self.room.slug,
            "version": "".join(one.version for one in drawn.values()),
            "build": self.build,
            "language": self.language,
            "zone": self.room.zone.key,
            "notices": {"version": str(len(self.told)), "items": list(self.told)},
            "stamp": stamp,
            "tracks": {slug: track_json(one, self.moment) for slug, one in drawn.items()},
        }

    def pane(self, room: Room, drawn: Drawn) -> dict[str, Any]:
        """Return what a door's template needs of a room."""
        scene, slots = current_slots(drawn, self.moment)
        marked = {slot: Markup(html) for slot, html in slots.items()}
        return {"room": room, "status": scene.status, "current": marked}


def drawn_code(link: str) -> Code | None:
    """Return the code for a door whose link is given, good for ten minutes from the stage's moment."""
    return Code(link, NOW + timedelta(minutes=10), links.drawn(link)) if link else None


def from_memory(path: str) -> Response:
    """Answer with a file of static/; none is left open when a browser goes before it has all of it."""
    kind = mimetypes.guess_type(path)[0]
    file, kept = Path(resource("static")) / path, {"Cache-Control": "max-age=3600, immutable"}
    return Response(file.read_bytes(), headers=kept, mimetype=kind or "application/octet-stream")


def _app(stage: Stage) -> Flask:
    app = Flask("stage", template_folder=str(resource("templates")), static_folder=None)
    wording.install(app, stage.language, stage.hours)
    tongues.install(app, stage.second)
    icons.install(app)
    app.jinja_env.globals.update(static=lambda path: f"/static/{stage.build}/{path}", csrf_token=lambda: "word")

    @app.get("/static/<_build>/<path:path>")
    def static(_build: str, path: str) -> Response:
        return from_memory(path)

    @app.get("/worker.js")
    def script() -> Response:
        return Response(worker.script(stage.build), mimetype="text/javascript")

    @app.get("/<display>/<_slug>")
    def page(display: str, _slug: str) -> str | Response:
        if stage.refusal:
            return Response("No.", stage.refusal)
        drawn = stage.drawn(app, display)
        view = stage.view(drawn, display)
        if "json" in request.headers.get("Accept", ""):
            return Response(json.dumps(view), mimetype="application/json")
        if display == "doors":
            rooms = [stage.room, *(room for room, _ in stage.beside)]
            panes = [stage.pane(room, drawn[room.slug]) for room in rooms]
            return Response(
                tongues.page("doors.html", theme=stage.theme, view=view, panes=panes),
                headers={worker.MARK: stage.build},
            )
        shared = {"view": view, "theme": stage.theme, **stage.pane(stage.room, drawn[stage.room.slug])}
        if display == "door":
            html = tongues.page("door.html", **shared, code=drawn_code(stage.link))
            return Response(html, headers={worker.MARK: stage.build})
        if display == "phone":
            person = {"name": stage.person} if stage.person else None
            return render_template("phone.html", **shared, person=person, sign_in=stage.sign_in, own=stage.own)
        current = first_page(drawn, stage.moment)
        html = tongues.page(
            "lobby.html", theme=stage.theme, view=view, title=lazy_gettext("All rooms"), current=current
        )
        return Response(html, headers={worker.MARK: stage.build})

    @app.get("/api/v1/rooms/oak/link")
    def link() -> Response:
        stage.links.append(stage.link)
        code = links.drawn(stage.link) if stage.link else None
        until = clock.iso(stage.moment + timedelta(minutes=10))
        return jsonify(link={"url": stage.link, "until": until, "picture": code} if code else None)

    @app.get("/phone/oak/mine")
    def mine() -> str:
        return render_template("phone_mine.html", own=stage.own)

    @app.get("/api/v1/people")
    def people() -> Response:
        asked = request.args["q"].strip().lower()
        found = [{"email": email, "name": name} for email, name in stage.people if name.lower().startswith(asked)]
        return jsonify(people=found)

    @app.get("/api/v1/rooms/oak/alternatives")
    def others() -> tuple[Response, int]:
        if stage.others is None:
            return jsonify({}), 503
        return jsonify(alternatives=stage.others), 200

    @app.route("/api/v1/<path:path>", methods=["POST", "DELETE"])
    def tap(path: str) -> tuple[Response, int, dict[str, str]]:
        asked = request.full_path.removeprefix("/api/v1/").rstrip("?")
        stage.languages.append(request.headers.get("Accept-Language", ""))
        stage.taps.append((request.method, asked, request.get_json(silent=True)))
        return stage.answered()

    return app


def at(clock_time: str, day: int = 10) -> datetime:
    """The instant of "HH:MM", UTC, on the stage's Monday."""
    hour, minute = (int(part) for part in clock_time.split(":")[:2])
    return datetime(2026, 8, day, hour, minute, tzinfo=UTC)


NOW = at("08:07")  # 10:07 by Berlin's clock
