"""From a tap to its answer and to every other screen, beside the bare calls to Google that a proved booking needs.

The stand-in for Google and the server are processes of their own; screens are real Socket.IO clients. Each booking
is measured right after its bare calls (list, insert, list with Google's own library alone, on another room), so
that both meet the same machine. "our part" is what a tap takes longer than their sum. Both ways of sharing time.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests
import socketio

from bench import _machine
from tests.running import ADMIN, SERVICE_USER, Process, Server, clean_environment, wait_for

ROUNDS = 100
WARM_UP = 10
SCREENS = 5
SCOPES = [f"https://www.googleapis.com/auth/calendar.{part}" for part in ("readonly", "events")]


@dataclass
class Times:
    """Milliseconds of each round."""

    bare: list[float] = field(default_factory=list)
    confirmed: list[float] = field(default_factory=list)
    screens: list[float] = field(default_factory=list)

    def own(self) -> list[float]:
        return [tap - bare for tap, bare in zip(self.confirmed, self.bare, strict=True)]


@dataclass
class Screens:
    """Doors of a room, and when each of them was last told of a change."""

    clients: list[socketio.Client]
    told: dict[int, float] = field(default_factory=dict)

    def last(self) -> float:
        """Return when the last of them was told, waiting for it."""
        wait_for(lambda: len(self.told) == len(self.clients), pause=0.001)
        return max(self.told.values())


def main() -> None:
    with tempfile.TemporaryDirectory() as name, stand_in(Path(name)) as google:
        for mode in ("eventlet", "threading"):
            with serving(Path(name), google, mode) as server:
                report(mode, measure(server, Bare.at(google, Path(name))))


@contextmanager
def stand_in(folder: Path) -> Iterator[str]:
    """Run the stand-in for Google beside this process and give its address."""
    options = ["--port", "0", "--rooms", "2", "--credentials", str(folder / "key.json"), "--quota-user", "0"]
    options += ["--world", str(empty_world(folder)), "--answer-delay", "0"]
    google = Process([sys.executable, "-m", "kiosk", "emulator", *options], clean_environment(), folder / "google.log")
    google.start()
    try:
        yield google.said("Emulator ready").rsplit(" ", 1)[1]
    finally:
        google.stop()


def empty_world(folder: Path) -> Path:
    """Write a world of two rooms in which nothing happens but what is measured."""
    world = folder / "world.json"
    world.write_text('{"domain": "kiosk.example", "rooms": [{"name": "Oak"}, {"name": "Elm"}]}')
    return world


@contextmanager
def serving(folder: Path, google: str, mode: str) -> Iterator[Server]:
    """Run the server with the stand-in's rooms."""
    settings = {
        "KIOSK_GOOGLE_CREDENTIALS": str(folder / "key.json"),
        "KIOSK_GOOGLE_SUBJECT": SERVICE_USER,
        "KIOSK_GOOGLE_ADMIN_SUBJECT": ADMIN,
        "KIOSK_GOOGLE_ENDPOINT": google,
        "KIOSK_ASYNC_MODE": mode,
    }
    (folder / mode).mkdir()
    server = Server(folder / mode, settings)
    server.run("rooms", "import")
    server.start()
    try:
        wait_for(lambda: server.get("/readyz").ok)
        yield server
    finally:
        server.stop()


@dataclass
class Bare:
    """Google's own library and nothing else, in one room."""

    api: Any
    room: str

    @classmethod
    def at(cls, google: str, folder: Path) -> Bare:
        import google_auth_httplib2
        import httplib2
        from google.oauth2.service_account import Credentials
        from googleapiclient.discovery import build

        credentials = Credentials.from_service_account_file(str(folder / "key.json"), scopes=SCOPES)
        http = google_auth_httplib2.AuthorizedHttp(credentials.with_subject(SERVICE_USER), http=httplib2.Http())
        options = {"api_endpoint": f"{google}/calendar/v3/"}
        api = build("calendar", "v3", http=http, static_discovery=True, cache_discovery=False, client_options=options)
        rooms = requests.get(f"{google}/control/state", timeout=20).json()["rooms"]
        return cls(api, next(room["id"] for room in rooms if "Elm" in str(room)))

    def book(self) -> float:
        """Return the milliseconds of the calls that a proved booking needs; nothing of it stays."""
        start = datetime.now(UTC).replace(second=0, microsecond=0)
        window = {"timeMin": start.isoformat(), "timeMax": (start + timedelta(minutes=15)).isoformat()}
        number = uuid.uuid4().hex
        times = {"start": {"dateTime": window["timeMin"]}, "end": {"dateTime": window["timeMax"]}}
        events, body = self.api.events(), {"id": number, "summary": "Bare"} | times
        taken = sum(
            timed(request.execute)
            for request in (
                events.list(calendarId=self.room, singleEvents=True, **window),
                events.insert(calendarId=self.room, body=body),
                events.list(calendarId=self.room, singleEvents=True, **window),
            )
        )
        events.delete(calendarId=self.room, eventId=number).execute()
        return taken


def measure(server: Server, bare: Bare) -> Times:
    """Book and take back, again and again; the first rounds are not counted."""
    times, warm_up = Times(), Times()
    with watching(server) as screens, requests.Session() as panel:
        for number in range(WARM_UP + ROUNDS):
            book_once(server, bare, screens, panel, warm_up if number < WARM_UP else times)
    return times


def book_once(server: Server, bare: Bare, screens: Screens, panel: requests.Session, times: Times) -> None:
    times.bare.append(bare.book())
    screens.told.clear()
    started = time.perf_counter()
    answer = panel.post(f"{server.url}/api/v1/rooms/oak/bookings", json={"minutes": 15}, timeout=20)
    times.confirmed.append((time.perf_counter() - started) * 1000)
    assert answer.status_code == 201, answer.text
    times.screens.append((screens.last() - started) * 1000)
    screens.told.clear()
    panel.delete(f"{server.url}/api/v1/bookings/{answer.json()['id']}", timeout=20).raise_for_status()
    screens.last()


@contextmanager
def watching(server: Server) -> Iterator[Screens]:
    """Connect the other screens."""
    with ExitStack() as open_clients:
        screens = Screens([socketio.Client() for _ in range(SCREENS)])
        for number, client in enumerate(screens.clients):
            client.on("tracks", note(screens, number))
            client.connect(server.url, transports=["websocket"])
            open_clients.callback(client.disconnect)
            client.call("show", {"display": "door", "slug": "oak", "version": ""})
        threading.Event().wait(1)
        yield screens


def note(screens: Screens, number: int) -> Callable[[Any], object]:
    """Return what writes down when a screen is first told."""
    return lambda _message: screens.told.setdefault(number, time.perf_counter())


def timed(act: Callable[[], object]) -> float:
    """Return the milliseconds that something takes."""
    started = time.perf_counter()
    act()
    return (time.perf_counter() - started) * 1000


def report(mode: str, times: Times) -> None:
    ratio = statistics.median(times.confirmed) / statistics.median(times.bare)
    print(f"{mode}, {len(times.bare)} bookings, {SCREENS} other screens; milliseconds as median (95th percentile):")
    print(f"  bare calls {said(times.bare)}; tap to confirmed {said(times.confirmed)}, {ratio:.2f} times as much")
    print(f"  our part {said(times.own())}; tap to every other screen {said(times.screens)}")
    if mode == "eventlet":
        _machine.record("tap to confirmed, our share", ms=statistics.median(times.own()))


def said(values: list[float]) -> str:
    return f"{statistics.median(values):.1f} ({statistics.quantiles(values, n=20)[18]:.1f})"


if __name__ == "__main__":
    main()
