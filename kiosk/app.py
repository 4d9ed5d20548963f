"""The composition root: everything is built here from settings, clock and adapters, and nowhere else."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask, render_template, request
from flask_socketio import SocketIO
from werkzeug.exceptions import HTTPException

from kiosk import __version__, clock, runtime
from kiosk.booking.desk import Desk
from kiosk.booking.driver import Driver
from kiosk.errors import NotFound
from kiosk.google.calendars import GoogleCalendars
from kiosk.google.directory import GoogleDirectory
from kiosk.live import sockets
from kiosk.live.audience import Audience
from kiosk.live.drawing import Painter, digest
from kiosk.live.gallery import ALL_ROOMS, Gallery, Screen
from kiosk.live.pulse import Pulse
from kiosk.live.sockets import Doorway
from kiosk.resources import resource
from kiosk.settings import Settings
from kiosk.store import rooms, schema
from kiosk.store.database import Store
from kiosk.sync.mirror import Mirror
from kiosk.sync.passes import Pass
from kiosk.web import api, health, outcomes, pages, wording
from kiosk.web.access import Gate
from kiosk.web.api import Api
from kiosk.web.health import Health
from kiosk.web.pages import Pages
from kiosk.web.problems import response
from kiosk.web.wording import gettext as _

log = logging.getLogger(__name__)
LARGEST_BODY = 64 * 1024


@dataclass(frozen=True, slots=True)
class Parts:
    """The product without its web: what the command line uses too."""

    settings: Settings
    store: Store
    calendars: GoogleCalendars
    directory: GoogleDirectory


@dataclass(frozen=True, slots=True)
class Server:
    """Everything that runs, in the order it is started."""

    parts: Parts
    web: Flask
    mirror: Mirror
    desk: Desk
    pulse: Pulse
    stalls: runtime.StallWatch

    def start(self) -> None:
        """Start the loops."""
        self._warm()
        self.parts.store.on_commit(self.pulse.wake)
        self.pulse.start()
        self.desk.start()
        self.mirror.start()
        self.stalls.start()

    def _warm(self) -> None:
        """Draw every screen once, so that the first visitor does not wait for templates to compile."""
        with self.parts.store.read() as db:
            doors = [Screen("door", one.room.slug) for one in rooms.every(db)]
        for screen in (*doors, Screen("lobby", ALL_ROOMS)):
            self.pulse.gallery.view(screen)


def open_parts(settings: Settings) -> Parts:
    """Open the database and prepare the adapters; Google is not asked anything yet."""
    file, endpoint = settings.google_credentials, settings.google_endpoint
    return Parts(
        settings,
        Store(settings.database_url),
        GoogleCalendars(file, settings.google_subject, endpoint),
        GoogleDirectory(file, settings.google_admin_subject or settings.google_subject, endpoint),
    )


def build(parts: Parts, now: clock.Clock = clock.now) -> Server:
    """Wire the server."""
    settings, store = parts.settings, parts.store
    web = _flask(parts)
    wires = SocketIO(web, async_mode=settings.async_mode, serve_client=False, http_compression=False)
    desk = Desk(Driver(store, parts.calendars, now), hold=settings.offline_booking == "hold")
    beat = timedelta(seconds=settings.poll_seconds)
    mirror = Mirror(Pass(parts.calendars, store, settings.window_days, now), beat, settings.sync_workers, desk.hasten)
    gallery = _gallery(parts, web, beat, now)
    audience, gate, stalls = Audience(), Gate(store, settings.open_displays), runtime.StallWatch()
    pulse = Pulse(gallery, audience, sockets.publisher(wires))
    sockets.register(wires, Doorway(gallery, audience, pulse, gate.allowed, mirror.hasten))
    pages.install(web, Pages(gallery, gate))
    api.install(web, Api(store, desk, gate, _title(web, settings.language), now))
    health.install(web, Health(gallery, audience, gate, stalls))
    return Server(parts, web, mirror, desk, pulse, stalls)


def _flask(parts: Parts) -> Flask:
    web = Flask("kiosk", template_folder=str(resource("templates")), static_folder=None)
    web.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    web.jinja_env.trim_blocks = web.jinja_env.lstrip_blocks = True
    with parts.store.read() as db:
        web.secret_key = schema.secret(db)
    wording.install(web, parts.settings.language, parts.settings.hours)
    outcomes.install(web)
    _show_errors(web)
    return web


def _gallery(parts: Parts, web: Flask, beat: timedelta, now: clock.Clock) -> Gallery:
    build_id = _build_id()
    language = parts.settings.language
    painter = Painter(wording.drawer(web, language), digest(build_id, language, parts.settings.hours))
    return Gallery(parts.store, painter, beat, language, build_id, now)


def _title(web: Flask, language: str) -> str:
    with web.app_context(), wording.spoken(language):
        return _("Booked at the door")


def _build_id() -> str:
    """Return a digest of everything a page is made of, so that a screen knows when it is out of date."""
    folders = [resource(name) for name in ("templates", "static", "translations")]
    files = sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())
    return digest(__version__, *(f"{path.name} {_content(path)}" for path in files))


def _content(path: Path) -> str:
    return path.read_bytes().hex()


def _show_errors(web: Flask) -> None:
    """Answer programs with problem documents, and people with a page that says what to do."""

    @web.errorhandler(NotFound)
    def missing(error: NotFound) -> Any:
        return response(outcomes.missing(error)) if _wants_data() else _page(404, str(error))

    @web.errorhandler(HTTPException)
    def refused(error: HTTPException) -> Any:
        return outcomes.http_problem(error) if _wants_data() else _page(error.code or 500, "")

    @web.errorhandler(Exception)
    def failed(error: Exception) -> Any:
        problem = outcomes.failure(error)
        return response(problem) if _wants_data() else _page(problem.status, "")


def _wants_data() -> bool:
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return request.path.startswith("/api/") or best != "text/html"


def _page(code: int, detail: str) -> tuple[str, int]:
    return render_template("error.html", code=code, detail=detail), code
