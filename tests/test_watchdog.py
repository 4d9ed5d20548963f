"""systemd hears that the server is up and alive only while the server answers."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.settings import Supervision, supervision
from kiosk.watchdog import Watchdog
from tests.running import Server

SECONDS = 2.0


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[socket.socket]:
    """The socket on which systemd listens."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as wire:
        wire.bind(str(tmp_path / "notify"))
        wire.settimeout(60)
        yield wire


@pytest.mark.parametrize("mode", ["eventlet", "threading"])
def test_a_server_says_that_it_is_up_and_goes_on_saying_that_it_lives(
    systemd: socket.socket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", systemd.getsockname())
    monkeypatch.setenv("WATCHDOG_USEC", str(int(SECONDS * 1e6)))
    server = Server(tmp_path, {"KIOSK_ASYNC_MODE": mode}).start()
    try:
        assert [systemd.recv(64) for _ in range(3)] == [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1"]
        os.kill(server.process.child.pid, signal.SIGSTOP)
        systemd.settimeout(SECONDS)
        assert silence(systemd)
        os.kill(server.process.child.pid, signal.SIGCONT)
    finally:
        server.process.kill()


def silence(systemd: socket.socket) -> bool:
    """Hear what was under way, and then nothing; who lives never stops saying so."""
    try:
        for _ in range(50):
            systemd.recv(64)
    except TimeoutError:
        return True
    return False


def test_a_server_that_answers_nobody_says_nothing(systemd: socket.socket) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        watchdog = Watchdog(deaf.getsockname()[:2], Supervision(systemd.getsockname(), SECONDS))
        deaf.close()
        assert not watchdog.answers()


def test_without_systemd_there_is_no_watchdog() -> None:
    assert supervision({}) == Supervision("", 0.0)
    assert supervision({"NOTIFY_SOCKET": "@a", "WATCHDOG_USEC": "30000000"}) == Supervision("@a", 30.0)
