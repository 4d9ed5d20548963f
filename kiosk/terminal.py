"""What the command line does to rooms and tokens."""

from __future__ import annotations

import argparse
import json
import sys

from kiosk import app, clock
from kiosk.errors import UsageError
from kiosk.schedule.model import Room
from kiosk.settings import Settings
from kiosk.store import mirror, rooms, tokens
from kiosk.store.rooms import StoredRoom
from kiosk.sync import linking


def list_rooms(settings: Settings, options: argparse.Namespace) -> None:
    """Print every room with its calendar and when it was last checked."""
    parts = app.open_parts(settings)
    with parts.store.read() as db:
        known = rooms.every(db)
        progress = {one.room_id: one for one in mirror.everything(db)}
    rows = [_row(stored, progress.get(stored.id)) for stored in known]
    if options.json:
        print(json.dumps(rows, indent=2))
    elif not rows:
        print("There are no rooms yet: add them with `kiosk rooms import` or `kiosk rooms add NAME`.")
    else:
        _print_table(rows)


def add_room(settings: Settings, options: argparse.Namespace) -> None:
    """Add a room, and link it when a calendar is given."""
    parts = app.open_parts(settings)
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
    parts = app.open_parts(settings)
    result = linking.import_rooms(parts.store, parts.calendars, parts.directory, _progress)
    print(f"Added {len(result.added)}, refreshed {len(result.known)}, failed {len(result.failed)}.")
    for name, reason in result.failed:
        print(f"  {name}: {reason}", file=sys.stderr)
    return 1 if result.failed else 0


def link_room(settings: Settings, options: argparse.Namespace) -> None:
    """Give a room its calendar."""
    _link(app.open_parts(settings), options.slug, options.calendar)


def unlink_room(settings: Settings, options: argparse.Namespace) -> None:
    """Take a room's calendar away, with everything mirrored from it."""
    parts = app.open_parts(settings)
    stored = _room(parts, options.slug)
    removed = parts.store.write(rooms.unlink, stored.id)
    print(f"Unlinked {stored.room.name}; {removed} mirrored events are removed here. Google keeps them.")


def sync_room(settings: Settings, options: argparse.Namespace) -> None:
    """Make a running server read the room's calendar anew."""
    parts = app.open_parts(settings)
    stored = _room(parts, options.slug)
    if stored.calendar_id is None:
        raise UsageError(f"The room {options.slug!r} is not linked: `kiosk rooms link {options.slug} CALENDAR`.")
    parts.store.write(mirror.read_anew, stored.id, clock.now())
    print(f"{stored.room.name} is read anew by the running server.")


def token(settings: Settings, options: argparse.Namespace) -> None:
    """Make, list or revoke access tokens."""
    store = app.open_parts(settings).store
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
    about = linking.link(parts.store, parts.calendars, slug, calendar)
    print(f"Linked {slug} to {about.name} ({about.zone}).")
    if not about.can_write:
        print("Bookings cannot be made: the right to make changes to events is missing.", file=sys.stderr)


def _room(parts: app.Parts, slug: str) -> StoredRoom:
    with parts.store.read() as db:
        return rooms.by_slug(db, slug)


def _row(stored: StoredRoom, progress: mirror.Progress | None) -> dict[str, str | int]:
    checked = progress.checked_at if progress else None
    return {
        "slug": stored.room.slug,
        "name": stored.room.name,
        "building": stored.room.building,
        "floor": stored.room.floor,
        "capacity": stored.room.capacity,
        "zone": stored.room.zone.key,
        "calendar": stored.calendar_id or "",
        "checked": clock.iso(checked) if checked else "",
        "problem": progress.reason if progress else "",
    }


def _print_table(rows: list[dict[str, str | int]]) -> None:
    columns = ("slug", "name", "building", "floor", "zone", "checked", "problem")
    lines = [columns, *(tuple(str(row[name]) for name in columns) for row in rows)]
    widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _progress(done: int, everything: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{done} of {everything} rooms", end="\n" if done == everything else "", file=sys.stderr, flush=True)
