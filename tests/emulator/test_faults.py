"""Faults by chance and on the command line, and tokens that end."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from google.auth.exceptions import RefreshError
from googleapiclient.errors import HttpError

from kiosk.emulator import faults
from kiosk.emulator.faults import Fault, Faults
from kiosk.emulator.server import Emulator
from tests.emulator.conftest import ADA, WORLD, Connect, Rooms, at, full


def struck(seed: object, probability: float = 0.3) -> list[bool]:
    ordered = Faults(seed)
    ordered.order(Fault("status", probability=probability))
    return [ordered.strike("status", "Events.List", f"/{number}") is not None for number in range(200)]


def test_chance_is_the_same_for_the_same_seed() -> None:
    assert struck(7) == struck(7) != struck(8)
    assert 30 < sum(struck(7)) < 90


def test_the_chance_of_one_fault_does_not_depend_on_another() -> None:
    ordered = Faults(7)
    ordered.order(Fault("status", probability=0.3))
    ordered.order(Fault("slow", probability=0.5))
    found = []
    for number in range(200):
        ordered.strike("slow", "Events.List", f"/{number}")
        found.append(ordered.strike("status", "Events.List", f"/{number}") is not None)
    assert found == struck(7)


def test_a_fault_on_order_strikes_once_and_one_by_chance_for_ever() -> None:
    assert (Fault("status").times, Fault("status", probability=0.5).times, Fault("slow", times=3).times) == (1, 0, 3)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("truncate", Fault("truncate")),
        ("status:status=429,times=2,operation=Events.List", Fault("status", "Events.List", times=2, status=429)),
        ("slow:seconds=1.5,probability=0.1,path=oak", Fault("slow", path="oak", seconds=1.5, probability=0.1)),
        ("status:status=403,reason=quotaExceeded", Fault("status", status=403, reason="quotaExceeded")),
    ],
)
def test_a_fault_is_written_in_one_word(text: str, expected: Fault) -> None:
    assert faults.parse(text) == expected


@pytest.mark.parametrize("text", ["earthquake", "status:magnitude=9", "status:status=bad", "slow:chance=1"])
def test_a_word_that_is_no_fault_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"unknown|invalid"):
        faults.parse(text)


def test_access_tokens_end_while_they_are_used(emulator: Emulator, events: Any, rooms: Rooms) -> None:
    full(events, rooms.oak)
    emulator.service.faults.order(Fault("revoke", operation="Events.List"))
    full(events, rooms.oak)
    assert emulator.service.traffic.counts()["token"] == 2


def test_a_sync_token_ends_while_it_is_used(emulator: Emulator, events: Any, rooms: Rooms) -> None:
    _, token = full(events, rooms.oak)
    emulator.service.faults.order(Fault("forget_sync", path=rooms.oak))
    for _ in range(2):
        with pytest.raises(HttpError, match="full sync is required"):
            events.list(calendarId=rooms.oak, syncToken=token).execute()
    assert full(events, rooms.oak)[1]


@pytest.mark.parametrize(
    ("fault", "status", "reason"),
    [
        (Fault("status", status=401, times=9), 401, "authError"),
        (Fault("status", status=403, reason="quotaExceeded"), 403, "quotaExceeded"),
        (Fault("status", status=400), 400, "badRequest"),
        (Fault("status", status=409), 409, "duplicate"),
        (Fault("status", status=412), 412, "conditionNotMet"),
        (Fault("status", status=504), 504, "backendError"),
    ],
)
def test_an_ordered_status_comes_in_googles_words(
    emulator: Emulator, events: Any, rooms: Rooms, fault: Fault, status: int, reason: str
) -> None:
    fault.operation = "Events.List"
    emulator.service.faults.order(fault)
    with pytest.raises(HttpError) as refused:
        events.list(calendarId=rooms.oak).execute()
    assert (refused.value.status_code, refused.value.error_details[0]["reason"]) == (status, reason)


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": "abc"}, {"times": "x"}, {"times": -1}, {"status": 7}, {"operation": 5}, {"path": None},
        {"probability": []}, {"probability": 2}, {"kind": "slow", "seconds": "long"}, {"kind": "slow", "seconds": 1e99},
    ],
)  # fmt: skip
def test_a_fault_that_makes_no_sense_is_refused_and_breaks_nothing(
    emulator: Emulator, events: Any, rooms: Rooms, wrong: dict[str, Any]
) -> None:
    answer = requests.post(f"{emulator.url}/control/faults", json={"kind": "status"} | wrong, timeout=10)
    assert answer.status_code == 400
    assert full(events, rooms.oak)[0] == []


def test_numbers_of_a_fault_may_come_as_text(emulator: Emulator, events: Any, rooms: Rooms) -> None:
    fault = {"kind": "status", "status": "404", "times": "1", "operation": "Events.List"}
    assert requests.post(f"{emulator.url}/control/faults", json=fault, timeout=10).status_code == 200
    with pytest.raises(HttpError, match="Not Found"):
        full(events, rooms.oak)
    assert full(events, rooms.oak)[0] == []


def test_an_ordered_refusal_of_the_token_names_its_reason(emulator: Emulator, events: Any, rooms: Rooms) -> None:
    fault = Fault("status", operation="token", status=400, reason="deleted_client")
    emulator.service.faults.order(fault)
    with pytest.raises(RefreshError, match="deleted_client"):
        full(events, rooms.oak)


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "truncate"])
def test_the_token_endpoint_breaks_off_too(emulator: Emulator, kind: str) -> None:
    emulator.service.faults.order(Fault(kind, operation="token"))
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        requests.post(f"{emulator.url}/token", data={"grant_type": "nothing"}, timeout=10)


def test_a_clock_that_is_wrong_refuses_signed_assertions(emulator: Emulator, connect: Connect, rooms: Rooms) -> None:
    answer = requests.patch(f"{emulator.url}/control/settings", json={"clock_offset": -3600}, timeout=10)
    assert answer.status_code == 200
    with pytest.raises(RefreshError, match="reasonable timeframe"):
        connect().events().list(calendarId=rooms.oak).execute()


def test_the_same_seed_and_acts_give_the_same_ids() -> None:
    def played(seed: int) -> list[str]:
        with Emulator(WORLD, seed=seed) as running:
            room = running.world.rooms()[0].id
            return [running.world.create(ADA, "Talk", at(2 * n), at(2 * n + 1), rooms=[room]) for n in range(3)]

    assert played(5) == played(5) != played(6)
    assert len(set(played(5))) == 3


def test_another_life_of_the_same_world_honours_no_sync_token(emulator: Emulator, rooms: Rooms, events: Any) -> None:
    _, token = full(events, rooms.oak)
    with Emulator(WORLD) as other:
        assert other.service.store.meta("world") != emulator.service.store.meta("world")
    assert full(events, rooms.oak, syncToken=token, singleEvents=False)[0] == []
