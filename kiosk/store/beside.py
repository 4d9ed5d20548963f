"""What a hub tells of a room beside its events, and its follower keeps: what was done at the hub, and who came."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from peewee import Database

from kiosk.schedule import privacy
from kiosk.schedule.model import Shows
from kiosk.store import journal
from kiosk.store.models import milliseconds
from kiosk.store.plain import marks, rows, run
from kiosk.store.revisions import touch

# Who somebody is, a follower need not know: that it is somebody, and whether they check in, it must.
SOMEBODY, EXEMPT = "somebody@hub.invalid", "exempt@hub.invalid"
# A calendar that organizes, and is no person.
NOBODY = "nobody@group.calendar.google.com"
# What a row says of its request that was not asked here; no request of ours reads like that.
AT_THE_HUB = "hub"
# Doors tell for so long what became of something.
TOLD = timedelta(hours=1)
DONE = (
    "id", "kind", "event_id", "start", "end", "title", "state", "reason", "created_at", "settled_at", "old_start",
    "old_end", "way", "person", "note", "held_at",
)  # fmt: skip
CAME = ("event_id", "series_id", "title", "start", "end", "due_at", "state", "at", "strike")


def of_room(db: Database, room_id: int, start: datetime, end: datetime, now: datetime, shows: Shows) -> dict[str, Any]:
    """Return what a follower is told of a room beside its events in [start, end), without what the level hides.

    A booking that was made here counts as done there: whether Google has it, its event tells.
    """
    span, since = (milliseconds(end), milliseconds(start)), milliseconds(now - TOLD)
    made = f"kind = 'book' AND state IN ({marks(journal.OPEN)}, 'confirmed') AND start < ? AND \"end\" > ?"
    where = f"room_id = ? AND (({made}) OR settled_at > ?)"
    done = rows(db, f"SELECT {_quoted(DONE)} FROM command WHERE {where}", room_id, *journal.OPEN, *span, since)
    came = rows(
        db, f'SELECT {_quoted(CAME)} FROM attendance WHERE room_id = ? AND start < ? AND "end" > ?', room_id, *span
    )
    told = privacy.PARTS[shows]
    return {
        "done": [_shown(dict(zip(DONE, row, strict=True)), "title" in told) for row in done],
        "came": [_shown(dict(zip(CAME, row, strict=True)), "title" in told) for row in came],
    }


def keep(db: Database, room_id: int, told: str, now: datetime) -> None:
    """Keep what a hub told of a room in place of what it told before; what was done here stays as it is here."""
    if not told:
        return
    said = json.loads(told)
    _keep_done(db, room_id, said["done"], milliseconds(now))
    _keep_came(db, room_id, said["came"])
    touch(db, room_id)


def _keep_done(db: Database, room_id: int, said: Sequence[Mapping[str, Any]], now: int) -> None:
    run(db, "DELETE FROM command WHERE room_id = ? AND request = ?", room_id, AT_THE_HUB)
    fixed = {"room_id": room_id, "request": AT_THE_HUB, "attempts": 0, "due_at": now, "actor": "", "place": ""}
    for one in said:
        _insert(db, "command", {name: one[name] for name in DONE} | fixed)


def _keep_came(db: Database, room_id: int, said: Sequence[Mapping[str, Any]]) -> None:
    """Keep who came; whoever has checked in here, which the hub does not know yet, stays."""
    waiting = f"SELECT event_id FROM command WHERE room_id = ? AND kind = 'check_in' AND {journal.IS_OPEN}"
    sql = f"DELETE FROM attendance WHERE room_id = ? AND event_id NOT IN ({waiting})"
    run(db, sql, room_id, room_id)
    for one in said:
        _insert(db, "attendance", {name: one[name] for name in CAME} | {"room_id": room_id, "by": ""})


def _insert(db: Database, table: str, values: Mapping[str, Any]) -> None:
    names = _quoted(tuple(values))
    run(db, f"INSERT INTO {table} ({names}) VALUES ({marks([*values])}) ON CONFLICT DO NOTHING", *values.values())


def _shown(row: dict[str, Any], titled: bool) -> dict[str, Any]:
    """Return a row as a follower may know it."""
    changes = {"person": SOMEBODY if row["person"] else ""} if "person" in row else {}
    if row.get("kind") == "book" and row["state"] in journal.OPEN:
        changes |= {"state": "confirmed", "reason": ""}
    return row | changes | ({} if titled else {"title": ""})


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
