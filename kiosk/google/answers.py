"""Google's JSON read as our values, tolerant of what Google leaves out or gets wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, cast, get_args
from zoneinfo import ZoneInfo

from kiosk import clock
from kiosk.schedule.model import Answer, Event, Person
from kiosk.source import Page

Json = Mapping[str, Any]

EVENT_FIELDS = (
    "id,status,etag,updated,created,summary,visibility,transparency,eventType,start,end,recurringEventId,"
    "iCalUID,organizer(email,displayName,self),attendees(email,self,resource,responseStatus)"
)
PAGE_FIELDS = f"nextPageToken,nextSyncToken,timeZone,accessRole,items({EVENT_FIELDS})"
# https://developers.google.com/workspace/calendar/api/v3/reference/events#recurringEventId: an instance's id is
# the series' id and its original start; the id of a split series has further underscores of its own.
INSTANCE = re.compile(r"(.+)_(\d{8}|\d{8}T\d{6}Z)")
# Imported events may end before they begin; Google's own pages show them with these lengths.
REPAIRED_TIMED = timedelta(minutes=30)
REPAIRED_DAY = timedelta(days=1)


def page(body: Json, calendar_id: str) -> Page:
    """Read one page of an events list; cancelled and timeless items are `gone`."""
    zone = _zone(body.get("timeZone", "UTC"))
    items = body.get("items", [])
    here = [item for item in items if item.get("status") != "cancelled" and _has_times(item)]
    gone = [item["id"] for item in items if item.get("status") == "cancelled" or not _has_times(item)]
    return Page(
        events=tuple(event(item, calendar_id, zone) for item in here),
        gone=tuple(gone),
        next_page=body.get("nextPageToken"),
        cursor=body.get("nextSyncToken"),
    )


def event(item: Json, calendar_id: str, zone: ZoneInfo) -> Event:
    """Read one event of a room's calendar; days without a time begin at midnight of `zone`."""
    start, end, all_day = _times(item, zone)
    organizer = item.get("organizer", {})
    return Event(
        id=item["id"],
        start=start,
        end=end,
        title=item.get("summary", ""),
        all_day=all_day,
        private=item.get("visibility") in {"private", "confidential"},
        transparent=item.get("transparency") == "transparent",
        cancelled=item.get("status") == "cancelled",
        kind=item.get("eventType", "default"),
        answer=_answer(item.get("attendees", []), calendar_id),
        organizer=_person(organizer, calendar_id),
        organized_by_room=_is_room(organizer, calendar_id),
        attendees=_people(item.get("attendees", [])),
        series_id=series_of(item),
        ical_uid=item.get("iCalUID", ""),
        etag=item.get("etag", ""),
        created=_instant(item.get("created")),
        updated=_instant(item.get("updated")),
    )


def series_of(item: Json) -> str:
    """Return the id of the series an instance belongs to, empty for a single event."""
    if item.get("recurringEventId"):
        return str(item["recurringEventId"])
    instance = INSTANCE.fullmatch(item["id"])
    return instance[1] if instance else ""


def _has_times(item: Json) -> bool:
    return bool(item.get("start")) and bool(item.get("end"))


def _times(item: Json, zone: ZoneInfo) -> tuple[datetime, datetime, bool]:
    start, start_is_day = _moment(item.get("start", {}), zone)
    end, _ = _moment(item.get("end", {}), zone)
    if end <= start:
        end = start + (REPAIRED_DAY if start_is_day else REPAIRED_TIMED)
    return start, end, start_is_day or _whole_days(start, end, zone)


def _moment(when: Json, zone: ZoneInfo) -> tuple[datetime, bool]:
    if "dateTime" in when:
        return datetime.fromisoformat(when["dateTime"]).astimezone(UTC), False
    day = datetime.fromisoformat(when.get("date", "1970-01-01")).date()
    return clock.local_midnight(day, zone), True


def _whole_days(start: datetime, end: datetime, zone: ZoneInfo) -> bool:
    # A room's calendar gives all-day events as midnight to midnight, not as dates.
    local = [instant.astimezone(zone) for instant in (start, end)]
    return all((at.hour, at.minute, at.second) == (0, 0, 0) for at in local) and local[0].date() < local[1].date()


def _answer(attendees: list[Json], calendar_id: str) -> Answer:
    for attendee in attendees:
        if _is_room(attendee, calendar_id):
            status = attendee.get("responseStatus", "needsAction")
            return cast("Answer", status) if status in get_args(Answer) else "needsAction"
    return "accepted"


def _is_room(somebody: Json, calendar_id: str) -> bool:
    return bool(somebody.get("self")) or somebody.get("email", "").lower() == calendar_id.lower()


def _person(organizer: Json, calendar_id: str) -> Person | None:
    if not organizer.get("email") or _is_room(organizer, calendar_id):
        return None
    return Person(organizer["email"], organizer.get("displayName", ""))


def _people(attendees: list[Json]) -> int:
    return sum(1 for one in attendees if not one.get("resource") and one.get("responseStatus") != "declined")


def _instant(text: str | None) -> datetime | None:
    return clock.parse(text) if text else None


def _zone(name: str) -> ZoneInfo:
    try:
        return clock.zone(name)
    except ValueError:
        return clock.zone("UTC")
