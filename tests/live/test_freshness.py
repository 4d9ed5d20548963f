"""Every change is timed from Google to the glass, and each stage counted once."""

from __future__ import annotations

from datetime import timedelta

from kiosk.live.freshness import MOST_PENDING, Change, Freshness
from kiosk.measures import Histogram
from tests.fakes import MONDAY


def at(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def change(room: int = 1) -> Change:
    return Change(room, MONDAY, MONDAY + at(4), MONDAY + at(4.02))


def test_each_stage_is_counted_once_though_many_screens_show_it() -> None:
    freshness = Freshness()
    freshness.stored(change())
    freshness.sent("v1", [1], MONDAY + at(4.03))
    for seconds in (4.07, 4.2, 9):
        freshness.shown("v1", MONDAY + at(seconds))
    summary = freshness.summary()
    assert {name: one["count"] for name, one in summary.items()} == dict.fromkeys(summary, 1)
    assert summary["made_to_shown"]["p95"] == 5.0
    assert summary["shown"]["p50"] == 0.05


def test_version_without_a_change_counts_nothing() -> None:
    freshness = Freshness()
    freshness.sent("v1", [1], MONDAY)
    freshness.shown("v1", MONDAY)
    assert all(one["count"] == 0 for one in freshness.summary().values())


def test_clocks_that_disagree_make_no_negative_time() -> None:
    histogram = Histogram()
    histogram.add(-3)
    assert (histogram.total, histogram.quantile(0.5)) == (0.0, 0.001)


def test_screens_that_never_answer_do_not_fill_the_memory() -> None:
    freshness = Freshness()
    for room in range(MOST_PENDING + 100):
        freshness.stored(change(room))
        freshness.sent(f"v{room}", [room], MONDAY)
    assert len(freshness._sent) == len(freshness._stored) == MOST_PENDING
