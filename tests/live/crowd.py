"""Many screens at once, each a real Socket.IO client on a websocket of its own, as the page's script speaks it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import socketio

from kiosk import clock
from tests.running import Server

AT_ONCE = 8


@dataclass
class Glass:
    """One screen that acknowledges whatever it is told, at once; `told`: versions by the moment they came."""

    server: Server
    display: str
    slug: str
    word: str
    notices: str = ""
    titles: list[str] = field(default_factory=list)
    heard: float = 0.0
    client: socketio.Client = field(default_factory=lambda: socketio.Client(reconnection=False))
    version: str = ""

    def connect(self) -> None:
        """Come, and show what there is to be shown."""
        self.client = socketio.Client(reconnection=False)
        self.client.on("notices", self._noticed)
        self.client.connect(self.server.url, transports=["websocket"])
        answer = self.client.call("show", self.report(), timeout=30)
        self.version = answer["view"]["version"] if answer["view"] else self.version
        if answer["notices"]:
            self._noticed(answer["notices"])

    def report(self) -> dict[str, str]:
        """Return what the page says of itself."""
        said = {"display": self.display, "slug": self.slug, "version": self.version}
        return said | {"screen": self.word, "notices": self.notices}

    def leave(self) -> None:
        """Go away."""
        self.client.disconnect()

    def _noticed(self, bulletin: dict[str, Any]) -> None:
        self.titles = [item["title"] for item in bulletin["items"]]
        self.notices, self.heard = bulletin["version"], clock.monotonic()
        self.client.emit("noticed", self.report())


@contextmanager
def crowd(server: Server, slugs: list[str], count: int) -> Iterator[list[Glass]]:
    """Put up that many screens: doors in turn, and every tenth a board."""
    many = [
        Glass(
            server,
            *(("lobby", "all") if number % 10 == 9 else ("door", slugs[number % len(slugs)])),
            f"glass-{number:04}",
        )
        for number in range(count)
    ]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(Glass.connect, many))
    try:
        yield many
    finally:
        leaving = [threading.Thread(target=one.leave) for one in many if one.client.connected]
        for thread in leaving:
            thread.start()
        for thread in leaving:
            thread.join()
