"""The running stand-in: an HTTP/1.1 server with a thread per connection, in process or alone."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path

from flask import Flask, Response
from werkzeug.http import http_date

from kiosk.emulator import api, batch, control, generator, operations, page, signin, switches, worldfile
from kiosk.emulator.clock import Clock
from kiosk.emulator.consents import Client
from kiosk.emulator.faults import Fault
from kiosk.emulator.service import Service
from kiosk.emulator.tokens import write_key_file
from kiosk.emulator.values import Json
from kiosk.emulator.wire import Application, Server
from kiosk.emulator.world import World

CLIENT = "Room displays"
Wrap = Callable[[Application], Application]


class Emulator:
    """A stand-in for Google that listens from `start()` to `stop()`; also a context manager.

    `world`: a world file's content. Without one, and with an empty database, `rooms` generated rooms, whose
    diaries are left empty when `busy` is false. `seed` decides the generated world, ids, and what is left to
    chance among `faults`. `answer_delay`: seconds a room takes to answer. `quota`: limits of `Quota`.
    `http_push`: push addresses need not be https. `wrap`: put around the WSGI application, to look on.
    """

    def __init__(
        self, world: Json | None = None, *, rooms: int = 0, seed: int = 1, busy: bool = True,
        database: str | Path = ":memory:", host: str = "127.0.0.1", port: int = 0, answer_delay: float = 0.0,
        clock: Clock | None = None, faults: Iterable[Fault] = (), fault_seed: int | None = None,
        quota: dict[str, int] | None = None, http_push: bool = False, wrap: Wrap = lambda application: application,
    ) -> None:  # fmt: skip
        self.service = Service(str(database), clock)
        self.service.store.set_meta("answer_delay", str(answer_delay))
        self.service.quota.limit(**(quota or {}))
        self.service.pushes.http = http_push
        self.service.faults.clear(seed if fault_seed is None else fault_seed)
        self.world = World(self.service)
        self._key: Json = {}
        if not self.service.store.meta("domain"):
            self.service.store.set_meta("seed", str(seed))
            content = world or _generated(rooms, seed, busy, self.service.clock)
            self.world = worldfile.load(self.service, content)
        self.client = self.world.add_client(CLIENT)
        for fault in faults:
            self.service.faults.order(fault)
        self._server = self._listening(host, port, wrap)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="emulator")
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{shown}:{self._server.server_port}"

    def start(self) -> Emulator:
        """Begin to answer."""
        self.service.start()
        self._thread.start()
        return self

    def stop(self) -> None:
        """Cut every connection and end; the database keeps the world."""
        self.service.faults.stopping.set()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.close()
        self.service.stop()

    def __enter__(self) -> Emulator:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def _listening(self, host: str, port: int, wrap: Wrap) -> Server:
        try:
            return Server(host, port, wrap(application(self.service)))
        except OSError:
            self.service.stop()
            raise

    def credentials(self) -> Json:
        """A service-account key, as the content of the JSON file Google hands out; made when first asked for."""
        self._key = self._key or self.world.key(self.url)
        return dict(self._key)

    def write_credentials(self, path: Path) -> None:
        """Write the service-account key file, readable by its owner only."""
        write_key_file(path, self.credentials())

    def authorized_user(self, person: str, scopes: Iterable[str], client: Client | None = None) -> Json:
        """Credentials of a person who has let a program act for it, as the content of an authorized-user file."""
        return self.world.authorized_user(self.url, client or self.client, person, list(scopes))

    def write_authorized_user(self, path: Path, person: str, scopes: Iterable[str]) -> None:
        """Write the authorized-user file, readable by its owner only."""
        write_key_file(path, self.authorized_user(person, scopes))

    def advance(self, by: timedelta) -> None:
        """Set the clock forward and do what has become due."""
        self.service.clock.advance(by)
        self.service.wake()


def application(service: Service) -> Flask:
    """The WSGI application: Google's addresses, the control address and the page."""
    app = Flask("kiosk.emulator")
    app.json.sort_keys = False  # type: ignore[attr-defined]
    api.register(app, service, operations.OPERATIONS)
    control.register(app, service)
    switches.register(app, service)
    page.register(app, service)
    signin.register(app, service)
    batch.register(app, service)
    app.after_request(lambda response: _dated(response, service.clock))
    app.wsgi_app = api.MethodOverride(app.wsgi_app)  # type: ignore[method-assign]
    return app


def _dated(response: Response, clock: Clock) -> Response:
    """Every answer carries the stand-in's own time."""
    response.headers["Date"] = http_date(clock.now())
    return response


def read_world(path: Path) -> Json:
    """A world file's content; ValueError or TypeError when it is no JSON object."""
    content = json.loads(path.read_text("utf-8"))
    if not isinstance(content, dict):
        raise TypeError("a world file holds one JSON object")
    return content


def _generated(rooms: int, seed: int, busy: bool, clock: Clock) -> Json:
    content = generator.generate(rooms, seed, clock.now())
    return content if busy else content | {"events": []}
