"""The log of acts as others read it: rows of plain words, and CSV."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from kiosk import clock
from kiosk.store.acts import Act

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


def written(found: list[Act]) -> str:
    """Return acts as CSV, in which no cell is a formula."""
    out = io.StringIO()
    lines = csv.writer(out)
    lines.writerow(COLUMNS)
    for act in found:
        cells = row(act) | {"detail": json.dumps(dict(act.detail), ensure_ascii=False, sort_keys=True)}
        lines.writerow([_harmless(str(cells[name])) for name in COLUMNS])
    return out.getvalue()


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULAS) else text
