"""The product's server with rooms of its own, and a word from the measurement: a program that measurements start.

usage: python -m bench._host FOLDER ROOMS SENDER PORT [GOOGLE]

`GET /bench/tell?channel=…` sends a message of 600 bytes through the seam, `/bench/change?room=…` stores a change of a
room, `/bench/pass` reads every room of the stand-in for Google anew, and `/bench/left` counts those that are not read
yet. They answer with nanoseconds of the clock that all processes share, when it was begun and when it was done, and
the count.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

PAYLOAD = 600
FAR = timedelta(days=2)


@dataclass
class Host:
    """What the measurement asks for."""

    server: Any
    rooms: dict[str, Any]
    bookings: dict[str, Any] = field(default_factory=dict)

    def tell(self, channel: str) -> None:
        self.server.pulse.publish(channel, "told", {"pad": "x" * PAYLOAD})

    def change(self, room: str) -> None:
        """Store a change of a room as a pass does: its booking is longer or shorter than before."""
        from kiosk import clock
        from kiosk.store import mirror

        store, number = self.server.parts.store, self.rooms[room].id
        now = clock.now()
        before = self.bookings.get(room) or _booking(now)
        event = self.bookings[room] = replace(
            before, title=f"Planning {clock.monotonic()}", etag=str(clock.monotonic())
        )
        with store.read() as db:
            generation = mirror.progress(db, number).generation
        assert store.write(mirror.commit_delta, number, generation, [event], (), (), "", now) is not None

    def passes(self) -> None:
        """Read every room anew, as many at a time as the server does."""
        from kiosk import clock
        from kiosk.store import mirror

        with self.server.parts.store.read() as db:
            known = mirror.everything(db)
        for one in known:
            self.server.parts.store.write(mirror.read_anew, one.room_id, clock.now())
        self.server.mirror.hasten(known[0].room_id)

    def left(self) -> int:
        from kiosk.store import mirror

        with self.server.parts.store.read() as db:
            return sum(one.cursor is None and not one.failures for one in mirror.everything(db))


@dataclass
class Idle:
    """What would ask Google does not: there is no stand-in."""

    whole: Any

    def start(self) -> None:
        """Start nothing."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self.whole, name)


def main(folder: Path, rooms: int, sender: str, port: int, google: str) -> None:
    from kiosk import runtime

    runtime.patch("eventlet")
    from kiosk import app, assembly, settings

    logging.basicConfig(level=logging.ERROR)
    listener = runtime.listen("127.0.0.1", port)
    given = {
        "sender": sender,
        "open_displays": "1",
        "log_level": "error",
        "secrets": str(folder / "secrets"),
        **_google(folder, google),
    }
    parts = assembly.open_parts(settings.load({}, database_url=f"sqlite:///{folder / 'kiosk.db'}", **given))
    built = app.build(parts)
    idle = {} if google else {"mirror": Idle(built.mirror), "history": Idle(built.history)}
    host = Host(replace(built, **idle), _rooms(parts, rooms))
    host.server.start()
    print(f"Serving {listener.getsockname()[1]}", flush=True)
    runtime.serve(listener, _answering(host))


def _google(folder: Path, google: str) -> dict[str, str]:
    from tests.running import ADMIN, SERVICE_USER

    if not google:
        return {}
    named = {"google_subject": SERVICE_USER, "google_admin_subject": ADMIN, "google_endpoint": google}
    return {"google_credentials": str(folder / "sa.json"), **named}


def _rooms(parts: Any, count: int) -> dict[str, Any]:
    from kiosk import clock
    from kiosk.schedule.model import Room
    from kiosk.store import mirror, rooms

    with parts.store.read() as db:
        known = rooms.every(db)
    for number in range(len(known), count):
        room, now = Room(f"room-{number}", f"Room {number}", clock.zone("Europe/Berlin")), clock.now()
        one = parts.store.write(rooms.add_linked, room, f"room-{number}@bench.example", now)
        parts.store.write(mirror.commit_full, one.id, 0, [_booking(now)], "", (now, now + FAR), now)
    with parts.store.read() as db:
        return {one.room.slug: one for one in rooms.every(db)}


def _booking(now: Any) -> Any:
    from kiosk.schedule.model import Event

    start = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return Event("planning", start, start + timedelta(hours=1), "Planning", etag="1", updated=now)


def _answering(host: Host) -> Callable[..., Iterable[bytes]]:
    asked = {"tell": host.tell, "change": host.change, "pass": host.passes, "left": host.left}

    def answer(environ: dict[str, Any], start_response: Any) -> Any:
        what = environ["PATH_INFO"].removeprefix("/bench/")
        if what not in asked:
            return host.server.web(environ, start_response)
        words = {name: values[0] for name, values in parse_qs(environ.get("QUERY_STRING", "")).items()}
        began = time.monotonic_ns()
        found = asked[what](**words)
        body = json.dumps([began, time.monotonic_ns(), found]).encode()
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]

    return answer


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4]), (sys.argv[5:] or [""])[0])
