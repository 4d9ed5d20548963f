"""What the command line does to devices."""

from __future__ import annotations

import argparse
from typing import Any

from kiosk import clock
from kiosk.settings import Settings
from kiosk.store import devices
from kiosk.store.devices import Described, Device
from kiosk.terminal.tables import CONSOLE, open_parts, record, show

COLUMNS = ("id", "name", "shows", "serial", "state")


def list_devices(settings: Settings, options: argparse.Namespace) -> None:
    """Print every device."""
    with open_parts(settings).store.read() as db:
        found = devices.every(db)
    nothing = "There are no devices yet: pair a screen with the code that it shows, or `kiosk devices enrol`."
    show([_row(one) for one in found], COLUMNS, options.json, nothing)


def enrol(settings: Settings, options: argparse.Namespace) -> None:
    """Let a machine in by the hash of the token that it keeps."""
    store = open_parts(settings).store
    wanted = Described(options.name, options.display, options.slug, options.serial, options.model, options.host_key)
    one, is_new = store.write(devices.enrol, wanted, options.token_sha256, CONSOLE, clock.now())
    record(store, "enrol_device", device=one.id, name=one.name, display=one.path)
    print(f"{one.name} is {'device' if is_new else 'still device'} {one.id} and shows {one.path}.")


def revoke(settings: Settings, options: argparse.Namespace) -> None:
    """Let a device in no more."""
    store = open_parts(settings).store
    with store.read() as db:
        one = devices.named(db, options.device)
    if options.forget:
        store.write(devices.forget, one.id)
    else:
        store.write(devices.revoke, one.id, clock.now())
    record(store, "forget_device" if options.forget else "revoke_device", device=one.id, name=one.name)
    print(f"{one.name} is {'forgotten' if options.forget else 'revoked and shows a pairing code'}.")


def _row(one: Device) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "shows": one.path,
        "serial": one.serial,
        "state": "revoked" if one.revoked_at else "enrolled",
    }
