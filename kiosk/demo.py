"""The demo: the real server, beside a stand-in for Google in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from kiosk import runtime, settings
from kiosk.errors import KioskError

FOLDER = Path("var") / "demo"
READY = "Emulator ready on "
# The identities of the emulator's sample world; see docs/emulator.md.
SERVICE_USER = "rooms-service@kiosk.example"
ADMIN = "admin@kiosk.example"
OVERRIDES: dict[str, str] = {"open_displays": "1", "google_subject": SERVICE_USER, "google_admin_subject": ADMIN}


def run(count: int) -> int:
    """Start both and serve until a signal; each start begins with a fresh sample building."""
    chosen = settings.load()
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*.db*"):
        old.unlink()
    credentials = FOLDER / "service-account.json"
    emulator = _start_emulator(count, credentials)
    try:
        root = _wait_ready(emulator)
        demo = settings.load(
            None,
            **OVERRIDES,
            google_credentials=str(credentials),
            google_endpoint=root,
            database_url=f"sqlite:///{FOLDER / 'kiosk.db'}",
        )
        runtime.patch(chosen.async_mode)
        return _serve(demo, root, emulator)
    finally:
        _end(emulator)


def _start_emulator(count: int, credentials: Path) -> subprocess.Popen[str]:
    options = ["--port", "0", "--rooms", str(count), "--credentials", str(credentials)]
    command = [sys.executable, "-m", "kiosk", "emulator", *options, "--database", str(FOLDER / "google.db")]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)


def _wait_ready(emulator: subprocess.Popen[str]) -> str:
    line = emulator.stdout.readline() if emulator.stdout else ""
    if not line.startswith(READY):
        raise KioskError("The stand-in for Google did not start; its own message is above.")
    return line.removeprefix(READY).strip()


def _serve(demo: settings.Settings, root: str, emulator: subprocess.Popen[str]) -> int:
    from kiosk import app, serving
    from kiosk.store import rooms
    from kiosk.sync import linking

    def announce(where: str, parts: app.Parts) -> None:
        linking.import_rooms(parts.store, parts.calendars, parts.directory)
        with parts.store.read() as db:
            first = rooms.every(db)[0].room
        print(_welcome(where, root, first.slug), flush=True)

    return serving.serve(demo, announce, lambda: _end(emulator))


def _welcome(where: str, root: str, slug: str) -> str:
    return f"""
This is a demo: a sample building, a stand-in for Google, and every page open to whoever reaches it.

  All screens         {where}/
  A door              {where}/door/{slug}
  The lobby           {where}/lobby/all
  "Google Calendar"   {root}/   (create, move and cancel meetings as somebody else)

Ctrl-C ends it."""


def _end(emulator: subprocess.Popen[str]) -> None:
    emulator.terminate()
    for _ in range(50):
        if emulator.poll() is not None:
            return
        time.sleep(0.1)
    emulator.kill()
