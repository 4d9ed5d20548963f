"""Giving rooms their calendars: one by its address, or all of them from the Directory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from kiosk import clock
from kiosk.errors import Missing, SourceError, UsageError
from kiosk.schedule.model import Room
from kiosk.source import Calendar, CalendarSource, DirectorySource, Resource
from kiosk.store import directory as listing
from kiosk.store import rooms
from kiosk.store.database import Store
from kiosk.store.directory import Followed

Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Imported:
    """What an import did, by slug; `failed` pairs a room's name with the reason, `read_only` rooms cannot be booked."""

    followed: Followed
    added: list[str] = field(default_factory=list)
    read_only: list[str] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)


def verify(source: CalendarSource, calendar_id: str) -> Calendar:
    """Read what a calendar says of itself. Raises Missing with what to do when it is not shared with us."""
    try:
        return source.describe(calendar_id)
    except Missing as error:
        raise Missing(
            f"Google shows no calendar {calendar_id}: there is none, or it is not shared with the user that "
            "KIOSK_GOOGLE_SUBJECT names. Share it with the right to make changes to events."
        ) from error


def link(store: Store, source: CalendarSource, slug: str, calendar_id: str) -> Calendar:
    """Verify a calendar and give it to a room, which takes over its time zone."""
    about = verify(source, calendar_id)
    with store.read() as db:
        stored = rooms.by_slug(db, slug)
    if stored.calendar_id and stored.calendar_id != about.id:
        raise UsageError(f"The room {slug!r} has the calendar {stored.calendar_id}: unlink it first.")
    store.write(rooms.link, stored.id, _zone(about).key, about.id, clock.now())
    return about


def import_rooms(
    store: Store,
    source: CalendarSource,
    directory: DirectorySource,
    progress: Progress = lambda _done, _all: None,
) -> Imported:
    """Add every room of the Directory that is not here yet, linked; refresh the properties of the others.

    A room that cannot be linked is reported and the rest go on. `progress` hears (done, all) after each.
    """
    resources = directory.resources()
    result = Imported(store.write(listing.follow, resources, clock.now()))
    for number, resource in enumerate(resources, 1):
        try:
            _add(store, source, resource, result)
        except (SourceError, UsageError) as error:
            result.failed.append((resource.name, str(error)))
        progress(number, len(resources))
    return result


def _add(store: Store, source: CalendarSource, resource: Resource, result: Imported) -> None:
    with store.read() as db:
        if rooms.by_calendar(db, resource.calendar_id):
            return
    about = verify(source, resource.calendar_id)
    stored = store.write(rooms.add_linked, _room(resource, _zone(about)), about.id, clock.now(), listed=True)
    result.added.append(stored.room.slug)
    if not about.can_write:
        result.read_only.append(stored.room.slug)


def _room(resource: Resource, zone: ZoneInfo) -> Room:
    return Room(
        slug=rooms.slugify(resource.name),
        name=resource.name,
        zone=zone,
        building=resource.building,
        floor=resource.floor,
        capacity=resource.capacity,
        equipment=resource.equipment,
    )


def _zone(about: Calendar) -> ZoneInfo:
    try:
        return clock.zone(about.zone)
    except ValueError as error:
        raise UsageError(f"The calendar {about.id} has an unknown time zone: {error}.") from error
