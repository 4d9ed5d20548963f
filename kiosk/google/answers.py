"""Google's JSON read as our values, tolerant of what Google leaves out or gets wrong."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast, get_args
from zoneinfo import ZoneInfo

from kiosk import clock
from kiosk.errors import Refused, Unreachable
from kiosk.schedule.model import Answer, Event, Person, Slot
from kiosk.source import Busy, Page

log = logging.getLogger(__name__)

Json = Mapping[str, Any]

FACTS = (
    "id,status,etag,updated,created,summary,visibility,transparency,eventType,start,end,recurringEventId,"
    "iCalUID,organizer(email,displayName,self)"
)
EVENT_FIELDS = f"{FACTS},attendees(email,self,resource,responseStatus)"
# To change an answer the whole list of guests is sent back, so all that Google says of them is read.
INVITATION_FIELDS = f"{FACTS},attendees,attendeesOmitted"
PAGE_FIELDS = f"nextPageToken,nextSyncToken,timeZone,updated,accessRole,items({EVENT_FIELDS})"
# https://developers.google.com/workspace/calendar/api/v3/reference/events#recurringEventId: an instance's id is
# the series' id and its original start; the id of a split series has further underscores of its own.
WRITERS = {"writer", "owner", "writerWithoutPrivateAccess"}
# Roles that see of private events, or of any, no more than the times: nor what the room has answered.
BLIND = {"freeBusyReader", "reader", "writerWithoutPrivateAccess"}
PRIVATE = {"private", "confidential"}
INSTANCE = re.compile(r"(.+)_(\d{8}|\d{8}T\d{6}Z)")
# Imported events may end before they begin, and days as soon as they do; Google's own pages give these lengths.
REPAIRED_TIMED = timedelta(minutes=30)
REPAIRED_DAYS = timedelta(days=1)
# What is left of an event that makes no sense: enough to see that the room is taken.
BARE = ("id", "start", "end")
UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, OverflowError)


def page(body: Json, calendar_id: str) -> Page:
    """Read one page of an events list; items that are cancelled, or whose times nobody can tell, are `gone`.

    Raises Unreachable when it is no such list: an empty one would free the room.
    """
    listed = body.get("items", [])
    if not isinstance(listed, list) or not body.keys() & {"items", "nextPageToken", "nextSyncToken"}:
        raise Unreachable("Google's answer is not a list of events.")
    zone = _zone(body.get("timeZone"), clock.zone("UTC"))
    items = [item for item in listed if item.get("id")]
    here = [item for item in items if item.get("status") != "cancelled" and _has_times(item)]
    events = tuple(found for item in here if (found := _readable(item, calendar_id, zone)))
    read = {event.id for event in events}
    return Page(
        events=events,
        gone=tuple(item["id"] for item in items if item["id"] not in read),
        next_page=body.get("nextPageToken"),
        cursor=body.get("nextSyncToken"),
        can_write=body.get("accessRole", "writer") in WRITERS,
        zone=body.get("timeZone", ""),
        updated=_instant(body.get("updated")),
    )


def _readable(item: Json, calendar_id: str, zone: ZoneInfo) -> Event | None:
    """Read an event; one odd import must not blind the whole room.

    Of an event that makes no sense the times are kept, because it may take the room; None when it has none.
    """
    for known in (item, {name: item.get(name) for name in BARE}, {**item, "end": {}}):
        try:
            return event(known, calendar_id, zone)
        except UNREADABLE as error:
            if known is item:
                log.warning("The event %s is odd: %s", item["id"], error)
    return None


def hidden(body: Json) -> set[str]:
    """Return the ids of a page's events that take time, and whose guests our role does not let us see."""
    role = body.get("accessRole")
    opaque = [item for item in body.get("items", []) if role in BLIND and item.get("transparency") != "transparent"]
    private = [item for item in opaque if role == "freeBusyReader" or item.get("visibility") in PRIVATE]
    return {item["id"] for item in private if item.get("id") and "attendees" not in item}


def settled(event: Event, busy: Busy, window: Slot) -> Event:
    """Return an event whose guests are hidden with the room's answer, as far as free/busy tells it.

    Where the room is free at any moment of it within `window`, it has declined; where it is not, another event may be
    the reason, and this one is taken to be accepted.
    """
    start, end = max(event.start, window.start), min(event.end, window.end)
    if busy.error or start >= end or any(slot.start <= start and end <= slot.end for slot in busy.slots):
        return event
    return replace(event, answer="declined")


def may_be_veiled(event: Event) -> bool:
    """Tell whether the room's answer to a single event may be hidden: no list tells our role with it."""
    unseen = event.private and not event.attendees and event.answer == "accepted"
    return unseen and not (event.organized_by_room or event.cancelled or event.transparent)


def busy(body: Json) -> dict[str, Busy]:
    """Read a free/busy answer, by calendar; an odd one is an error of that calendar alone."""
    return {calendar_id: _read_busy(one) for calendar_id, one in body.get("calendars", {}).items()}


def _read_busy(one: Json) -> Busy:
    try:
        return _busy(one)
    except UNREADABLE as error:
        return Busy(error=f"unreadable: {error}")


def _busy(one: Json) -> Busy:
    errors = one.get("errors", [])
    if errors:
        return Busy(error=errors[0].get("reason", "unknown"))
    return Busy(tuple(Slot(clock.parse(slot["start"]), clock.parse(slot["end"])) for slot in one.get("busy", [])))


def event(item: Json, calendar_id: str, zone: ZoneInfo) -> Event:
    """Read one event of a room's calendar; days without a time begin at midnight of `zone`."""
    start, end, all_day = _times(item, zone)
    organizer = item.get("organizer", {})
    return Event(
        id=item["id"],
        start=start,
        end=end,
        title=item.get("summary") or "",
        all_day=all_day,
        private=item.get("visibility") in PRIVATE,
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


def organizers_event(item: Json, calendar_id: str, zone: ZoneInfo) -> Event:
    """Read an event off its organizer's copy: `self` there is a person, and `answer` is the room's all the same.

    A room that is no longer among the guests has as good as declined.
    """
    guests = [_nobodys(one) for one in item.get("attendees", [])]
    found = event({**item, "organizer": _nobodys(item.get("organizer", {})), "attendees": guests}, calendar_id, zone)
    invited = found.organized_by_room or any(_is_room(one, calendar_id) for one in guests)
    return found if invited else replace(found, answer="declined")


def answered(item: Json, calendar_id: str, answer: Answer, comment: str) -> Json | None:
    """Return the change of the room's copy that sets the room's answer; None where it is so already.

    A list of guests replaces the one before, so all of them are sent back; where not all can be seen, the room alone,
    with `attendeesOmitted`: https://developers.google.com/workspace/calendar/api/v3/reference/events#attendeesOmitted
    Raises Refused ("notInvited") when the room is not among them.
    """
    guests: list[Json] = item.get("attendees", [])
    own = next((one for one in guests if _is_room(one, calendar_id)), None)
    if own is None and not veiled(item, calendar_id):
        raise Refused("The room is not among the guests of this event.", "notInvited")
    if own and own.get("responseStatus") == answer:
        return None
    said = {**(own or {"email": calendar_id}), "responseStatus": answer, "comment": comment}
    if own is None or item.get("attendeesOmitted"):
        return {"attendeesOmitted": True, "attendees": [said]}
    return {"attendees": [said if one is own else one for one in guests]}


def veiled(item: Json, calendar_id: str) -> bool:
    """Tell whether an event has guests whom our role hides: it is private, and not made in the room's own calendar."""
    private = item.get("visibility") in PRIVATE and "attendees" not in item
    return private and not _is_room(item.get("organizer", {}), calendar_id)


def _times(item: Json, zone: ZoneInfo) -> tuple[datetime, datetime, bool]:
    start, start_is_day = _moment(item.get("start", {}), zone)
    end, _ = _moment(item.get("end", {}), zone)
    if end < start or (start_is_day and end == start):
        end = _next_day(start, zone) if start_is_day else start + REPAIRED_TIMED
    return start, end, start_is_day or _whole_days(start, end, zone)


def _moment(when: Json, zone: ZoneInfo) -> tuple[datetime, bool]:
    if "dateTime" in when:
        at = datetime.fromisoformat(when["dateTime"])
        return (at if at.tzinfo else at.replace(tzinfo=_zone(when.get("timeZone"), zone))).astimezone(UTC), False
    day = datetime.fromisoformat(when.get("date", "1970-01-01")).date()
    return clock.local_midnight(day, zone), True


def _whole_days(start: datetime, end: datetime, zone: ZoneInfo) -> bool:
    # A room's calendar gives all-day events as midnight to midnight, not as dates.
    days = [instant.astimezone(zone).date() for instant in (start, end)]
    return days[0] < days[1] and [clock.local_midnight(day, zone) for day in days] == [start, end]


def _next_day(start: datetime, zone: ZoneInfo) -> datetime:
    return clock.local_midnight(start.astimezone(zone).date() + REPAIRED_DAYS, zone)


def _answer(attendees: list[Json], calendar_id: str) -> Answer:
    for attendee in attendees:
        if _is_room(attendee, calendar_id):
            status = attendee.get("responseStatus", "needsAction")
            return cast("Answer", status) if status in get_args(Answer) else "needsAction"
    return "accepted"


def _is_room(somebody: Json, calendar_id: str) -> bool:
    return bool(somebody.get("self")) or somebody.get("email", "").lower() == calendar_id.lower()


def _nobodys(somebody: Json) -> Json:
    return {name: value for name, value in somebody.items() if name != "self"}


def _person(organizer: Json, calendar_id: str) -> Person | None:
    if not organizer.get("email") or _is_room(organizer, calendar_id):
        return None
    return Person(organizer["email"], organizer.get("displayName", ""))


def _people(attendees: list[Json]) -> int:
    return sum(1 for one in attendees if not one.get("resource") and one.get("responseStatus") != "declined")


def _instant(text: str | None) -> datetime | None:
    """Read a stamp; imported events have some from the year 0."""
    try:
        return clock.parse(text) if text else None
    except (ValueError, TypeError):
        return None


def _zone(name: str | None, otherwise: ZoneInfo) -> ZoneInfo:
    try:
        return clock.zone(name) if name else otherwise
    except ValueError:
        return otherwise
