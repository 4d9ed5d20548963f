"""What the command line does to rooms, policies, people's PINs and tokens."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from getpass import getpass

from kiosk import app, clock
from kiosk.errors import SourceError, UsageError
from kiosk.schedule.model import Room
from kiosk.settings import Settings
from kiosk.store import channels, directory, mirror, pins, policies, rooms, tokens
from kiosk.store.rooms import StoredRoom
from kiosk.sync import linking
from kiosk.sync.budget import Metered
from kiosk.sync.channels import hook_address
from kiosk.sync.directory import read_people

ROOM_COLUMNS = ("slug", "name", "building", "floor", "zone", "checked", "push", "problem")
POLICY_COLUMNS = ("name", "value", "from", "help")
PERSON_COLUMNS = ("email", "name", "resting", "problem")
READ_ONLY = "bookings cannot be made: the right to make changes to events is missing"

REQUESTS_FOR_A_ROOM = 2


def list_rooms(settings: Settings, options: argparse.Namespace) -> None:
    """Print every room with its calendar and when it was last checked."""
    parts = app.open_parts(settings, REQUESTS_FOR_A_ROOM)
    with parts.store.read() as db:
        known = rooms.every(db)
        progress = {one.room_id: one for one in mirror.everything(db)}
        push, vanished = channels.states(db, clock.now()), directory.vanished(db)
    rows = [_row(stored, progress.get(stored.id), push[stored.id], vanished.get(stored.room.slug)) for stored in known]
    if options.json:
        print(json.dumps(rows, indent=2))
    elif not rows:
        print("There are no rooms yet: add them with `kiosk rooms import` or `kiosk rooms add NAME`.")
    else:
        _print_table(rows, ROOM_COLUMNS)


def add_room(settings: Settings, options: argparse.Namespace) -> None:
    """Add a room, and link it when a calendar is given."""
    parts = app.open_parts(settings, REQUESTS_FOR_A_ROOM)
    try:
        zone = clock.zone(options.zone or settings.timezone)
    except ValueError as error:
        raise UsageError(f"--zone: {error}.") from error
    slug = options.slug or rooms.slugify(options.name)
    room = Room(slug, options.name, zone, options.building, options.floor, max(options.capacity, 0))
    parts.store.write(rooms.add, room)
    print(f"Added {options.name}: its door is /door/{slug}")
    if options.calendar:
        _link(parts, slug, options.calendar)


def import_rooms(settings: Settings, _options: argparse.Namespace) -> int:
    """Import and link every room of the Directory; the exit status is 1 when one failed."""
    parts = app.open_parts(settings, REQUESTS_FOR_A_ROOM)
    result = linking.import_rooms(parts.store, _metered(parts), parts.directory, _progress)
    print(f"Added {len(result.added)}, refreshed {len(result.followed.known)}, failed {len(result.failed)}.")
    for slug in result.followed.vanished:
        print(f"{slug} is no longer in the Directory; it stays here until it is unlinked.")
    for name, reason in result.failed:
        print(f"  {name}: {reason}", file=sys.stderr)
    _read_people(parts)
    for slug in result.read_only:
        print(f"  {slug}: {READ_ONLY}", file=sys.stderr)
    return 1 if result.failed else 0


def _read_people(parts: app.Parts) -> None:
    try:
        read_people(parts.directory, parts.store, clock.now())
    except SourceError as error:
        print(f"Organizers are shown as the calendars name them: {error}", file=sys.stderr)


def link_room(settings: Settings, options: argparse.Namespace) -> None:
    """Give a room its calendar."""
    _link(app.open_parts(settings, REQUESTS_FOR_A_ROOM), options.slug, options.calendar)


def unlink_room(settings: Settings, options: argparse.Namespace) -> None:
    """Take a room's calendar away, with everything mirrored from it."""
    parts = app.open_parts(settings, REQUESTS_FOR_A_ROOM)
    stored = _room(parts, options.slug)
    removed = parts.store.write(rooms.unlink, stored.id)
    print(f"Unlinked {stored.room.name}; {removed} mirrored events are removed here. Google keeps them.")


def sync_room(settings: Settings, options: argparse.Namespace) -> None:
    """Make a running server read the room's calendar anew."""
    parts = app.open_parts(settings, REQUESTS_FOR_A_ROOM)
    stored = _room(parts, options.slug)
    if stored.calendar_id is None:
        raise UsageError(f"The room {options.slug!r} is not linked: `kiosk rooms link {options.slug} CALENDAR`.")
    parts.store.write(mirror.read_anew, stored.id, clock.now())
    print(f"{stored.room.name} is read anew by the running server.")


def push_room(settings: Settings, options: argparse.Namespace) -> None:
    """Say whether Google is to announce a room's changes."""
    parts = app.open_parts(settings, REQUESTS_FOR_A_ROOM)
    stored = _room(parts, options.slug)
    parts.store.write(channels.wish, stored.id, options.wish == "on")
    print(f"{stored.room.name}: {_push_said(settings, options.wish)}")


def _push_said(settings: Settings, wish: str) -> str:
    if wish == "off":
        return "Google is not to announce changes; the running server stops what announces them."
    if hook_address(settings.public_url, settings.google_endpoint):
        return "Google is to announce changes."
    return "Google is to announce changes once KIOSK_PUBLIC_URL is an https address of this server."


def policy(settings: Settings, options: argparse.Namespace) -> None:
    """Change what a room allows, or every room that says nothing else, and print what holds there."""
    parts = app.open_parts(settings, REQUESTS_FOR_A_ROOM)
    slug, changes = _asked_of_policy(options.words)
    stored = _room(parts, slug) if slug else None
    if changes:
        parts.store.write(policies.change, stored.id if stored else None, changes)
    with parts.store.read() as db:
        lines = policies.lines(db, stored.id if stored else None)
    rows = [{"name": one.name, "value": one.value, "from": one.origin, "help": one.help} for one in lines]
    if options.json:
        print(json.dumps(rows, indent=2))
    else:
        _print_table(rows, POLICY_COLUMNS)


def _asked_of_policy(words: Sequence[str]) -> tuple[str, dict[str, str | None]]:
    """Read [ROOM] [NAME=VALUE …]; a value left empty is None."""
    slug, rest = ("", words) if not words or "=" in words[0] else (words[0], words[1:])
    for word in rest:
        if "=" not in word:
            raise UsageError(f"{word!r} is no change: write NAME=VALUE, after the room if it is for one room only.")
    changes = (word.split("=", 1) for word in rest)
    return slug, {name.strip(): value.strip() or None for name, value in changes}


def set_pin(settings: Settings, options: argparse.Namespace) -> None:
    """Give a person a PIN, or take it away."""
    store = app.open_parts(settings, REQUESTS_FOR_A_ROOM).store
    if options.remove:
        store.write(pins.remove, options.email)
        print(f"{options.email} has no PIN any more.")
    else:
        pins.set_pin(store, options.email, _typed_pin())
        print(f"{options.email} has a new PIN.")


def _typed_pin() -> str:
    """Read a PIN: typed twice at a terminal, where it is not shown, else the first line of the input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().strip()
    try:
        pin = getpass("PIN: ")
        again = getpass("The same again: ")
    except EOFError as error:
        raise UsageError("No PIN was typed.") from error
    if pin != again:
        raise UsageError("The two are not the same.")
    return pin


def list_people(settings: Settings, options: argparse.Namespace) -> None:
    """Print everybody who has a PIN."""
    with app.open_parts(settings, REQUESTS_FOR_A_ROOM).store.read() as db:
        rows = [_person_row(holder) for holder in pins.holders(db)]
    if options.json:
        print(json.dumps(rows, indent=2))
    elif not rows:
        print("Nobody has a PIN yet: give one with `kiosk people pin EMAIL`.")
    else:
        _print_table(rows, PERSON_COLUMNS)


def _person_row(holder: pins.Holder) -> dict[str, str]:
    resting = holder.resting_until if holder.resting_until and holder.resting_until > clock.now() else None
    return {
        "email": holder.email,
        "name": holder.name,
        "resting": clock.iso(resting) if resting else "",
        "problem": "not in the Directory any more: this PIN opens nothing" if holder.has_left else "",
    }


def token(settings: Settings, options: argparse.Namespace) -> None:
    """Make, list or revoke access tokens."""
    store = app.open_parts(settings, REQUESTS_FOR_A_ROOM).store
    if options.list:
        with store.read() as db:
            known: list[dict[str, str]] = [{"name": name, "created": clock.iso(at)} for name, at in tokens.every(db)]
        text = [f"{one['name']}  {one['created']}" for one in known]
        print(json.dumps(known, indent=2) if options.json else "\n".join(text) or "There are no tokens.")
    elif options.revoke:
        store.write(tokens.revoke, options.revoke)
        print(f"Revoked {options.revoke}.")
    else:
        print(store.write(tokens.create, options.name, clock.now()))


def _link(parts: app.Parts, slug: str, calendar: str) -> None:
    about = linking.link(parts.store, _metered(parts), slug, calendar)
    print(f"Linked {slug} to {about.name} ({about.zone}).")
    if not about.can_write:
        print(READ_ONLY, file=sys.stderr)


def _metered(parts: app.Parts) -> Metered:
    """Return the calendars, their requests counted with those of a running server."""
    return Metered(parts.calendars, parts.budget, app.SYNC_SHARE, clock.now)


def _room(parts: app.Parts, slug: str) -> StoredRoom:
    with parts.store.read() as db:
        return rooms.by_slug(db, slug)


def _row(
    stored: StoredRoom, progress: mirror.Progress | None, push: tuple[str, str], vanished: datetime | None
) -> dict[str, str | int]:
    checked = progress.checked_at if progress else None
    since = clock.iso(vanished) if vanished else ""
    read_only = READ_ONLY if progress and not progress.can_write else ""
    gone = f"not in the Directory since {since}" if vanished else ""
    return {
        "slug": stored.room.slug,
        "name": stored.room.name,
        "building": stored.room.building,
        "floor": stored.room.floor,
        "capacity": stored.room.capacity,
        "zone": stored.room.zone.key,
        "calendar": stored.calendar_id or "",
        "checked": clock.iso(checked) if checked else "",
        "push": push[0],
        "push_refusal": push[1],
        "vanished": since,
        "problem": "; ".join(text for text in (progress.reason if progress else "", read_only, gone) if text),
    }


def _print_table(rows: Sequence[Mapping[str, str | int]], columns: tuple[str, ...]) -> None:
    lines = [columns, *(tuple(str(row[name]) for name in columns) for row in rows)]
    widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _progress(done: int, everything: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{done} of {everything} rooms", end="\n" if done == everything else "", file=sys.stderr, flush=True)
