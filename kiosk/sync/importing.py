"""Importing rooms of the Directory: added with their calendars, or one that is here is given its own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from kiosk import clock
from kiosk.errors import KioskError, Missing
from kiosk.schedule.model import Room
from kiosk.source import Calendar, CalendarSource, DirectorySource, Resource
from kiosk.store import directory as listing
from kiosk.store import mirror, rooms
from kiosk.store.database import Store
from kiosk.store.directory import Followed
from kiosk.store.rooms import StoredRoom
from kiosk.sync.linking import Verified, give, zone_of

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Namesake:
    """A room that is here and is to be given a calendar; `agreed`: so many of its own bookings may go for that."""

    room_id: int
    agreed: int = 0


@dataclass(slots=True)
class Imported:
    """What an import did, by slug; `failed` pairs a room's name with the reason, `read_only` rooms cannot be booked.

    `linked`: rooms that were here and have their calendars now.
    """

    followed: Followed
    added: list[str] = field(default_factory=list)
    linked: list[str] = field(default_factory=list)
    read_only: list[str] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Import:
    """An import under way; `namesakes`: by calendar, the rooms that are here and stand for those of the Directory."""

    store: Store
    source: CalendarSource
    result: Imported
    namesakes: Mapping[str, Namesake]

    def take(self, resource: Resource) -> None:
        """Add a room, or link the one that stands for it. Raises KioskError with the reason why not."""
        with self.store.read() as db:
            if rooms.by_calendar(db, resource.calendar_id):
                return
        about = self._described(resource.calendar_id)
        namesake = self.namesakes.get(resource.calendar_id)
        slug = self._link(about, namesake) if namesake else self._add(about, resource)
        (self.result.linked if namesake else self.result.added).append(slug)
        if not about.can_write:
            self.result.read_only.append(slug)

    def _described(self, calendar_id: str) -> Calendar:
        try:
            return self.source.describe(calendar_id)
        except Missing as error:
            raise Missing(
                f"Google shows no calendar {calendar_id}: it is not shared with the user that this server is in "
                "Google. Share it with the right to make changes to events."
            ) from error

    def _add(self, about: Calendar, resource: Resource) -> str:
        room = _room(listing.fitted(resource), about)
        return self.store.write(rooms.add_linked, room, about.id, clock.now(), listed=True).room.slug

    def _link(self, about: Calendar, namesake: Namesake) -> str:
        verified = Verified(about, zone_of(about))
        give(self.store, namesake.room_id, verified, namesake.agreed, clock.now)
        self.store.write(mirror.hasten, namesake.room_id, clock.now())
        with self.store.read() as db:
            return rooms.by_id(db, namesake.room_id).room.slug


def import_rooms(
    store: Store,
    source: CalendarSource,
    directory: DirectorySource,
    progress: Progress = lambda _done, _all: None,
    wanted: Collection[str] | None = None,
    namesakes: Mapping[str, Namesake] | None = None,
) -> Imported:
    """Add every room of the Directory that is not here yet, linked; refresh the properties of the others.

    `wanted`: addresses of calendars, where not all are. `namesakes`: by calendar, rooms that are here already and are
    linked instead. A room that cannot be linked is reported and the rest go on. `progress` hears (done, all).
    """
    resources = directory.resources()
    result = Imported(store.write(listing.follow, resources, clock.now()))
    under_way = Import(store, source, result, namesakes or {})
    chosen = [one for one in resources if wanted is None or one.calendar_id in wanted]
    for number, resource in enumerate(chosen, 1):
        try:
            under_way.take(resource)
        except KioskError as error:
            result.failed.append((resource.name, str(error)))
        progress(number, len(chosen))
    if result.linked:
        store.write(listing.follow, resources, clock.now())
    return result


def same_named(resources: Iterable[Resource], known: Iterable[StoredRoom]) -> dict[str, StoredRoom]:
    """Return, by calendar, which room without a calendar has the name of one in the Directory that is not here yet.

    Where both say in which building they are, it must be the same. No room stands for two.
    """
    known = list(known)
    here = {(one.calendar_id or "").lower() for one in known}
    free = [one for one in known if one.calendar_id is None]
    found: dict[str, StoredRoom] = {}
    for resource in resources:
        alike = next((one for one in free if _is_alike(one.room, resource)), None)
        if alike and resource.calendar_id.lower() not in here:
            free.remove(alike)
            found[resource.calendar_id] = alike
    return found


def _is_alike(room: Room, resource: Resource) -> bool:
    elsewhere = room.building and resource.building and room.building != resource.building
    return not elsewhere and _plain(room.name) == _plain(resource.name)


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()


def _room(resource: Resource, about: Calendar) -> Room:
    return Room(
        slug=rooms.slugify(resource.name),
        name=resource.name,
        zone=zone_of(about),
        building=resource.building,
        floor=resource.floor,
        capacity=resource.capacity,
        equipment=resource.equipment,
    )
