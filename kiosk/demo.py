"""The demo: the real server, beside a stand-in for Google in a process of its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from kiosk import runtime, settings
from kiosk.errors import KioskError
from kiosk.resources import resource

if TYPE_CHECKING:  # what holds locks is imported after the process is patched
    from kiosk import assembly
    from kiosk.store.database import Store

READY = "Emulator ready on "
# The identities of the emulator's sample world; see docs/emulator.md.
SERVICE_USER = "rooms-service@kiosk.example"
ADMIN = "admin@kiosk.example"
OVERRIDES: dict[str, str] = {
    "open_displays": "1",
    "opening_hours": "00:00-24:00",
    "google_subject": SERVICE_USER,
    "google_admin_subject": ADMIN,
}
# The floors that are drawn: file, name, building, floor, and where a screen on it stands, in parts of its sides.
BUILDING = "Berlin, Spreeufer"
FLOORS = (
    ("berlin-ground-floor.svg", "Ground floor", "EG", (0.5, 0.86)),
    ("berlin-first-floor.svg", "First floor", "1", (0.5, 0.27)),
)


def run(count: int) -> int:
    """Start both and serve until a signal; each start begins with a fresh sample building, which goes with it."""
    chosen = settings.load()
    folder = Path(tempfile.mkdtemp(prefix="kiosk-demo-"))
    credentials = folder / "service-account.json"
    emulator = _start_emulator(count, folder, credentials)

    def end() -> None:
        _end(emulator)
        shutil.rmtree(folder, ignore_errors=True)

    try:
        root = _wait_ready(emulator)
        demo = settings.load(
            None,
            **OVERRIDES,
            google_credentials=str(credentials),
            google_endpoint=root,
            database_url=f"sqlite:///{folder / 'kiosk.db'}",
        )
        runtime.patch(chosen.async_mode)
        return _serve(demo, root, end)
    finally:
        end()


def _start_emulator(count: int, folder: Path, credentials: Path) -> subprocess.Popen[str]:
    """Start the stand-in, which ends when this process does: its standard input is then closed."""
    options = ["--port", "0", "--rooms", str(count), "--credentials", str(credentials), "--until-input-ends"]
    command = [sys.executable, "-m", "kiosk", "emulator", *options, "--database", str(folder / "google.db")]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, start_new_session=True)


def _wait_ready(emulator: subprocess.Popen[str]) -> str:
    line = emulator.stdout.readline() if emulator.stdout else ""
    if not line.startswith(READY):
        raise KioskError("The stand-in for Google did not start; its own message is above.")
    return line.removeprefix(READY).strip()


def _serve(demo: settings.Settings, root: str, end: Callable[[], None]) -> int:
    from kiosk import serving
    from kiosk.store import rooms
    from kiosk.sync import importing

    def announce(where: str, parts: assembly.Parts) -> None:
        importing.import_rooms(parts.store, parts.calendars, parts.directory)
        with parts.store.read() as db:
            first = rooms.every(db)[0].room
        _hang_plans(parts.store)
        print(_welcome(where, root, first.slug), flush=True)

    return serving.serve(demo, announce, end)


def _hang_plans(store: Store) -> None:
    """Put the drawn floors on screens, with the rooms that are on them; a floor without any stays away."""
    from kiosk.store import drawings, outlines, plans

    for file, name, floor, here in FLOORS:
        drawing = drawings.read((resource("samples") / file).read_bytes())
        plan = store.write(plans.add, name, BUILDING, floor, drawing)
        store.write(plans.change, plan.slug, name, BUILDING, floor, here)
        if not store.write(plans.put_called, plan.slug, outlines.parts(drawing.content)):
            store.write(plans.remove, plan.slug)


def _welcome(where: str, root: str, slug: str) -> str:
    return f"""
This is a demo: a sample building, a stand-in for Google, and every page open to whoever reaches it.

  All screens         {where}/
  A door              {where}/door/{slug}
  The lobby           {where}/lobby/all
  A floor's plan      {where}/floor/ground-floor
  "Google Calendar"   {root}/   (create, move and cancel meetings as somebody else)

Ctrl-C ends it."""


def _end(emulator: subprocess.Popen[str]) -> None:
    emulator.terminate()
    for _ in range(50):
        if emulator.poll() is not None:
            return
        time.sleep(0.1)
    emulator.kill()
