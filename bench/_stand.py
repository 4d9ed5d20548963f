"""A host and a crowd, each a process of its own, and the words between them."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from tests.running import clean_environment

PATIENCE = 60


@dataclass
class Program:
    """A program that answers each line of JSON with one."""

    words: list[str]
    process: subprocess.Popen[str] = field(init=False)

    def start(self) -> None:
        command, pipes = [sys.executable, "-m", *self.words], {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.process = subprocess.Popen(command, text=True, env=clean_environment(), **pipes)

    def said(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"{self.words} has ended"
        return line

    def ask(self, do: str, **words: Any) -> Any:
        self.send(do, **words)
        return json.loads(self.said())

    def send(self, do: str, **words: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"do": do, **words}) + "\n")
        self.process.stdin.flush()

    def stop(self) -> None:
        self.process.kill()
        self.process.communicate()


@dataclass
class Stand:
    """A host with some rooms, told by one sender, and its crowd."""

    folder: Path
    rooms: int
    sender: str
    google: str = ""
    port: int = 0
    host: Program = field(init=False)
    crowd: Program = field(init=False)
    session: requests.Session = field(default_factory=requests.Session)

    def open(self) -> None:
        """Start the host, again at the same port if it was there before."""
        words = [str(self.folder), str(self.rooms), self.sender, str(self.port), self.google]
        self.host = Program(["bench._host", *words])
        self.host.start()
        self.port = int(self.host.said().split()[1])

    def get(self, path: str) -> requests.Response:
        answer = self.session.get(f"http://127.0.0.1:{self.port}{path}", timeout=PATIENCE)
        answer.raise_for_status()
        return answer

    def act(self, what: str) -> tuple[int, int]:
        """Have the host do something; return when it began and when it was done, in nanoseconds."""
        began, done, _found = self.get(f"/bench/{what}").json()
        return began, done

    def left(self) -> int:
        """Return how many rooms are not read yet."""
        return int(self.get("/bench/left").json()[2])

    def join(self, count: int, screens: list[tuple[str, str]]) -> float:
        return float(self.crowd.ask("join", count=count, screens=screens))

    def heard(self, expect: int) -> list[int]:
        """Return the moments at which so many messages came, in nanoseconds."""
        return [int(moment) for moment in self.crowd.ask("heard", expect=expect)]

    def settle(self) -> None:
        """Wait until whoever has come or gone is dealt with."""
        time.sleep(1.5)


@contextmanager
def standing(rooms: int, sender: str, google: str = "", folder: Path | None = None) -> Iterator[Stand]:
    """Run a host and a crowd."""
    with ExitStack() as stack:
        folder = folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stand = Stand(folder, rooms, sender, google)
        stand.open()
        stack.callback(lambda: stand.host.stop())  # noqa: PLW0108 - the host of that moment
        stand.crowd = Program(["bench._crowd", str(stand.port)])
        stand.crowd.start()
        stack.callback(stand.crowd.stop)
        stand.get("/healthz")
        yield stand
