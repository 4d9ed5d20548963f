"""Whatever becomes of the line: a booking is done once or not at all, and follower, hub and Google agree in the end."""

from __future__ import annotations

import os
import random
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from kiosk.booking.counter import Asked
from kiosk.store import leases
from tests.conftest import Tell
from tests.upstream.pair import OAK, Fault, Pair

SCALE = float(os.environ.get("SOAK_SCALE", "1"))


def book(pair: Pair) -> str:
    return pair.book(pair.follower).event_id


def state(pair: Pair, event_id: str) -> str:
    found = pair.made(event_id)
    return found.state if found else ""


def test_a_booking_at_the_follower_is_one_event_under_the_id_it_was_born_with(pair: Pair) -> None:
    made = pair.book(pair.follower)
    assert made.state == "confirmed"
    assert [event.id for event in pair.google.living(OAK)] == [made.event_id] == [f"kiosk{made.id}"]
    with pair.hub.parts.store.read() as db:
        assert [one.id for one in pair.bookings(pair.hub)] == [made.event_id]
        assert db.execute_sql("SELECT id FROM command").fetchall() == [(made.id,)]


@pytest.mark.parametrize("fault", ["deaf", "half"])
def test_a_lost_answer_is_found_by_its_id(pair: Pair, fault: Fault) -> None:
    pair.wire.fault = fault
    event_id = book(pair)
    assert state(pair, event_id) == "held"
    pair.wire.fault = ""
    pair.work(40)
    assert state(pair, event_id) == "confirmed"
    assert [event.id for event in pair.google.living(OAK)] == [event_id]


def test_a_hold_taken_back_is_never_booked_by_a_request_that_comes_late(pair: Pair) -> None:
    pair.wire.fault = "late"
    event_id = book(pair)
    pair.wire.fault = ""
    pair.follower.desk.change(Asked("cancel", event_id, "oak"))
    pair.work(5)
    assert pair.wire.arrive() > 0
    pair.work(70)
    assert state(pair, event_id) == "refused"
    assert pair.google.living(OAK) == []


def test_what_the_hub_declined_is_not_done_by_the_same_request_later(pair: Pair) -> None:
    pair.wire.fault = "late"
    event_id = book(pair)
    taken = pair.book(pair.hub, minutes=60)
    pair.wire.fault = ""
    pair.work(40)
    assert state(pair, event_id) == "refused"
    pair.hub.desk.change(Asked("cancel", taken.event_id, "oak"))
    pair.wire.arrive()
    pair.work(5)
    assert pair.google.living(OAK) == []


def test_an_extension_that_nobody_was_told_of_is_taken_back_at_the_hub(pair: Pair) -> None:
    event_id = book(pair)
    before = pair.google.events[OAK][event_id].end
    pair.wire.fault = "deaf"
    asked = pair.follower.desk.change(Asked("extend", event_id, "oak", minutes=15))
    assert asked.state == "withdrawing"
    assert pair.google.events[OAK][event_id].end == before + timedelta(minutes=15)
    pair.wire.fault = ""
    pair.work(5)
    pair.work(5)
    assert pair.google.events[OAK][event_id].end == before
    pair.check()


def test_a_hold_that_meets_a_room_being_booked_is_not_lost(pair: Pair) -> None:
    pair.wire.fault = "cut"
    event_id = book(pair)
    pair.wire.fault = ""
    store, lease = pair.hub.parts.store, leases.of_room(1)
    store.write(leases.take, lease, "a server that was killed", pair.clock(), timedelta(seconds=30))
    pair.work(10)
    assert state(pair, event_id) == "held"
    pair.mend()
    assert [event.id for event in pair.google.living(OAK)] == [event_id]


def test_while_google_is_away_the_hub_holds_and_its_follower_shows_that(pair: Pair) -> None:
    pair.away = True
    there = pair.book(pair.hub, pair.clock() + timedelta(hours=2))
    here = book(pair)
    pair.work()
    assert {one.id: one.held for one in pair.bookings(pair.follower)} == {there.event_id: True, here: True}
    pair.mend()
    assert {one.id: one.held for one in pair.bookings(pair.follower)} == {there.event_id: False, here: False}


def test_a_day_of_broken_lines_loses_and_doubles_nothing(tmp_path: Path, tell: Tell) -> None:
    counts = spend(tmp_path, 7, 3)
    tell(summary(counts))
    assert {"book: held", "book: confirmed", "in the end confirmed"} <= set(counts)
    assert any(name.startswith("in the end refused") for name in counts)


@pytest.mark.soak
def test_many_days_of_broken_lines_lose_and_double_nothing(tmp_path: Path, tell: Tell) -> None:
    counts: Counter[str] = Counter()
    for seed in range(int(40 * SCALE)):
        (tmp_path / str(seed)).mkdir()
        counts += spend(tmp_path / str(seed), seed, 6)
    tell(summary(counts))


def spend(folder: Path, seed: int, breaks: int) -> Counter[str]:
    """Live for some hours in which the line breaks, and Google is away now and then."""
    pair = Pair(folder, random.Random(seed))
    pair.work()
    pair.work()
    try:
        for _ in range(breaks):
            pair.live(40)
            pair.away = pair.chance.random() < 0.4
            for _ in range(pair.chance.randint(1, 4)):
                pair.break_line()
                pair.live(pair.chance.randint(5, 40))
            pair.mend()
    finally:
        pair.close()
    return pair.counts


def summary(counts: Counter[str]) -> str:
    return ", ".join(f"{number} {name}" for name, number in sorted(counts.items()))


def test_a_hold_does_not_say_that_google_is_away_where_it_may_be_the_hub(pair: Pair) -> None:
    pair.wire.fault = "cut"
    answer = pair.follower.web.test_client().post("/api/v1/rooms/oak/bookings", json={"minutes": 30})
    assert answer.status_code == 202
    assert "The calendar cannot be reached" in answer.get_json()["message"]
