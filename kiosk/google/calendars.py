"""Google Calendar as a source of events."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from kiosk import clock
from kiosk.errors import CursorExpired, Gone, Missing, Refused
from kiosk.google import answers
from kiosk.google.client import CALENDAR_SCOPES, Client, quota_user
from kiosk.google.route import STRAIGHT, Route
from kiosk.schedule.model import Event
from kiosk.source import Busy, Calendar, Draft, Page, Since, Window

PAGE_SIZE = 250


class GoogleCalendars:
    """The calendars that one set of credentials can see; each call is one request to Google."""

    def __init__(self, credentials_file: str, subject: str, endpoint: str, route: Route = STRAIGHT) -> None:
        """`endpoint` is the root of another server that speaks Google's API, empty for Google."""
        root = f"{endpoint}/calendar/v3/" if endpoint else ""
        self._client = Client("calendar", "v3", root, credentials_file, subject, CALENDAR_SCOPES, route)

    def check(self) -> None:
        """Make sure that Google gives a token for the credentials. Raises AccessDenied or Unreachable."""
        self._client.check()

    def page(self, calendar_id: str, query: Window | Since, token: str | None = None) -> Page:
        """Return one page; a series is expanded into its instances."""
        wanted: dict[str, Any] = {"pageToken": token} if token else {}
        body = self._list(calendar_id, **_bounds(query), **wanted)
        return answers.page(body, calendar_id)

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

    def get(self, calendar_id: str, event_id: str) -> Event:
        """Return one event; a deleted one says so by `cancelled`."""
        return self._event(calendar_id, "get", eventId=event_id)

    def insert(self, calendar_id: str, draft: Draft) -> Event:
        """Make an event organized by the room itself; Google does not look for conflicts."""
        return self._event(calendar_id, "insert", body=_body(draft), sendUpdates="none")

    def change_end(self, calendar_id: str, event: Event, end: datetime, zone: str) -> Event:
        """Move an event's end if it still is the event we know (If-Match)."""
        body = {"start": _when(event.start, zone), "end": _when(end, zone)}

        def call(api: Any) -> Any:
            request = api.events().patch(
                calendarId=calendar_id,
                eventId=event.id,
                body=body,
                sendUpdates="none",
                fields=answers.EVENT_FIELDS,
                quotaUser=quota_user(calendar_id),
            )
            request.headers["If-Match"] = event.etag
            return request

        return answers.event(self._client.execute(call), calendar_id, clock.zone(zone))

    def delete(self, calendar_id: str, event_id: str) -> None:
        """Delete an event; 404 and 410 mean that somebody was faster."""
        try:
            self._client.execute(
                lambda api: api.events().delete(
                    calendarId=calendar_id,
                    eventId=event_id,
                    sendUpdates="none",
                    quotaUser=quota_user(calendar_id),
                )
            )
        except (Missing, Gone):
            return

    def close(self) -> None:
        """Close the connections to Google."""
        self._client.close()

    def _event(self, calendar_id: str, method: str, **arguments: Any) -> Event:
        body: Mapping[str, Any] = self._client.execute(
            lambda api: getattr(api.events(), method)(
                calendarId=calendar_id,
                fields=answers.EVENT_FIELDS,
                quotaUser=quota_user(calendar_id),
                **arguments,
            )
        )
        return answers.event(body, calendar_id, clock.zone("UTC"))

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
