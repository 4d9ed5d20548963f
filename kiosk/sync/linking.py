"""Giving rooms their calendars: one by its address, or all of them from the Directory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from kiosk import clock
from kiosk.errors import Missing, SourceError, UsageError
from kiosk.schedule.model import Room
from kiosk.source import Calendar, CalendarSource, DirectorySource, Resource
from kiosk.store import rooms
from kiosk.store.database import Store

Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Imported:
    """What an import did, by slug; `failed` pairs a room's name with the reason."""

    added: list[str]
    known: list[str]
    failed: list[tuple[str, str]]


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
    result = Imported([], [], [])
    resources = directory.resources()
    for number, resource in enumerate(resources, 1):
        try:
            _import(store, source, resource, result)
        except (SourceError, UsageError) as error:
            result.failed.append((resource.name, str(error)))
        progress(number, len(resources))
    return result


def _import(store: Store, source: CalendarSource, resource: Resource, result: Imported) -> None:
    with store.read() as db:
        known = rooms.by_calendar(db, resource.calendar_id)
    if known:
        store.write(rooms.update, known.id, _described(known.room, resource))
        result.known.append(known.room.slug)
        return
    about = verify(source, resource.calendar_id)
    room = Room(slug=rooms.slugify(resource.name), name=resource.name, zone=_zone(about))
    stored = store.write(rooms.add_linked, _described(room, resource), about.id, clock.now())
    result.added.append(stored.room.slug)


def _described(room: Room, resource: Resource) -> Room:
    return replace(
        room,
        name=resource.name,
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
