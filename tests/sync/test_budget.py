"""The requests that Google allows are never exceeded: by no minute, no day, and no number of processes."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.errors import RateLimited
from kiosk.store import spending
from kiosk.store.database import Store
from kiosk.store.spending import Grant
from kiosk.sync.budget import FIRST_BLOCK, Budget, Metered, shared
from tests.fakes import MONDAY, FakeCalendars, StillClock


def kept(store: Store, per_day: int = 1000) -> Budget:
    """Return a budget as a process has it that has just started."""
    return Budget(1_000_000, per_day, shared(store))


def spend_all(budget: Budget, still: StillClock, share: float = 1.0) -> int:
    """Spend until it is refused; return how many requests there were."""
    for spent in range(100_000):
        try:
            budget.spend(still(), share)
        except RateLimited:
            return spent
    raise AssertionError("never refused")


@given(st.lists(st.floats(0, 90), max_size=200), st.integers(1, 20))
def test_no_minute_ever_sees_more_requests_than_allowed(pauses: list[float], limit: int) -> None:
    budget, now, left = Budget(limit, 1_000_000), MONDAY, []
    for pause in pauses:
        now += timedelta(seconds=pause / 10)
        try:
            budget.spend(now)
        except RateLimited:
            continue
        left.append(now)
        assert sum(1 for at in left if now - at < timedelta(minutes=1)) <= limit


@given(st.lists(st.tuples(st.integers(0, 20), st.booleans(), st.integers(1, 30)), max_size=30), st.integers(1, 60))
def test_no_minute_of_several_processes_ever_sees_more(bursts: list[tuple[int, bool, int]], limit: int) -> None:
    # `bursts`: seconds to wait, which of two processes asks then, and how often.
    counts: dict[int, int] = {}

    def claim(now: datetime, wanted: int, most: int, back: Grant) -> Grant:
        return spending.settle(counts, now, wanted, most, back, spending.MINUTE)

    both, now, left = [Budget(limit, 1_000_000, minute_claim=claim) for _ in range(2)], MONDAY, []
    for seconds, which, wanted in bursts:
        now += timedelta(seconds=seconds)
        for _ in range(wanted):
            try:
                both[which].spend(now)
            except RateLimited:
                break
            left.append(now)
        assert sum(1 for at in left if now - at < timedelta(minutes=1)) <= limit


def test_several_processes_have_the_minute_together(store: Store, still: StillClock) -> None:
    def started() -> Budget:
        return Budget(300, 1_000_000, shared(store), shared(store, of=spending.MINUTE))

    first, second = started(), started()
    assert spend_all(first, still) == 300
    assert spend_all(second, still) == 0
    still.advance(seconds=66)
    assert spend_all(second, still) == 300


def test_synchronisation_leaves_requests_to_bookings(calendars: FakeCalendars, still: StillClock) -> None:
    budget = Budget(100, 1_000_000)
    sync, desk = (Metered(calendars, budget, share, still) for share in (0.95, 1.0))
    for _ in range(95):
        sync.busy([], still(), still())
    with pytest.raises(RateLimited):
        sync.busy([], still(), still())
    desk.busy([], still(), still())
    assert budget.left(still()) == (4, 1_000_000 - 96)


def test_day_survives_a_restart(store: Store, still: StillClock) -> None:
    assert [spend_all(kept(store), still) for _ in range(3)] == [1000, 0, 0]


def test_restart_costs_at_most_the_block_that_was_begun(store: Store, still: StillClock) -> None:
    for _ in range(50):
        kept(store, 100_000).spend(still())
    assert spend_all(kept(store, 100_000), still) >= 100_000 - 50 * FIRST_BLOCK


def test_server_and_command_line_share_the_day(store: Store, still: StillClock) -> None:
    server, terminal = kept(store), kept(store)
    for _ in range(300):
        server.spend(still())
        terminal.spend(still())
    assert spend_all(server, still) + spend_all(terminal, still) == 400


def test_synchronisation_leaves_a_share_of_the_day_to_bookings(store: Store, still: StillClock) -> None:
    budget = kept(store)
    assert spend_all(budget, still, 0.95) == 950
    assert spend_all(budget, still) == 50


@given(st.lists(st.tuples(st.integers(0, 600), st.integers(0, 60)), max_size=30))
def test_no_day_ever_sees_more_requests_than_allowed(bursts: list[tuple[int, int]]) -> None:
    # `bursts`: minutes to wait, and how many requests are wanted then.
    budget, now, left = Budget(1_000_000, 100), MONDAY, []
    for minutes, wanted in bursts:
        now += timedelta(minutes=minutes)
        for _ in range(wanted):
            try:
                budget.spend(now)
            except RateLimited:
                break
            left.append(now)
        assert sum(1 for at in left if now - at < timedelta(days=1)) <= 100


def test_requests_are_there_again_after_a_day(store: Store, still: StillClock) -> None:
    budget = kept(store)
    spend_all(budget, still)
    still.advance(days=1)
    assert spend_all(budget, still) == 0
    still.advance(minutes=16)
    assert spend_all(budget, still) == 1000


def test_request_costs_no_write_while_a_block_lasts(store: Store, still: StillClock) -> None:
    writes: list[None] = []
    store.on_commit(lambda: writes.append(None))
    budget = kept(store, 900_000)
    for _ in range(90_000):
        budget.spend(still())
    assert len(writes) < 90_000 / 900 + 10
    writes.clear()
    assert spend_all(kept(store, 20), still) == 0
    assert len(writes) == 1


def test_refused_requests_write_nothing(store: Store, still: StillClock) -> None:
    budget = kept(store)
    spend_all(budget, still)
    writes: list[None] = []
    store.on_commit(lambda: writes.append(None))
    for _ in range(50):
        assert spend_all(budget, still) == 0
    assert writes == []


def test_second_tries_of_a_library_are_counted_though_never_refused(store: Store, still: StillClock) -> None:
    budget = kept(store)
    for _ in range(25):
        budget.count(still())
    assert budget.left(still()) == (1_000_000 - 25, 975)
    assert spend_all(budget, still) == 975
    budget.count(still())
    assert budget.left(still())[1] == -1
