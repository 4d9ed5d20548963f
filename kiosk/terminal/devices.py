"""What the command line does to devices."""

from __future__ import annotations

import argparse
import getpass
from typing import Any

from kiosk import clock
from kiosk.clock import DAWN
from kiosk.errors import UsageError
from kiosk.fleet.roster import Roster
from kiosk.settings import Settings
from kiosk.store import acts, devices, errands, pairings
from kiosk.store.database import Store
from kiosk.store.devices import Described, Device
from kiosk.store.errands import By
from kiosk.terminal.tables import CONSOLE, open_parts, record, show

COLUMNS = ("id", "name", "shows", "state", "seen", "why")
WHERE = "It stands under Devices in the administration for ten minutes."


def list_devices(settings: Settings, options: argparse.Namespace) -> None:
    """Print every device, and how it was when it was last heard."""
    store = open_parts(settings).store
    roster = Roster(store, clock.now, DAWN)
    roster.load()
    with store.read() as db:
        rows = [_row(roster, one) for one in devices.every(db)]
    nothing = "There are no devices yet: pair a screen with the code that it shows, or `kiosk devices enrol`."
    show(rows, COLUMNS, options.json, nothing, [row | {"why": ", ".join(row["why"])} for row in rows])


def enrol(settings: Settings, options: argparse.Namespace) -> None:
    """Let a machine in by the hash of the token that it keeps."""
    store = open_parts(settings).store
    wanted = Described(options.name, options.display, options.slug, options.serial, options.model, options.host_key)
    one, is_new = store.write(devices.enrol, wanted, options.token_sha256, CONSOLE, clock.now())
    record(store, "enrol_device", device=one.id, name=one.name, display=one.path)
    print(f"{one.name} is {'device' if is_new else 'still device'} {one.id} and shows {one.path}.")


def pair(settings: Settings, options: argparse.Namespace) -> None:
    """Let in the screen that shows a code."""
    store = open_parts(settings).store
    wanted = Described(options.name or f"{options.display} {options.slug}", options.display, options.slug)
    store.write(pairings.approve, options.code, wanted, CONSOLE, clock.now())
    record(store, "pair_device", name=wanted.name, display=f"/{wanted.display}/{wanted.slug}")
    print(f"{wanted.name} shows /{wanted.display}/{wanted.slug} within a few seconds.")


def revoke(settings: Settings, options: argparse.Namespace) -> None:
    """Let a device in no more."""
    store = open_parts(settings).store
    one = _named(store, options.device)
    if options.forget:
        store.write(devices.forget, one.id)
    else:
        store.write(devices.revoke, one.id, clock.now())
    record(store, "forget_device" if options.forget else "revoke_device", device=one.id, name=one.name)
    print(f"{one.name} is {'forgotten' if options.forget else 'revoked and shows a pairing code'}.")


def rotate(settings: Settings, options: argparse.Namespace) -> None:
    """Have a device exchange its token."""
    store = open_parts(settings).store
    one = _named(store, options.device)
    store.write(devices.rotate, one.id)
    record(store, "rotate_device", device=one.id, name=one.name)
    print(f"{one.name} takes another token as soon as it shows itself.")


def change(settings: Settings, options: argparse.Namespace) -> None:
    """Say what a device does otherwise than the rooms that it shows."""
    store = open_parts(settings).store
    one = _named(store, options.device)
    words = dict(_pair(text) for text in options.words)
    after = store.write(devices.change, one.id, one.name, one.display, one.slug, words)
    record(store, "edit_device", device=one.id, name=one.name, **acts.difference(one.words, after.words))
    store.write(errands.ask, one.id, "reload", "", By(CONSOLE, getpass.getuser(), clock.now()))
    said = ", ".join(f"{name}={value}" for name, value in sorted(after.words.items()))
    print(f"{one.name} does as its rooms do{f', but {said}' if said else ''}.")


def ask(settings: Settings, options: argparse.Namespace) -> None:
    """Ask a device to do something."""
    store = open_parts(settings).store
    one = _named(store, options.device)
    by = By(CONSOLE, getpass.getuser(), clock.now())
    store.write(errands.ask, one.id, options.act, getattr(options, "value", ""), by)
    sends = {"screenshot", "collect_logs"}
    print(f"{one.name} is asked.{f' {WHERE}' if options.act in sends else ''}")


def _named(store: Store, word: str) -> Device:
    with store.read() as db:
        return devices.named(db, word)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"{text!r}: write NAME=VALUE, or NAME= to do as the rooms do.")
    return name.strip(), value


def _row(roster: Roster, one: Device) -> dict[str, Any]:
    found, beat = roster.condition(one), roster.beat(one.id)
    return {
        "id": one.id,
        "name": one.name,
        "shows": one.path,
        "serial": one.serial,
        "state": "revoked" if one.revoked_at else found.state,
        "seen": clock.iso(beat.at) if beat else "",
        "why": [] if one.revoked_at else [reason.word for reason in found.reasons],
    }
