"""Programs that are forked off a warm process are what they are when they start by themselves."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import ROOT, Server, wait_for

# Each module below the first word is loaded by a process that has loaded nothing of ours.
LOAD = """
import importlib, os, sys
import argon2, cryptography, flask, flask_socketio, googleapiclient.discovery, peewee, prometheus_client
for name in sys.argv[1:]:
    child = os.fork()
    if not child:
        importlib.import_module(name)
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        sys.exit(f"{name} cannot be loaded by itself")
"""
TYPED = "correct horse battery\n"
SAID = [
    (["rooms", "add", "Elbe", "--slug", "oak"], ""),
    (["rooms", "add", "Elbe", "--slug", "oak"], ""),
    (["rooms", "list", "--json"], ""),
    (["rooms", "sing"], ""),
    (["admin", "password", "boss@kiosk.example"], TYPED),
]


def test_commands_say_and_return_what_they_do_when_they_start_by_themselves(tmp_path: Path) -> None:
    said = []
    for cold in (False, True):
        (tmp_path / str(cold)).mkdir()
        server = Server(tmp_path / str(cold), {}, cold=cold)
        done = [server.run(*words, typed=typed) for words, typed in SAID]
        said.append([(one.returncode, one.stdout, one.stderr) for one in done])
    assert said[0] == said[1]


@pytest.mark.parametrize("mode", ["eventlet", "threading"])
@pytest.mark.parametrize("cold", [False, True], ids=["warm", "cold"])
def test_a_server_serves_and_ends_on_a_signal(tmp_path: Path, mode: str, cold: bool) -> None:
    server = Server(tmp_path, {"KIOSK_ASYNC_MODE": mode}, cold=cold).start()
    assert server.get("/api/v1/rooms").json()["rooms"] == []
    assert isinstance(server.process.child, subprocess.Popen) is cold
    server.process.child.send_signal(signal.SIGINT)
    assert wait_for(lambda: server.process.child.poll() is not None)
    assert server.process.child.returncode == 0


def test_a_server_that_is_killed_is_known_to_be(tmp_path: Path) -> None:
    server = Server(tmp_path, {}).start()
    server.process.kill()
    assert server.process.child.returncode == -signal.SIGKILL


def test_whatever_is_not_a_setting_of_ours_is_for_a_program_that_starts_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KIOSK_LANGUAGE", "de")
    server = Server(tmp_path, {"LANGUAGE": "de"}).start()
    assert isinstance(server.process.child, subprocess.Popen)
    server.stop()


def test_every_program_loads_by_itself() -> None:
    terminal = sorted((ROOT / "kiosk" / "terminal").glob("*.py"))
    names = [f"kiosk.terminal.{path.stem}" for path in terminal if path.stem != "__init__"]
    command = [sys.executable, "-W", "ignore", "-c", LOAD, "kiosk.__main__", "kiosk.serving", "kiosk.demo", *names]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
