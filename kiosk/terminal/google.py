"""What the command line does to the connection with Google."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from pathlib import Path

from kiosk import assembly, clock
from kiosk.doctor import remedies
from kiosk.errors import SourceError, UsageError
from kiosk.google.probe import Identity
from kiosk.settings import Settings
from kiosk.store import links
from kiosk.store.connection import Connection
from kiosk.sync import linking, unlinking
from kiosk.sync.background import Background
from kiosk.sync.connecting import Actor, Offer, read_credentials
from kiosk.terminal.tables import CONSOLE, open_parts

LARGEST_FILE = 64 * 1024


def connect(settings: Settings, options: argparse.Namespace) -> None:
    """Try credentials and take them over; without a file, say what is connected."""
    parts = open_parts(settings)
    if not options.file:
        _show(parts, options.json)
        return
    offer = Offer(_content(options.file), options.subject, options.admin_subject)
    try:
        made = parts.connecting.connect(offer, Actor(CONSOLE, getpass.getuser()))
    except SourceError as error:
        raise UsageError(_explained(error, offer, settings)) from error
    print(f"Connected as {_named(made)}. A running server uses this from now on.")
    print(_next(parts))


def disconnect(settings: Settings, options: argparse.Namespace) -> int:
    """Take every room's calendar away and forget the credentials; the exit status is 1 when a room stays linked."""
    parts = open_parts(settings)
    if parts.connecting.accesses.named.file:
        raise UsageError("KIOSK_GOOGLE_CREDENTIALS names the credentials: unset it to disconnect.")
    failed = [] if options.keep_rooms else _disconnect_rooms(parts, options.delete_bookings)
    for slug, reason in failed:
        print(f"  {slug}: {reason}", file=sys.stderr)
    if failed:
        print("The credentials stay connected, for the rooms above need them.", file=sys.stderr)
        return 1
    assembly.push(parts).hush()
    left = parts.connecting.disconnect(Actor(CONSOLE, getpass.getuser()))
    print(f"Disconnected. {left}".strip())
    return 0


def _disconnect_rooms(parts: assembly.Parts, delete_bookings: bool) -> list[tuple[str, str]]:
    work, settle = assembly.linking(parts).work, assembly.front_desk(parts).settle
    failed: list[tuple[str, str]] = []

    def run(report: linking.Report) -> str:
        done, left = unlinking.disconnect_organisation(work, delete_bookings, settle, report)
        failed.extend(left)
        return f"Disconnected {len(done)} rooms."

    print(Background(parts.store).run("disconnect", run))
    return failed


def _show(parts: assembly.Parts, as_json: bool) -> None:
    named, found = parts.connecting.accesses.named, parts.connecting.current()
    if as_json:
        print(json.dumps(_facts(found, named.file), indent=2))
    elif named.file:
        print(f"KIOSK_GOOGLE_CREDENTIALS names {named.file}, which wins over what is connected here.")
    elif found:
        print(f"Connected as {_named(found)} by {found.who}, since {clock.iso(found.since)}.")
    else:
        print("Google is not connected: `kiosk connect FILE`, or open /admin/google.")


def _facts(found: Connection | None, named: str) -> dict[str, str | bool]:
    if named:
        return {"connected": True, "file": named}
    if found is None:
        return {"connected": False}
    return {
        "connected": True,
        "kind": found.kind,
        "account": found.account,
        "subject": found.subject,
        "admin_subject": found.admin_subject,
        "domain": found.domain,
        "who": found.who,
        "since": clock.iso(found.since),
        "fingerprint": found.fingerprint,
    }


def _content(file: str) -> str:
    try:
        with Path(file).expanduser().open(encoding="utf-8") as opened:
            return opened.read(LARGEST_FILE)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise UsageError(f"The file {file!r} cannot be read: {reason}.") from error


def _explained(error: SourceError, offer: Offer, settings: Settings) -> str:
    content = read_credentials(offer.content, settings.google_endpoint)
    account = str(content.get("client_email") or content.get("account", ""))
    identity = Identity(str(content["type"]), account, str(content.get("client_id", "")))
    remedy = remedies.of_token(error, identity, offer.subject)
    pasted = "".join(f"\n    {value}" for value in remedy.paste)
    return f"Nothing was changed. {remedy.says}\n  {remedy.repair}{pasted}"


def _named(made: Connection) -> str:
    acting = f", acting as {made.subject}" if made.subject else ""
    return f"{made.account or made.kind.replace('_', ' ')}{acting}"


def _next(parts: assembly.Parts) -> str:
    now = clock.now()
    with parts.store.read() as db:
        count = links.all_local_bookings(db, now)
    lost = f" Linking the rooms that are here deletes their {links.told(count)}." if count else ""
    return f"Next: `kiosk doctor`, then `kiosk rooms import`.{lost}"
