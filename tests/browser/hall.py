"""A hall with boards: the real server in this process, at a moment and with rooms that a test chooses."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from werkzeug.serving import BaseWSGIServer, make_server

from kiosk import app, assembly, clock, settings
from kiosk.schedule.model import Event, Room
from kiosk.store import boards, mirror, rooms
from kiosk.store.boards import Board
from kiosk.store.rooms import StoredRoom
from tests.browser.stage import NOW, Silent, from_memory
from tests.fakes import StillClock, meeting
from tests.schedule.values import BERLIN


@dataclass
class Hall:
    """Serves boards; `language` and `hours` ("24" or "12") are the screens'."""

    folder: Path
    language: str = "en"
    hours: str = "24"
    still: StillClock = field(default_factory=lambda: StillClock(NOW))
    url: str = ""
    _numbers: int = 0

    def __enter__(self) -> Hall:
        """Open."""
        database = f"sqlite:///{self.folder / 'hall.db'}"
        given = {"database_url": database, "secrets": str(self.folder / "secrets"), "async_mode": "threading"}
        spoken = {"language": self.language, "clock_hours": self.hours, "open_displays": True}
        self.parts = assembly.open_parts(replace(settings.load({}, **given), **spoken))  # type: ignore[arg-type]
        self.server = app.build(self.parts, self.still)
        self.server.web.view_functions["pages.static"] = lambda path, **_build: from_memory(path)
        self._http: BaseWSGIServer = make_server("127.0.0.1", 0, self._answer, threaded=True, request_handler=Silent)
        threading.Thread(target=self._http.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._http.port}"
        return self

    def __exit__(self, *_failure: object) -> None:
        """Close."""
        self._http.shutdown()
        self._http.server_close()
        self.parts.store.close()

    def _answer(self, environ: dict[str, Any], begin: Any) -> Any:
        """Answer everything but live connections, which bear no leaps of a test's time: pages ask instead."""
        if environ["PATH_INFO"].startswith("/socket.io"):
            begin("404 Not Found", [("Content-Length", "0")])
            return [b""]
        return self.server.web(environ, begin)

    def room(self, name: str, building: str = "Berlin", floor: str = "1", *taken: tuple[str, str], **more: Any) -> str:
        """Add a room, with meetings from one local "HH:MM" to another; return its slug."""
        slug = rooms.slugify(name)
        self.parts.store.write(rooms.add, Room(slug, name, BERLIN, building, floor))
        for start, end in taken:
            self.meet(slug, start, end, **more)
        return slug

    def unread(self, name: str, building: str = "Berlin", floor: str = "1") -> None:
        """Add a room whose calendar nobody has read yet."""
        room = Room(rooms.slugify(name), name, BERLIN, building, floor)
        self.parts.store.write(rooms.add_linked, room, f"{room.slug}@rooms", self.still())

    def meet(self, slug: str, start: str, end: str, **more: Any) -> None:
        """Put a meeting of this local day into a room's calendar."""
        self._numbers += 1
        begins, ends = local(start), local(end)
        event: Event = replace(meeting(self._numbers, begins), end=ends, **more)
        self.parts.store.write(mirror.write_through, self.stored(slug).id, [event], [])

    def stored(self, slug: str) -> StoredRoom:
        with self.parts.store.read() as db:
            return rooms.by_slug(db, slug)

    def board(self, slug: str = "all", **more: Any) -> str:
        """Add a board, or adjust the built-in one; return its address."""
        wanted = Board(slug, name=more.pop("name", "" if slug == "all" else slug.title()), **more)
        self.parts.store.write(boards.change if slug == "all" else boards.add, wanted)
        return f"{self.url}/lobby/{slug}"

    def house(self, count: int, floors: Sequence[str] = ("1", "2", "3", "4")) -> None:
        """Fill a building: of four rooms in a row one is free, the others have their meetings."""
        days = [(), (("08:00", "19:00"),), (("09:30", "10:30"), ("13:00", "14:00")), (("10:15", "11:00"),)]
        for number in range(count):
            self.room(f"Room {number + 1}", "Berlin", floors[number * len(floors) // count], *days[number % 4])


def local(clock_time: str) -> datetime:
    """The instant of a local "HH:MM" of the day in Berlin that the hall stands in."""
    hour, minute = (int(part) for part in clock_time.split(":"))
    midnight = clock.local_midnight(NOW.astimezone(BERLIN).date(), BERLIN)
    return midnight + timedelta(hours=hour, minutes=minute)
