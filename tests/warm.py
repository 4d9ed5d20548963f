"""Programs that need not load anything: forked off one process that has loaded what the product's programs need.

Loading is most of what a start costs, and hundreds of tests start programs that they are not about. How programs
start by themselves is for the tests of that (`cold=True`, or a `Process`).
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from os import read  # before eventlet puts its own in their place
from pathlib import Path
from select import select as wait
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
# Seconds that a command may take on a machine that has much else to do.
PATIENCE = 90.0
# How often it is looked who has ended, while nothing is asked for.
LOOK_SECONDS = 0.02


def _foreign(environment: Mapping[str, str]) -> dict[str, str]:
    """Leave out what names a setting of the product, or the test that runs."""
    own = ("KIOSK_", "PYTEST_CURRENT_TEST")
    return {name: value for name, value in environment.items() if not name.startswith(own)}


STARTED_IN = _foreign(os.environ)
# Those that wait, by their way of sharing time; commands of the terminal come from the one with threads.
STOVES: dict[str, Stove] = {}


@dataclass
class Child:
    """A program that was forked off: as much of `subprocess.Popen` as tests use."""

    pid: int
    status: Path
    returncode: int | None = None

    def poll(self) -> int | None:
        """Return how it ended, or None."""
        if self.returncode is None and self.status.exists():
            self.returncode = int(self.status.read_text())
        return self.returncode

    def wait(self, timeout: float) -> int:
        """Wait that many seconds for its end; returns its exit status, or minus the number of a signal."""
        give_up = time.monotonic() + timeout
        while self.poll() is None:
            if time.monotonic() > give_up:
                raise subprocess.TimeoutExpired(str(self.pid), timeout)
            time.sleep(0.01)
        return int(self.returncode or 0)

    def send_signal(self, number: int) -> None:
        """Signal it, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


class Stove:
    """The process that others are forked off, in one way of sharing time ("eventlet" or "threading")."""

    def __init__(self, mode: str) -> None:
        self._asking = threading.Lock()
        self._folder = TemporaryDirectory(prefix="kiosk-tests-")
        self._numbers = count()
        command = [sys.executable, "-m", "tests.warm", mode, self._folder.name]
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=STARTED_IN, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        atexit.register(self._put_out)

    def start(self, words: list[str], environment: dict[str, str], folder: Path, files: list[Path]) -> Child:
        """Start `kiosk` with these words; `files` are its input, its output and its errors."""
        status = Path(self._folder.name) / str(next(self._numbers))
        asked = {"words": words, "environment": environment, "folder": str(folder), "status": str(status)}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._asking:
            self._process.stdin.write(json.dumps(asked | {"files": [str(file) for file in files]}) + "\n")
            self._process.stdin.flush()
            return Child(int(self._process.stdout.readline()), status)

    def run(self, words: list[str], environment: dict[str, str], typed: str) -> subprocess.CompletedProcess[str]:
        """Run `kiosk` with these words and this input to its end."""
        with TemporaryDirectory(dir=self._folder.name) as folder:
            files = [Path(folder) / name for name in ("typed", "said", "complained")]
            files[0].write_text(typed)
            child = self.start(words, environment, ROOT, files)
            code = child.wait(PATIENCE)
            return subprocess.CompletedProcess(words, code, files[1].read_text(), files[2].read_text())

    def _put_out(self) -> None:
        self._process.communicate()
        self._folder.cleanup()


def stove(mode: str, environment: dict[str, str]) -> Stove | None:
    """Return what programs of that mode and environment can be forked off; None when they must be started.

    What a variable of somebody else's does to a program may be done while it loads.
    """
    if mode not in {"eventlet", "threading"} or _foreign(environment) != STARTED_IN:
        return None
    if mode not in STOVES:
        STOVES[mode] = Stove(mode)
    return STOVES[mode]


def main(mode: str, templates: str) -> int:
    """Load, then fork off what is asked for, one line of JSON each, until nobody can ask any more."""
    _load(mode, templates)
    ends: dict[int, str] = {}
    rest = b""
    while True:
        line, found, rest = rest.partition(b"\n")
        if found:
            asked = json.loads(line)
            child = os.fork()
            if not child:
                _have_own_hub(mode)
                return _become(asked)
            ends[child] = asked["status"]
            os.write(1, f"{child}\n".encode())
            continue
        rest = line
        # Whether one has ended is asked again and again: a signal that came just before waiting would be missed.
        while not wait([0], [], [], LOOK_SECONDS)[0]:
            _reap(ends)
        more = read(0, 1 << 16)
        if not more:
            return 0
        rest += more


def _load(mode: str, templates: str) -> None:
    from kiosk import runtime

    runtime.patch(mode)
    from flask import Flask
    from jinja2 import FileSystemBytecodeCache

    # A process is patched once, and it has been.
    runtime._patch_eventlet = lambda: None
    import kiosk.__main__
    import kiosk.serving  # noqa: F401

    Flask.jinja_options = {"bytecode_cache": FileSystemBytecodeCache(templates)}
    gc.collect()
    gc.freeze()


def _have_own_hub(mode: str) -> None:
    """Forget what loading has set up to wait with: processes that share it would be woken by each other's sockets."""
    if mode == "eventlet":
        from eventlet import hubs

        hubs.use_hub()


def _reap(ends: dict[int, str]) -> None:
    while ends:
        child, status = os.waitpid(-1, os.WNOHANG)
        if not child:
            return
        path = Path(ends.pop(child))
        written = path.with_name(f"{path.name}.writing")
        written.write_text(str(os.waitstatus_to_exitcode(status)))
        written.rename(path)


def _become(asked: dict[str, Any]) -> int:
    """Be the program that was asked for, as if it had been started."""
    from kiosk.__main__ import main as kiosk

    for number, file in enumerate(asked["files"]):
        flags = os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_APPEND | os.O_CREAT
        opened = os.open(file, flags, 0o644)
        os.dup2(opened, number)
        os.close(opened)
    os.environ.clear()
    os.environ.update(asked["environment"])
    os.chdir(asked["folder"])
    sys.orig_argv = [sys.executable, "-m", "kiosk", *asked["words"]]
    sys.argv = [str(ROOT / "kiosk" / "__main__.py"), *asked["words"]]
    return kiosk(None)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
