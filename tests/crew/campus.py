"""Several processes that are one installation: who serves, who works, on one database."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import requests

from kiosk import clock
from kiosk.emulator.server import Emulator
from kiosk.store import devices, rooms, tokens
from kiosk.store.database import Store
from kiosk.store.devices import Described
from tests.running import ADMIN, SERVICE_USER, Server, wait_for

BOSS, PASSWORD = "boss@kiosk.example", "a long enough password"


@dataclass
class Campus:
    """An installation in a folder; `settings` are those of all its processes."""

    folder: Path
    google: Emulator
    settings: dict[str, str] = field(default_factory=dict)
    running: list[Server] = field(default_factory=list)
    token: str = ""

    def prepare(self) -> None:
        """Read the rooms of the Directory, and make the token by which tests ask."""
        self.google.write_credentials(self.folder / "key.json")
        self.settings = {
            "KIOSK_DATABASE_URL": f"sqlite:///{self.folder / 'kiosk.db'}",
            "KIOSK_SECRETS": str(self.folder / "secrets"),
            "KIOSK_OPEN_DISPLAYS": "0",
            "KIOSK_GOOGLE_CREDENTIALS": str(self.folder / "key.json"),
            "KIOSK_GOOGLE_SUBJECT": SERVICE_USER,
            "KIOSK_GOOGLE_ADMIN_SUBJECT": ADMIN,
            "KIOSK_GOOGLE_ENDPOINT": self.google.url,
            "KIOSK_POLL_SECONDS": "2",
            "KIOSK_OPENING_HOURS": "00:00-24:00",
        } | self.settings
        Server(self.folder, self.settings).with_rooms()
        with self.store() as store:
            self.token = store.write(tokens.create, "tests", clock.now())

    @contextmanager
    def store(self) -> Iterator[Store]:
        """Give the database, past all processes."""
        with closing(Store(self.settings["KIOSK_DATABASE_URL"])) as store:
            yield store

    def start(self, only: str, mode: str = "eventlet") -> Server:
        """Start another process, and wait until it answers."""
        own = self.folder / f"{only}-{len(self.running)}"
        own.mkdir()
        server = Server(own, self.settings | {"KIOSK_ASYNC_MODE": mode}, only=only)
        self.running.append(server)
        return server.start()

    def stop(self) -> None:
        """Stop them all."""
        for one in self.running:
            one.stop()

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def get(self, server: Server, path: str) -> Any:
        answer = server.get(path, headers=self.headers())
        assert answer.ok, answer.text
        return answer.json()

    def post(self, server: Server, path: str, body: dict[str, Any], token: str = "") -> requests.Response:
        headers = {"Authorization": f"Bearer {token or self.token}"}
        return requests.post(server.url + path, json=body, headers=headers, timeout=30)

    def enrol(self, slug: str) -> tuple[int, str]:
        """Let a machine in that shows a room's door; return its number and its token."""
        token = devices.new_token()
        wanted = Described(f"Door of {slug}", "door", slug)
        with self.store() as store:
            one, _ = store.write(devices.enrol, wanted, tokens.digest(token), "boss", clock.now())
        return one.id, token

    def enter(self, slug: str, title: str) -> None:
        """Write an hour into a room's calendar, as people do in Google."""
        with self.store() as store, store.read() as db:
            address = rooms.by_slug(db, slug).calendar_id
        assert address
        start = clock.now() + timedelta(hours=1)
        self.google.world.create(address, title, start, start + timedelta(hours=1))

    def readiness(self, server: Server) -> dict[str, Any]:
        return dict(server.get("/readyz", headers=self.headers()).json())

    def wait_until_ready(self, server: Server) -> None:
        wait_for(lambda: server.get("/readyz").ok)


@contextmanager
def opened(folder: Path, **settings: str) -> Iterator[Campus]:
    """Give an installation with four rooms, none of whose processes run yet."""
    with ExitStack() as stack:
        google = stack.enter_context(Emulator(rooms=4, busy=False))
        campus = Campus(folder, google, dict(settings))
        campus.prepare()
        stack.callback(campus.stop)
        yield campus


def boss(server: Server) -> requests.Session:
    """Sign the administrator in at one process."""
    session = requests.Session()
    page = session.get(f"{server.url}/admin/log-in", timeout=20).text
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found
    form = {"csrf": found[1], "email": BOSS, "password": PASSWORD}
    session.post(f"{server.url}/admin/log-in", data=form, timeout=20)
    return session
