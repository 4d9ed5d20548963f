"""The roster of the fleet: what it writes down, what survives a restart, and whom it tells."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from kiosk.errors import DatabaseAway
from kiosk.fleet.report import read
from kiosk.fleet.roster import CODES, Roster
from kiosk.store import accounts, devices, health, policies, webhooks
from kiosk.store.database import Store
from kiosk.store.devices import Described
from kiosk.store.rooms import StoredRoom
from kiosk.store.tokens import digest
from tests.fakes import StillClock


@pytest.fixture
def roster(store: Store, oak: StoredRoom, still: StillClock) -> Roster:
    return Roster(store, still)


def enrol(store: Store, still: StillClock, *names: str) -> list[int]:
    """Enrol machines at the door of "oak" and return their numbers."""
    return [
        store.write(devices.enrol, Described(name, "door", "oak"), digest(name), "boss", still())[0].id
        for name in names
    ]


def live(roster: Roster, still: StillClock, numbers: list[int], minutes: float, **said: Any) -> None:
    """Let machines report every minute for so long; the roster does what is due every five seconds."""
    for second in range(0, int(minutes * 60), 5):
        if second % 60 == 0:
            for number in numbers:
                roster.heard(number, read(said), "10.0.0.7")
        roster.step()
        still.advance(seconds=5)


def away(*_args: object) -> None:
    raise DatabaseAway("It is restarted.")


def letters(store: Store) -> list[tuple[str, dict[str, Any]]]:
    with store.read() as db:
        found = db.execute_sql("SELECT event, body FROM delivery WHERE way = 'mail' ORDER BY created_at, id").fetchall()
    return [(event, json.loads(body)) for event, body in found]


def events(store: Store) -> list[str]:
    return [event for event, _body in letters(store)]


@pytest.fixture
def boss(store: Store, still: StillClock) -> None:
    store.write(accounts.add, "boss@kiosk.example", "", "admin", (), still())


def test_last_sign_of_a_machine_survives_a_restart(store: Store, roster: Roster, still: StillClock) -> None:
    [number] = enrol(store, still, "Door 1")
    live(roster, still, [number], 1, version="1.2", boot_id="a")
    still.advance(hours=2)
    again = Roster(store, still)
    again.load()
    beat = again.beat(number)
    assert beat
    assert (beat.report.text("version"), beat.boots, beat.address) == ("1.2", ("a",), "10.0.0.7")
    with store.read() as db:
        assert again.condition(devices.find(db, number)).state == "live"  # nobody could hear it meanwhile


def test_last_sign_is_written_when_the_database_is_back(
    store: Store, roster: Roster, still: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    [number] = enrol(store, still, "Door 1")
    roster.heard(number, read({"boot_id": "a"}), "10.0.0.7")
    with monkeypatch.context() as patch:
        patch.setattr(store, "write", away)
        with pytest.raises(DatabaseAway):
            roster.flush()
    roster.flush()
    again = Roster(store, still)
    again.load()
    assert again.beat(number)


def test_a_day_of_minutes_is_kept_and_no_more(store: Store, roster: Roster, still: StillClock) -> None:
    one, other = enrol(store, still, "Door 1", "Door 2")
    live(roster, still, [one, other], 3, temp_c=51.4, mem_avail=800, wifi_rssi_dbm=-60)
    live(roster, still, [other], 3)
    with store.read() as db:
        found = health.history(db, one, still() - timedelta(hours=1))
        assert len(health.history(db, other, still() - timedelta(hours=1))) == 5
    assert [minute for _at, minute in found] == [health.Minute(one, CODES["live"], 51, 800, -60)] * 2
    still.advance(hours=25)
    live(roster, still, [one], 2)
    with store.read() as db:
        assert len(health.history(db, one, still() - timedelta(days=9))) == 2


def test_ten_machines_of_a_minute_are_one_small_row(store: Store, roster: Roster, still: StillClock) -> None:
    live(roster, still, enrol(store, still, *(f"Door {number}" for number in range(10))), 1.5)
    with store.read() as db:
        [(size,)] = db.execute_sql("SELECT LENGTH(beats) FROM minute").fetchall()
    assert size == 10 * health.MINUTE.size == 80


def test_machine_that_vanishes_is_told_once_and_so_is_its_return(
    store: Store, roster: Roster, still: StillClock, boss: None
) -> None:
    numbers = enrol(store, still, *(f"Door {number}" for number in range(6)))
    live(roster, still, numbers, 2)
    live(roster, still, numbers[1:], 15)
    [(event, body)] = letters(store)
    assert (event, body["names"], body["path"]) == (
        "device.gone",
        ["Door 0 (/door/oak)"],
        f"/admin/devices/{numbers[0]}",
    )
    live(roster, still, numbers, 10)
    assert events(store) == ["device.gone", "device.recovered"]


def test_machines_that_vanish_together_are_one_message_and_so_is_their_return(
    store: Store, roster: Roster, still: StillClock, boss: None
) -> None:
    numbers = enrol(store, still, *(f"Door {number}" for number in range(10)))
    live(roster, still, numbers, 2)
    live(roster, still, numbers[:4], 15)
    [(event, body)] = letters(store)
    assert (event, body["count"], body["of"]) == ("devices.gone", 6, 10)
    live(roster, still, numbers, 10)
    assert events(store) == ["devices.gone", "devices.recovered"]


def test_planned_dark_is_no_alarm_and_a_morning_without_light_is_one(
    store: Store, roster: Roster, still: StillClock, oak: StoredRoom, boss: None
) -> None:
    store.write(policies.change, oak.id, {"light": "Mon-Fri 08:00-18:00"})
    numbers = enrol(store, still, *(f"Door {number}" for number in range(6)))
    still.advance(hours=7, minutes=50)  # 17:50 in Berlin
    live(roster, still, numbers, 5)
    live(roster, still, numbers[2:], 60)
    assert events(store) == ["device.gone", "device.gone"]  # they went while they were meant to be lit
    still.advance(minutes=30)
    live(roster, still, numbers, 10, screen_on=False)
    live(roster, still, [], 30)
    assert events(store)[2:] == ["device.recovered", "device.recovered"]


def test_ill_machine_is_told_with_what_mends_it(store: Store, roster: Roster, still: StillClock, boss: None) -> None:
    numbers = enrol(store, still, "Door 1")
    live(roster, still, numbers, 5, undervolt_now=True)
    [(event, body)] = letters(store)
    assert event == "device.ill"
    assert "power supply" in body["reasons"][0][1]


def test_webhooks_hear_of_machines_too(store: Store, roster: Roster, still: StillClock) -> None:
    store.write(webhooks.add, "https://example.org/rooms", ["device.ill"], still())
    live(roster, still, enrol(store, still, "Door 1"), 5, temp_c=90)
    with store.read() as db:
        [(body,)] = db.execute_sql("SELECT body FROM delivery").fetchall()
    assert json.loads(body)["data"]["reasons"] == ["hot"]


def test_revoked_and_forgotten_machines_are_not_missed(
    store: Store, roster: Roster, still: StillClock, boss: None
) -> None:
    one, other, third = enrol(store, still, "Door 1", "Door 2", "Door 3")
    live(roster, still, [one, other, third], 2)
    store.write(devices.revoke, one, still())
    store.write(devices.forget, other)
    live(roster, still, [third], 15)
    assert events(store) == []


def test_clone_is_over_with_another_token(store: Store, roster: Roster, still: StillClock) -> None:
    [number] = enrol(store, still, "Door 1")
    for boot in ("a", "b", "a"):
        live(roster, still, [number], 1, boot_id=boot)
    store.write(devices.lay_down, number, digest("next"))
    store.write(devices.promote, number, "next", still())
    live(roster, still, [number], 1, boot_id="a")
    with store.read() as db:
        assert roster.condition(devices.find(db, number)).state == "live"


def test_machine_that_another_process_hears_is_not_missed(
    store: Store, oak: StoredRoom, still: StillClock, boss: None
) -> None:
    assert oak
    since, hears = still(), Roster(store, still)
    hears.judges = False
    judges = Roster(store, still, others=lambda: since)
    numbers = enrol(store, still, "Door 1")
    together(hears, judges, still, numbers, minutes=10)
    assert events(store) == []
    together(hears, judges, still, [], minutes=6)
    assert events(store) == ["device.gone"]


@pytest.mark.parametrize("several", [False, True])
def test_nobody_is_missed_because_the_database_was_away(
    store: Store, oak: StoredRoom, still: StillClock, monkeypatch: pytest.MonkeyPatch, several: bool
) -> None:
    assert oak
    born = still()
    roster = Roster(store, still, others=(lambda: born) if several else None)
    [number] = enrol(store, still, "Door 1")
    live(roster, still, [number], 2)
    with monkeypatch.context() as patch:
        patch.setattr(store, "report", away)
        for _ in range(60):
            still.advance(seconds=10)
            with pytest.raises(DatabaseAway):
                roster.step()
    roster.step()
    with store.read() as db:
        known = devices.find(db, number)
    assert roster.condition(known).state == "live"
    still.advance(minutes=4)
    assert roster.condition(known).state == "gone"


def test_nobody_is_missed_while_nobody_could_hear(store: Store, oak: StoredRoom, still: StillClock, boss: None) -> None:
    assert oak
    judges = Roster(store, still, others=lambda: None)
    store.write(health.write, [health.Heard(enrol(store, still, "Door 1")[0], still(), "", None, "{}", (), None, None)])
    for _ in range(20):
        still.advance(minutes=1)
        judges.step()
    assert events(store) == []


def test_later_report_of_another_process_stays(store: Store, oak: StoredRoom, still: StillClock) -> None:
    assert oak
    numbers, page, program = enrol(store, still, "Door 1"), Roster(store, still), Roster(store, still)
    page.heard(numbers[0], read({"boot_id": "old"}), "10.0.0.7")
    still.advance(seconds=20)
    program.heard(numbers[0], read({"boot_id": "new"}), "10.0.0.7")
    program.flush()
    still.advance(seconds=20)
    page.heard(numbers[0], None, "10.0.0.7")
    page.flush()
    with store.read() as db:
        [kept] = health.every(db)
    assert (kept.at, kept.boots) == (still(), ("new",))


def together(hears: Roster, judges: Roster, still: StillClock, numbers: list[int], minutes: int) -> None:
    """Let machines report to one process every minute, while another judges them."""
    for second in range(0, minutes * 60, 5):
        if second % 60 == 0:
            for number in numbers:
                hears.heard(number, read({"temp_c": 40}), "10.0.0.7")
        hears.step()
        judges.step()
        still.advance(seconds=5)
