"""The minute that a user and a project may use up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from googleapiclient.errors import HttpError

from kiosk.emulator.quota import Quota
from kiosk.emulator.server import Emulator
from tests.emulator.conftest import ADA, BOB, DIRECTORY, WORLD, Connect, Rooms


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(WORLD, quota={"quota_user": 2, "quota_project": 5, "quota_directory": 1}) as running:
        yield running


def reason_of(request: Any) -> str:
    """Why the request is refused, "" when it is not."""
    try:
        request.execute()
    except HttpError as error:
        (detail,) = error.error_details
        return str(detail["reason"]) if (error.status_code, detail["domain"]) == (403, "usageLimits") else repr(error)
    return ""


def test_a_user_has_so_many_requests_a_minute(emulator: Emulator, events: Any, rooms: Rooms) -> None:
    request = events.list(calendarId=rooms.oak)
    assert [reason_of(request) for _ in range(3)] == ["", "", "userRateLimitExceeded"]
    emulator.advance(timedelta(seconds=61))
    assert reason_of(request) == ""


def test_the_minute_slides(emulator: Emulator, events: Any, rooms: Rooms) -> None:
    request = events.list(calendarId=rooms.oak)
    assert reason_of(request) == ""
    emulator.advance(timedelta(seconds=40))
    assert reason_of(request) == ""
    emulator.advance(timedelta(seconds=30))
    assert [reason_of(request) for _ in range(2)] == ["", "userRateLimitExceeded"]


def test_a_service_account_pays_for_all_it_acts_for(connect: Connect, rooms: Rooms) -> None:
    spent = [reason_of(connect(who).events().list(calendarId=rooms.oak)) for who in (ADA, BOB, ADA)]
    assert spent == ["", "", "userRateLimitExceeded"]


def test_quota_users_have_a_minute_each_and_share_the_projects(events: Any, rooms: Rooms) -> None:
    spent = [reason_of(events.list(calendarId=rooms.oak, quotaUser=f"room{number}")) for number in range(6)]
    assert spent == ["", "", "", "", "", "rateLimitExceeded"]


def test_a_quota_users_name_counts_for_forty_letters(events: Any, rooms: Rooms) -> None:
    spent = [reason_of(events.list(calendarId=rooms.oak, quotaUser="x" * 40 + str(number))) for number in range(3)]
    assert spent == ["", "", "userRateLimitExceeded"]


def test_a_person_who_signed_in_pays_alone(emulator: Emulator, events: Any, rooms: Rooms, connect: Connect) -> None:
    assert [reason_of(events.list(calendarId=rooms.oak)) for _ in range(3)][2] == "userRateLimitExceeded"
    granted = emulator.authorized_user(ADA, ["https://www.googleapis.com/auth/calendar.readonly"])
    assert reason_of(connect(granted).events().list(calendarId=rooms.oak)) == ""


def test_the_directory_has_a_quota_of_its_own(emulator: Emulator, connect: Connect) -> None:
    users = connect(emulator.world.admin, DIRECTORY, "directory").users().list(customer="my_customer")
    assert [reason_of(users) for _ in range(2)] == ["", "userRateLimitExceeded"]


def test_a_limit_of_nought_is_none(emulator: Emulator, events: Any, rooms: Rooms) -> None:
    emulator.service.quota.limit(quota_user=0, quota_project=0)
    assert {reason_of(events.list(calendarId=rooms.oak)) for _ in range(9)} == {""}


def test_googles_figures_hold_unless_told_otherwise() -> None:
    with Emulator(WORLD) as running:
        assert running.service.quota.limits["quota_user"] == 600
        assert running.service.quota.limits["quota_project"] == 10_000
        with pytest.raises(ValueError, match="quota_day"):
            Quota(running.service.clock, quota_day=1)
