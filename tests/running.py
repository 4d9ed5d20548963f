"""The server and the stand-in for Google as processes of their own, started and stopped by tests."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from kiosk import clock
from tests import warm
from tests.warm import Child, Stove

ROOT = Path(__file__).resolve().parent.parent
SERVICE_USER = "rooms-service@kiosk.example"
ADMIN = "admin@kiosk.example"
POLL = 2
PATIENCE = 30.0
# A program may take that long to start on a machine that has much else to do.
START = 90.0


# The database of a server that has read the rooms of the usual stand-in for Google.
IMPORTED: list[bytes] = []


def wait_for(what: Any, seconds: float = PATIENCE, pause: float = 0.05) -> Any:
    """Call `what` until it returns something true, and return that; fail after some seconds."""
    give_up = clock.monotonic() + seconds
    while True:
        found = what()
        if found:
            return found
        assert clock.monotonic() < give_up, f"waited {seconds} s in vain"
        time.sleep(pause)


def clean_environment(**settings: str) -> dict[str, str]:
    """Return this environment without settings of the product but those given."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KIOSK_")}
    return kept | settings


@dataclass
class Process:
    """A program started by a test, ended by its process id."""

    command: list[str]
    environment: dict[str, str]
    log: Path
    folder: Path = ROOT
    stove: Stove | None = None
    child: subprocess.Popen[bytes] | Child = field(init=False)

    def start(self) -> None:
        if self.stove:
            files = [Path(os.devnull), self.log, self.log]
            self.child = self.stove.start(self.command[3:], self.environment, self.folder, files)
            return
        with self.log.open("ab") as log:
            self.child = subprocess.Popen(self.command, env=self.environment, stdout=log, stderr=log, cwd=self.folder)

    def said(self, words: str) -> str:
        """Return the first line that starts with these words, waiting for it."""

        def look() -> str:
            assert self.child.poll() is None, self.log.read_text()
            lines = self.log.read_text().splitlines()
            return next((line for line in reversed(lines) if line.startswith(words)), "")

        return str(wait_for(look, START))

    def stop(self) -> int:
        if self.child.poll() is None:
            self.child.terminate()
        return self.child.wait(20)

    def kill(self) -> None:
        self.child.kill()
        self.child.wait(20)


@dataclass
class Server:
    """A running `kiosk serve`, or another program that serves in its place.

    It and its commands are forked off a process that has loaded them (see `warm`), unless they are to start `cold`.
    `only`: what it does where several processes are one installation.
    """

    folder: Path
    settings: dict[str, str]
    process: Process = field(init=False)
    url: str = ""
    program: str = "kiosk"
    cold: bool = False
    only: str = ""

    def start(self) -> Server:
        log = self.folder / "server.log"
        log.write_text("")
        database = f"sqlite:///{self.folder / 'kiosk.db'}"
        given = {"KIOSK_PORT": "0", "KIOSK_DATABASE_URL": database, "KIOSK_OPEN_DISPLAYS": "1"}
        given |= {"KIOSK_SECRETS": str(self.folder / "secrets")} | self.settings
        environment = clean_environment(**given)
        part = ["--only", self.only] if self.only else []
        command, stove = [sys.executable, "-m", self.program, "serve", *part], self._stove(environment)
        self.process = Process(command, environment, log, stove=stove)
        self.process.start()
        self.url = self.process.said("Serving ").rsplit(" ", 1)[1]
        wait_for(lambda: self.get("/healthz").ok)
        return self

    def stop(self) -> int:
        return self.process.stop()

    def run(self, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        """Run another command of the product with this server's settings and this input."""
        database = f"sqlite:///{self.folder / 'kiosk.db'}"
        own = {"KIOSK_DATABASE_URL": database, "KIOSK_SECRETS": str(self.folder / "secrets")}
        environment = clean_environment(**own | self.settings)
        stove = self._stove(environment | {"KIOSK_ASYNC_MODE": "threading"})
        if stove:
            return stove.run(list(arguments), environment, typed)
        command = [sys.executable, "-m", "kiosk", *arguments]
        return subprocess.run(
            command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False, input=typed
        )

    def _stove(self, environment: dict[str, str]) -> Stove | None:
        if self.cold or self.program != "kiosk":
            return None
        return warm.stove(environment.get("KIOSK_ASYNC_MODE", "eventlet"), environment)

    def with_rooms(self) -> Server:
        """Give it the rooms of the usual stand-in for Google: read from there once in a run, and copied then."""
        file = self.folder / "kiosk.db"
        if not IMPORTED:
            read = self.run("rooms", "import")
            assert read.returncode == 0, read.stderr
            IMPORTED.append(file.read_bytes())
        file.write_bytes(IMPORTED[0])
        return self

    def get(self, path: str, **more: Any) -> requests.Response:
        return requests.get(self.url + path, timeout=20, **more)

    def view(self, display: str, slug: str) -> dict[str, Any]:
        answer = self.get(f"/{display}/{slug}", headers={"Accept": "application/json"})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def room(self, slug: str) -> dict[str, Any]:
        return dict(self.get(f"/api/v1/rooms/{slug}").json())

    def book(self, slug: str, key: str = "", **body: Any) -> requests.Response:
        headers = {"Idempotency-Key": key} if key else {}
        return requests.post(f"{self.url}/api/v1/rooms/{slug}/bookings", json=body, headers=headers, timeout=30)

    def log(self) -> str:
        return self.process.log.read_text()
