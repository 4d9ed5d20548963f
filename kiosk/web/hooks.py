"""Where Google announces changes: strangers may knock, only a channel with its token is heard."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from flask import Blueprint, Flask, Response, request

from kiosk.sync.channels import PATH

log = logging.getLogger(__name__)

# One change in Google often makes several messages; those of a room within this time are one.
GATHER_SECONDS = 1.0

# heard(channel id, token, resource id) -> room, or None when they are not ours
Heard = Callable[[str, str, str], int | None]


@dataclass
class Bell:
    """Passes announcements on: the first at once, those that follow within a second together."""

    hasten: Callable[[int], None]
    _rung: set[int] = field(default_factory=set)
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _wake: threading.Event = field(default_factory=threading.Event)

    def ring(self, room_id: int) -> None:
        """Say that a room has changed; returns at once."""
        with self._guard:
            self._rung.add(room_id)
        self._wake.set()

    def step(self) -> int:
        """Pass on what was rung since the last time; return how many rooms that were."""
        self._wake.clear()
        with self._guard:
            rooms, self._rung = self._rung, set()
        for room_id in rooms:
            self.hasten(room_id)
        return len(rooms)

    def start(self) -> None:
        """Start passing on, for as long as the process lives."""
        threading.Thread(target=self._loop, name="bell", daemon=True).start()

    def _loop(self) -> None:
        pause = threading.Event()
        while True:
            self._wake.wait()
            try:
                self.step()
            except Exception:
                log.exception("An announcement was lost; polling will find the change")
            pause.wait(GATHER_SECONDS)


def install(app: Flask, heard: Heard, bell: Bell) -> None:
    """Add the address; what is not from one of our channels learns nothing but that."""
    routes = Blueprint("hooks", __name__)

    @routes.post(PATH)
    def announced() -> Response:
        named = (request.headers.get(f"X-Goog-{name}", "") for name in ("Channel-ID", "Channel-Token", "Resource-ID"))
        room_id = heard(*named)
        if room_id is None:
            return Response(status=404)
        bell.ring(room_id)
        return Response(status=204)

    app.register_blueprint(routes)
