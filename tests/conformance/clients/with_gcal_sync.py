"""gcal-sync under test: the library with which Home Assistant keeps calendars in step."""

from __future__ import annotations

import asyncio
import datetime
import sys
from collections.abc import Callable, Coroutine
from typing import Any

import aiohttp
from gcal_sync.api import GoogleCalendarService, ListEventsRequest, SyncEventsRequest
from gcal_sync.auth import AbstractAuth
from gcal_sync.model import DateOrDatetime, Event
from gcal_sync.store import InMemoryCalendarStore
from gcal_sync.sync import CalendarEventSyncManager, CalendarListSyncManager
from protocol import serve

URL, TOKEN = sys.argv[1:]


class Auth(AbstractAuth):
    """A token that was issued before."""

    async def async_get_access_token(self) -> str:
        return TOKEN


class Client:
    """One store per calendar, kept over all requests of this process."""

    def __init__(self) -> None:
        self._stores: dict[str, InMemoryCalendarStore] = {}

    def calendars(self) -> list[str]:
        async def act(api: GoogleCalendarService) -> list[str]:
            manager = CalendarListSyncManager(api, self._store("calendars"))
            await manager.run()
            return [each.id for each in (await manager.store_service.async_list_calendars()).calendars]

        return run(act)

    def calendar(self, calendar: str) -> dict[str, Any]:
        async def act(api: GoogleCalendarService) -> dict[str, Any]:
            found = await api.async_get_calendar(calendar)
            return {"id": found.id, "summary": found.summary, "timezone": found.timezone}

        return run(act)

    def sync(self, calendar: str) -> list[dict[str, str]]:
        """Bring the local copy of a calendar up to date; its live events by start."""

        async def act(api: GoogleCalendarService) -> list[dict[str, str]]:
            manager = self._manager(api, calendar)
            await manager.run()
            timeline = await manager.store_service.async_get_timeline(datetime.UTC)
            first = datetime.datetime(2026, 8, 1, tzinfo=datetime.UTC)
            last = datetime.datetime(2026, 10, 1, tzinfo=datetime.UTC)
            return [shown(each) for each in timeline.overlapping(first, last)]

        return run(act)

    def list(self, calendar: str, start: str, end: str, page: int) -> list[dict[str, str]]:
        """Live events of a window, over all pages."""

        async def act(api: GoogleCalendarService) -> list[dict[str, str]]:
            window = (datetime.datetime.fromisoformat(each) for each in (start, end))
            request = ListEventsRequest(
                calendar_id=calendar, page_size=page, **dict(zip(("start_time", "end_time"), window, strict=True))
            )
            answer = await api.async_list_events(request)
            return [shown(each) async for one in answer for each in one.items]

        return run(act)

    def create(self, calendar: str, summary: str, start: str, end: str) -> None:
        async def act(api: GoogleCalendarService) -> None:
            times = (DateOrDatetime(date_time=datetime.datetime.fromisoformat(each)) for each in (start, end))
            event = Event(summary=summary, **dict(zip(("start", "end"), times, strict=True)))
            await api.async_create_event(calendar, event)

        run(act)

    def rename(self, calendar: str, event: str, summary: str) -> None:
        run(lambda api: api.async_patch_event(calendar, event, {"summary": summary}))

    def delete(self, calendar: str, event: str) -> None:
        run(lambda api: api.async_delete_event(calendar, event))

    def skip(self, calendar: str, uid: str, instance: str) -> None:
        """Delete one instance of a series, by way of the local store."""

        async def act(api: GoogleCalendarService) -> None:
            store = self._manager(api, calendar).store_service
            await store.async_delete_event(uid, instance)

        run(act)

    def _manager(self, api: GoogleCalendarService, calendar: str) -> CalendarEventSyncManager:
        request = SyncEventsRequest(calendar_id=calendar, start_time=datetime.datetime(2026, 8, 1, tzinfo=datetime.UTC))
        return CalendarEventSyncManager(api, calendar, self._store(calendar), request_template=request)

    def _store(self, name: str) -> InMemoryCalendarStore:
        return self._stores.setdefault(name, InMemoryCalendarStore())


def run(act: Callable[[GoogleCalendarService], Coroutine[Any, Any, Any]]) -> Any:
    async def session() -> Any:
        async with aiohttp.ClientSession() as opened:
            return await act(GoogleCalendarService(Auth(opened, URL + "/calendar/v3")))

    return asyncio.run(session())


def shown(event: Event) -> dict[str, str]:
    start = event.start.date_time or event.start.date
    return {"id": event.id, "summary": event.summary, "start": start.isoformat(), "uid": event.ical_uuid}


if __name__ == "__main__":
    client = Client()
    serve({name: getattr(client, name) for name in vars(Client) if not name.startswith("_")})
