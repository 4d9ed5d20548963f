"""A door with whatever a test says is known of its room: real templates, scripts and rules, and nobody behind them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response, jsonify, render_template, request, send_from_directory
from markupsafe import Markup
from werkzeug.serving import WSGIRequestHandler, make_server

from displays import REGISTRY
from kiosk import clock
from kiosk.live.drawing import Drawn, Painter, current_slots, track_json
from kiosk.resources import resource
from kiosk.schedule.model import Booking, Message, Room
from kiosk.web import icons, wording
from tests.schedule.values import BERLIN

OAK = Room("oak", "Elbe", BERLIN, building="Berlin", floor="2")


class Silent(WSGIRequestHandler):
    """Serves without a word."""

    def log(self, *_what: Any) -> None:
        """Say nothing."""


@dataclass
class Stage:
    """Serves the screens of one room at a fixed moment; taps are written down and answered as the test says."""

    room: Room
    bookings: Sequence[Booking] = ()
    messages: Sequence[Message] = ()
    moment: datetime = field(default_factory=clock.now)
    language: str = "en"
    hours: str = "24"
    taps: list[tuple[str, str, Any]] = field(default_factory=list)
    answer: tuple[int, dict[str, Any]] = (200, {"message": "Done.", "id": "kioskmade"})
    headers: dict[str, str] = field(default_factory=dict)
    people: Sequence[tuple[str, str]] = ()
    neighbours: Sequence[tuple[Room, Sequence[Booking]]] = ()
    known: bool = True
    theme: str = "auto"
    url: str = ""
    _may_answer: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Stage:
        """Open."""
        self._may_answer.set()
        self._server = make_server("127.0.0.1", 0, _app(self), threaded=True, request_handler=Silent)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.port}"
        return self

    def __exit__(self, *_failure: object) -> None:
        """Close."""
        self._server.shutdown()
        self._server.server_close()

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

    def drawn(self, app: Flask, display: str) -> Drawn:
        """Draw the room as it is known now."""
        return self._paint(app, display, self.room, self.bookings)

    def beside(self, app: Flask, display: str) -> dict[str, Drawn]:
        """Draw the rooms that a board shows besides, by slug."""
        return {room.slug: self._paint(app, display, room, bookings) for room, bookings in self.neighbours}

    def _paint(self, app: Flask, display: str, room: Room, bookings: Sequence[Booking]) -> Drawn:
        kind = REGISTRY[display]
        unknown = (kind.unknown(room, self.moment),)
        scenes = kind.project(room, bookings, self.moment, self.messages) if self.known else unknown
        painter = Painter(wording.drawer(app, self.language), "")
        return painter.paint(kind, room, room.zone, scenes, self.moment)

    def view(self, drawn: Drawn, display: str, beside: dict[str, Drawn] | None = None) -> dict[str, Any]:
        """Return what the page plays."""
        stamp = {"now": clock.iso(self.moment), "as_of": clock.iso(self.moment), "stale": {}}
        return {
            "display": display,
            "slug": self.room.slug,
            "version": drawn.version,
            "build": "stage",
            "language": self.language,
            "zone": self.room.zone.key,
            "stamp": stamp,
            "tracks": {
                slug: track_json(one, self.moment) for slug, one in ({self.room.slug: drawn} | (beside or {})).items()
            },
        }


def _app(stage: Stage) -> Flask:
    app = Flask("stage", template_folder=str(resource("templates")), static_folder=None)
    wording.install(app, stage.language, stage.hours)
    icons.install(app)
    app.jinja_env.globals["static"] = lambda path: f"/static/{path}"

    @app.get("/static/<path:path>")
    def static(path: str) -> Response:
        return send_from_directory(resource("static"), path)

    @app.get("/<display>/<_slug>")
    def page(display: str, _slug: str) -> str | Response:
        drawn, beside = stage.drawn(app, display), stage.beside(app, display)
        view = stage.view(drawn, display, beside)
        if "json" in request.headers.get("Accept", ""):
            return Response(json.dumps(view), mimetype="application/json")
        scene, slots = current_slots(drawn, stage.moment)
        marked = {slot: Markup(html) for slot, html in slots.items()}
        if display == "door":
            values = {"view": view, "room": stage.room, "status": scene.status, "current": marked}
            return render_template("door.html", theme=stage.theme, **values)
        rows = [_row(slug, one, stage.moment) for slug, one in ({stage.room.slug: drawn} | beside).items()]
        ordered = sorted(rows, key=lambda row: row["order"])
        return render_template("lobby.html", theme=stage.theme, view=view, title="All rooms", current=ordered)

    @app.get("/api/v1/people")
    def people() -> Response:
        asked = request.args["q"].strip().lower()
        found = [{"email": email, "name": name} for email, name in stage.people if name.lower().startswith(asked)]
        return jsonify(people=found)

    @app.route("/api/v1/<path:path>", methods=["POST", "DELETE"])
    def tap(path: str) -> tuple[Response, int, dict[str, str]]:
        asked = request.full_path.removeprefix("/api/v1/").rstrip("?")
        stage.taps.append((request.method, asked, request.get_json(silent=True)))
        return stage.answered()

    return app


def _row(slug: str, drawn: Drawn, moment: datetime) -> dict[str, Any]:
    scene, slots = current_slots(drawn, moment)
    return {"slug": slug, "status": scene.status, "order": scene.order, "html": Markup(slots["row"])}


def at(clock_time: str, day: int = 10) -> datetime:
    """The instant of "HH:MM", UTC, on the stage's Monday."""
    hour, minute = (int(part) for part in clock_time.split(":")[:2])
    return datetime(2026, 8, day, hour, minute, tzinfo=UTC)


NOW = at("08:07")  # 10:07 by Berlin's clock
