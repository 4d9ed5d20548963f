"""What the command line does to notices and emergencies; a running server tells its screens within a second."""

from __future__ import annotations

import argparse
import getpass
import json
from datetime import datetime, timedelta
from typing import Any

from kiosk import clock
from kiosk.errors import UsageError
from kiosk.schedule.notice import ORGANISATION, Kind, Notice, Target, floor_of
from kiosk.settings import Settings
from kiosk.store import notices, screens
from kiosk.store.notices import By, Draft
from kiosk.store.screens import Answer
from kiosk.terminal.tables import CONSOLE, open_parts, print_table

COLUMNS = ("id", "kind", "level", "state", "start", "end", "target", "title")
SCREEN_COLUMNS = ("screen", "state", "at", "seen", "token", "address")
USUAL = timedelta(hours=8)
# What `kiosk emergency status` ends with while a screen does not show what it should.
MISSING = 3


def list_notices(settings: Settings, options: argparse.Namespace) -> None:
    """Print the notices and emergencies that run, come, and are over."""
    now = clock.now()
    with open_parts(settings).store.read() as db:
        found = [_row(one, now) for one in notices.every(db, now)]
    if options.json:
        print(json.dumps(found, indent=2, ensure_ascii=False))
    elif not found:
        print("There are no notices yet: write one with `kiosk notices add TITLE`.")
    else:
        print_table([row | {"target": _target_text(row["target"])} for row in found], COLUMNS)


def add_notice(settings: Settings, options: argparse.Namespace) -> None:
    """Write a notice."""
    start = _instant(settings, options.start) if options.start else None
    end = _instant(settings, options.end) if options.end else (start or clock.now()) + USUAL
    draft = Draft(options.title, options.text, "notice", options.level, start, end, _target(options))
    made = _write(settings, draft)
    print(f"Notice {made.id} is for {made.target}, from {clock.iso(made.start)} to {clock.iso(end)}.")


def end_notice(settings: Settings, options: argparse.Namespace) -> None:
    """End a notice now."""
    _end(settings, options.number, "notice")


def start_emergency(settings: Settings, options: argparse.Namespace) -> None:
    """Start an emergency at once."""
    made = _write(settings, Draft(options.title, options.text, "emergency", target=_target(options)))
    print(f"Emergency {made.id} is on for {made.target}: see `kiosk emergency status`.")


def end_emergency(settings: Settings, options: argparse.Namespace) -> None:
    """End an emergency, or all that are on."""
    with open_parts(settings).store.read() as db:
        running = [one.id for one in notices.emergencies(db, clock.now())]
    if options.number is None and not running:
        raise UsageError("No emergency is on.")
    for number in running if options.number is None else [options.number]:
        _end(settings, number, "emergency")


def status(settings: Settings, options: argparse.Namespace) -> int:
    """Print which screens show the emergencies that are on; 3 while one does not."""
    now = clock.now()
    with open_parts(settings).store.read() as db:
        found = [(one, screens.answers(db, one, now)) for one in notices.emergencies(db, now)]
    if options.json:
        rows = [_row(one, now) | {"screens": [_answer(answer) for answer in said]} for one, said in found]
        print(json.dumps(rows, indent=2, ensure_ascii=False))
    elif not found:
        print("No emergency is on.")
    else:
        for one, said in found:
            _print_status(one, said)
    return MISSING if any(answer.state != "shown" for _, said in found for answer in said) else 0


def _print_status(one: Notice, said: list[Answer]) -> None:
    shown = sum(answer.state == "shown" for answer in said)
    print(f"Emergency {one.id}, {one.title}, since {clock.iso(one.start)}: {shown} of {len(said)} screens show it.")
    if said:
        print_table([_answer(answer) for answer in said], SCREEN_COLUMNS)


def _write(settings: Settings, draft: Draft) -> Notice:
    return open_parts(settings).store.write(notices.add, draft, _by())


def _end(settings: Settings, number: int, kind: Kind) -> None:
    store = open_parts(settings).store
    with store.read() as db:
        found = notices.find(db, number)
    if found.kind != kind:
        raise UsageError(f"{number} is no {kind}, it is a {found.kind}.")
    store.write(notices.end, number, _by())
    print(f"{kind.title()} {number} has ended.")


def _by() -> By:
    return By(CONSOLE, getpass.getuser(), clock.now())


def _target(options: argparse.Namespace) -> Target:
    if options.floor:
        return floor_of(options.building, options.floor)
    if options.room:
        return Target("room", options.room)
    if options.screen:
        return Target("screen", options.screen)
    return Target("building", options.building) if options.building else ORGANISATION


def _instant(settings: Settings, text: str) -> datetime:
    """Read a day and time, of the organisation's zone where it names no offset."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is no day and time, such as 2026-08-10T10:00.") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=clock.zone(settings.timezone))


def _row(one: Notice, now: datetime) -> dict[str, Any]:
    end = one.ended_at or one.end
    return {
        "id": one.id,
        "kind": one.kind,
        "level": one.level if one.kind == "notice" else "",
        "state": "over" if one.is_over(now) else "running" if one.is_running(now) else "coming",
        "start": clock.iso(one.start),
        "end": clock.iso(end) if end else "",
        "target": one.target.parts,
        "title": one.title,
        "text": one.text,
    }


def _target_text(parts: dict[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in parts.items()) or "everywhere"


def _answer(answer: Answer) -> dict[str, str]:
    screen = answer.screen
    return {
        "screen": f"{screen.display}/{screen.slug}",
        "state": answer.state,
        "at": clock.iso(answer.at) if answer.at else "",
        "seen": clock.iso(screen.seen_at),
        "token": screen.token,
        "address": screen.address,
    }
