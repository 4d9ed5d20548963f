"""The token endpoint trusts signatures, not words."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import google.auth.transport.requests
import jwt
import pytest
import requests
from google.auth.exceptions import RefreshError
from google.oauth2 import service_account
from googleapiclient.errors import HttpError

from kiosk.emulator import tokens
from kiosk.emulator.server import Emulator
from tests.emulator.conftest import ADA, CALENDAR, DIRECTORY, Connect, Rooms

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def ask(emulator: Emulator, key: dict[str, Any], **claims: Any) -> requests.Response:
    now = int(emulator.service.clock.now().timestamp())
    stated = {
        "iss": key["client_email"],
        "aud": "https://oauth2.googleapis.com/token",
        "scope": " ".join(CALENDAR),
        "sub": ADA,
        "iat": now,
        "exp": now + 3600,
    } | claims
    assertion = jwt.encode(stated, key["private_key"], "RS256", {"kid": key["private_key_id"]})
    form = {"grant_type": GRANT, "assertion": assertion}
    return requests.post(f"{emulator.url}/token", data=form, timeout=10)


def test_a_signed_assertion_becomes_a_token(emulator: Emulator) -> None:
    answer = ask(emulator, emulator.credentials())
    assert answer.status_code == 200
    assert answer.json()["token_type"] == "Bearer"
    assert answer.json()["expires_in"] == 3599


def test_an_assertion_signed_with_another_key_is_refused(emulator: Emulator) -> None:
    forged = emulator.credentials() | {"private_key_id": emulator.world.key(emulator.url)["private_key_id"]}
    answer = ask(emulator, forged)
    assert answer.status_code == 400
    assert answer.json() == {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}


@pytest.mark.parametrize(
    ("claims", "error", "words"),
    [
        ({"aud": "https://elsewhere.example"}, "invalid_grant", "audience check"),
        ({"iat": 1, "exp": 3601}, "invalid_grant", "short-lived token"),
        ({"exp": 4102444800}, "invalid_grant", "short-lived token"),
        ({"sub": "nobody@kiosk.example"}, "invalid_grant", "Invalid email or User ID"),
        ({"iss": "stranger@elsewhere.example"}, "invalid_grant", "account not found"),
        ({"scope": ""}, "invalid_scope", "Invalid OAuth scope"),
        ({"scope": "https://mail.google.com/"}, "unauthorized_client", "not authorized for any of the scopes"),
    ],
)
def test_a_wrong_claim_is_refused_in_googles_words(
    emulator: Emulator, claims: dict[str, Any], error: str, words: str
) -> None:
    answer = ask(emulator, emulator.credentials(), **claims)
    assert answer.json()["error"] == error
    assert words in answer.json()["error_description"]


def test_a_room_cannot_be_impersonated(connect: Connect, rooms: Rooms) -> None:
    with pytest.raises(RefreshError, match="Invalid email or User ID"):
        connect(rooms.oak).events().list(calendarId=rooms.oak).execute()


def test_a_scope_outside_the_delegation_refuses_all_scopes(emulator: Emulator, connect: Connect, rooms: Rooms) -> None:
    emulator.world.delegate(CALENDAR[0])
    with pytest.raises(RefreshError, match="unauthorized_client"):
        connect().events().list(calendarId=rooms.oak).execute()


def test_a_token_for_the_directory_opens_no_calendar(connect: Connect, rooms: Rooms, emulator: Emulator) -> None:
    with pytest.raises(HttpError) as refused:
        connect(emulator.world.admin, DIRECTORY).events().list(calendarId=rooms.oak).execute()
    assert refused.value.status_code == 403
    assert refused.value.error_details[0]["reason"] == "ACCESS_TOKEN_SCOPE_INSUFFICIENT"


def test_revoked_tokens_are_renewed_by_googles_client(emulator: Emulator, events: Any, rooms: Rooms) -> None:
    events.list(calendarId=rooms.oak).execute()
    emulator.world.revoke_tokens()
    events.list(calendarId=rooms.oak).execute()
    assert emulator.service.traffic.counts()["token"] == 2


def test_a_request_without_a_token_is_told_so(emulator: Emulator, rooms: Rooms) -> None:
    answer = requests.get(f"{emulator.url}/calendar/v3/calendars/{rooms.oak}", timeout=10)
    assert answer.status_code == 401
    assert answer.json()["error"]["status"] == "UNAUTHENTICATED"
    assert "WWW-Authenticate" in answer.headers


def test_the_front_end_says_it_in_full_and_in_brief(emulator: Emulator, rooms: Rooms) -> None:
    url, said = f"{emulator.url}/calendar/v3/calendars/{rooms.oak}/events", []
    with emulator.service.changing():
        narrow = tokens.issue(emulator.service.store, "test", emulator.world.admin, DIRECTORY)["access_token"]
    for headers in ({}, {"Authorization": "Bearer nothing"}, {"Authorization": f"Bearer {narrow}"}):
        error = requests.get(url, headers=headers, timeout=10).json()["error"]
        assert error["message"].startswith("Request ")
        said.append(error["errors"][0]["message"])
    assert said == ["Login Required.", "Invalid Credentials", "Insufficient Permission"]


def test_the_key_file_is_private_and_understood_by_google_auth(emulator: Emulator, tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    emulator.write_credentials(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    credentials = service_account.Credentials.from_service_account_file(str(path), scopes=CALENDAR)
    with requests.Session() as session:
        credentials.with_subject(ADA).refresh(google.auth.transport.requests.Request(session))
    assert emulator.service.traffic.counts()["token"] == 1
