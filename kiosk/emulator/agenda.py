"""What lies on a calendar in a stretch of time, for the page: rows and instances, by start."""

from __future__ import annotations

from kiosk.emulator.occupancy import exceptions
from kiosk.emulator.recurrence import series
from kiosk.emulator.store import Store, instance
from kiosk.emulator.values import Entry


def between(store: Store, calendar_id: str, low: int, high: int) -> list[Entry]:
    """Everything that is not cancelled and touches `[low, high)`, declined entries included."""
    where = "calendar = ? AND ends > ? AND starts < ? AND status != 'cancelled'"
    excepted = exceptions(store, calendar_id)
    found: list[Entry] = []
    for entry in store.select(where, calendar_id, low, high):
        if not entry.rule:
            found.append(entry)
            continue
        dates = series(entry.rule).between(low, high)
        found += [instance(entry, each) for each in dates if each.key not in excepted.get(entry.id, ())]
    return sorted(found, key=lambda entry: (entry.starts, entry.ends, entry.id))


def taken_until(entries: list[Entry], at: int) -> int | None:
    """When the unbroken run of bookings around `at` ends; None when the calendar is free then."""
    until = at
    for entry in entries:
        if takes(entry) and entry.starts <= until < entry.ends:
            until = entry.ends
    return until if until > at else None


def takes(entry: Entry) -> bool:
    """Whether the entry makes its calendar busy."""
    own = entry.guest(entry.calendar)
    declined = own is not None and own["responseStatus"] == "declined"
    return not declined and entry.data.get("transparency") != "transparent"


def answer_of(entry: Entry) -> str:
    """The calendar's own answer; an entry without guests counts as accepted."""
    own = entry.guest(entry.calendar)
    return str(own["responseStatus"]) if own else "accepted"
