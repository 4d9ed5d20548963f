"""The report of how rooms were used as others read it: plain values, JSON and CSV, made where it is read."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from typing import Any

from peewee import Database

from kiosk import clock
from kiosk.schedule import usage
from kiosk.schedule.occupancy import FIGURES, Figures
from kiosk.schedule.usage import Cell, Fewer, Line, Report
from kiosk.store.extract import harmless
from kiosk.store.usage import Progress, Wanted, read

ABOUT = ("room", "name", "building", "floor", "capacity", "removed")
SHARES = tuple(usage.shares(Figures()))
COLUMNS = (*ABOUT, *FIGURES, *(f"{name}_share" for name in SHARES))
# Digits of a share from 0 to 1: a tenth of a percent and a little more.
DIGITS = 4


def summary(db: Database, wanted: Wanted, progress: Progress = lambda _done, _of: None) -> dict[str, Any]:
    """Return the whole report in plain values; docs/occupancy.md says what each is."""
    return told(read(db, wanted, progress))


def as_json(db: Database, wanted: Wanted, progress: Progress = lambda _done, _of: None) -> str:
    """Return the whole report as JSON."""
    return json.dumps(summary(db, wanted, progress), ensure_ascii=False)


def as_csv(db: Database, wanted: Wanted, progress: Progress = lambda _done, _of: None) -> str:
    """Return a line for each room, and one of all together, as CSV, in which no cell is a formula."""
    found = told(read(db, wanted, progress))
    out = io.StringIO()
    lines = csv.writer(out)
    lines.writerow(COLUMNS)
    everybody = dict.fromkeys(ABOUT, "") | {"name": "all"}
    for row in (*found["by_room"], {**everybody, "figures": found["figures"], "shares": found["shares"]}):
        values = [*(row[name] for name in ABOUT), *row["figures"].values(), *row["shares"].values()]
        lines.writerow([_cell_text(value) for value in values])
    return out.getvalue()


def _cell_text(value: object) -> str:
    if value is None or value is False:
        return ""
    return "yes" if value is True else harmless(str(value))


def told(report: Report, choose: Callable[[list[Line]], Sequence[Line]] = list) -> dict[str, Any]:
    """Return a report in plain values; hours are minutes there, and shares go from 0 to 1.

    `choose`: returns those of the ranked rooms that are told one by one.
    """
    total, peak = report.total, report.peak
    return {
        "from": report.first.isoformat(),
        "to": report.last.isoformat(),
        "zone": report.zone,
        "rooms": len(report.rooms),
        "figures": _figures(total),
        "shares": _shares(total),
        "by_building": _lines(report.by("building")),
        "by_floor": _lines(report.by("floor")),
        "by_size": _lines(report.by("size")),
        "by_room": [_room(line) for line in choose(usage.ranked(report.rooms))],
        "by_hour": [[_cell(cell) for cell in row] for row in report.heat],
        "trend": {
            "step": report.step,
            "points": [{"day": p.day.isoformat(), **_cell(p.cell), "most": p.most} for p in report.trend],
        },
        "at_once": {
            "rooms": peak.rooms,
            "most": peak.most,
            "at": clock.iso(peak.at) if peak.at else None,
            "curve": [{"rooms": count, "minutes": minutes} for count, minutes in peak.curve()],
            "fewer": [fewer(one) for one in peak.steps()],
            "levels": sorted(peak.levels.items()),
            "days": [[day.isoformat(), most] for day, most in sorted(peak.days.items())],
        },
    }


def fewer(one: Fewer) -> dict[str, int]:
    """Return what fewer rooms would have meant."""
    return {"less": one.less, "left": one.left, "days": one.days, "minutes": one.minutes}


def _lines(lines: Sequence[Line]) -> list[dict[str, Any]]:
    return [{"name": line.name, "rooms": line.rooms, **_both(line)} for line in lines]


def _room(line: Line) -> dict[str, Any]:
    place = line.place
    assert place
    about = (place.slug, place.name, place.building, place.floor, place.capacity, place.removed)
    return dict(zip(ABOUT, about, strict=True)) | _both(line)


def _both(line: Line) -> dict[str, Any]:
    return {"figures": _figures(line.figures), "shares": _shares(line.figures)}


def _figures(figures: Figures) -> dict[str, int]:
    return {name: getattr(figures, name) for name in FIGURES}


def _shares(figures: Figures) -> dict[str, float | None]:
    return {name: _round(value) for name, value in usage.shares(figures).items()}


def _cell(cell: Cell) -> dict[str, Any]:
    found = _round(usage.share(cell.held, cell.open_minutes))
    return {"open_minutes": cell.open_minutes, "held": cell.held, "utilisation": found}


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, DIGITS)


WRITERS: dict[str, Callable[..., str]] = {"json": as_json, "csv": as_csv}
