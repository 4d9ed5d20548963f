"""Google Calendar as a source of events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from kiosk import clock
from kiosk.errors import AccessDenied, Changed, CursorExpired, Gone, Missing, Refused
from kiosk.google import answers, recurrence
from kiosk.google.access import Google
from kiosk.google.client import CALENDAR_SCOPES, Client, People, quota_user
from kiosk.schedule.model import Answer, Event, Slot
from kiosk.source import Busy, Calendar, Draft, Page, Since, Window

PAGE_SIZE = 250
# The calendar of whoever the credentials act for, whichever of their addresses we know.
OWN = "primary"
# Google answers free/busy questions about a season at most.
MOST_BUSY = timedelta(days=60)
# Google's word when shared facts are changed on another copy than the organizer's: no matter of our rights.
NOT_THE_ORGANIZER = "forbiddenForNonOrganizer"


class GoogleCalendars:
    """The calendars that one set of credentials can see; each call is one request to Google, `answer` two.

    So are `page` and `get` with events whose guests our role does not let us see; of these `spent` is told.
    """

    def __init__(self, google: Google) -> None:
        self._spent = google.spent
        self._client = Client("calendar", "v3", "calendar/v3/", google, CALENDAR_SCOPES)
        self._people = People(self._client)

    def check(self) -> None:
        """Make sure that Google gives a token for the credentials. Raises AccessDenied or Unreachable."""
        self._client.check()

    def page(self, calendar_id: str, query: Window | Since, token: str | None = None) -> Page:
        """Return one page; a series is expanded into its instances."""
        wanted: dict[str, Any] = {"pageToken": token} if token else {}
        body = self._list(calendar_id, **_bounds(query), **wanted)
        page, hidden = answers.page(body, calendar_id), answers.hidden(body)
        window = query.kept if isinstance(query, Since) else query
        return self._settled(calendar_id, page, hidden, window) if hidden and window else page

    def busy(self, calendar_ids: list[str], start: datetime, end: datetime) -> dict[str, Busy]:
        """Return when each of up to 50 calendars is busy; declined and transparent events do not count."""
        body = {
            "timeMin": clock.iso(start),
            "timeMax": clock.iso(end),
            "timeZone": "UTC",
            "items": [{"id": one} for one in calendar_ids],
        }
        answer = self._client.execute(
            lambda api: api.freebusy().query(body=body, quotaUser=quota_user(calendar_ids[0]))
        )
        return answers.busy(answer)

    def describe(self, calendar_id: str) -> Calendar:
        """Return name, zone, our role and whether the room answers invitations by itself."""
        about = self._client.execute(
            lambda api: api.calendars().get(calendarId=calendar_id, quotaUser=quota_user(calendar_id))
        )
        role = self._list(calendar_id, maxResults=1).get("accessRole", "")
        return Calendar(
            id=about["id"],
            name=about.get("summary", ""),
            zone=about.get("timeZone", "UTC"),
            role=role,
            can_write=role in answers.WRITERS,
            answers=about.get("autoAcceptInvitations"),
        )

    def get(self, calendar_id: str, event_id: str, person: str = "") -> Event:
        """Return one event; a deleted one says so by `cancelled`."""
        event = self._event(calendar_id, "get", person, eventId=event_id)
        window = Slot(event.start, min(event.end, event.start + MOST_BUSY))
        if person or not answers.may_be_veiled(event) or window.start >= window.end:
            return event
        return answers.settled(event, self._busy(calendar_id, window), window)

    def insert(self, calendar_id: str, draft: Draft) -> Event:
        """Make an event, organized by the draft's person or by the room; Google does not look for conflicts.

        An invited room answers by itself, some seconds later.
        """
        body = _body(draft)
        if draft.person:
            # Google's own pages list the organizer among the guests; its API does not do so by itself.
            host = {"email": draft.person, "responseStatus": "accepted"}
            body["attendees"] = [host, {"email": calendar_id, "resource": True}]
        return self._event(calendar_id, "insert", draft.person, body=body, sendUpdates="none")

    def reshape(
        self, calendar_id: str, event: Event, start: datetime, end: datetime, zone: str, person: str = ""
    ) -> Event:
        """Move an event's start and end if it still is the event we know (If-Match); an invited room answers anew.

        A person's guests within Google see it in their calendars; only those elsewhere are sent a mail.
        """
        # Days become times: a patch merges, and Google refuses a date beside a time.
        body = {"start": {"date": None, **_when(start, zone)}, "end": {"date": None, **_when(end, zone)}}
        told = "externalOnly" if person else "none"
        return self._event(
            calendar_id, "patch", person, event.etag, zone, eventId=event.id, body=body, sendUpdates=told
        )

    def delete(self, calendar_id: str, event_id: str, person: str = "") -> None:
        """Delete an event; 404 and 410 mean that somebody was faster. A person's guests are told by mail."""
        options = {"eventId": event_id, "sendUpdates": "all" if person else "none"}
        try:
            self._execute(person, lambda api: api.events().delete(**_place(calendar_id, person), **options))
        except (Missing, Gone):
            return

    def answer(self, calendar_id: str, event_id: str, answer: Answer, comment: str = "", etag: str = "") -> Event:
        """Set the room's own answer on its copy, which Google carries to the organizer, who is told by mail.

        Raises Refused ("notInvited") when the room is not among the guests, Gone when the event was cancelled, and
        Changed when it is not the one with `etag` any more.
        """
        try:
            return self._answer(calendar_id, event_id, answer, comment, etag)
        except Changed:  # the room itself or the organizer was faster, by a moment
            return self._answer(calendar_id, event_id, answer, comment, etag)

    def curtail(self, calendar_id: str, event_id: str) -> None:
        """End the series of one of its dates before that; where it is the first, the whole series is deleted."""
        try:
            self._curtail(calendar_id, event_id)
        except Changed:  # somebody changed the series at this very moment
            self._curtail(calendar_id, event_id)
        except (Missing, Gone):
            return

    def close(self) -> None:
        """Close the connections to Google."""
        self._people.close()
        self._client.close()

    def _settled(self, calendar_id: str, page: Page, hidden: set[str], window: Window) -> Page:
        """Let free/busy tell which of the hidden events the room has declined."""
        unclear = [event for event in page.events if event.id in hidden]
        asked = Slot(
            max(window.start, min((event.start for event in unclear), default=window.start)),
            min(window.end, max((event.end for event in unclear), default=window.end), window.start + MOST_BUSY),
        )
        if asked.start >= asked.end:
            return page
        busy = self._busy(calendar_id, asked)
        events = tuple(answers.settled(one, busy, asked) if one.id in hidden else one for one in page.events)
        unsure = frozenset(one.id for one in events if one.id in hidden and one.answer != "declined")
        return replace(page, events=events, unsure=unsure)

    def _busy(self, calendar_id: str, asked: Slot) -> Busy:
        self._spent()
        return self.busy([calendar_id], asked.start, asked.end).get(calendar_id, Busy(error="notFound"))

    def _answer(self, calendar_id: str, event_id: str, answer: Answer, comment: str, etag: str) -> Event:
        item = self._read(_place(calendar_id), event_id, answers.INVITATION_FIELDS)
        if item.get("status") == "cancelled":
            raise Gone("The event was cancelled.", "deleted")
        if etag not in {"", item["etag"]}:
            raise Changed("The event was changed.", "conditionNotMet")
        body = answers.answered(item, calendar_id, answer, comment)
        if body is None:
            return answers.event(item, calendar_id, clock.zone("UTC"))
        said = self._event(calendar_id, "patch", "", item["etag"], eventId=event_id, body=body, sendUpdates="all")
        # Where the guests are hidden, so is the answer that has just been given.
        return replace(said, answer=answer) if "attendeesOmitted" in body else said

    def _curtail(self, calendar_id: str, event_id: str) -> None:
        place = _place(calendar_id)
        one = self._read(place, event_id, "recurringEventId,originalStartTime")
        series_id, first = one["recurringEventId"], one["originalStartTime"]
        series = self._read(place, series_id, "etag,start,recurrence")
        if recurrence.moment(series["start"]) >= recurrence.moment(first):
            self.delete(calendar_id, series_id)
        else:
            body = {"recurrence": recurrence.ended(series["recurrence"], first)}
            self._event(calendar_id, "patch", "", series["etag"], eventId=series_id, body=body, sendUpdates="none")

    def _read(self, place: dict[str, str], event_id: str, fields: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self._execute(
            "", lambda api: api.events().get(**place, eventId=event_id, fields=fields)
        )
        return found

    def _event(
        self, calendar_id: str, method: str, person: str, etag: str = "", zone: str = "UTC", **arguments: Any
    ) -> Event:
        def call(api: Any) -> Any:
            place = _place(calendar_id, person)
            request = getattr(api.events(), method)(fields=answers.EVENT_FIELDS, **place, **arguments)
            if etag:
                request.headers["If-Match"] = etag
            return request

        read = answers.organizers_event if person else answers.event
        return read(self._execute(person, call), calendar_id, clock.zone(zone))

    def _execute(self, person: str, call: Any) -> Any:
        if not person:
            return self._client.execute(call)
        try:
            return self._people.client(person).execute(call)
        except AccessDenied as error:
            if error.reason == NOT_THE_ORGANIZER:
                raise
            raise AccessDenied(f"Google does not let us act for {person}. {error}", "delegation") from error

    def _list(self, calendar_id: str, **arguments: Any) -> Mapping[str, Any]:
        options = {"maxResults": PAGE_SIZE, "singleEvents": True, "fields": answers.PAGE_FIELDS} | arguments
        try:
            body: Mapping[str, Any] = self._client.execute(
                lambda api: api.events().list(calendarId=calendar_id, quotaUser=quota_user(calendar_id), **options)
            )
        except Refused as error:
            # Google words some expired cursors differently: a 410 of a list, or a 400 to a cursor, mean that.
            if isinstance(error, Gone) or (type(error) is Refused and "syncToken" in arguments):
                raise CursorExpired(str(error), error.reason) from error
            raise
        return body


def _place(calendar_id: str, person: str = "") -> dict[str, str]:
    """Say which calendar is meant, and on whose share of the quota: always the room's."""
    return {"calendarId": OWN if person else calendar_id, "quotaUser": quota_user(calendar_id)}


def _bounds(query: Window | Since) -> dict[str, str]:
    if isinstance(query, Since):
        return {"syncToken": query.cursor}
    return {"timeMin": clock.iso(query.start), "timeMax": clock.iso(query.end)}


def _body(draft: Draft) -> dict[str, Any]:
    return {
        "id": draft.id,
        "summary": draft.title,
        "start": _when(draft.start, draft.zone),
        "end": _when(draft.end, draft.zone),
        "extendedProperties": {"private": draft.marks},
    }


def _when(instant: datetime, zone: str) -> dict[str, str]:
    return {"dateTime": instant.astimezone(clock.zone(zone)).isoformat(), "timeZone": zone}
