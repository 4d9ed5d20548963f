"""How many rooms were in use at once is what counting minute by minute gives."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from kiosk.schedule import concurrency

SIZE = 70
ROOMS = st.lists(st.integers(min_value=0, max_value=(1 << SIZE) - 1), max_size=40)
MINUTES = st.integers(min_value=0, max_value=(1 << SIZE) - 1)


def counted(rooms: list[int]) -> list[int]:
    return [sum(room >> minute & 1 for room in rooms) for minute in range(SIZE)]


def planes_of(rooms: list[int]) -> concurrency.Planes:
    planes: concurrency.Planes = []
    for room in rooms:
        concurrency.add(planes, room)
    return planes


def chosen(minutes: int) -> list[int]:
    return [minute for minute in range(SIZE) if minutes >> minute & 1]


@given(ROOMS, MINUTES)
def test_sum_of_some_minutes_is_that_of_counting(rooms: list[int], minutes: int) -> None:
    counts = counted(rooms)
    assert concurrency.total(planes_of(rooms), minutes) == sum(counts[minute] for minute in chosen(minutes))


@given(ROOMS, MINUTES)
def test_highest_count_and_its_first_minute_are_those_of_counting(rooms: list[int], minutes: int) -> None:
    counts = [(counted(rooms)[minute], -minute) for minute in chosen(minutes)]
    highest, first = max(counts, default=(0, 1))
    assert concurrency.most(planes_of(rooms), minutes) == (highest, -first)


@given(ROOMS, MINUTES)
def test_minutes_by_count_are_those_of_counting(rooms: list[int], minutes: int) -> None:
    counts = counted(rooms)
    assert concurrency.levels(planes_of(rooms), minutes) == Counter(counts[minute] for minute in chosen(minutes))


@given(ROOMS, ROOMS)
def test_two_counts_merge_into_that_of_all_rooms(some: list[int], others: list[int]) -> None:
    planes = planes_of(some)
    concurrency.merge(planes, planes_of(others))
    everything = (1 << SIZE) - 1
    assert concurrency.levels(planes, everything) == Counter(counted([*some, *others]))


@given(ROOMS, MINUTES, st.integers(min_value=0, max_value=300))
def test_rooms_that_are_alike_are_counted_at_once(rooms: list[int], minutes: int, times: int) -> None:
    planes = planes_of(rooms)
    concurrency.add_times(planes, minutes, times)
    assert concurrency.levels(planes, (1 << SIZE) - 1) == Counter(counted([*rooms, *[minutes] * times]))
