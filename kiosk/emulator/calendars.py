"""calendars.get and the calendar list: a caller's own calendar and those shared with it by name."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib

from kiosk.emulator import acl
from kiosk.emulator.acl import Caller
from kiosk.emulator.errors import bad_request, full_sync_required
from kiosk.emulator.store import Store
from kiosk.emulator.values import Calendar, Json


def calendar_json(calendar: Calendar) -> Json:
    """The Calendar resource; only rooms say whether they accept by themselves."""
    body: Json = {
        "kind": "calendar#calendar", "etag": f'"{calendar.updated}"', "id": calendar.id,
        "summary": calendar.summary, "timeZone": calendar.zone_name,
        "conferenceProperties": {"allowedConferenceSolutionTypes": ["hangoutsMeet"]},
    }  # fmt: skip
    body |= {k: v for k, v in (("description", calendar.description), ("location", calendar.location)) if v}
    if calendar.kind == "resource":
        body["autoAcceptInvitations"] = calendar.auto_accept
    return body


def listed(store: Store, caller: Caller, *, token: str, page: str, most: int, least_role: str, deleted: bool) -> Json:
    """One page of the calendar list; with a sync token, what has changed since it was made."""
    entries = {each["id"]: each for each in _entries(store, caller, least_role)}
    state = {name: each["etag"] for name, each in entries.items()}
    known = _state(token) if token else {}
    changed = [each for name, each in entries.items() if known.get(name) != each["etag"]]
    gone = [name for name in known if name not in entries] if token else _unshared(store, caller) if deleted else []
    items = changed + [_gone(name) for name in gone]
    start = _offset(page)
    body: Json = {"kind": "calendar#calendarList", "etag": _etag(state), "items": items[start : start + most]}
    if start + most < len(items):
        return body | {"nextPageToken": base64.urlsafe_b64encode(str(start + most).encode()).decode()}
    packed = zlib.compress(json.dumps(state).encode())
    return body | {"nextSyncToken": base64.urlsafe_b64encode(packed).decode()}


def entry(store: Store, caller: Caller, calendar: Calendar) -> Json:
    """The CalendarListEntry resource."""
    body = {k: v for k, v in calendar_json(calendar).items() if k != "autoAcceptInvitations"}
    body |= {
        "kind": "calendar#calendarListEntry", "accessRole": acl.role_of(store, calendar, caller.email),
        "colorId": "14", "backgroundColor": "#9fe1e7", "foregroundColor": "#000000", "defaultReminders": [],
        "selected": True,
    }  # fmt: skip
    body |= {"primary": True} if calendar.id == caller.email else {}
    del body["etag"]
    return body | {"etag": _etag(body)}


def _entries(store: Store, caller: Caller, least_role: str) -> list[Json]:
    sql = "SELECT calendar FROM acl WHERE subject = ? AND role != 'none' ORDER BY calendar"
    ids = dict.fromkeys([caller.email, *(str(row[0]) for row in store.rows(sql, caller.email))])
    found = [entry(store, caller, each) for each in map(store.calendar, ids) if each and each.kind != "external"]
    floor = acl.ROLES.index(least_role) if least_role in acl.ROLES else 0
    return [each for each in found if acl.ROLES.index(each["accessRole"]) >= max(1, floor)]


def _unshared(store: Store, caller: Caller) -> list[str]:
    sql = "SELECT calendar FROM acl WHERE subject = ? AND role = 'none' ORDER BY calendar"
    return [str(row[0]) for row in store.rows(sql, caller.email)]


def _gone(calendar_id: str) -> Json:
    return {
        "kind": "calendar#calendarListEntry", "etag": _etag(calendar_id), "id": calendar_id, "deleted": True,
        "defaultReminders": [],
    }  # fmt: skip


def _state(token: str) -> dict[str, str]:
    try:
        state = json.loads(zlib.decompress(base64.urlsafe_b64decode(token.encode())))
    except (ValueError, zlib.error):
        raise full_sync_required() from None
    return {str(name): str(etag) for name, etag in state.items()}


def _offset(page: str) -> int:
    try:
        return int(base64.urlsafe_b64decode(page.encode())) if page else 0
    except ValueError:
        raise bad_request("Invalid page token value.", "invalid") from None


def _etag(value: object) -> str:
    digest = hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
    return f'"{int(digest[:13], 16)}"'
