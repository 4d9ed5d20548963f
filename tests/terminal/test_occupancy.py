"""How rooms were used, on the command line."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from pathlib import Path

import pytest

from kiosk.schedule.model import Room
from kiosk.store import acts, rooms
from kiosk.store.database import Store
from kiosk.terminal import occupancy
from tests.running import Server
from tests.store import seeded

JUNE = ("--from", "2026-06-01", "--to", "2026-06-10")


@pytest.fixture
def kiosk(tmp_path: Path, store: Store) -> Server:
    """The command line on the database of the store, in which Oak was used for ten days."""
    number = store.write(rooms.add, Room("oak", "Oak", seeded.ZONE, "Berlin", "2", 6))
    seeded.remember(store, number, date(2026, 6, 1), 10)
    return Server(tmp_path, {})


def test_table_says_how_much_rooms_were_used(kiosk: Server) -> None:
    told = kiosk.run("occupancy", *JUNE).stdout.splitlines()
    assert told[0] == "2026-06-01 to 2026-06-10, 1 rooms; at most 1 in use at once."
    assert told[2].split() == ["Oak", "20", "%", "20", "%", "10", "h", "0", "h", "10", "50", "%"]
    assert told[-1] == "0 rooms fewer: enough."


def test_whole_report_is_json_and_rooms_are_csv(kiosk: Server) -> None:
    found = json.loads(kiosk.run("occupancy", *JUNE, "--json").stdout)
    assert (found["figures"]["held"], found["shares"]["utilisation"], found["rooms"]) == (1200, 0.2, 1)
    rows = list(csv.DictReader(io.StringIO(kiosk.run("occupancy", *JUNE, "--csv").stdout)))
    assert [(row["room"], row["name"], row["ghost"], row["no_show_share"]) for row in rows] == [
        ("oak", "Oak", "600", "0.5"),
        ("", "all", "600", "0.5"),
    ]


def test_scope_that_has_no_rooms_and_days_without_history_say_so(kiosk: Server) -> None:
    for more in (("--building", "Hamburg"), ("--from", "2025-01-01", "--to", "2025-01-31")):
        assert kiosk.run("occupancy", *JUNE, *more).stdout == "Nothing is known of these rooms in that time.\n"


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (("--from", "june"), "'june' is no day: write it like 2026-08-10."),
        (("--from", "2026-06-02", "--to", "2026-06-01"), "--to comes after --from, by at most 1100 days."),
        (("--from", "9999-12-01", "--to", "9999-12-31"), "'9999-12-31' is too far away: days are from 2000 to 2200."),
        (("--to", "0001-01-01"), "'0001-01-01' is too far away: days are from 2000 to 2200."),
        (("--size", "huge"), "There is no class 'huge'; there are 1-4, 5-8, 9-14, 15+, unknown."),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_sentence(kiosk: Server, asked: tuple[str, ...], why: str) -> None:
    refused = kiosk.run("occupancy", *asked)
    assert (refused.returncode, refused.stderr) == (1, f"kiosk: {why}\n")


def test_monthly_report_is_planned_and_shown(kiosk: Server, store: Store) -> None:
    sent = "The report of each month is sent on day 3 of the next, to"
    assert kiosk.run("monthly").stdout == "No report is sent.\n"
    said = kiosk.run("monthly", "--day", "3", "--to", "Boss@kiosk.example", "other@kiosk.example").stdout
    assert said == f"{sent} boss@kiosk.example, other@kiosk.example and webhooks.\n"
    assert kiosk.run("monthly", "--to").stdout == f"{sent} webhooks.\n"
    assert json.loads(kiosk.run("monthly", "--json").stdout) == {"day": 3, "to": []}
    refused = kiosk.run("monthly", "--day", "31")
    says = "kiosk: The report is sent on a day from 1 to 28, or never (0).\n"
    assert (refused.returncode, refused.stderr) == (1, says)
    with store.read() as db:
        assert [(one.act, dict(one.detail)) for one in acts.recent(db)] == [
            ("plan_report", {"day": 3, "receivers": 0}),
            ("plan_report", {"day": 3, "receivers": 2}),
        ]


def test_long_work_says_how_far_it_is(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    quick, slow = occupancy._progress(), occupancy._progress()
    quick(1, 1)
    monkeypatch.setattr(occupancy, "QUIET_SECONDS", -1.0)
    slow(1, 2)
    slow(2, 2)
    assert capsys.readouterr().err == "\r1 of 2 months\r2 of 2 months\n"
