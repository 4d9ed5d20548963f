"""The log of acts as others read it: rows of plain words, and CSV."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from peewee import Database

from kiosk import clock
from kiosk.store import acts
from kiosk.store.acts import Act, Search

COLUMNS = ("at", "actor", "place", "act", "room", "booking", "result", "reason", "detail")
# What spreadsheets would take for a formula.
FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def row(act: Act) -> dict[str, Any]:
    """Return an act as programs read it."""
    return {
        "at": clock.iso(act.at),
        "actor": act.actor,
        "place": act.place,
        "act": act.act,
        "room": act.room,
        "booking": act.event_id,
        "result": act.result,
        "reason": act.reason,
        "detail": dict(act.detail),
    }


def as_json_text(db: Database, wanted: Search, limit: int) -> str:
    """Return the newest acts that match as JSON; made where they are read, since that takes long."""
    found = [row(act) for _, act in acts.search(db, wanted, limit)]
    return json.dumps({"acts": found}, ensure_ascii=False, indent=1)


def as_csv_text(db: Database, wanted: Search, limit: int) -> str:
    """Return the newest acts that match as CSV."""
    return written([act for _, act in acts.search(db, wanted, limit)])


def written(found: list[Act]) -> str:
    """Return acts as CSV, in which no cell is a formula."""
    out = io.StringIO()
    lines = csv.writer(out)
    lines.writerow(COLUMNS)
    for act in found:
        cells = row(act) | {"detail": json.dumps(dict(act.detail), ensure_ascii=False, sort_keys=True)}
        lines.writerow([harmless(str(cells[name])) for name in COLUMNS])
    return out.getvalue()


def harmless(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULAS) else text
