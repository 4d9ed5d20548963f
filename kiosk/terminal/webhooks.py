"""What the command line does to webhooks."""

from __future__ import annotations

import argparse
import json

from kiosk import assembly, clock
from kiosk.errors import KioskError
from kiosk.settings import Settings
from kiosk.store import deliveries, webhooks
from kiosk.store.webhooks import Webhook
from kiosk.terminal.tables import open_parts, print_table, record

COLUMNS = ("id", "url", "events", "state", "said")


def list_webhooks(settings: Settings, options: argparse.Namespace) -> None:
    """Print every webhook and how its last delivery ended."""
    with open_parts(settings).store.read() as db:
        known = webhooks.every(db)
    if options.json:
        print(json.dumps([_row(one) | {"events": list(one.events)} for one in known], indent=2))
    elif not known:
        print("There are no webhooks yet: add one with `kiosk webhooks add URL`.")
    else:
        print_table([_row(one) for one in known], COLUMNS)


def add_webhook(settings: Settings, options: argparse.Namespace) -> None:
    """Add a webhook and print its secret."""
    parts = open_parts(settings)
    assembly.open_notifier(parts).check(options.url)
    added, secret = parts.store.write(webhooks.add, options.url, options.events, clock.now())
    record(parts.store, "add_webhook", webhook=added.id, url=added.url)
    print(f"Webhook {added.id} is added. Its secret, which is not shown again:\n{secret}")


def remove_webhook(settings: Settings, options: argparse.Namespace) -> None:
    """Remove a webhook with all that was still to be told to it."""
    store = open_parts(settings).store
    with store.read() as db:
        url = webhooks.find(db, options.number).url
    store.write(webhooks.remove, options.number)
    record(store, "remove_webhook", webhook=options.number, url=url)
    print(f"{url} is told nothing any more.")


def switch_webhook(settings: Settings, options: argparse.Namespace) -> None:
    """Tell a webhook things again, or no longer."""
    store = open_parts(settings).store
    store.write(webhooks.switch, options.number, options.wish == "on")
    record(store, f"{options.wish}_webhook", webhook=options.number)
    print(f"Webhook {options.number} is switched {options.wish}.")


def test_webhook(settings: Settings, options: argparse.Namespace) -> None:
    """Send a trial to a webhook here and now. Raises KioskError when it does not arrive."""
    parts = open_parts(settings)
    with parts.store.read() as db:
        url = webhooks.find(db, options.number).url
    now = clock.now()
    number = parts.store.write(deliveries.announce_to, options.number, webhooks.PING, {"from": "room-kiosk"}, now)
    tried = assembly.open_notifier(parts).try_now(number)
    record(parts.store, "test_webhook", webhook=options.number)
    if tried.state != "delivered":
        raise KioskError(f"{url} did not take it: {tried.said or 'no answer yet'}.")
    print(f"{url} took it: {tried.said}")


def _row(one: Webhook) -> dict[str, str | int]:
    state = "off" if not one.active else f"failing since {clock.iso(one.failing_since)}" if one.failing_since else "on"
    return {
        "id": one.id,
        "url": one.url,
        "events": ",".join(one.events) or "all",
        "state": state,
        "said": f"{clock.iso(one.said_at)} {one.said}" if one.said_at else "",
    }
