"""Putting a restored state in place of the old one: all of it or nothing, whenever the machine loses its power."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from kiosk.store import archive

# (what lies ready, what it takes the place of)
Move = tuple[Path, Path]


def lay_ready(file: Path, database: Path) -> Path:
    """Move a file to where it lies ready to become the database."""
    return file.replace(database.with_name(f".{database.name}.restoring"))


def switch(database: Path, moves: Sequence[Move]) -> None:
    """Put everything in its place. What is begun here is finished by `finish`, at the next start at the latest."""
    for new, old in moves:
        archive.sync(new)
        archive.sync(old.parent)
    plan, part = _plan(database), _plan(database).with_suffix(".part")
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as opened:
        json.dump([[str(new), str(old)] for new, old in moves], opened)
        opened.flush()
        os.fsync(opened.fileno())
    part.replace(plan)
    archive.sync(plan.parent)
    finish(database)


def finish(database: Path) -> bool:
    """Finish a switch that was cut short; False where there is none."""
    plan = _plan(database)
    try:
        moves = [(Path(new), Path(old)) for new, old in json.loads(plan.read_text(encoding="utf-8"))]
    except FileNotFoundError:
        return False
    for new, old in moves:
        with suppress(FileNotFoundError):  # it was moved before the power went
            new.replace(old)
            archive.sync(old.parent)
    plan.unlink()
    return True


def _plan(database: Path) -> Path:
    return database.with_name(f"{database.name}.restore")
