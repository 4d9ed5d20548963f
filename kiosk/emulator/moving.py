"""events.move: an event changes its organizer and with it the calendar on which it is at home."""

from __future__ import annotations

import copy
from dataclasses import replace

from kiosk.emulator import bodies, copies, events
from kiosk.emulator.acl import Access, require_writer
from kiosk.emulator.errors import ApiError, bad_request, deleted
from kiosk.emulator.store import Store
from kiosk.emulator.values import Entry


def move(store: Store, source: Access, destination: Access, event_id: str) -> Entry:
    """Move the event; returns what remains on the calendar it came from, which is cancelled unless invited."""
    require_writer(source)
    require_writer(destination)
    entry = events.get(store, source.calendar.id, event_id)
    _check(entry)
    if source.calendar.id == destination.calendar.id:
        return entry
    for exception in store.select("calendar = ? AND series = ?", entry.calendar, entry.id):
        _rehome(store, exception, destination)
    _rehome(store, entry, destination)
    return events.get(store, source.calendar.id, event_id)


def _check(entry: Entry) -> None:
    if entry.cancelled:
        raise deleted()
    if entry.is_copy:
        message = "The organizer of this event cannot be changed by a guest."
        raise ApiError(403, "cannotChangeOrganizer", message, domain="calendar")
    if entry.series:
        message = "Cannot change the organizer of an instance."
        raise ApiError(400, "cannotChangeOrganizerOfInstance", message, domain="calendar")
    if entry.data.get("eventType", "default") != "default":
        raise bad_request("Only default events can be moved.", "eventTypeRestriction")


def _rehome(store: Store, entry: Entry, destination: Access) -> None:
    """Every copy learns of its new home; the old home keeps a cancelled one, then the new one pushes its copies."""
    home = destination.calendar.id
    sql = "UPDATE events SET home = ? WHERE id = ? AND home = ? AND calendar != ?"
    store.write(sql, home, entry.id, entry.calendar, entry.calendar)
    store.save(replace(entry, home=home, status="cancelled"))
    data = copy.deepcopy(entry.data) | {"organizer": bodies.person(store, home)}
    data["sequence"] = entry.data.get("sequence", 0) + 1
    copies.spread(store, store.save(replace(entry, calendar=home, home=home, data=data, seq=0)))
