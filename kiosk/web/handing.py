"""What a follower cannot answer itself is handed on to its hub, with this machine's token: screens know one server."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Flask, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from kiosk import clock
from kiosk.errors import SourceError
from kiosk.store import rooms
from kiosk.store.database import Store
from kiosk.sync.shadow import Shadow
from kiosk.upstream.line import Answer
from kiosk.web import fields
from kiosk.web.access import Gate, foreign, from_elsewhere
from kiosk.web.problems import Problem

# Heartbeats, what administrators ask of this machine, and what only the hub knows of rooms and people.
OURS = re.compile(r"/api/v1/(device(/.*)?|people|rooms/[^/]+/(alternatives|link|problems(/\d+)?))")
PAIRING = re.compile(r"/api/v1/pairing(/token)?")
BOOKING = re.compile(r"/api/v1/rooms/([^/]+)/bookings")
CHANGE = re.compile(r"/api/v1/bookings/[^/]+(/[a-z-]+)?")
DISPLAY = re.compile(r"/(door|doors|lobby|floor)/[^/]+")
SENT = ("Content-Type", "Accept", "Accept-Language", "Idempotency-Key", "If-None-Match")
GIVEN = ("content-type", "retry-after", "etag", "cache-control")
# A picture or a log on its way to an administrator, and a hub that takes its time to tell of nothing.
LARGEST_BODY = 256 * 1024
PATIENCE_SECONDS = 8.0
ALTERNATIVES_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Handing:
    """Hands requests on."""

    shadow: Shadow
    store: Store
    gate: Gate

    def says(self) -> Mapping[str, Any]:
        """Return what the hub said of this machine, {} when it does not let it in."""
        return self.shadow.known()

    def why_not(self) -> str:
        """Return why the hub cannot be followed at present, empty when it can."""
        return self.shadow.reason

    def path(self) -> str:
        """Return the address of the display that the hub has this machine show, empty when it is not known."""
        return str(self.says().get("path", ""))

    def alternatives(self, slug: str, start: datetime, end: datetime) -> list[dict[str, Any]]:
        """Return what the hub tells of other rooms that are free then; nothing while it does not answer."""
        path = f"/api/v1/rooms/{slug}/alternatives?from={clock.iso(start)}&to={clock.iso(end)}"
        try:
            return list(self.shadow.hub.line.say("GET", path, seconds=ALTERNATIVES_SECONDS)["alternatives"])
        except (SourceError, KeyError, TypeError):
            return []


def install(app: Flask, handing: Handing) -> None:
    """Answer for the hub before anything here does."""

    def hand() -> AnyResponse | None:
        if PAIRING.fullmatch(request.path) and handing.gate.is_here(request):
            return _pair(handing)
        if _is_the_hubs(handing) and (handing.gate.is_here(request) or handing.gate.allowed()):
            return _handed(handing)
        return _home(handing) if _is_elsewhere(handing) else None

    app.before_request(hand)


def _is_the_hubs(handing: Handing) -> bool:
    """Tell whether the hub must answer: also for rooms that are not here, and for people, who sign there."""
    booking, change = BOOKING.fullmatch(request.path), CHANGE.fullmatch(request.path)
    if booking or change:
        body = fields.said() if request.data else None
        said = body if isinstance(body, dict) else {}
        slug = booking[1] if booking else str(said.get("room") or request.args.get("room", ""))
        return "as" in said or (bool(slug) and not _is_here(handing, slug))
    return OURS.fullmatch(request.path) is not None


def _is_here(handing: Handing, slug: str) -> bool:
    with handing.store.read() as db:
        return any(one.room.slug == slug for one in rooms.every(db))


def _is_elsewhere(handing: Handing) -> bool:
    """Tell whether a page is asked for that this machine does not show, or shows no longer."""
    page = request.method == "GET" and "text/html" in request.headers.get("Accept", "")
    shown = handing.path()
    return page and bool(shown) and request.path != shown and DISPLAY.fullmatch(request.path) is not None


def _home(handing: Handing) -> AnyResponse:
    return redirect(handing.path(), 302)


def _handed(handing: Handing) -> Response:
    if request.method != "GET" and from_elsewhere(request):
        raise foreign()
    answer = _asked(handing, request.full_path.rstrip("?"), _body())
    if request.path == "/api/v1/device/heartbeat" and answer.status == 200:
        answer = _rotated(handing, answer)
    return _given(answer)


def _pair(handing: Handing) -> Response:
    """Pair this machine at the hub; it makes its token itself, and shows it to the hub alone."""
    if from_elsewhere(request):
        raise foreign()
    said = fields.said()
    wish: dict[str, Any] = dict(said) if isinstance(said, dict) else {}
    if request.path.endswith("/token"):
        wish["token_sha256"] = handing.shadow.token.make_once()
    answer = _asked(handing, request.path, json.dumps(wish).encode())
    if request.path.endswith("/token") and answer.status == 200:
        handing.shadow.token.take()
        handing.shadow.wake()
    return _given(answer)


def _asked(handing: Handing, path: str, body: bytes | None) -> Answer:
    headers = {name: request.headers[name] for name in SENT if name in request.headers}
    wait = request.args.get("wait", "0")
    seconds = PATIENCE_SECONDS + (int(wait) if wait.isascii() and wait.isdigit() and len(wait) < 3 else 0)
    try:
        return handing.shadow.hub.line.ask(request.method, path, body, headers, seconds)
    except SourceError as error:
        problem = Problem(503, "unreachable", "The hub cannot be reached", str(error))
        problem.headers["Retry-After"] = "5"
        raise problem from error


def _rotated(handing: Handing, answer: Answer) -> Answer:
    """Exchange this machine's token where the hub wants that; whoever sent the heartbeat need not."""
    said = answer.json()
    if not isinstance(said, dict) or not said.get("rotate"):
        return answer
    body = json.dumps({"next_sha256": handing.shadow.token.make()}).encode()
    done = handing.shadow.hub.line.ask("POST", "/api/v1/device/token", body, {"Content-Type": "application/json"})
    if done.status == 200:
        handing.shadow.token.take()
    return Answer(200, answer.headers, json.dumps(said | {"rotate": False}).encode())


def _body() -> bytes | None:
    request.max_content_length = LARGEST_BODY
    return request.get_data() or None


def _given(answer: Answer) -> Response:
    """Return the hub's answer as ours; its cookies are not for the screen, which has this server's trust."""
    headers = {name: answer.headers[name] for name in GIVEN if name in answer.headers}
    return Response(answer.content, answer.status, headers)
