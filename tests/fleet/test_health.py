"""How a machine is, by what it says of itself and when."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from kiosk.fleet import health, light
from kiosk.fleet.health import CLONED, GONE_AFTER, RECENT, TESTS, Beat
from kiosk.fleet.report import read, stored
from kiosk.schedule.hours import parse
from kiosk.schedule.model import Policy, Room
from tests.fakes import MONDAY
from tests.schedule.values import BERLIN

WELL: dict[str, Any] = {
    "boot_id": "a",
    "temp_c": 51.0,
    "undervolt_now": False,
    "undervolt_latched": False,
    "throttled": False,
    "write_ok": True,
    "ext4_errors": 0,
    "disk_free": 9_000,
    "mem_avail": 900,
    "clock_synced": True,
    "wifi_rssi_dbm": -55,
    "hub_rtt_ms": 12,
    "last_sync_age_s": 8,
    "page_status": "live",
    "page_crashes": 0,
    "unit_restarts": 0,
    "screen_on": True,
}
ILL: dict[str, dict[str, Any]] = {
    "undervolt": {"undervolt_now": True},
    "undervolt_before": {"undervolt_latched": True},
    "hot": {"temp_c": 85},
    "throttled": {"throttled": True},
    "card": {"write_ok": False},
    "card_errors": {"ext4_errors": 2},
    "disk": {"disk_free": 20},
    "memory": {"mem_avail": 30},
    "clock": {"clock_synced": False},
    "wifi": {"wifi_rssi_dbm": -85},
    "slow_network": {"hub_rtt_ms": 9_000},
    "old": {"last_sync_age_s": 4_000},
    "page": {"page_status": "crashed"},
    "page_old": {"page_status": "offline"},
}


def beat(*reports: dict[str, Any], apart: float = 60.0) -> Beat:
    """Return what is known after heartbeats that ended at MONDAY."""
    found: Beat | None = None
    for number, said in enumerate(reports):
        at = MONDAY - timedelta(seconds=apart * (len(reports) - 1 - number))
        found = health.followed(found, read(WELL | said), "10.0.0.7", at)
    assert found
    return found


def words(known: Beat, dark: bool = False, later: timedelta = timedelta(0)) -> list[str]:
    return [one.word for one in health.condition(known, dark, MONDAY + later, MONDAY - timedelta(days=1)).reasons]


def test_machine_that_is_well_is_live() -> None:
    assert health.condition(beat({}), dark=False, now=MONDAY, since=MONDAY).state == "live"


def test_machine_that_can_read_nothing_is_live() -> None:
    known = health.followed(None, read({}), "", MONDAY)
    assert health.condition(known, dark=False, now=MONDAY, since=MONDAY).state == "live"


@pytest.mark.parametrize("word", ILL)
def test_each_thing_that_is_wrong_has_its_reason_and_its_repair(word: str) -> None:
    found = health.condition(beat(ILL[word]), dark=False, now=MONDAY, since=MONDAY)
    assert (found.state, [one.word for one in found.reasons]) == ("ill", [word])
    assert all(one.says and one.repair for one in found.reasons)


def test_every_reason_is_tried() -> None:
    assert {reason.word for _test, reason in TESTS} == set(ILL)


def test_machine_is_gone_after_three_heartbeats_that_did_not_come() -> None:
    known, since = beat({}), MONDAY - timedelta(hours=1)
    before = health.condition(known, False, MONDAY + GONE_AFTER - timedelta(seconds=1), since)
    after = health.condition(known, False, MONDAY + GONE_AFTER, since)
    assert (before.state, after.state, after.reasons[0].word) == ("live", "gone", "silent")


def test_server_that_has_just_started_misses_nobody() -> None:
    known, now = beat({}), MONDAY + timedelta(hours=3)
    assert health.condition(known, False, now, since=now).state == "live"


def test_machine_that_was_never_heard_says_so() -> None:
    found = health.condition(None, False, MONDAY, MONDAY)
    assert (found.state, found.reasons[0].word) == ("gone", "never_heard")


def test_dark_as_planned_is_no_illness() -> None:
    since, off = MONDAY - timedelta(hours=1), beat({"screen_on": False})
    assert health.condition(off, True, MONDAY, since).state == "dark"
    assert health.condition(off, False, MONDAY, since).reasons == (health.SCREEN_OFF,)
    assert health.condition(beat({}), True, MONDAY, since).state == "live"
    silent = health.condition(off, True, MONDAY + timedelta(hours=5), since)
    assert (silent.state, silent.silent) == ("dark", True)


def test_boot_that_comes_back_after_another_is_a_second_machine() -> None:
    assert words(beat({"boot_id": "a"}, {"boot_id": "b"})) == []
    assert words(beat({"boot_id": "a"}, {"boot_id": "b"}, {"boot_id": "a"})) == ["cloned"]
    cloned = beat({"boot_id": "a"}, {"boot_id": "b"}, {"boot_id": "a"}, {"boot_id": "a"})
    assert words(cloned) == ["cloned"]
    assert "cloned" not in words(cloned, later=CLONED)


def test_many_starts_of_one_machine_are_no_second_one() -> None:
    assert words(beat(*({"boot_id": f"boot-{number}"} for number in range(20)))) == []


def test_what_was_started_anew_in_this_boot_is_told_for_a_while() -> None:
    crashed = beat({"page_crashes": 1}, {"page_crashes": 2})
    assert words(crashed) == ["crashes"]
    assert "crashes" not in words(crashed, later=RECENT)
    assert words(beat({"page_crashes": 3, "boot_id": "a"}, {"page_crashes": 4, "boot_id": "b"})) == []
    assert words(beat({"unit_restarts": 2}, {"unit_restarts": 2})) == []


def test_page_without_the_program_that_looks_after_it_is_told() -> None:
    known = beat({})
    for minutes in range(1, 7):
        known = health.followed(known, None, "10.0.0.7", MONDAY + timedelta(minutes=minutes))
    assert words(known, later=timedelta(minutes=6)) == ["silent_program"]
    tablet = health.followed(None, None, "10.0.0.7", MONDAY)
    assert words(tablet) == []


def test_report_is_stored_and_read_again() -> None:
    report = read(WELL)
    assert stored(str(report)) == report
    assert stored("nonsense").said == {}


def test_what_no_machine_should_say_is_left_out() -> None:
    said = {"version": "1\n2" + "x" * 500, "temp_c": True, "screen_on": 1, "uptime_s": 1e300, "more": "secret"}
    assert read(said).said == {"version": "12" + "x" * 118}


def test_screen_is_lit_as_long_as_any_of_its_rooms() -> None:
    day, evening = parse("Mon-Fri 08:00-18:00"), parse("Mon-Fri 17:00-22:00")
    rooms = [Room(slug, slug, BERLIN, policy=Policy(light=one)) for slug, one in (("oak", day), ("elm", evening))]
    found = light.lights({}, rooms)
    assert light.write(found) == "Mon-Fri 08:00-18:00, Mon-Fri 17:00-22:00"
    dark = [light.is_dark(found, MONDAY + timedelta(hours=hours)) for hours in (0, 11, 13)]  # 10:00, 21:00, 23:00
    assert dark == [False, False, True]


def test_device_has_a_light_of_its_own() -> None:
    room = Room("oak", "Oak", BERLIN, policy=Policy(light=parse("Mon-Fri 08:00-18:00")))
    assert light.lights({"light": "always"}, [room]) is None
    assert light.write(light.lights({"light": "Mon-Fri 06:00-07:00"}, [room])) == "Mon-Fri 06:00-07:00"
    assert light.lights({"light": "hours"}, [room]) is None  # the room has none
    assert light.lights({}, []) is None
