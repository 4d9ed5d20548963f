"""Whenever the plug is pulled, the disk knows every command whose request has left, and every answer that was given."""

from __future__ import annotations

import os
import random
import re
import sqlite3
import threading
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from kiosk.emulator.faults import Fault
from tests.booking import town
from tests.booking.disk import LUCKS, Disk, Luck, Record, lay, records
from tests.booking.siege import Doorbell, Siege
from tests.booking.town import Town
from tests.conftest import Tell
from tests.running import wait_for

SCALE = float(os.environ.get("SOAK_SCALE", "1"))
OURS = re.compile(rb"kiosk[0-9a-f]{32}")
FEWEST = 8
DEADS = {"refused", "withdrawing"}
FAULTS = (
    Fault("slow", "Events.Insert", seconds=2.6, probability=0.1),
    Fault("slow", "Events.", seconds=0.05, probability=0.2),
    Fault("drop_after", "Events.Insert", probability=0.05),
    Fault("status", "Events.", status=504, probability=0.03),
)


@dataclass
class Ruin:
    """What was asked and told before the plug was pulled; `lost` says what of it the disk has forgotten."""

    chance: random.Random
    left: set[tuple[str, str]] = field(default_factory=set)
    told: dict[str, int] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)

    def note(self, record: Record) -> None:
        if record.kind == "leaves":
            self.left |= {(record.name, event.decode()) for event in OURS.findall(record.data)}
        else:
            self.told[record.name] = record.number

    def look(self, disk: Disk, luck: Luck, folder: Path) -> None:
        """Start from what is left of the disk, and look for all that must be there."""
        with closing(sqlite3.connect(lay(disk.left(luck, self.chance), folder) / "kiosk.db")) as db:
            assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            rows = db.execute('SELECT event_id, "key", kind, state FROM command').fetchall()
        self.counts["disks looked at"] += 1
        kinds, states = {(row[0], row[2]) for row in rows}, {row[1]: row[3] for row in rows}
        self.lost += [f"{method} of {event} has left" for method, event in self.left if not asked(method, event, kinds)]
        self.lost += [
            f"{status} was answered, {states.get(key)} is known"
            for key, status in self.told.items()
            if not agrees(status, states.get(key))
        ]


def asked(method: str, event: str, kinds: set[tuple[str, str]]) -> bool:
    """Tell whether a command is known that may ask this of Google."""
    booked = (event, "book") in kinds
    changed = any(one == event and kind != "book" for one, kind in kinds)
    return {"POST": booked, "PATCH": changed, "DELETE": booked or changed}[method]


def agrees(status: int, state: str | None) -> bool:
    """Tell whether what is known after all fits what the caller was told."""
    if status in {200, 201}:
        return state == "confirmed"
    return state is not None if status == 202 else state is None or state in DEADS


def test_pulled_plug_loses_no_command_whose_request_has_left(tmp_path: Path, tell: Tell) -> None:
    ruin = pulled(tmp_path, 3, 40)
    tell(summary(ruin))
    assert not ruin.lost


def test_pulled_plug_would_lose_what_is_not_written_durably(tmp_path: Path, tell: Tell) -> None:
    ruin = pulled(tmp_path, 1, 10, PLUG_CARELESS="1")
    tell(summary(ruin))
    assert ruin.lost


@pytest.mark.soak
@pytest.mark.parametrize("mode", ["eventlet", "threading"])
def test_hundreds_of_pulled_plugs_lose_no_command(tmp_path: Path, mode: str, tell: Tell) -> None:
    ruin = pulled(tmp_path, 30 * SCALE, int(500 * SCALE), mode)
    tell(summary(ruin))
    assert not ruin.lost


def summary(ruin: Ruin) -> str:
    return f"{dict(ruin.counts)}, {len(ruin.lost)} commands or answers lost"


def pulled(folder: Path, seconds: float, plugs: int, mode: str = "eventlet", **environment: str) -> Ruin:
    """Let people tap for some seconds, then look at what plugs pulled meanwhile would have left."""
    log, ruin = folder / "plug.log", Ruin(random.Random(7))
    with town.opened(folder, mode) as place, pytest.MonkeyPatch.context() as patch:
        for name, value in (environment | {"PLUG_LOG": str(log)}).items():
            patch.setenv(name, value)
        disk = Disk.of(folder)
        tap(place, seconds, ruin.counts)
    noted = list(records(log))
    instants = {number for number, record in enumerate(noted) if record.kind in {"leaves", "answers"}}
    chosen = set(ruin.chance.sample(sorted(instants), min(plugs, len(instants))))
    for number, record in enumerate(noted):
        disk.do(record) if number not in instants else ruin.note(record)
        if number in chosen:
            for luck in LUCKS:
                ruin.look(disk, luck, folder / "left")
    ruin.counts["requests"], ruin.counts["answers"] = len(ruin.left), len(ruin.told)
    return ruin


def tap(place: Town, seconds: float, counts: Counter[str]) -> None:
    """Let people tap at a server on such a disk, while Google is slow and answers get lost."""
    [server] = place.servers
    server.program = "tests.booking.plug"
    siege = Siege(place, Doorbell(), random.Random(7), counts)
    server.start()
    wait_for(lambda: server.get("/readyz").ok)
    for fault in FAULTS:
        place.google.service.faults.order(fault)
    with siege.tapping(server):
        threading.Event().wait(seconds)
        wait_for(lambda: len(siege.answers) > FEWEST)
    assert "Traceback" not in server.log(), server.log()
