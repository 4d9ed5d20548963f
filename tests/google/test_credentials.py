"""Credentials of both kinds, against a stand-in that checks them as Google does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from kiosk.emulator.server import Emulator
from kiosk.errors import AccessDenied, Missing
from kiosk.google import credentials
from kiosk.google.access import by_file
from kiosk.google.calendars import GoogleCalendars
from kiosk.google.client import CALENDAR_SCOPES, DIRECTORY_SCOPES
from kiosk.google.directory import GoogleDirectory
from tests.running import ADMIN

ADA = "ada@kiosk.example"
WORLD = {
    "domain": "kiosk.example",
    "people": [{"email": ADA, "name": "Ada Okafor"}],
    "rooms": [{"name": "Oak", "domainRole": "none"}, {"name": "Elm"}],
}
Connect = Callable[[Any], GoogleCalendars]


@pytest.fixture
def google() -> Iterator[Emulator]:
    with Emulator(WORLD) as emulator:
        yield emulator


@pytest.fixture
def connect(google: Emulator, tmp_path: Path) -> Iterator[Connect]:
    """A source of calendars with the content of a credentials file."""
    with ExitStack() as open_ones:

        def connected(content: Any) -> GoogleCalendars:
            (tmp_path / "file.json").write_text(json.dumps(content))
            source = GoogleCalendars(by_file(str(tmp_path / "file.json"), "", google.url))
            open_ones.callback(source.close)
            return source

        yield connected


def room(google: Emulator, name: str) -> str:
    return next(one.id for one in google.world.rooms() if name in one.summary)


def test_authorized_user_sees_what_that_user_sees(google: Emulator, connect: Connect) -> None:
    source = connect(google.authorized_user(ADA, CALENDAR_SCOPES))
    about = source.describe(room(google, "Elm"))
    assert (about.role, about.can_write) == ("reader", False)
    with pytest.raises(Missing):
        source.describe(room(google, "Oak"))


def test_authorized_user_who_takes_the_consent_back_is_told(google: Emulator, connect: Connect) -> None:
    source = connect(google.authorized_user(ADA, CALENDAR_SCOPES))
    source.describe(room(google, "Elm"))
    google.world.revoke_consents(ADA)
    google.world.revoke_tokens()
    with pytest.raises(AccessDenied, match=r"invalid_grant.*revoked"):
        source.describe(room(google, "Elm"))


def test_administrator_as_authorized_user_reads_rooms_without_the_right_to_read_people(
    google: Emulator, tmp_path: Path
) -> None:
    google.write_authorized_user(tmp_path / "file.json", ADMIN, [*CALENDAR_SCOPES, *DIRECTORY_SCOPES])
    source = GoogleDirectory(by_file(str(tmp_path / "file.json"), "", google.url))
    assert {one.name for one in source.resources()} == {"Elm", "Oak"}
    with pytest.raises(AccessDenied, match="scopes"):
        source.people()
    source.close()


def test_file_without_a_token_address_asks_google(google: Emulator, tmp_path: Path) -> None:
    content = google.authorized_user(ADA, CALENDAR_SCOPES)
    file = tmp_path / "file.json"
    file.write_text(json.dumps(content))
    assert credentials.load(str(file), CALENDAR_SCOPES, "").token_uri == f"{google.url}/token"
    del content["token_uri"]
    file.write_text(json.dumps(content))
    assert credentials.load(str(file), CALENDAR_SCOPES, "").token_uri == "https://oauth2.googleapis.com/token"


@pytest.mark.parametrize("content", [{}, [], {"type": "authorized_user"}, {"type": "service_account"}, {"type": "x"}])
def test_file_that_is_no_credential_is_named(google: Emulator, connect: Connect, content: Any) -> None:
    with pytest.raises(AccessDenied, match=r"credentials '.*file.json' cannot be used"):
        connect(content).describe(room(google, "Elm"))
