"""However many want the same time at once, nobody is doubled, nobody is lost, and whoever is refused leaves nothing."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests import databases
from tests.booking import ledger, town
from tests.booking.caretaker import MOODS
from tests.booking.contest import Contest, trouble, unhurried
from tests.conftest import Tell

SCALE = float(os.environ.get("SOAK_SCALE", "1"))


@pytest.mark.parametrize(("engine", "attempts"), [("sqlite", 200), ("postgresql", 100)], indirect=["engine"])
def test_hundreds_of_rivals_are_neither_doubled_nor_lost(
    engine: databases.Engine, attempts: int, tmp_path: Path, tell: Tell
) -> None:
    with town.opened(tmp_path, "eventlet", "threading") as place, town.serving(place):
        unhurried(place)
        compete(Contest(place, attempts, seed=7), tell)


@pytest.mark.soak
@pytest.mark.parametrize("engine", databases.ENGINES, indirect=True)
def test_ten_thousand_rivals_are_neither_doubled_nor_lost(engine: databases.Engine, tmp_path: Path, tell: Tell) -> None:
    with town.opened(tmp_path, "eventlet", "threading") as place, town.serving(place):
        unhurried(place)
        trouble(place)
        compete(Contest(place, int(10_000 * SCALE), seed=7, moods=MOODS), tell)


def compete(contest: Contest, tell: Tell) -> None:
    place, began = contest.town, time.monotonic()
    contest.run()
    took = time.monotonic() - began
    place.google.service.faults.clear()
    place.google.service.store.set_meta("answer_delay", "0")
    place.google.world.settle()
    ledger.settled(place)
    compared = ledger.check(place)
    ledger.check_answers(place, contest.answers)
    assert not [one.log() for one in place.servers if "Traceback" in one.log()]
    tell(f"{contest.report()}; {compared}; 0 overlaps, 0 missing, 0 left behind; {took:.0f} s")
