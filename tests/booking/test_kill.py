"""Killed at any instant of a command, the server finishes it after its next start: exactly once, or not at all."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest

from tests import databases
from tests.booking import town
from tests.booking.siege import Doorbell, Siege
from tests.conftest import Tell

SCALE = float(os.environ.get("SOAK_SCALE", "1"))
BETWEEN_CHECKS = 25


def test_commands_survive_a_few_kills(tmp_path: Path, tell: Tell) -> None:
    besiege(tmp_path, 4, tell)


@pytest.mark.soak
@pytest.mark.parametrize("engine", databases.ENGINES, indirect=True)
def test_commands_survive_hundreds_of_kills(engine: databases.Engine, tmp_path: Path, tell: Tell) -> None:
    besiege(tmp_path, int(500 * SCALE), tell)


def besiege(folder: Path, kills: int, tell: Tell) -> None:
    bell, began = Doorbell(), time.monotonic()
    with town.opened(folder, "eventlet", "threading", wrap=bell.wrap) as place:
        siege = Siege(place, bell, random.Random(7))
        siege.trouble()
        for number in range(1, kills + 1):
            siege.kill()
            if number % BETWEEN_CHECKS == 0 or number == kills:
                siege.settle()
    tell(f"{siege.report()}; all settled, one event each, none without a row; {time.monotonic() - began:.0f} s")
