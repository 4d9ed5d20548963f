"""What the command line does to people's PINs."""

from __future__ import annotations

import argparse

from kiosk import clock
from kiosk.settings import Settings
from kiosk.store import pins
from kiosk.terminal.tables import open_parts, record, show
from kiosk.terminal.typed import typed_secret

PERSON_COLUMNS = ("email", "name", "resting", "problem")


def set_pin(settings: Settings, options: argparse.Namespace) -> None:
    """Give a person a PIN, or take it away."""
    store = open_parts(settings).store
    if options.remove:
        store.write(pins.remove, options.email)
        record(store, "remove_pin", account=options.email)
        print(f"{options.email} has no PIN any more.")
    else:
        pins.set_pin(store, options.email, typed_secret("PIN"))
        record(store, "set_pin", account=options.email)
        print(f"{options.email} has a new PIN.")


def list_people(settings: Settings, options: argparse.Namespace) -> None:
    """Print everybody who has a PIN."""
    with open_parts(settings).store.read() as db:
        rows = [_person_row(holder) for holder in pins.holders(db)]
    show(rows, PERSON_COLUMNS, options.json, "Nobody has a PIN yet: give one with `kiosk people pin EMAIL`.")


def _person_row(holder: pins.Holder) -> dict[str, str]:
    resting = holder.resting_until if holder.resting_until and holder.resting_until > clock.now() else None
    return {
        "email": holder.email,
        "name": holder.name,
        "resting": clock.iso(resting) if resting else "",
        "problem": "not in the Directory any more: this PIN opens nothing" if holder.has_left else "",
    }
