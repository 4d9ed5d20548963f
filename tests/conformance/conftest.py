"""A stand-in whose every answer is checked, and independent clients in processes of their own."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from jsonschema import ValidationError

from kiosk.emulator import tokens
from kiosk.emulator.server import Emulator
from kiosk.emulator.wire import Application
from kiosk.emulator.world import World
from tests.conformance.prepare import HERE, prepare
from tests.emulator.conftest import SCOPE, WORLD, Rooms
from tests.emulator.discovery import check

SCOPES = [f"{SCOPE}{name}" for name in ("calendar", "calendar.readonly", "calendar.events", "calendar.freebusy")]


class Checked:
    """The application, each answer of which is held against Google's own description."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self.answers = 0
        self.offences: list[str] = []

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        told: list[Any] = []

        def started(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            told.extend((status, dict(headers)))
            return start_response(status, headers, *more)

        body = b"".join(self._application(environ, started))
        self._check(environ, int(told[0].split()[0]), told[1], body)
        return [body]

    def _check(self, environ: dict[str, Any], status: int, headers: dict[str, str], body: bytes) -> None:
        method = environ.get("HTTP_X_HTTP_METHOD_OVERRIDE") or environ["REQUEST_METHOD"]
        content = gzip.decompress(body) if headers.get("Content-Encoding") == "gzip" else body
        self.answers += 1
        try:
            check(method, environ["PATH_INFO"], status, content)
        except (ValidationError, AssertionError, ValueError) as error:
            self.offences.append(f"{method} {environ['PATH_INFO']}: {error}")


class Client:
    """A client process; `client.act(…)` does that act in it."""

    def __init__(self, python: Path, script: str, url: str, token: str) -> None:
        command = [python, HERE / "clients" / f"{script}.py", url, token]
        environment = {"PATH": os.environ["PATH"], "OAUTHLIB_INSECURE_TRANSPORT": "1", "TZ": "UTC"}
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def __getattr__(self, act: str) -> Callable[..., Any]:
        return lambda **given: self._ask(act, given)

    def close(self) -> None:
        self._process.communicate(timeout=10)

    def _ask(self, act: str, given: dict[str, Any]) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"act": act, "given": given}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        if "error" in answer:
            raise ClientError(answer["error"], answer["message"])
        return answer["result"]


class ClientError(Exception):
    """What the client raised: the name of its error, and the message."""


@pytest.fixture(scope="session")
def interpreter() -> Path:
    """The interpreter that has the independent clients."""
    return prepare()


@pytest.fixture
def checked() -> Iterator[list[Checked]]:
    """The checks around the stand-in; the test fails when one answer was not as described."""
    around: list[Checked] = []
    yield around
    assert [offence for each in around for offence in each.offences] == []
    assert all(each.answers for each in around)


@pytest.fixture
def emulator(checked: list[Checked]) -> Iterator[Emulator]:
    def wrap(application: Application) -> Application:
        checked.append(Checked(application))
        return checked[-1]

    with Emulator(WORLD, wrap=wrap) as running:
        yield running


@pytest.fixture
def world(emulator: Emulator) -> World:
    return emulator.world


@pytest.fixture
def rooms(world: World) -> Rooms:
    return Rooms(**{room.summary.split("-")[2].split(" ")[0].lower(): room.id for room in world.rooms()})


@pytest.fixture
def client(emulator: Emulator, interpreter: Path) -> Iterator[Callable[..., Client]]:
    """Start a client of that name as a person (the rooms' service user, when none is named)."""
    with ExitStack() as running:

        def started(script: str, person: str = "") -> Client:
            who = person or emulator.world.service_user
            with emulator.service.changing():
                granted = tokens.issue(emulator.service.store, "tests", who, SCOPES)
            opened = Client(interpreter, script, emulator.url, granted["access_token"])
            running.callback(opened.close)
            return opened

        yield started
