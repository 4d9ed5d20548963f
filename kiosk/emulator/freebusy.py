"""freeBusy.query: one question about up to fifty calendars."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from kiosk.emulator.acl import Caller, role_of
from kiosk.emulator.errors import ApiError, bad_request, time_range_empty
from kiosk.emulator.occupancy import blocks, merged
from kiosk.emulator.store import Store
from kiosk.emulator.times import bound, iso, milliseconds, zone
from kiosk.emulator.values import Json

_LONGEST = 92 * 86400
_MOST_CALENDARS = 50


def query(store: Store, caller: Caller, question: Json) -> Json:
    """The FreeBusy resource; a calendar that cannot be read has an error of its own."""
    low, high = _bounds(question)
    try:
        where = zone(str(question.get("timeZone") or "UTC"))
    except ValueError:
        raise bad_request("Invalid time zone.", "invalid") from None
    asked = question.get("items") or []
    if not isinstance(asked, list) or not all(isinstance(each, dict) and "id" in each for each in asked):
        raise bad_request("Parse Error", "parseError")
    ids = [str(each["id"]) for each in asked]
    most = min(int(question.get("calendarExpansionMax") or _MOST_CALENDARS), _MOST_CALENDARS)
    calendars: Json = {}
    for number, calendar_id in enumerate(ids):
        if number >= most:
            calendars[calendar_id] = _refused("tooManyCalendarsRequested")
        else:
            calendars[calendar_id] = _busy(store, caller, calendar_id, low, high, where)
    bounds = {"timeMin": milliseconds(low * 1_000_000), "timeMax": milliseconds(high * 1_000_000)}
    return {"kind": "calendar#freeBusy"} | bounds | {"calendars": calendars}


def _bounds(question: Json) -> tuple[int, int]:
    for name in ("timeMin", "timeMax"):
        if not question.get(name):
            raise ApiError(400, "required", f"Missing required field: {name}")
    low, high = (bound(name, str(question[name])) for name in ("timeMin", "timeMax"))
    if high <= low:
        raise time_range_empty()
    if high - low > _LONGEST:
        message = "The requested time range is too long."
        raise ApiError(400, "timeRangeTooLong", message, domain="calendar")
    return low, high


def _busy(store: Store, caller: Caller, calendar_id: str, low: int, high: int, where: ZoneInfo) -> Json:
    calendar = store.calendar(caller.email if calendar_id == "primary" else calendar_id)
    if calendar is None or role_of(store, calendar, caller.email) == "none":
        return _refused("notFound")
    taken = merged(blocks(store, calendar.id, low, high), low, high)
    return {"busy": [{"start": iso(start, where), "end": iso(end, where)} for start, end in taken]}


def _refused(reason: str) -> Json:
    return {"errors": [{"domain": "global", "reason": reason}], "busy": []}
