"""What clients send as an event: which keys count, how they are checked and merged."""

from __future__ import annotations

import copy

from kiosk.emulator.errors import ApiError, bad_request, time_range_empty
from kiosk.emulator.recurrence import rule_text, series
from kiosk.emulator.store import Store
from kiosk.emulator.times import normalised, seconds_of
from kiosk.emulator.values import Calendar, Json

_PLAIN = (
    "summary", "description", "location", "colorId", "transparency", "visibility", "guestsCanInviteOthers",
    "guestsCanModify", "guestsCanSeeOtherGuests", "anyoneCanAddSelf", "reminders", "source", "gadget",
    "attachments", "eventType", "workingLocationProperties", "outOfOfficeProperties", "focusTimeProperties",
    "birthdayProperties",
)  # fmt: skip
_ATTENDEE = ("optional", "responseStatus", "comment", "additionalGuests")
_ANSWERS = frozenset({"needsAction", "declined", "tentative", "accepted"})
_CHOICES = {
    "transparency": {"opaque", "transparent"},
    "visibility": {"default", "public", "private", "confidential"},
}
_KEY_LENGTH, _VALUE_LENGTH = 44, 1024


def cleaned(store: Store, calendar: Calendar, body: Json, *, conference: bool, before: Json | None = None) -> Json:
    """The keys a client may set, checked; null stays, to remove a key."""
    data: Json = {key: body[key] for key in _PLAIN if key in body}
    for key, allowed in _CHOICES.items():
        if data.get(key) is not None and data[key] not in allowed:
            raise bad_request(f"Invalid value for: {data[key]}", "invalid")
    data |= {key: _object(body[key]) for key in ("start", "end") if key in body}
    if "recurrence" in body:
        data["recurrence"] = body["recurrence"] or None
    if "attendees" in body:
        known = {each["email"]: each for each in (before or {}).get("attendees", [])}
        listed = attendees(store, calendar, body["attendees"], known)
        data["attendees"] = list((known | listed if body.get("attendeesOmitted") else listed).values())
    if "extendedProperties" in body:
        data["extendedProperties"] = _properties(body["extendedProperties"])
    if conference and "conferenceData" in body:
        data |= _conference(store, body["conferenceData"])
    return data


def completed(calendar: Calendar, data: Json, *, zone_given: bool) -> Json:
    """Check the whole event: times, their order, the recurrence; nulls are dropped."""
    data = {key: value for key, value in data.items() if value is not None}
    recurring = bool(data.get("recurrence"))
    if recurring and not zone_given and "date" not in (data.get("start") or {}):
        raise ApiError(400, "required", "Missing time zone definition for start time.")
    for which in ("start", "end"):
        data[which] = normalised(data.get(which), which, calendar.zone_name)
    if ("date" in data["start"]) != ("date" in data["end"]):
        raise bad_request("Start and end times must either both be date or both be dateTime.", "invalid")
    if seconds_of(data["end"], calendar.zone) < seconds_of(data["start"], calendar.zone):
        raise time_range_empty()
    if recurring:
        _check_recurrence(calendar, data)
    return data


def merged(old: Json, changes: Json) -> Json:
    """Google's patch semantics."""
    data = copy.deepcopy(old)
    for key, value in changes.items():
        if value is None:
            data.pop(key, None)
        elif isinstance(value, dict) and isinstance(data.get(key), dict):
            data[key] = merged(data[key], value)
        else:
            data[key] = value
    return data


def attendees(store: Store, calendar: Calendar, given: object, known: dict[str, Json]) -> dict[str, Json]:
    """Guests by address, as Google completes them; a room's answer is given on its own copy alone."""
    listed: dict[str, Json] = {}
    for each in given if isinstance(given, list) else []:
        sent = _object(each)
        email = str(sent.get("email") or "").strip().lower()
        if "@" not in email:
            raise bad_request("Invalid attendee email.", "invalid")
        attendee = {"email": email} | known.get(email, {}) | _named(store, email)
        may_answer = not attendee.get("resource") or email == calendar.id
        attendee |= {
            key: sent[key] for key in _ATTENDEE if sent.get(key) is not None and (key != "responseStatus" or may_answer)
        }
        attendee.setdefault("responseStatus", "accepted" if email == calendar.id else "needsAction")
        if attendee["responseStatus"] not in _ANSWERS:
            raise bad_request("Invalid attendee response status.", "invalid")
        listed[email] = attendee
    return listed


def person(store: Store, email: str) -> Json:
    """Creator or organizer: the address, and the name where it is a room's."""
    calendar = store.calendar(email)
    named = calendar is not None and (calendar.kind != "user" or calendar.summary != email)
    return {"email": email} | ({"displayName": calendar.summary} if calendar and named else {})


def _named(store: Store, email: str) -> Json:
    calendar = store.calendar(email)
    if calendar is None:
        return {}
    resource = {"resource": True} if calendar.kind == "resource" else {}
    return {"displayName": calendar.summary} | resource


def _object(value: object) -> Json:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise bad_request("Parse Error", "parseError")
    return value


def _properties(given: object) -> Json | None:
    """Keys that are too long vanish, values are cut, as Google does without a word."""
    if given is None:
        return None
    kept: Json = {}
    for scope in ("private", "shared"):
        if scope in _object(given):
            pairs = _object(_object(given)[scope])
            kept[scope] = {
                key: None if value is None else str(value)[:_VALUE_LENGTH]
                for key, value in pairs.items()
                if len(key) <= _KEY_LENGTH
            }
    return kept


def _conference(store: Store, given: object) -> Json:
    """A new Meet room for a request, nothing for null; anything else stays as it is."""
    if given is None:
        return {"conferenceData": None, "hangoutLink": None}
    wanted = _object(given)
    request = wanted.get("createRequest")
    if not request:
        return {"conferenceData": wanted}
    letters = "".join("abcdefghijkmnopqrstuvwxyz"[byte % 25] for byte in store.nonce()[:10])
    code = f"{letters[:3]}-{letters[3:7]}-{letters[7:]}"
    link = f"https://meet.google.com/{code}"
    data = {
        "createRequest": request | {"status": {"statusCode": "success"}},
        "entryPoints": [{"entryPointType": "video", "uri": link, "label": link.removeprefix("https://")}],
        "conferenceSolution": {"key": {"type": "hangoutsMeet"}, "name": "Google Meet"},
        "conferenceId": code,
    }
    return {"conferenceData": data, "hangoutLink": link}


def _check_recurrence(calendar: Calendar, data: Json) -> None:
    lines = data["recurrence"]
    try:
        if not isinstance(lines, list):
            raise TypeError(lines)
        found = series(rule_text(data["start"], data["end"], lines, calendar.zone_name))
    except (ValueError, TypeError, KeyError, AttributeError):
        raise bad_request("Invalid recurrence rule.", "invalid") from None
    if not found.between(0, 1 << 50, 1):
        raise bad_request("Invalid recurrence rule.", "invalid")
