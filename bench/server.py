"""The server's other budgets: start, memory, idle CPU, a change on its way to the glass, bulk writes, a door's page.

The stand-in for Google is a process of its own. Best of five where nothing else is said; the loop of plain Python that
stands beside each figure was run right before it.
"""

from __future__ import annotations

import socket
import statistics
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import requests

from bench import _machine
from bench._stand import standing
from bench.sockets import SENDERS, three
from bench.sync import start_emulator
from tests.running import ADMIN, SERVICE_USER, Process, Server, clean_environment, wait_for

ROOMS, EACH = 100, 1000
DAYS = 21
IDLE_SECONDS = 20
READ_SECONDS = 60.0
CHANGES = 200
REST_SECONDS = 15
PAGES = 200


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        measure_start(folder)
        measure_google(folder)
    subprocess_of("writes")
    subprocess_of("page")


def subprocess_of(what: str) -> None:
    """Measure something in a process of its own, which eventlet changes."""
    import subprocess

    subprocess.run([sys.executable, "-m", "bench.server", what], check=True, env=clean_environment())


def measure_start(folder: Path) -> None:
    """From the command to the first page, with a few rooms of nobody's."""
    (folder / "start").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = {
        "KIOSK_DATABASE_URL": f"sqlite:///{folder / 'start' / 'kiosk.db'}",
        "KIOSK_SECRETS": str(folder / "start" / "secrets"),
        "KIOSK_OPEN_DISPLAYS": "1",
        "KIOSK_PORT": str(port),
    }
    server = Server(folder / "start", settings)
    assert server.run("rooms", "add", "Oak").returncode == 0
    loop = _machine.calibrate()
    took = min(first_page(settings, folder / "start" / "server.log") for _ in range(_machine.TIMES + 1))
    _machine.record("start to first 200", "", loop, ms=took * 1000)


def first_page(settings: dict[str, str], log: Path) -> float:
    process = Process([sys.executable, "-m", "kiosk", "serve"], clean_environment(**settings), log)
    began = time.monotonic()
    process.start()
    try:
        while not answers(f"http://127.0.0.1:{settings['KIOSK_PORT']}/door/oak"):
            time.sleep(0.002)
        return time.monotonic() - began
    finally:
        process.stop()


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).status_code == 200
    except requests.ConnectionError:
        return False


def measure_google(folder: Path) -> None:
    """What needs the stand-in: memory and CPU of a server that mirrors, and changes while every room is read anew."""
    emulator, google = start_emulator(folder)
    try:
        measure_idle(folder, google)
        for sender in SENDERS:
            measure_passes(folder, google, sender)
    finally:
        emulator.terminate()
        emulator.wait(20)


def measure_idle(folder: Path, google: str) -> None:
    """One room and one screen, as at a door."""
    server = linked(folder, "idle", google)
    address = requests.get(f"{google}/control/state", timeout=20).json()["rooms"][0]["id"]
    added = server.run("rooms", "add", "Oak", "--calendar", address)
    assert added.returncode == 0, added.stderr
    server.cold = True
    server.start()
    try:
        wait_for(lambda: server.get("/readyz").ok)
        time.sleep(REST_SECONDS)
        process = server.process.child.pid
        _machine.record("memory idle, Google's client loaded", "", MiB=_machine.resident(process) / 2**20)
        before = _machine.spent(process)
        time.sleep(IDLE_SECONDS)
        share = (_machine.spent(process) - before) / IDLE_SECONDS
        _machine.record("idle CPU with 1 room", "", percent=share * 100)
    finally:
        server.stop()


def linked(folder: Path, name: str, google: str) -> Server:
    (folder / name).mkdir()
    return Server(
        folder / name,
        {
            "KIOSK_GOOGLE_CREDENTIALS": str(folder / "sa.json"),
            "KIOSK_GOOGLE_SUBJECT": SERVICE_USER,
            "KIOSK_GOOGLE_ADMIN_SUBJECT": ADMIN,
            "KIOSK_GOOGLE_ENDPOINT": google,
        },
    )


def measure_passes(folder: Path, google: str, sender: str) -> None:
    """Change one room again and again while all others are read anew by full passes."""
    server = linked(folder, sender, google)
    (folder / sender / "sa.json").write_bytes((folder / "sa.json").read_bytes())
    assert server.run("rooms", "import").returncode == 0
    with standing(ROOMS + 1, sender, google, folder / sender) as stand:
        wait_for(lambda: not stand.left(), READ_SECONDS)
        stand.join(3, [("door", f"room-{ROOMS}")])
        time.sleep(REST_SECONDS)
        loop = _machine.calibrate()
        found: list[float] = []
        while len(found) < 3 * CHANGES:
            if not stand.left():
                stand.act("pass")
            found += three(stand, f"change?room=room-{ROOMS}")
        name = "change stored to the 3 screens of its room, 100 rooms read anew"
        p50, p99 = _machine.middle(found), _machine.quantile(found, 0.99)
        _machine.record(name, sender, loop, p50_ms=p50, p99_ms=p99)


def measure_writes() -> None:
    """A hundred thousand events: written, and compared with what is there."""
    from kiosk import runtime

    runtime.patch("eventlet")
    from kiosk import assembly, clock, settings
    from kiosk.store import mirror

    with tempfile.TemporaryDirectory() as name:
        parts = assembly.open_parts(settings.load({}, database_url=f"sqlite:///{name}/kiosk.db", secrets=name))
        now = clock.now()
        rooms = [add_room(parts, number, now) for number in range(ROOMS)]
        found, loop = events(now), _machine.calibrate()

        def write(events: list[Any]) -> None:
            for room in rooms:
                with parts.store.read() as db:
                    generation = mirror.progress(db, room).generation
                window = (now, now + timedelta(days=DAYS))
                assert parts.store.write(mirror.commit_full, room, generation, events, "", window, now) is not None

        written = _machine.timed(lambda: write(found))
        unchanged = min(_machine.timed(lambda: write(found)) for _ in range(3))
        _machine.record(f"{ROOMS * EACH} events written", "", loop, s=written)
        _machine.record(f"{ROOMS * EACH} events unchanged", "", loop, s=unchanged)
        parts.close()


def add_room(parts: Any, number: int, now: Any) -> int:
    from kiosk import clock
    from kiosk.schedule.model import Room
    from kiosk.store import rooms

    room = Room(f"room-{number}", f"Room {number}", clock.zone("Europe/Berlin"))
    return int(parts.store.write(rooms.add_linked, room, f"room-{number}@bench.example", now).id)


def events(now: Any) -> list[Any]:
    """Return a room's meetings, one after the other."""
    from kiosk.schedule.model import Event, Person

    length, person = timedelta(days=DAYS) / EACH, Person("ada@bench.example", "Ada")
    return [
        Event(f"event{number}", now + number * length, now + (number + 1) * length, f"Meeting {number}", etag="1",
              organizer=person, updated=now)
        for number in range(EACH)
    ]  # fmt: skip


def measure_page() -> None:
    """A door's page, in the server's own process: what the server works for it."""
    from kiosk import runtime

    runtime.patch("eventlet")
    from kiosk import app, assembly, memory, settings

    with tempfile.TemporaryDirectory() as name:
        given = {"secrets": name, "open_displays": "1", "database_url": f"sqlite:///{name}/kiosk.db"}
        parts = assembly.open_parts(settings.load({}, **given))
        from kiosk import clock

        add_room(parts, 1, clock.now())
        server = app.build(parts)
        server.warm()
        memory.freeze()
        client = server.web.test_client()
        assert client.get("/door/room-1").status_code == 200
        loop = _machine.calibrate()
        taken = [_machine.timed(lambda: client.get("/door/room-1").data) * 1000 for _ in range(PAGES)]
        _machine.record("a door's page, server time", "", loop, ms=min(taken), median_ms=statistics.median(taken))
        parts.close()


if __name__ == "__main__":
    {"writes": measure_writes, "page": measure_page}.get((sys.argv[1:] or [""])[0], main)()
