"""What the command line does to the organisation's look."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

from kiosk.errors import UsageError
from kiosk.settings import Settings
from kiosk.store import logos, look
from kiosk.store.logos import Logo
from kiosk.store.look import Look
from kiosk.terminal.tables import open_parts, record


def set_look(settings: Settings, options: argparse.Namespace) -> None:
    """Change logo and colours where that is asked for, and print what holds."""
    store = open_parts(settings).store
    with store.read() as db:
        before = look.read(db)
    wanted = Look() if options.clear else _changed(before, options)
    if wanted != before:
        kept = store.write(look.write, wanted)
        record(store, "edit_look", look=kept or "ours")
    with store.read() as db:
        facts = _facts(look.read(db))
    print(json.dumps(facts, indent=2) if options.json else "\n".join(f"{name}: {told}" for name, told in facts.items()))


def _changed(before: Look, options: argparse.Namespace) -> Look:
    wanted = before
    if options.accent is not None:
        wanted = replace(wanted, day=options.accent, night="")
    if options.night is not None:
        wanted = replace(wanted, night=options.night)
    if options.logo is not None:
        wanted = replace(wanted, logo=_logo(options.logo))
    return replace(wanted, dark_plate=options.plate == "dark") if options.plate else wanted


def _logo(file: str) -> Logo | None:
    if not file:
        return None
    try:
        with Path(file).expanduser().open("rb") as opened:
            return logos.read(opened.read(logos.LARGEST_BYTES + 1))
    except OSError as error:
        raise UsageError(f"The file {file!r} cannot be read: {error.strerror}.") from error


def _facts(found: Look) -> dict[str, str]:
    logo = found.logo
    return {
        "accent": found.day or "ours",
        "night": found.night or "ours",
        "logo": f"{logo.kind}, {len(logo.content)} bytes" if logo else "none",
        "plate": "dark" if found.dark_plate else "light",
    }
