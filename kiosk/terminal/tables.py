"""What every command shares: the open product, a room by its word, and tables for people to read."""

from __future__ import annotations

import getpass
import json
from collections.abc import Mapping, Sequence
from typing import Any

from kiosk import assembly, clock
from kiosk.settings import Settings
from kiosk.store import acts, rooms
from kiosk.store.acts import Act
from kiosk.store.database import Store
from kiosk.store.rooms import StoredRoom

REQUESTS_FOR_A_ROOM = 2
CONSOLE = "console"


def open_parts(settings: Settings) -> assembly.Parts:
    """Open the product for one command, which asks Google a few things at most."""
    return assembly.open_parts(settings, REQUESTS_FOR_A_ROOM)


def find_room(parts: assembly.Parts, slug: str) -> StoredRoom:
    """Return the room of that word. Raises NotFound."""
    with parts.store.read() as db:
        return rooms.by_slug(db, slug)


def record(store: Store, act: str, room: str = "", **detail: str | int) -> None:
    """Write down in the log of acts what was done on the command line, and by which user of the machine."""
    store.write(acts.record, Act(clock.now(), CONSOLE, getpass.getuser(), act, room, "", "done", "", detail))


def show(
    rows: Sequence[Mapping[str, Any]],
    columns: tuple[str, ...],
    as_json: bool,
    nothing: str,
    table: Sequence[Mapping[str, Any]] | None = None,
) -> None:
    """Print rows as JSON, or as a table, whose rows `table` may be shorter; where there are none, say `nothing`."""
    if as_json:
        print(json.dumps(rows, indent=2, ensure_ascii=False))
    elif not rows:
        print(nothing)
    else:
        print_table(rows if table is None else table, columns)


def print_table(rows: Sequence[Mapping[str, str | int]], columns: tuple[str, ...]) -> None:
    """Print rows under their columns' names."""
    lines = [columns, *(tuple(str(row[name]) for name in columns) for row in rows)]
    widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
