"""An event as one reader gets it: self flags, links, time zone, and what its role hides."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from kiosk.emulator.acl import Access
from kiosk.emulator.times import iso, midnight, milliseconds, seconds_of, whole_seconds
from kiosk.emulator.values import Calendar, Entry, Json

# Google leaves out what has its default value.
_DEFAULTS: Json = {
    "visibility": "default", "transparency": "opaque", "guestsCanInviteOthers": True, "guestsCanModify": False,
    "guestsCanSeeOtherGuests": True, "anyoneCanAddSelf": False, "attendeesOmitted": False,
}  # fmt: skip
# What remains of a private event, and of any event for those who may see times only.
_PRIVATE_KEYS = (
    "kind", "etag", "id", "status", "htmlLink", "created", "updated", "creator", "organizer", "start", "end",
    "recurringEventId", "originalStartTime", "transparency", "visibility", "iCalUID", "sequence", "eventType",
)  # fmt: skip
_BUSY_KEYS = ("kind", "etag", "id", "status", "updated", "start", "end", "recurringEventId", "originalStartTime",
              "transparency")  # fmt: skip


@dataclass(frozen=True, slots=True)
class View:
    """How an answer is to be rendered."""

    access: Access
    zone: ZoneInfo
    max_attendees: int = 0
    all_day_dates: bool = False
    sparse: bool = False


def event_json(entry: Entry, view: View) -> Json:
    """The Event resource for this reader."""
    calendar = view.access.calendar
    body: Json = {
        "kind": "calendar#event",
        "etag": entry.etag,
        "id": entry.id,
        "status": entry.status,
        "htmlLink": _link(entry),
        "created": whole_seconds(entry.created),
        "updated": milliseconds(entry.updated),
    }
    body |= {key: value for key, value in entry.data.items() if key not in {"raw", "extendedProperties"}}
    body |= _times(entry, view) | _people(entry, view)
    body |= {"iCalUID": entry.ical_uid, "sequence": entry.data.get("sequence", 0)}
    properties = {name: given for name, given in entry.data.get("extendedProperties", {}).items() if given}
    body["extendedProperties"] = properties or None
    body |= {"reminders": entry.data.get("reminders", {"useDefault": True})}
    body["eventType"] = entry.data.get("eventType", "default")
    body |= entry.data.get("raw", {})
    shown = {k: v for k, v in body.items() if v is not None and _DEFAULTS.get(k) != v}
    return _visible(shown, view.access, calendar)


def tombstone(entry: Entry, view: View) -> Json:
    """What incremental answers say of a cancelled event: its id, and for an instance which one it was."""
    body: Json = {"kind": "calendar#event", "etag": entry.etag, "id": entry.id, "status": "cancelled"}
    if view.sparse:
        return {"id": entry.id, "status": "cancelled"}
    if entry.series and "originalStartTime" in entry.data:
        original = _moment(entry.data["originalStartTime"], view)
        body |= {"recurringEventId": entry.series, "originalStartTime": original}
    return body


def _visible(body: Json, access: Access, calendar: Calendar) -> Json:
    if access.role == "freeBusyReader":
        return {key: value for key, value in body.items() if key in _BUSY_KEYS}
    if body.get("visibility") in {"private", "confidential"} and not access.sees_private:
        kept = {key: value for key, value in body.items() if key in _PRIVATE_KEYS}
        own = access.caller.email in {body.get("organizer", {}).get("email"), calendar.id}
        return body if own else kept
    return body


def _link(entry: Entry) -> str:
    eid = base64.urlsafe_b64encode(f"{entry.id} {entry.calendar}".encode()).decode().rstrip("=")
    return f"https://www.google.com/calendar/event?eid={eid}"


def _times(entry: Entry, view: View) -> Json:
    times = {which: _moment(entry.data[which], view) for which in ("start", "end")}
    if "originalStartTime" in entry.data:
        times["originalStartTime"] = _moment(entry.data["originalStartTime"], view)
    return times


def _moment(value: Json, view: View) -> Json:
    """A start or end in the answer's zone; a room has all-day events from midnight to midnight."""
    calendar = view.access.calendar
    if "date" in value:
        if calendar.kind != "resource" or view.all_day_dates:
            return value
        at = midnight(value["date"], calendar.zone)
        return {"dateTime": iso(at, view.zone), "timeZone": calendar.zone_name}
    return {"dateTime": iso(seconds_of(value, calendar.zone), view.zone), "timeZone": value["timeZone"]}


def _people(entry: Entry, view: View) -> Json:
    own = view.access.calendar.id
    people: Json = {}
    for role in ("creator", "organizer"):
        person = entry.data[role]
        people[role] = person | {"self": True} if person["email"] == own else person
    attendees = [_attendee(each, entry, own) for each in entry.data.get("attendees", [])]
    hidden = entry.data.get("guestsCanSeeOtherGuests") is False and entry.is_copy
    if hidden or 0 < view.max_attendees < len(attendees):
        attendees = [each for each in attendees if each.get("self") or (hidden and each.get("organizer"))]
        people["attendeesOmitted"] = not hidden
    if attendees:
        people["attendees"] = attendees
    return people


def _attendee(attendee: Json, entry: Entry, own: str) -> Json:
    shown = dict(attendee)
    if attendee["email"] == entry.data["organizer"]["email"]:
        shown["organizer"] = True
    if attendee["email"] == own:
        shown["self"] = True
    return shown
