"""Reading and changing events on a calendar: what a client may do, and what follows from it."""

from __future__ import annotations

import copy
import re
from base64 import b32hexencode
from dataclasses import replace

from kiosk.emulator import answers, bodies, copies
from kiosk.emulator.acl import Access, require_writer
from kiosk.emulator.errors import (
    ApiError,
    bad_request,
    deleted,
    duplicate,
    no_guests_for_service_accounts,
    not_found,
    organizer_only,
    precondition_failed,
)
from kiosk.emulator.store import Store
from kiosk.emulator.values import Entry, Json

_ID = re.compile(r"[a-v0-9]{5,1024}")
_RIGHTS = ("guestsCanInviteOthers", "guestsCanModify", "guestsCanSeeOtherGuests")
_TIMES = ("start", "end", "recurrence")


def get(store: Store, calendar_id: str, event_id: str) -> Entry:
    """The event, cancelled or not; 404 when there never was one."""
    entry = store.entry(calendar_id, event_id)
    if entry is None:
        raise not_found()
    return entry


def insert(store: Store, granted: Access, body: Json, *, conference: bool = False) -> Entry:
    """A new event, organized by the calendar it is inserted on."""
    require_writer(granted)
    calendar = granted.calendar
    event_id = _new_id(store, calendar.id, body.get("id"))
    data = bodies.cleaned(store, calendar, body, conference=conference)
    _check_guests(granted, data)
    data = bodies.completed(calendar, data, zone_given=bool((body.get("start") or {}).get("timeZone")))
    organizer = bodies.person(store, calendar.id)
    data |= {"creator": bodies.person(store, granted.caller.email), "organizer": organizer, "sequence": 0}
    data.setdefault("eventType", "default")
    uid = str(body.get("iCalUID") or f"{event_id}@google.com")
    return publish(store, Entry(calendar.id, event_id, calendar.id, uid, data))


def patch(store: Store, granted: Access, event_id: str, changes: Json, if_match: str, *, conference: bool) -> Entry:
    """Merge changes in: objects key by key, arrays as a whole, null removes."""
    before = _writable(store, granted, event_id, if_match, changes)
    cleaned = bodies.cleaned(store, granted.calendar, changes, conference=conference, before=before.data)
    data = bodies.merged(before.data, cleaned)
    return _change(store, granted, before, changes, data)


def put(store: Store, granted: Access, event_id: str, body: Json, if_match: str, *, conference: bool) -> Entry:
    """Replace the event; what is left out is gone or back at its default."""
    before = _writable(store, granted, event_id, if_match, body)
    data = bodies.cleaned(store, granted.calendar, body, conference=conference, before=before.data)
    kept = ("creator", "organizer", "sequence", "eventType", "recurringEventId", "originalStartTime", "raw")
    data = {key: before.data[key] for key in kept if key in before.data} | {
        key: value for key, value in data.items() if value is not None
    }
    rights = {key: body.get(key) for key in _RIGHTS}
    return _change(store, granted, before, body | rights, data)


def delete(store: Store, granted: Access, event_id: str, if_match: str = "") -> None:
    """Cancel: for all when the organizer does it, else the guest declines and hides its copy."""
    entry = _writable(store, granted, event_id, if_match)
    cancel(store, entry)


def cancel(store: Store, entry: Entry) -> Entry:
    """Cancel an event, a series or (a cancelled exception) one occurrence."""
    if entry.is_copy:
        if entry.guest(entry.calendar):
            entry = answers.respond(store, entry, "declined")
        gone = store.save(replace(entry, status="cancelled"))
        copies.cancel_exceptions(store, gone)
        return gone
    gone = store.save(replace(entry, status="cancelled"))
    copies.spread(store, gone)
    copies.follow(store, entry, gone)
    return gone


def change(store: Store, before: Entry, data: Json) -> Entry:
    """Give the organizer's copy new data; rooms answer again when the time differs."""
    data = copy.deepcopy(data)
    if any(before.data.get(key) != data.get(key) for key in _TIMES):
        data["sequence"] = before.data.get("sequence", 0) + 1
        for attendee in data.get("attendees", []):
            if attendee.get("resource"):
                attendee["responseStatus"] = "needsAction"
    return publish(store, replace(before, data=data, status="confirmed", detached=False), before)


def publish(store: Store, entry: Entry, before: Entry | None = None) -> Entry:
    """Store the organizer's copy and let everything that follows from it happen."""
    saved = store.save(entry)
    copies.spread(store, saved)
    if before is not None and (saved.rule or before.rule):
        copies.follow(store, before, saved)
    return saved


def _change(store: Store, granted: Access, before: Entry, changes: Json, data: Json) -> Entry:
    if changes.get("status") == "cancelled":
        return cancel(store, before)
    _check_guests(granted, data, before.data)
    zone_given = "timeZone" in (data.get("start") or {})
    data = bodies.completed(granted.calendar, data, zone_given=zone_given)
    _check_sequence(before, changes)
    own = changes.keys() <= {"attendees", "attendeesOmitted"}
    if before.is_copy and (own or not before.data.get("guestsCanModify")):
        return _change_copy(store, before, changes, data)
    if before.is_copy:
        origin = get(store, before.home, before.id)
        change(store, origin, data | {"attendees": origin.data.get("attendees", [])})
        return get(store, before.calendar, before.id)
    return change(store, before, data)


def _change_copy(store: Store, before: Entry, changes: Json, data: Json) -> Entry:
    """A guest's edits stay on its copy; only its answer flows back."""
    defaults = {"guestsCanInviteOthers": True, "guestsCanModify": False, "guestsCanSeeOtherGuests": True}
    for key in set(_RIGHTS) & changes.keys():
        wanted = defaults[key] if changes[key] is None else changes[key]
        if wanted != before.data.get(key, defaults[key]):
            raise organizer_only()
    if before.data.get("locked") and any(before.data.get(key) != data.get(key) for key in ("summary", *_TIMES)):
        raise organizer_only()
    own = next((each for each in data.get("attendees", []) if each["email"] == before.calendar), None)
    kept = replace(before, data=data | {"attendees": before.data.get("attendees", [])}, status="confirmed")
    was = before.guest(before.calendar)
    if own is None or was is None or (own["responseStatus"], own.get("comment")) == (
        was["responseStatus"], was.get("comment")):  # fmt: skip
        return store.save(kept)
    return answers.respond(store, kept, own["responseStatus"], own.get("comment", ""))


def _writable(store: Store, granted: Access, event_id: str, if_match: str, changes: Json | None = None) -> Entry:
    require_writer(granted)
    entry = get(store, granted.calendar.id, event_id)
    if if_match and if_match not in {"*", entry.etag}:
        raise precondition_failed()
    if entry.cancelled and (changes or {}).get("status") != "confirmed":
        raise deleted()
    hidden = entry.data.get("visibility") in {"private", "confidential"} and not granted.sees_private
    if hidden and not _is_answer_alone(changes or {}):
        raise ApiError(403, "forbidden", "Forbidden")
    return entry


def _is_answer_alone(changes: Json) -> bool:
    """The short form, with which a guest that does not see the others gives its own answer."""
    return bool(changes.get("attendeesOmitted")) and changes.keys() <= {"attendees", "attendeesOmitted"}


def _new_id(store: Store, calendar_id: str, wanted: object) -> str:
    if wanted is None:
        return new_id(store)
    if not isinstance(wanted, str) or not _ID.fullmatch(wanted):
        raise bad_request("Invalid resource id value.", "invalid")
    if store.entry(calendar_id, wanted):
        raise duplicate()
    return wanted


def new_id(store: Store) -> str:
    """26 letters of base32hex, as Google makes them."""
    return b32hexencode(store.nonce()).decode().lower()[:26]


def _check_guests(granted: Access, data: Json, before: Json | None = None) -> None:
    known = {each["email"] for each in (before or {}).get("attendees", [])}
    invited = {each["email"] for each in data.get("attendees") or []}
    if invited - known and not granted.caller.delegated:
        raise no_guests_for_service_accounts()


def _check_sequence(before: Entry, changes: Json) -> None:
    sequence = changes.get("sequence")
    if isinstance(sequence, int) and sequence < before.data.get("sequence", 0):
        raise bad_request("Invalid sequence value.", "invalid")
