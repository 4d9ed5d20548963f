"""The report of the month before is sent once, on its day, when the month is closed."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from kiosk.notify import letters
from kiosk.notify.monthly import Monthly, facts_of
from kiosk.schedule.model import Room
from kiosk.schedule.usage import Scope
from kiosk.store import deliveries, monthly, occupancy_text, past_rooms, rooms, webhooks
from kiosk.store.database import Store
from kiosk.store.usage import Wanted
from tests.fakes import StillClock
from tests.store import seeded

BOSS = "boss@kiosk.example"
MAY = date(2026, 5, 1)


@pytest.fixture
def june(store: Store, still: StillClock) -> Monthly:
    """A report planned for the second of each month, of rooms that were used in June."""
    still.instant = datetime(2026, 6, 20, tzinfo=UTC)
    for name in ("Oak", "Elm"):
        number = store.write(rooms.add, Room(name.lower(), name, seeded.ZONE, "Berlin", "2", 6))
        seeded.remember(store, number, date(2026, 6, 1), 30)
    store.write(monthly.set_plan, 2, [BOSS], MAY)
    return Monthly(store, still, "Europe/Berlin")


def told(store: Store) -> list[tuple[str, str, dict[str, Any]]]:
    with store.read() as db:
        return [(one.way, one.target, json.loads(one.body)) for one in deliveries.recent(db, 9)]


def test_report_is_sent_once_in_the_morning_of_its_day(june: Monthly, store: Store, still: StillClock) -> None:
    for moment, sent in (
        (datetime(2026, 7, 1, 12, tzinfo=UTC), 0),
        (datetime(2026, 7, 2, 3, 59, tzinfo=UTC), 0),
        (datetime(2026, 7, 2, 4, 1, tzinfo=UTC), 1),
        (datetime(2026, 7, 2, 4, 2, tzinfo=UTC), 0),
        (datetime(2026, 7, 20, 12, tzinfo=UTC), 0),
    ):
        still.instant = moment
        assert june.step() == sent
    [(way, target, data)] = told(store)
    assert (way, target, data["from"], data["to"]) == ("mail", BOSS, "2026-06-01", "2026-06-30")


def test_report_goes_to_webhooks_that_want_it(june: Monthly, store: Store, still: StillClock) -> None:
    store.write(monthly.set_plan, 1, [], MAY)
    store.write(webhooks.add, "https://one.example/", ("occupancy.report",), still())
    store.write(webhooks.add, "https://two.example/", ("booking.ended",), still())
    still.instant = datetime(2026, 7, 1, 9, tzinfo=UTC)
    assert june.step() == 1
    [(_way, _target, body)] = told(store)
    assert (body["type"], body["data"]["figures"]["bookings"]) == ("occupancy.report", 60)


def test_report_waits_for_days_that_are_not_closed_but_not_for_ever(
    june: Monthly, store: Store, still: StillClock
) -> None:
    with store.read() as db:
        past = past_rooms.every(db)[0]
    store.write(past_rooms.put_off, past, still())
    store.write(lambda db: past_rooms.change(db, past, closed_day=date(2026, 6, 29).toordinal()))
    for day, sent in ((2, 0), (3, 0), (4, 1)):
        still.instant = datetime(2026, 7, day, 9, tzinfo=UTC)
        assert june.step() == sent


def test_who_plans_a_report_waits_for_the_next_month(store: Store, june: Monthly, still: StillClock) -> None:
    store.write(monthly.set_plan, 0, [BOSS], MAY)
    store.write(monthly.set_plan, 1, [BOSS], date(2026, 6, 1))
    still.instant = datetime(2026, 7, 5, 9, tzinfo=UTC)
    assert june.step() == 0
    still.instant = datetime(2026, 8, 4, 9, tzinfo=UTC)
    assert june.step() == 1


def test_change_of_receivers_leaves_the_month_to_be_sent(store: Store, june: Monthly, still: StillClock) -> None:
    store.write(monthly.set_plan, 2, [BOSS, "other@kiosk.example"], date(2026, 6, 1))
    still.instant = datetime(2026, 7, 2, 9, tzinfo=UTC)
    assert june.step() == 2


def test_no_report_is_sent_where_none_is_planned(june: Monthly, store: Store, still: StillClock) -> None:
    store.write(monthly.set_plan, 0, [BOSS], MAY)
    still.instant = datetime(2026, 7, 2, 9, tzinfo=UTC)
    assert june.step() == 0


def test_month_is_sent_once_by_two_processes(
    june: Monthly, store: Store, still: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    still.instant = datetime(2026, 7, 2, 9, tzinfo=UTC)
    report, other = store.report, Monthly(store, still, "Europe/Berlin")

    def report_slowly(*args: Any) -> Any:
        monkeypatch.undo()
        assert other.step() == 1
        return report(*args)

    monkeypatch.setattr(store, "report", report_slowly)
    assert june.step() == 0
    assert len(told(store)) == 1


def test_month_that_a_clock_told_too_early_keeps_back_no_later_ones(
    june: Monthly, store: Store, still: StillClock
) -> None:
    for year, month, sent in ((2031, 1, 1), (2026, 7, 0), (2026, 8, 1), (2026, 8, 0)):
        still.instant = datetime(year, month, 9, 9, tzinfo=UTC)
        assert june.step() == sent


def test_no_room_is_at_both_ends_and_one_that_was_never_open_at_none(june: Monthly, store: Store) -> None:
    every = {"figures": {"open_minutes": 600}, "shares": {"utilisation": 0.1}}
    named = [{"room": str(number), "name": str(number), **every} for number in range(7)]
    shut = {"room": "shut", "name": "Shut", "figures": {"open_minutes": 0}, "shares": {"utilisation": None}}
    found = store.report(occupancy_text.summary, Wanted(MAY, MAY, Scope(), seeded.ZONE))
    data = facts_of(found | {"by_room": [*named, shut]})
    ends = [[one["name"] for one in data[end]] for end in ("most_used", "least_used")]
    assert ends == [["0", "1", "2", "3", "4"], ["6", "5"]]


def test_mail_says_the_month_in_a_few_lines_and_leads_to_the_page(
    june: Monthly, store: Store, still: StillClock
) -> None:
    still.instant = datetime(2026, 7, 2, 9, tzinfo=UTC)
    june.step()
    letter = letters.write(monthly.EVENT, told(store)[0][2], "https://rooms.example", letters.plain)
    assert letter.subject == "How rooms were used: 2026-06"
    assert letter.text.splitlines() == [
        "Rooms: 2",
        "In use: 20 % of opening hours",
        "Booked, but nobody came: 60 h",
        "Given back: 0 h",
        "Bookings: 60",
        "Rooms in use at once, at most: 2 of 2",
        "",
        "Used most:",
        "  Elm: 20 %",
        "  Oak: 20 %",
        "",
        "https://rooms.example/admin/occupancy?from=2026-06-01&to=2026-06-30",
    ]
