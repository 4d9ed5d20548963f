"""From a tap to its answer and to another screen, beside the bare calls to Google that it needs.

Prints medians in milliseconds over a number of bookings at a server and a stand-in for Google on this machine,
in both ways of sharing time. "bare": the same four calls (list, insert, list, delete) with Google's own library.
"""

from __future__ import annotations

import statistics
import tempfile
import threading
import time
import uuid
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import requests
import socketio

from kiosk.emulator.server import Emulator
from tests.running import ADMIN, SERVICE_USER, Server, wait_for

ROUNDS = 30


def main() -> None:
    with tempfile.TemporaryDirectory() as name, Emulator(rooms=2, busy=False) as google:
        folder = Path(name)
        file = folder / "service-account.json"
        google.write_credentials(file)
        bare = measure_bare(google, file)
        print(
            f"bare calls of a booking: list {bare['list']:.1f}, insert {bare['insert']:.1f}, list {bare['list']:.1f} ms"
        )
        for mode in ("eventlet", "threading"):
            measure_server(google, file, folder / mode, mode, bare["list"] * 2 + bare["insert"])


def measure_server(google: Emulator, file: Path, folder: Path, mode: str, bare: float) -> None:
    folder.mkdir()
    server = Server(
        folder,
        {
            "KIOSK_GOOGLE_CREDENTIALS": str(file),
            "KIOSK_GOOGLE_SUBJECT": SERVICE_USER,
            "KIOSK_GOOGLE_ADMIN_SUBJECT": ADMIN,
            "KIOSK_GOOGLE_ENDPOINT": google.url,
            "KIOSK_ASYNC_MODE": mode,
        },
    )
    server.run("rooms", "import")
    server.start()
    try:
        slug = server.get("/api/v1/rooms").json()["rooms"][0]["slug"]
        wait_for(lambda: server.get("/readyz").status_code == 200)
        answers, screens = tap(server, slug)
    finally:
        server.stop()
    middle = statistics.median(answers)
    print(
        f"{mode}: tap to confirmed {middle:.1f} ms (bare calls {bare:.1f}, our share {middle - bare:.1f}, "
        f"ratio {middle / bare:.2f}); tap to another screen {statistics.median(screens):.1f} ms; {ROUNDS} bookings"
    )


def tap(server: Server, slug: str) -> tuple[list[float], list[float]]:
    """Return milliseconds to the answer and to another screen, one of each per booking."""
    told = threading.Event()
    screen = socketio.Client()
    screen.on("tracks", lambda _message: told.set())
    screen.connect(server.url, transports=["websocket"])
    screen.call("show", {"display": "door", "slug": slug, "version": ""})
    session, answers, screens = requests.Session(), [], []
    for _ in range(ROUNDS):
        told.clear()
        started = time.perf_counter()
        seen: list[float] = []
        watcher = threading.Thread(target=note_when, args=(told, seen))
        watcher.start()
        answer = session.post(f"{server.url}/api/v1/rooms/{slug}/bookings", json={"minutes": 15}, timeout=20)
        answers.append((time.perf_counter() - started) * 1000)
        watcher.join()
        screens.append((seen[0] - started) * 1000)
        session.delete(f"{server.url}/api/v1/bookings/{answer.json()['id']}", timeout=20)
    screen.disconnect()
    return answers, screens


def note_when(told: threading.Event, seen: list[float]) -> None:
    """Write down when the screen was told."""
    told.wait(10)
    seen.append(time.perf_counter())


def measure_bare(google: Emulator, file: Path) -> dict[str, float]:
    """Return the median milliseconds of each call with Google's own library."""
    import google_auth_httplib2
    import httplib2
    from google.oauth2.service_account import Credentials
    from googleapiclient.discovery import build

    scopes = ["https://www.googleapis.com/auth/calendar.readonly", "https://www.googleapis.com/auth/calendar.events"]
    credentials = Credentials.from_service_account_file(str(file), scopes=scopes, subject=SERVICE_USER)
    http = google_auth_httplib2.AuthorizedHttp(credentials, http=httplib2.Http())
    options = {"api_endpoint": f"{google.url}/calendar/v3/"}
    api = build("calendar", "v3", http=http, static_discovery=True, cache_discovery=False, client_options=options)
    room, start = google.world.rooms()[0].id, datetime.fromisoformat("2030-01-01T10:00:00+00:00")
    end = start + timedelta(minutes=15)
    times: dict[str, list[float]] = {"list": [], "insert": []}
    for _ in range(ROUNDS):
        number = uuid.uuid4().hex
        window = {"timeMin": start.isoformat(), "timeMax": end.isoformat(), "singleEvents": True}
        body = {"id": number, "start": {"dateTime": start.isoformat()}, "end": {"dateTime": end.isoformat()}}
        times["list"].append(timed(api.events().list(calendarId=room, **window)))
        times["insert"].append(timed(api.events().insert(calendarId=room, body=body)))
        api.events().delete(calendarId=room, eventId=number).execute()
    return {name: statistics.median(values) for name, values in times.items()}


def timed(request: Any) -> float:
    """Return the milliseconds of one call."""
    started = time.perf_counter()
    request.execute()
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    main()
