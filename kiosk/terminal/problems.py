"""What the command line does about problems with rooms."""

from __future__ import annotations

import argparse

from kiosk import clock
from kiosk.settings import Settings
from kiosk.store import problems
from kiosk.terminal.tables import CONSOLE, open_parts, show

COLUMNS = ("id", "reported", "room", "kind", "state", "by", "note")
MOST = 500


def list_problems(settings: Settings, options: argparse.Namespace) -> None:
    """Print what is reported and not settled, or everything."""
    with open_parts(settings).store.read() as db:
        found = problems.every(db, MOST)
    rows: list[dict[str, str | int]] = [
        {
            "id": one.id,
            "reported": clock.iso(one.reported_at),
            "room": stored.room.slug,
            "kind": one.kind,
            "state": one.state,
            "by": one.by,
            "note": one.note,
        }
        for one, stored in found
        if options.all or one.state in problems.LIVING
    ]
    show(rows, COLUMNS, options.json, "Nothing is reported that is not settled.")


def answer_problem(settings: Settings, options: argparse.Namespace) -> None:
    """Say that a problem is seen, or done."""
    store = open_parts(settings).store
    done = store.write(problems.answer, options.number, options.state, options.note, CONSOLE, clock.now())
    print(f"Problem {done.id}, {done.kind}: {done.state}.")
