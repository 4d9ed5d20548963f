"""gcsa under test: a second layer over Google's client, with its own idea of events, and Google's sign-in flow."""

from __future__ import annotations

import datetime
import sys
import threading
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from gcsa.event import Event
from gcsa.google_calendar import GoogleCalendar
from google.oauth2.credentials import Credentials
from google_auth_oauthlib import flow
from protocol import serve

URL, TOKEN = sys.argv[1:]


def connected(credentials: Credentials | None = None, **more: Any) -> GoogleCalendar:
    """gcsa has no setting for the address, so the service it has built is pointed at another one."""
    calendar = GoogleCalendar(credentials=credentials, **more)
    calendar.service._baseUrl = URL + "/calendar/v3/"
    return calendar


class Client:
    """Acts on behalf of the token's owner."""

    def __init__(self) -> None:
        self._api = connected(Credentials(TOKEN))

    def events(self, calendar: str, start: str, end: str, **more: Any) -> list[dict[str, Any]]:
        window = [datetime.datetime.fromisoformat(each) for each in (start, end)]
        found = self._api.get_events(*window, calendar_id=calendar, **more)
        return [shown(each) for each in found]

    def add(self, calendar: str, summary: str, start: str, end: str, **more: Any) -> dict[str, Any]:
        times = [datetime.datetime.fromisoformat(each) for each in (start, end)]
        return shown(self._api.add_event(Event(summary, *times, **more), calendar_id=calendar))

    def add_day(self, calendar: str, summary: str, day: str) -> dict[str, Any]:
        return shown(self._api.add_event(Event(summary, datetime.date.fromisoformat(day)), calendar_id=calendar))

    def rename(self, calendar: str, event: str, summary: str) -> dict[str, Any]:
        found = self._api.get_event(event, calendar_id=calendar)
        found.summary = summary
        return shown(self._api.update_event(found, calendar_id=calendar))

    def move(self, event: str, source: str, destination: str) -> dict[str, Any]:
        return shown(self._api.move_event(event, destination, source_calendar_id=source))

    def delete(self, calendar: str, event: str) -> None:
        self._api.delete_event(event, calendar_id=calendar)

    def instances(self, calendar: str, series: str) -> list[dict[str, Any]]:
        # Google requires no window here, but this library always sends one.
        begin = datetime.datetime(2026, 8, 1, tzinfo=datetime.UTC)
        return [shown(each) for each in self._api.get_instances(series, begin, calendar_id=calendar)]

    def busy(self, calendars: list[str], start: str, end: str) -> dict[str, list[list[str]]]:
        window = [datetime.datetime.fromisoformat(each) for each in (start, end)]
        found = self._api.get_free_busy(calendars, time_min=window[0], time_max=window[1], ignore_errors=True)
        return {
            name: [[each.isoformat() for each in span] for span in spans] for name, spans in found.calendars.items()
        }

    def calendars(self) -> list[str]:
        return [each.id for each in self._api.get_calendar_list()]

    def listed(self, calendar: str) -> dict[str, str]:
        found = self._api.get_calendar_list_entry(calendar)
        return {"id": found.id, "role": found.access_role, "summary": found.summary}

    def sign_in(self, client_file: str, person: str) -> list[str]:
        """Google's own installed-app flow, with a browser that is a POST; then what the person may list."""
        folder = Path(client_file).parent
        opened = _Browser(person)
        flow.webbrowser.get = lambda *_: opened
        api = connected(
            credentials_path=client_file, token_path=str(folder / "token.pickle"), authentication_flow_port=0,
            authentication_flow_host="127.0.0.1",
        )  # fmt: skip
        opened.thread.join()
        api.credentials.refresh(flow.google.auth.transport.requests.Request())
        return [each.id for each in api.get_calendar_list()]


class _Browser:
    """Picks a person as soon as a page is opened."""

    def __init__(self, person: str) -> None:
        self._person = person
        self.thread = threading.Thread()

    def open(self, url: str, **_: Any) -> bool:
        form = urlencode({"person": self._person}).encode()
        self.thread = threading.Thread(target=lambda: urllib.request.urlopen(url, form, timeout=10).close())
        self.thread.start()
        return True


def shown(event: Event) -> dict[str, Any]:
    return {
        "id": event.event_id, "summary": event.summary, "start": event.start.isoformat(), "end": event.end.isoformat(),
        "attendees": {each.email: each.response_status for each in event.attendees}, "status": event.other["status"],
        "organizer": event.organizer.email, "recurrence": event.recurrence,
    }  # fmt: skip


if __name__ == "__main__":
    client = Client()
    serve({name: getattr(client, name) for name in vars(Client) if not name.startswith("_")})
