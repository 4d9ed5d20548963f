"""The running server is asked everything that its document knows, by everybody, and answers as the document says."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from itertools import cycle, product
from pathlib import Path

import pytest
from schemathesis.generation import GenerationMode

from kiosk.emulator.server import Emulator
from kiosk.store.database import Store
from kiosk.web.openapi.roles import ROLES
from tests.conftest import Tell
from tests.running import Server
from tests.web.fuzzing import Fuzzer, Guests

SEED = 20260810
# What only devices may ask, beside what they may as screens.
MACHINES = re.compile(r"/api/v1/(device|follow)(/|$)")
SCALE = float(os.environ.get("SOAK_SCALE", "1"))


@pytest.fixture
def fuzzer(google: Emulator, google_settings: dict[str, str], tmp_path: Path) -> Iterator[Fuzzer]:
    """A server that lets in only whom it knows, and everybody whom it knows."""
    server = Server(tmp_path, google_settings | {"KIOSK_OPEN_DISPLAYS": "0"}).with_rooms()
    store = Store(f"sqlite:///{tmp_path / 'kiosk.db'}")
    guests = Guests(store, google.world.people()[1].id)
    guests.enter()
    store.close()
    server.start()
    guests.scan(server)
    yield Fuzzer(server, guests)
    server.stop()


@pytest.mark.timeout(600)
def test_a_slice_of_everything_is_answered_as_the_document_says(fuzzer: Fuzzer) -> None:
    others = cycle(ROLES)
    for one in fuzzer.operations():
        first = "device" if MACHINES.match(one.path) else "admin"
        fuzzer.ask(one, first, GenerationMode.POSITIVE, 2, SEED)
        fuzzer.ask(one, first, GenerationMode.NEGATIVE, 1, SEED)
        fuzzer.ask(one, next(others), GenerationMode.POSITIVE, 1, SEED)
    assert fuzzer.faults == {}
    assert {status for _, _, status in fuzzer.counts} >= {200, 201, 401, 403, 404, 422}
    assert "Traceback" not in fuzzer.server.log()


@pytest.mark.soak
def test_everything_is_answered_to_everybody_as_the_document_says(fuzzer: Fuzzer, tell: Tell) -> None:
    for one, role, mode in product(fuzzer.operations(), ROLES, GenerationMode):
        fuzzer.ask(one, role, mode, max(1, int(10 * SCALE)), SEED)
    tell(fuzzer.table())
    assert fuzzer.faults == {}
    assert "Traceback" not in fuzzer.server.log()
