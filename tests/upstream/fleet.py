"""A hub and its followers as processes of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import requests

from kiosk import clock
from kiosk.store import devices, tokens
from kiosk.store.database import Store
from kiosk.store.devices import Described
from tests.running import Server, wait_for


@dataclass
class Fleet:
    """The hub, and what follows it; `folder`: where that keeps what it has."""

    hub: Server
    folder: Path = Path()
    given: int = 0
    followers: dict[str, Server] = field(default_factory=dict)
    program: str = ""

    def start_hub(self) -> None:
        """Start the hub, the second time where it was before; returns when it has read all rooms."""
        if self.hub.url:
            self.hub.settings["KIOSK_PORT"] = self.hub.url.rpartition(":")[2]
        self.hub.start()
        wait_for(lambda: self.hub.get("/readyz").ok)

    def enrol(self, display: str, slug: str) -> Path:
        """Let a machine in; returns the file with its token."""
        file, token = self.folder / f"{display}-{slug}.token", devices.new_token()
        file.write_text(token, encoding="utf-8")
        wanted = Described(f"{display}/{slug}", display, slug)
        self.write(devices.enrol, wanted, tokens.digest(token), "boss", clock.now())
        return file

    def write(self, fn: Callable[..., Any], *args: Any) -> Any:
        """Write into the hub's database, as its command line does."""
        store = Store(f"sqlite:///{self.hub.folder / 'kiosk.db'}")
        try:
            return store.write(fn, *args)
        finally:
            store.close()

    def ask(self, method: str, path: str, said: Any = None) -> Any:
        """Ask the hub's API as an administrator's program, and return what it answers."""
        self.program = self.program or self.write(tokens.create, "program", clock.now())
        headers = {"Authorization": f"Bearer {self.program}"}
        answer = requests.request(method, self.hub.url + path, json=said, headers=headers, timeout=20)
        assert answer.ok, answer.text
        return answer.json()

    def follow(self, display: str, slug: str, token: Path | None = None, **settings: str) -> Server:
        """Start the server of a machine that shows a display; returns when it shows it."""
        path, file = f"{display}/{slug}", token or self.enrol(display, slug)
        follower = self.machine(path.replace("/", "-"), KIOSK_DEVICE_TOKEN_FILE=str(file), **settings)
        wait_for(lambda: is_live(follower, path))
        return follower

    def machine(self, name: str, **settings: str) -> Server:
        """Start a server that follows the hub, whether or not the hub knows it."""
        (self.folder / name).mkdir(exist_ok=True)
        own = {"KIOSK_HUB_URL": self.hub.url, "KIOSK_OPEN_DISPLAYS": "0", **settings}
        self.followers[name] = Server(self.folder / name, own)
        return self.followers[name].start()

    def rooms(self, count: int) -> list[str]:
        """Return the words of rooms that no test has had before."""
        self.given += count
        return [room["slug"] for room in self.hub.get("/api/v1/rooms").json()["rooms"]][-self.given :][:count]

    def device(self, display: str, slug: str) -> str:
        """Return the address of what the hub knows of a machine."""
        (found,) = [one for one in self.ask("GET", "/api/v1/devices")["devices"] if one["name"] == f"{display}/{slug}"]
        return f"/api/v1/devices/{found['id']}"

    def dismiss(self) -> None:
        """End all who follow the hub."""
        for server in self.followers.values():
            server.process.kill()
        self.followers = {}


def is_live(follower: Server, path: str) -> bool:
    """Tell whether a follower shows its display, and knows it to be true."""
    answer = follower.get(f"/{path}", headers={"Accept": "application/json"})
    return answer.status_code == 200 and not answer.json()["stamp"]["stale"]


def bookings(server: Server, slug: str) -> list[dict[str, Any]]:
    """Return what a server tells of a room's bookings of yesterday and the days to come, by id."""
    start = clock.now() - timedelta(hours=20)
    span = f"from={clock.iso(start)}&to={clock.iso(start + timedelta(days=5))}"
    answer = server.get(f"/api/v1/rooms/{slug}/schedule?{span}")
    assert answer.ok, answer.text
    return sorted(answer.json()["bookings"], key=lambda one: str(one["id"]))


def booked(server: Server, slug: str, **body: Any) -> dict[str, Any]:
    """Book a room in some hours, and return the booking."""
    start = clock.now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=body.pop("hours", 3))
    answer = server.book(slug, minutes=30, start=clock.iso(start), **body)
    assert answer.status_code in {201, 202}, answer.text
    return dict(answer.json())
