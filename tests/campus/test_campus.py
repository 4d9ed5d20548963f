"""Whatever part of a campus is killed while people book: no booking is lost or doubled, and screens are right again."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kiosk import clock
from kiosk.emulator.server import Emulator
from tests.booking import ledger
from tests.campus import plant
from tests.cluster import Cluster
from tests.conftest import Tell

SCALE = float(os.environ.get("SOAK_SCALE", "1"))
ENGINE = os.environ.get("CAMPUS_ENGINE", "postgresql")
PROGRESS = (
    "SELECT slug, due_at, checked_at, full_at, failures, reason, generation FROM mirror JOIN room ON id = room_id"
)
# Seconds within which screens must be right again; a slice on a busy machine only says how long it took.
RIGHT_WITHIN = 10.0


@pytest.mark.soak
def test_small_campus_outlives_each_of_its_parts(tmp_path: Path, tell: Tell) -> None:
    outlive(tmp_path, 12, 24, tell)


@pytest.mark.soak
def test_campus_of_a_thousand_rooms_outlives_each_of_its_parts(tmp_path: Path, tell: Tell) -> None:
    took = outlive(tmp_path, int(1000 * SCALE), int(1000 * SCALE), tell)
    assert {name: seconds for name, seconds in took.items() if seconds > RIGHT_WITHIN} == {}


def settle(whole: plant.Plant) -> None:
    """Wait until nothing moves any more; say what still differs when that takes too long."""
    try:
        ledger.settled(whole.town)
    except AssertionError as error:
        town, now = whole.town, clock.now()
        both = {slug: (ledger.mirrored(town, slug, now), ledger.lying(town, slug, now)) for slug in town.rooms}
        differing = {slug: {*here.items()} ^ {*there.items()} for slug, (here, there) in both.items() if here != there}
        progress = [dict(row) for row in town.sql(PROGRESS) if row["slug"] in differing]
        told = f"{differing} {progress} at {clock.now()} {town.sql(ledger.OPEN)}"
        raise AssertionError(told) from error


@contextmanager
def database(folder: Path) -> Iterator[tuple[str, Cluster | None]]:
    """Give the address of an empty database, and the PostgreSQL behind it, which keeps what it has confirmed."""
    if ENGINE == "sqlite":
        yield f"sqlite:///{folder / 'kiosk.db'}", None
        return
    cluster = Cluster(fsync="on", full_page_writes="on")
    try:
        yield cluster.empty(), cluster
    finally:
        cluster.remove()


def outlive(folder: Path, rooms: int, screens: int, tell: Tell) -> dict[str, float]:
    """Strike every part once; return after how many seconds all was right again."""
    began, took = time.monotonic(), {}
    with database(folder) as (url, cluster), Emulator(rooms=rooms, busy=False) as google:
        whole = plant.built(folder, google, url, screens)
        whole.cluster = cluster
        with plant.running(whole):
            ready = time.monotonic() - began
            with whole.booking():
                for name, blow in whole.blows().items():
                    took[name] = whole.strike(blow)
            settle(whole)
            compared = ledger.check(whole.town)
            ledger.check_answers(whole.town, whole.answers)
        assert plant.complaints(whole) == []
    assert whole.counts["never answered"] == 0
    struck = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in took.items())
    booked = ", ".join(f"{count} {what}" for what, count in sorted(whole.counts.items()))
    tell(f"{rooms} rooms, {screens} screens, ready after {ready:.0f} s; {compared}; {booked}")
    tell(f"right again after: {struck}")
    return took
