""" "This and following": Google ends the old series and begins another one with an id of its own."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from kiosk.emulator import bodies, events
from kiosk.emulator.errors import not_found
from kiosk.emulator.recurrence import Occurrence, series
from kiosk.emulator.store import Store
from kiosk.emulator.values import Entry, Json


def split(store: Store, master: Entry, key: str, times: Json, title: str | None) -> Entry:
    """End `master` before the occurrence `key`; the rest goes on with new times as a new series."""
    found = series(master.rule) if master.rule else None
    at = found.find(key) if found else None
    if found is None or at is None:
        raise not_found()
    passed = len(found.between(0, at.starts))
    rest = [_counted(line, passed) for line in master.data["recurrence"]]
    earlier = [_ended(line, at) for line in master.data["recurrence"]]
    events.change(store, master, master.data | {"recurrence": earlier})
    return _begin(store, master, key, times | {"recurrence": rest}, title)


def _begin(store: Store, master: Entry, key: str, changes: Json, title: str | None) -> Entry:
    calendar = store.calendar(master.calendar)
    assert calendar is not None
    data = copy.deepcopy(master.data) | changes | {"sequence": 0}
    data |= {} if title is None else {"summary": title}
    for attendee in data.get("attendees", []):
        if attendee.get("resource"):
            attendee["responseStatus"] = "needsAction"
    event_id = f"{master.id.partition('_R')[0]}_R{key.removesuffix('Z')}"
    data = bodies.completed(calendar, data, zone_given=True)
    fresh = replace(master, id=event_id, ical_uid=f"{event_id}@google.com", data=data, created=0)
    return events.publish(store, fresh)


def _ended(line: str, before: Occurrence) -> str:
    if not line.startswith("RRULE"):
        return line
    if "date" in before.start:
        until = f"{date.fromisoformat(before.start['date']) - timedelta(days=1):%Y%m%d}"
    else:
        until = f"{datetime.fromtimestamp(before.starts, UTC) - timedelta(seconds=1):%Y%m%dT%H%M%SZ}"
    return f"{_without(line, 'UNTIL', 'COUNT')};UNTIL={until}"


def _counted(line: str, passed: int) -> str:
    counts = [part for part in line.removeprefix("RRULE:").split(";") if part.startswith("COUNT=")]
    if not counts:
        return line
    return f"{_without(line, 'COUNT')};COUNT={int(counts[0].removeprefix('COUNT=')) - passed}"


def _without(line: str, *names: str) -> str:
    kept = [part for part in line.removeprefix("RRULE:").split(";") if part.partition("=")[0] not in names]
    return "RRULE:" + ";".join(kept)
