"""How many rooms were in use at once: sets of minutes, counted one upon the other.

The count of every minute is kept bit by bit: plane n is the set of the minutes whose count has bit n. A thousand rooms
are ten planes, and adding a room costs a few operations on whole sets, not one for each minute.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

Planes = list[int]


def add(planes: Planes, minutes: int) -> None:
    """Count one more room, in use in these minutes."""
    number = 0
    while minutes:
        if number == len(planes):
            planes.append(0)
        planes[number], minutes = planes[number] ^ minutes, planes[number] & minutes
        number += 1


def add_times(planes: Planes, minutes: int, times: int) -> None:
    """Count as many more rooms, all in use in the same minutes."""
    merge(planes, [minutes if times >> number & 1 else 0 for number in range(times.bit_length())])


def merge(planes: Planes, others: Sequence[int]) -> None:
    """Count the rooms of other planes too."""
    for number, minutes in enumerate(others):
        planes.extend([0] * (number - len(planes)))
        above = planes[number:]
        add(above, minutes)
        planes[number:] = above


def within(planes: Sequence[int], minutes: int) -> Planes:
    """Return the counts in some minutes only."""
    return [plane & minutes for plane in planes]


def total(planes: Sequence[int], minutes: int) -> int:
    """Return the sum of the counts of some minutes."""
    return sum((plane & minutes).bit_count() << number for number, plane in enumerate(planes))


def most(planes: Sequence[int], minutes: int) -> tuple[int, int]:
    """Return the highest count in some minutes, and the first of the minutes that has it; (0, -1) for no minutes."""
    count = 0
    for number in reversed(range(len(planes))):
        here = minutes & planes[number]
        if here:
            minutes, count = here, count | 1 << number
    return count, (minutes & -minutes).bit_length() - 1


def levels(planes: Sequence[int], minutes: int) -> dict[int, int]:
    """Return, by count, how many of the minutes have it."""
    return dict(_levels(planes, minutes, len(planes) - 1, 0))


def _levels(planes: Sequence[int], minutes: int, number: int, count: int) -> Iterator[tuple[int, int]]:
    if not minutes:
        return
    if number < 0:
        yield count, minutes.bit_count()
        return
    yield from _levels(planes, minutes & ~planes[number], number - 1, count)
    yield from _levels(planes, minutes & planes[number], number - 1, count | 1 << number)
