"""What the command line does to policies."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

from kiosk.errors import UsageError
from kiosk.settings import Settings
from kiosk.store import acts, policies
from kiosk.store.levels import Level
from kiosk.terminal.tables import find_room, open_parts, print_table, record

POLICY_COLUMNS = ("name", "value", "from", "help")


def policy(settings: Settings, options: argparse.Namespace) -> None:
    """Change what a room allows, or every room of a level that says nothing else, and print what holds there."""
    parts = open_parts(settings)
    slug, changes = _asked_of_policy(options.words)
    whose = find_room(parts, slug).id if slug else _level(options)
    if slug and (options.building or options.floor):
        raise UsageError("Name a room, or a building and its floor, but not both.")
    if changes:
        with parts.store.read() as db:
            before = policies.own(db, whose)
        parts.store.write(policies.change, whose, changes)
        about = {} if slug else {"level": str(whose)}
        record(parts.store, "edit_policy", slug, **about, **acts.difference(before, {**before, **changes}))
    with parts.store.read() as db:
        lines = policies.lines(db, whose)
    rows = [{"name": one.name, "value": one.value, "from": one.origin, "help": one.help} for one in lines]
    if options.json:
        print(json.dumps(rows, indent=2))
    else:
        print_table(rows, POLICY_COLUMNS)


def _level(options: argparse.Namespace) -> Level:
    if options.floor and not options.building:
        raise UsageError("--floor needs --building: floors of several buildings may have the same name.")
    return Level(options.building, options.floor)


def _asked_of_policy(words: Sequence[str]) -> tuple[str, dict[str, str | None]]:
    """Read [ROOM] [NAME=VALUE …]; a value left empty is None."""
    slug, rest = ("", words) if not words or "=" in words[0] else (words[0], words[1:])
    for word in rest:
        if "=" not in word:
            raise UsageError(f"{word!r} is no change: write NAME=VALUE, after the room if it is for one room only.")
    changes = (word.split("=", 1) for word in rest)
    return slug, {name.strip(): value.strip() or None for name, value in changes}
