"""What mirroring costs: full passes, a delta of one change, and idle polls, beside the same calls alone.

A hundred rooms with sixty days of meetings on a stand-in for Google in a process of its own. "bare" are the same
requests with Google's library alone, in the same run; CPU is this process's. The stall is the longest time a
short sleep came back late while the passes ran, with eventlet in its own process.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests

from bench import _stalls

ROOMS = 100
DAYS = 60
IDLE_ROUNDS = 3
TRAFFIC = {"requests": 0, "bytes": 0}


def main() -> None:
    for mode in ("eventlet", "threading"):
        subprocess.run([sys.executable, "-m", "bench.sync", mode], check=True)


def measure(mode: str) -> None:
    from kiosk import runtime

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        emulator, root = start_emulator(folder)
        try:
            runtime.patch(mode)
            run(mode, folder, root)
        finally:
            emulator.terminate()
            emulator.wait(20)


def start_emulator(folder: Path) -> tuple[subprocess.Popen[str], str]:
    """Start the stand-in and return it with its address."""
    options = ["--port", "0", "--rooms", str(ROOMS), "--credentials", str(folder / "sa.json"), "--quota-user", "0"]
    command = [sys.executable, "-m", "kiosk", "emulator", *options]
    emulator = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    line = emulator.stdout.readline() if emulator.stdout else ""
    return emulator, line.split()[-1]


def run(mode: str, folder: Path, root: str) -> None:
    """Measure every step and print a line for each."""
    from kiosk import assembly, clock, settings
    from kiosk.store import mirror
    from kiosk.sync import importing
    from kiosk.sync.passes import Pass, refresh
    from tests.running import ADMIN, SERVICE_USER

    chosen = settings.load(
        {},
        async_mode=mode,
        database_url=f"sqlite:///{folder / 'kiosk.db'}",
        google_credentials=str(folder / "sa.json"),
        google_subject=SERVICE_USER,
        google_admin_subject=ADMIN,
        google_endpoint=root,
    )
    parts = assembly.open_parts(chosen)
    count_traffic()
    importing.import_rooms(parts.store, parts.calendars, parts.directory)
    with parts.store.read() as db:
        known = mirror.everything(db)
    work = Pass(parts.calendars, parts.store, DAYS)
    refresh(work, known[0].room_id)  # the library is loaded and a token is there

    def everything() -> None:
        for one in known:
            refresh(work, one.room_id)

    def bare() -> None:
        for one in known:
            start, end = clock.window(clock.now(), clock.zone(one.zone), DAYS)
            read_bare(parts.calendars, one.calendar_id, start, end)

    report(mode, "bare lists of the same windows", bare)
    report(mode, f"full pass of {len(known)} rooms x {DAYS} days", everything)
    book_once(root, known[0].calendar_id)
    report(mode, "delta of one change", lambda: refresh(work, known[0].room_id))
    for number in range(IDLE_ROUNDS):
        report(mode, f"idle poll of {len(known)} rooms, round {number + 1}", everything)


def read_bare(calendars: Any, calendar_id: str, start: Any, end: Any) -> None:
    """Read a window with Google's library alone, by the credentials and connections of the adapter."""
    window = {"timeMin": start.isoformat(), "timeMax": end.isoformat(), "singleEvents": True, "maxResults": 250}
    page: dict[str, str] = {}
    while True:
        body = calendars._client.execute(
            lambda api, page=page: api.events().list(calendarId=calendar_id, **window, **page)
        )
        if "nextPageToken" not in body:
            return
        page = {"pageToken": body["nextPageToken"]}


def book_once(root: str, calendar_id: str) -> None:
    """Make one meeting in a room, as somebody in Google does."""
    start = datetime.now(UTC).replace(hour=3, minute=0, second=0, microsecond=0) + timedelta(days=3)
    times = {"start": start.isoformat(), "end": (start + timedelta(minutes=30)).isoformat()}
    person = requests.get(f"{root}/control/state", timeout=20).json()["people"][0]["id"]
    body = {"organizer": person, "title": "One change", "rooms": [calendar_id], **times}
    requests.post(f"{root}/control/events", json=body, timeout=20).raise_for_status()
    requests.post(f"{root}/control/settle", timeout=20).raise_for_status()


def report(mode: str, what: str, step: Any) -> None:
    """Run a step and print wall time, CPU and the longest stall it caused."""
    TRAFFIC.update(requests=0, bytes=0)
    with _stalls.watched() as late:
        wall, cpu = time.perf_counter(), time.process_time()
        step()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(
        f"{mode}: {what}: {TRAFFIC['requests']} requests, {TRAFFIC['bytes'] / 1000:.0f} kB, {wall * 1000:.0f} ms, "
        f"CPU {cpu * 1000:.0f} ms, longest stall {max(late) * 1000:.1f} ms"
    )


def count_traffic() -> None:
    """Count every answer of Google's client: how many, and how many bytes once unpacked."""
    from kiosk.google.transport import Http

    plain = Http.request

    def counted(self: Any, *arguments: Any, **more: Any) -> Any:
        answer, content = plain(self, *arguments, **more)
        TRAFFIC["requests"] += 1
        TRAFFIC["bytes"] += len(content)
        return answer, content

    Http.request = counted  # type: ignore[method-assign]


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measure(sys.argv[1])
    else:
        main()
