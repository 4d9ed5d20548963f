"""A running stand-in with three quiet rooms, and Google's own client library to talk to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from google.oauth2 import service_account
from google.oauth2.credentials import Credentials
from google_auth_httplib2 import AuthorizedHttp
from googleapiclient.discovery import build

from kiosk.emulator import tokens
from kiosk.emulator.server import Emulator
from kiosk.emulator.world import World
from tests.emulator.discovery import CheckedHttp

SCOPE = "https://www.googleapis.com/auth/"
CALENDAR = (f"{SCOPE}calendar.readonly", f"{SCOPE}calendar.events")
DIRECTORY = (f"{SCOPE}admin.directory.resource.calendar.readonly", f"{SCOPE}admin.directory.user.readonly")
ADA, BOB = "ada@kiosk.example", "bob@kiosk.example"
MONDAY = datetime(2026, 8, 10, 8, tzinfo=UTC)
WORLD: dict[str, Any] = {
    "domain": "kiosk.example",
    "buildings": [{"id": "BER", "name": "Berlin", "floors": ["EG", "1"]}],
    "features": ["Video", "Phone"],
    "people": [{"email": ADA, "name": "Ada Okafor"}, {"email": BOB, "name": "Bob Silva"}],
    "rooms": [
        {"name": "Oak", "building": "BER", "floor": "EG", "capacity": 8, "features": ["Video"]},
        {"name": "Elm", "building": "BER", "floor": "1", "capacity": 4},
        {"name": "Fir", "building": "BER", "floor": "1", "capacity": 2, "autoAccept": False},
    ],
}
Connect = Callable[..., Any]


@dataclass(frozen=True)
class Rooms:
    """The rooms' addresses."""

    oak: str
    elm: str
    fir: str


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(WORLD) as running:
        yield running


@pytest.fixture
def world(emulator: Emulator) -> World:
    return emulator.world


@pytest.fixture
def rooms(world: World) -> Rooms:
    named = {room.summary.split("-")[2].split(" ")[0].lower(): room.id for room in world.rooms()}
    return Rooms(**named)


@pytest.fixture
def connect(emulator: Emulator) -> Iterator[Connect]:
    """Google's client for a subject (None: the service account by itself) with scopes; answers are checked.

    Instead of a subject it takes the content of an authorized-user file.
    """
    with ExitStack() as open_ones:

        def connected(
            subject: str | dict[str, Any] | None = emulator.world.service_user,
            scopes: tuple[str, ...] = CALENDAR,
            api: str = "calendar",
        ) -> Any:
            credentials = credentials_of(emulator, subject, scopes)
            name, version, path = {
                "calendar": ("calendar", "v3", "/calendar/v3/"),
                "directory": ("admin", "directory_v1", "/"),
            }[api]
            http = AuthorizedHttp(credentials, http=CheckedHttp(timeout=20))
            options = {"api_endpoint": emulator.url + path}
            service = build(
                name, version, http=http, static_discovery=True, cache_discovery=False, client_options=options
            )
            open_ones.callback(service.close)
            return service

        yield connected


def credentials_of(emulator: Emulator, who: str | dict[str, Any] | None, scopes: tuple[str, ...]) -> Any:
    if isinstance(who, dict):
        names = ("token_uri", "client_id", "client_secret", "refresh_token")
        return Credentials(None, **{name: who[name] for name in names})  # type: ignore[no-untyped-call]
    return service_account.Credentials.from_service_account_info(emulator.credentials(), scopes=scopes, subject=who)


@pytest.fixture
def calendar(connect: Connect) -> Any:
    """The Calendar API as the service user."""
    return connect()


@pytest.fixture
def events(calendar: Any) -> Any:
    """The events of the Calendar API as the service user."""
    return calendar.events()


@pytest.fixture
def session(emulator: Emulator) -> Iterator[requests.Session]:
    """A plain HTTP client with a valid token of the service user."""
    with requests.Session() as opened:
        with emulator.service.changing():
            granted = tokens.issue(emulator.service.store, "x", emulator.world.service_user, list(CALENDAR))
        opened.headers["Authorization"] = f"Bearer {granted['access_token']}"
        yield opened


def at(hours: float, days: int = 0) -> datetime:
    """So many hours after Monday, 10 August 2026, 8:00 UTC (10:00 in Berlin)."""
    return MONDAY + timedelta(days=days, hours=hours)


def body(start: datetime, end: datetime, **more: Any) -> dict[str, Any]:
    """An event as a client sends it."""
    return {"start": {"dateTime": start.isoformat()}, "end": {"dateTime": end.isoformat()}, **more}


def full(events: Any, calendar_id: str, **more: Any) -> tuple[list[dict[str, Any]], str]:
    """All pages of a listing, and the sync token of the last."""
    items: list[dict[str, Any]] = []
    page: dict[str, Any] = {}
    while True:
        page = events.list(calendarId=calendar_id, pageToken=page.get("nextPageToken"), **more).execute()
        items += page["items"]
        if "nextPageToken" not in page:
            return items, page.get("nextSyncToken", "")


def delta(events: Any, calendar_id: str, token: str, **more: Any) -> list[dict[str, Any]]:
    """What has changed since."""
    return full(events, calendar_id, syncToken=token, **({"singleEvents": True} | more))[0]


def answer_of(event: dict[str, Any], email: str) -> str:
    """The answer of one guest."""
    return next(str(each["responseStatus"]) for each in event["attendees"] if each["email"] == email)
