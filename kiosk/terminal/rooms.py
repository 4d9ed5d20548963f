"""What the command line does to rooms."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from kiosk import assembly, clock
from kiosk.errors import SourceError, UsageError
from kiosk.schedule.model import Room
from kiosk.settings import Settings
from kiosk.store import channels, directory, links, mirror, orders, rooms
from kiosk.store.rooms import StoredRoom
from kiosk.sync import importing, linking, unlinking
from kiosk.sync.background import Background, Work
from kiosk.sync.budget import Metered
from kiosk.sync.channels import hook_address
from kiosk.sync.directory import read_people
from kiosk.sync.importing import Imported, Namesake
from kiosk.terminal.tables import find_room, open_parts, record, show

ROOM_COLUMNS = ("slug", "name", "building", "floor", "zone", "checked", "push", "problem")
READ_ONLY = "bookings cannot be made: the right to make changes to events is missing"
NAMESAKE_SAID = (
    "{name}: a room of this name is here, without a calendar ({slug}). Left out: `--namesakes link` gives it the "
    "calendar, `--namesakes add` adds a second one."
)
EDITED = ("name", "building", "floor", "capacity", "equipment", "zone")


def list_rooms(settings: Settings, options: argparse.Namespace) -> None:
    """Print every room with its calendar and when it was last checked."""
    parts = open_parts(settings)
    with parts.store.read() as db:
        known = rooms.every(db)
        progress = {one.room_id: one for one in mirror.everything(db)}
        push, vanished = channels.states(db, clock.now()), directory.vanished(db)
    rows = [_row(stored, progress.get(stored.id), push[stored.id], vanished.get(stored.room.slug)) for stored in known]
    nothing = "There are no rooms yet: add them with `kiosk rooms import` or `kiosk rooms add NAME`."
    show(rows, ROOM_COLUMNS, options.json, nothing)


def add_room(settings: Settings, options: argparse.Namespace) -> None:
    """Add a room, and link it when a calendar is given."""
    parts = open_parts(settings)
    zone = _zone(options.zone or settings.timezone)
    slug = options.slug or rooms.slugify(options.name)
    room = Room(slug, options.name, zone, options.building, options.floor, max(options.capacity, 0))
    parts.store.write(rooms.add, room)
    print(f"Added {options.name}: its door is /door/{slug}")
    record(parts.store, "add_room", slug)
    if options.calendar:
        _link(parts, slug, options.calendar)


def import_rooms(settings: Settings, options: argparse.Namespace) -> int:
    """Import and link every room of the Directory; the exit status is 1 when one failed or was left out."""
    parts = open_parts(settings)
    results: list[Imported] = []
    left_out: list[str] = []

    def work(report: linking.Report) -> str:
        def progress(done: int, everything: int) -> None:
            _progress(done, everything)
            report(done, everything, "Importing rooms")

        wanted, namesakes = _chosen(parts, options.namesakes, left_out)
        results.append(
            importing.import_rooms(parts.store, _metered(parts), parts.directory, progress, wanted, namesakes)
        )
        return f"Imported {len(results[0].added)} rooms."

    Background(parts.store).run("import", work)
    result = results[0]
    record(parts.store, "import", added=len(result.added), failed=len(result.failed))
    linked = f" linked {len(result.linked)}," if result.linked else ""
    print(f"Added {len(result.added)},{linked} refreshed {len(result.followed.known)}, failed {len(result.failed)}.")
    for slug in result.followed.vanished:
        print(f"{slug} is no longer in the Directory; it stays here until it is unlinked.")
    for name, reason in result.failed:
        print(f"  {name}: {reason}", file=sys.stderr)
    for reason in left_out:
        print(f"  {reason}", file=sys.stderr)
    _read_people(parts)
    for slug in result.read_only:
        print(f"  {slug}: {READ_ONLY}", file=sys.stderr)
    return 1 if result.failed or left_out else 0


def _chosen(
    parts: assembly.Parts, wish: str | None, left_out: list[str]
) -> tuple[Collection[str] | None, dict[str, Namesake]]:
    """Return which calendars to import (None: all), and the rooms here that are linked instead of added again."""
    resources = parts.directory.resources()
    with parts.store.read() as db:
        alike = importing.same_named(resources, rooms.every(db))
    if wish == "add":
        return None, {}
    if wish == "link":
        return None, {calendar: Namesake(stored.id) for calendar, stored in alike.items()}
    left_out += [NAMESAKE_SAID.format(name=one.room.name, slug=one.room.slug) for one in alike.values()]
    return {one.calendar_id for one in resources} - alike.keys(), {}


def _read_people(parts: assembly.Parts) -> None:
    try:
        read_people(parts.directory, parts.store, clock.now())
    except SourceError as error:
        print(f"Organizers are shown as the calendars name them: {error}", file=sys.stderr)


def edit_room(settings: Settings, options: argparse.Namespace) -> None:
    """Change what a room is called, where it is, and what is in it; what is not given stays."""
    parts = open_parts(settings)
    stored = find_room(parts, options.slug)
    given = {name: getattr(options, name) for name in EDITED if getattr(options, name) is not None}
    if "zone" in given:
        given["zone"] = _zone(given["zone"])
    if "equipment" in given:
        given["equipment"] = tuple(part.strip() for part in given["equipment"].split(",") if part.strip())
    if options.new_slug:
        given["slug"] = options.new_slug
    changed = parts.store.write(rooms.change, stored.id, replace(stored.room, **given))
    if options.follow_directory:
        parts.store.write(directory.follow_again, stored.id, clock.now())
    print(f"{changed.room.name} is changed: its door is /door/{changed.room.slug}")
    record(parts.store, "edit_room", changed.room.slug, **rooms.difference(stored.room, changed.room))


def remove_room(settings: Settings, options: argparse.Namespace) -> None:
    """Delete a room that is not linked, with its bookings."""
    parts = open_parts(settings)
    stored = find_room(parts, options.slug)
    with parts.store.read() as db:
        count = links.local_bookings(db, stored.id, clock.now())
    if count and not options.yes:
        raise UsageError(f"The room {options.slug!r} has {links.told(count)}: add --yes to delete it with them.")
    parts.store.write(orders.remove_room, stored.id, clock.now())
    print(f"{stored.room.name} is deleted.")
    record(parts.store, "remove_room", options.slug)


def link_room(settings: Settings, options: argparse.Namespace) -> None:
    """Give a room its calendar, and read it."""
    _link(open_parts(settings), options.slug, options.calendar, options.yes)


def unlink_room(settings: Settings, options: argparse.Namespace) -> None:
    """Take a room's calendar away, with everything that is managed there."""
    parts = open_parts(settings)
    stored = find_room(parts, options.slug)
    work, settle = assembly.linking(parts).work, assembly.front_desk(parts).settle

    def disconnect(report: linking.Report) -> str:
        return unlinking.disconnect_room(work, stored.id, options.delete_bookings, settle, report).says()

    said = _do(parts, f"unlink:{stored.id}", disconnect)
    print(f"Unlinked {stored.room.name}. {said}")
    record(parts.store, "unlink", options.slug)


def sync_room(settings: Settings, options: argparse.Namespace) -> None:
    """Read a room's calendar anew, here and now."""
    parts = open_parts(settings)
    stored = find_room(parts, options.slug)
    work = assembly.linking(parts).work

    def read(report: linking.Report) -> str:
        return f"Read {linking.sync(work, stored.id, report)} events."

    print(f"{stored.room.name}: {_do(parts, f'sync:{stored.id}', read)}")
    record(parts.store, "sync", options.slug)


def push_room(settings: Settings, options: argparse.Namespace) -> None:
    """Say whether Google is to announce a room's changes."""
    parts = open_parts(settings)
    stored = find_room(parts, options.slug)
    parts.store.write(channels.wish, stored.id, options.wish == "on")
    record(parts.store, "push", options.slug, wish=options.wish)
    print(f"{stored.room.name}: {_push_said(settings, options.wish)}")


def _push_said(settings: Settings, wish: str) -> str:
    if wish == "off":
        return "Google is not to announce changes; the running server stops what announces them."
    if hook_address(settings.public_url, settings.google_endpoint):
        return "Google is to announce changes."
    return "Google is to announce changes once KIOSK_PUBLIC_URL is an https address of this server."


def _link(parts: assembly.Parts, slug: str, calendar: str, agreed: int = 0) -> None:
    giving, room_id = assembly.linking(parts), find_room(parts, slug).id

    def link(report: linking.Report) -> str:
        done = linking.link(giving, room_id, calendar, agreed, report)
        for warning in (*done.verified.warnings, done.problem):
            if warning:
                print(warning, file=sys.stderr)
        return done.says(slug)

    try:
        print(_do(parts, f"link:{room_id}", link))
    except links.NotConfirmed as error:
        raise UsageError(f"{str(error).partition(':')[0]}: add --yes {error.count} if they may go.") from error
    record(parts.store, "link", slug, calendar=calendar)


def _do(parts: assembly.Parts, name: str, work: Work) -> str:
    """Do long work, told here as it goes on and to every page that asks; return what came of it."""

    def told(report: linking.Report) -> str:
        def both(done: int, of: int, says: str) -> None:
            report(done, of, says)
            if sys.stderr.isatty():
                print(f"{says} …", file=sys.stderr, flush=True)

        return work(both)

    return Background(parts.store).run(name, told)


def _zone(name: str) -> ZoneInfo:
    try:
        return clock.zone(name)
    except ValueError as error:
        raise UsageError(f"--zone: {error}.") from error


def _metered(parts: assembly.Parts) -> Metered:
    """Return the calendars, their requests counted with those of a running server."""
    return Metered(parts.calendars, parts.budget, assembly.SYNC_SHARE, clock.now)


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


def _progress(done: int, everything: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{done} of {everything} rooms", end="\n" if done == everything else "", file=sys.stderr, flush=True)
