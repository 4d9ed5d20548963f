"""Propagation: the organizer's copy owns the shared data and pushes it to every guest's calendar."""

from __future__ import annotations

import copy
from dataclasses import replace

from kiosk.emulator import answers
from kiosk.emulator.recurrence import series
from kiosk.emulator.store import Store
from kiosk.emulator.values import Entry, Json

# Each copy has its own of these.
_PER_COPY = ("reminders", "colorId", "transparency")
# A change of these at the master is followed by exceptions that still have the master's value.
_INHERITED = ("summary", "description", "location", "visibility", "conferenceData", "hangoutLink", "source")


def spread(store: Store, origin: Entry) -> None:
    """Bring every guest's calendar in line with the organizer's copy."""
    invited = set() if origin.cancelled else guests(store, origin)
    for calendar_id in sorted(invited | _holders(store, origin)):
        if calendar_id in invited:
            _deliver(store, origin, calendar_id)
        else:
            _withdraw(store, origin, calendar_id)


def guests(store: Store, origin: Entry) -> set[str]:
    """The calendars here that belong to its attendees, without the organizer's own."""
    emails = {each["email"] for each in origin.data.get("attendees", [])}
    return {email for email in emails if email != origin.home and store.calendar(email)}


def follow(store: Store, before: Entry, after: Entry) -> None:
    """Carry a change of a series over to its exceptions; those whose date is gone go with it."""
    where = "calendar = ? AND series = ? AND detached = 0"
    for exception in store.select(where, after.calendar, after.id):
        if after.cancelled or not after.rule or series(after.rule).find(exception.original) is None:
            changed = replace(exception, status="cancelled", detached=True)
        else:
            changed = replace(exception, data=_inherit(exception.data, before.data, after.data))
        if changed != exception:
            spread(store, store.save(changed))


def cancel_exceptions(store: Store, master: Entry) -> None:
    """A cancelled series takes its exceptions along, on the same calendar."""
    where = "calendar = ? AND series = ? AND status != 'cancelled'"
    for exception in store.select(where, master.calendar, master.id):
        store.save(replace(exception, status="cancelled", detached=True))


def _inherit(data: Json, before: Json, after: Json) -> Json:
    data = copy.deepcopy(data)
    for key in _INHERITED:
        if before.get(key) != after.get(key) and data.get(key) == before.get(key):
            data[key] = after.get(key)
    old, new = ({each["email"]: each for each in side.get("attendees", [])} for side in (before, after))
    kept = [each for each in data.get("attendees", []) if each["email"] in new or each["email"] not in old]
    present = {each["email"] for each in kept}
    added = [new[email] for email in new if email not in old and email not in present]
    data["attendees"] = kept + added
    return {key: value for key, value in data.items() if value not in (None, [])}


def _holders(store: Store, origin: Entry) -> set[str]:
    """Calendars that hold a live copy of the event, or of the series it is an exception of."""
    sql = "SELECT calendar FROM events WHERE id IN (?, ?) AND home = ? AND calendar != home AND status != 'cancelled'"
    return {str(row[0]) for row in store.rows(sql, origin.id, origin.series or origin.id, origin.home)}


def _deliver(store: Store, origin: Entry, calendar_id: str) -> None:
    existing = store.entry(calendar_id, origin.id)
    if existing and existing.home != origin.home:
        return  # the id is taken there by an event that has nothing to do with this one
    stored = store.stored(calendar_id, origin.id)
    fresh = replace(
        origin, calendar=calendar_id, data=_copied(origin.data, existing.data if existing else None), detached=False,
        created=stored.created if stored else origin.created,
    )  # fmt: skip
    if not stored or stored.cancelled or (fresh.data, fresh.status) != (stored.data, stored.status):
        answers.request(store, store.save(fresh))


def _copied(shared: Json, existing: Json | None) -> Json:
    data: Json = copy.deepcopy({key: value for key, value in shared.items() if key not in {"raw", "colorId"}})
    data.get("extendedProperties", {}).pop("private", None)
    if existing is None:
        return data
    for key in _PER_COPY:
        data.pop(key, None)
        if key in existing:
            data[key] = existing[key]
    if private := existing.get("extendedProperties", {}).get("private"):
        data.setdefault("extendedProperties", {})["private"] = private
    return data


def _withdraw(store: Store, origin: Entry, calendar_id: str) -> None:
    existing = store.entry(calendar_id, origin.id)
    if existing is None or existing.cancelled or existing.home != origin.home:
        return
    gone = store.save(replace(existing, status="cancelled", detached=origin.detached))
    cancel_exceptions(store, gone)
