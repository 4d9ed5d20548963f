"""What the command line does to webhooks, and with the messages that are told outside, mails too."""

from __future__ import annotations

import argparse

from kiosk import assembly, clock
from kiosk.errors import KioskError, UsageError
from kiosk.settings import Settings
from kiosk.store import accounts, deliveries, webhooks
from kiosk.store.deliveries import Delivery
from kiosk.store.webhooks import Webhook
from kiosk.terminal.tables import open_parts, record, show

LOG_COLUMNS = ("id", "at", "to", "event", "state", "said")
SHOWN = 50
COLUMNS = ("id", "url", "events", "state", "said")


def list_webhooks(settings: Settings, options: argparse.Namespace) -> None:
    """Print every webhook and how its last delivery ended."""
    with open_parts(settings).store.read() as db:
        known = webhooks.every(db)
    rows = [_row(one) | {"events": list(one.events)} for one in known]
    nothing = "There are no webhooks yet: add one with `kiosk webhooks add URL`."
    show(rows, COLUMNS, options.json, nothing, [_row(one) for one in known])


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
    print(_arrived(tried, url))


def list_deliveries(settings: Settings, options: argparse.Namespace) -> None:
    """Print the newest messages, webhooks' and mails, and what became of them."""
    with open_parts(settings).store.read() as db:
        known = {one.id: one.url for one in webhooks.every(db)}
        found = deliveries.recent(db, SHOWN)
    rows = [_log_row(one, known.get(one.hook_id or 0, "")) for one in found]
    show(rows, LOG_COLUMNS, options.json, "Nothing was told to anybody in the last days.")


def retry_delivery(settings: Settings, options: argparse.Namespace) -> None:
    """Try a message again here and now. Raises UsageError when it has arrived; KioskError when it does not."""
    parts = open_parts(settings)
    with parts.store.read() as db:
        one = deliveries.find(db, options.id)
    if one.state == "delivered":
        raise UsageError(f"{options.id} has arrived already: {one.said}.")
    parts.store.write(deliveries.retry, options.id, clock.now())
    record(parts.store, "retry_delivery", delivery=options.id)
    print(_arrived(assembly.open_notifier(parts).try_now(options.id), one.receiver))


def test_mail(settings: Settings, options: argparse.Namespace) -> None:
    """Send a trial mail here and now. Raises KioskError when the mail server does not take it."""
    target = accounts.check_address(options.address)
    parts = open_parts(settings)
    number = parts.store.write(deliveries.mail, target, webhooks.PING, {}, clock.now())
    record(parts.store, "test_mail", account=target)
    print(_arrived(assembly.open_notifier(parts).try_now(number), target))


def _arrived(tried: Delivery, receiver: str) -> str:
    """Say that a message has arrived. Raises KioskError with what became of it when it has not."""
    if tried.state != "delivered":
        raise KioskError(f"{receiver} did not take it: {tried.said or 'no answer yet'}.")
    return f"{receiver} took it: {tried.said}"


def _log_row(one: Delivery, url: str) -> dict[str, str | int]:
    return {
        "id": one.id,
        "at": clock.iso(one.created_at),
        "to": url or one.target or one.receiver,
        "event": one.event,
        "state": one.state,
        "attempts": one.attempts,
        "said": one.said,
    }


def _row(one: Webhook) -> dict[str, str | int]:
    state = "off" if not one.active else f"failing since {clock.iso(one.failing_since)}" if one.failing_since else "on"
    return {
        "id": one.id,
        "url": one.url,
        "events": ",".join(one.events) or "all",
        "state": state,
        "said": f"{clock.iso(one.said_at)} {one.said}" if one.said_at else "",
    }
