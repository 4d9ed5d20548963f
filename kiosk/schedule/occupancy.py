"""How a room was used on a day: its bookings become figures, and sets of minutes that rooms can be counted by.

Instants are whole minutes since 1970 in UTC. A set of minutes is a whole number whose bit n stands for the minute
`origin + n`. Hours are counted inside the opening hours only; what lies outside has a figure of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Literal

CheckedIn = Literal["", "in", "missed"]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR, DAY, WEEK = 60, 24 * 60, 7 * 24 * 60
# A booking made so shortly before it begins is made on the spot.
ON_THE_SPOT = 5
# Two bookings with no more between them leave nobody time to leave, air or tidy the room.
BACK_TO_BACK = 5
# The figures for how long before its start a booking was made: up to so many minutes.
LEADS = (
    ("lead_spot", ON_THE_SPOT),
    ("lead_hour", HOUR),
    ("lead_day", DAY),
    ("lead_week", WEEK),
    ("lead_month", 4 * WEEK),
)
LEAD_BEYOND = "lead_beyond"
# The figures for how full a room was: up to so many of a hundred seats.
FILLS = (("fill_quarter", 25), ("fill_half", 50), ("fill_most", 75), ("fill_whole", 100))
FILL_BEYOND = "fill_beyond"


@dataclass(frozen=True, slots=True)
class Stay:
    """One booking as the history keeps it: it had the room from `start` until `end`, and was booked until `planned`.

    `end` is before `planned` when the room was given back, by a release if `released`. `lead`: minutes from its making
    to its start, None when that is not known. `people`: how many were to come, 0 when that is not known. `checked_in`:
    "" when no check-in was awaited. `here`: it was made at a screen or page of this server.
    """

    start: int
    end: int
    planned: int
    lead: int | None = None
    people: int = 0
    checked_in: CheckedIn = ""
    here: bool = False
    released: bool = False


@dataclass(frozen=True, slots=True)
class Figures:
    """What is counted of a room's day; figures of days, and of rooms, are added.

    Minutes in opening hours: `open_minutes`; `booked` of them; `held`, less what was given back; `ghost`, held for
    bookings only that nobody came to; `released` by a release and `rebooked` of these by others; `early`, given back by
    ending early. `outside`: held outside opening hours. `promised`: minutes that bookings with a check-in were booked.
    Bookings by the day on which they begin: `bookings`, `made_here`, `ad_hoc`, `awaited` a check-in, `came`, `missed`,
    `releases`, `ends_early`, `back_to_back`; by `lead_…` time; `sized`, with `people` in `seats`, and by how `fill_…`.
    """

    open_minutes: int = 0
    booked: int = 0
    held: int = 0
    ghost: int = 0
    released: int = 0
    rebooked: int = 0
    early: int = 0
    outside: int = 0
    promised: int = 0
    bookings: int = 0
    made_here: int = 0
    ad_hoc: int = 0
    awaited: int = 0
    came: int = 0
    missed: int = 0
    releases: int = 0
    ends_early: int = 0
    back_to_back: int = 0
    lead_spot: int = 0
    lead_hour: int = 0
    lead_day: int = 0
    lead_week: int = 0
    lead_month: int = 0
    lead_beyond: int = 0
    sized: int = 0
    people: int = 0
    seats: int = 0
    fill_quarter: int = 0
    fill_half: int = 0
    fill_most: int = 0
    fill_whole: int = 0
    fill_beyond: int = 0

    def __add__(self, other: Figures) -> Figures:
        """Return both together."""
        return Figures(*map(int.__add__, values(self), values(other)))


FIGURES = tuple(one.name for one in fields(Figures))


def values(figures: Figures) -> tuple[int, ...]:
    """Return figures in the order of `FIGURES`."""
    return tuple(getattr(figures, name) for name in FIGURES)


def together(every: Iterable[Figures]) -> Figures:
    """Return the sum of figures."""
    columns = zip(*map(values, every), strict=True)
    return Figures(*map(sum, columns))


def minute_of(instant: datetime) -> int:
    """Return the minute in which an instant lies."""
    return (instant - EPOCH) // MINUTE


def minute_after(instant: datetime) -> int:
    """Return the first minute that begins at an instant or after it."""
    return -((EPOCH - instant) // MINUTE)


def instant_of(minute: int) -> datetime:
    """Return the instant, in UTC, at which a minute begins."""
    return EPOCH + minute * MINUTE


def span(start: int, end: int, origin: int, size: int) -> int:
    """Return the minutes of [start, end) as a set, cut to the `size` minutes that begin at `origin`."""
    first, last = max(start - origin, 0), min(end - origin, size)
    return (1 << last) - (1 << first) if first < last else 0


def held(stays: Iterable[Stay], origin: int, size: int) -> int:
    """Return the minutes in which a room was held by any booking."""
    taken = 0
    for stay in stays:
        taken |= span(stay.start, stay.end, origin, size)
    return taken


def of_day(stays: Sequence[Stay], origin: int, size: int, opened: int, capacity: int) -> Figures:
    """Return the figures of one room's day, `size` minutes long from `origin`, on which it was open at `opened`.

    `stays` are all that overlap the day or end up to `BACK_TO_BACK` minutes before it; bookings may overlap: a minute
    that two have is one minute. `capacity`: seats, 0 when that is not known.
    """
    begun = [stay for stay in stays if origin <= stay.start < origin + size]
    return Figures(
        open_minutes=opened.bit_count(),
        **_minutes(stays, origin, size, opened),
        **_counts(begun),
        back_to_back=sum(_follows(stay, stays) for stay in begun),
        **_leads(begun),
        **_sizes(begun, capacity),
    )


def _minutes(stays: Sequence[Stay], origin: int, size: int, opened: int) -> dict[str, int]:
    def among(chosen: Iterable[tuple[int, int]]) -> int:
        found = 0
        for start, end in chosen:
            found |= span(start, end, origin, size)
        return found

    taken = held(stays, origin, size)
    known = held((stay for stay in stays if stay.checked_in != "missed"), origin, size)
    released = among((stay.end, stay.planned) for stay in stays if stay.released)
    early = among((stay.end, stay.planned) for stay in stays if not stay.released)
    promised = among((stay.start, stay.planned) for stay in stays if stay.checked_in)
    sets = {
        "booked": among((stay.start, stay.planned) for stay in stays),
        "held": taken,
        "ghost": taken & ~known,
        "released": released,
        "rebooked": released & taken,
        "early": early,
        "promised": promised,
    }
    outside = (taken & ~opened).bit_count()
    return {name: (minutes & opened).bit_count() for name, minutes in sets.items()} | {"outside": outside}


def _counts(begun: Sequence[Stay]) -> dict[str, int]:
    return {
        "bookings": len(begun),
        "made_here": sum(stay.here for stay in begun),
        "ad_hoc": sum(is_ad_hoc(stay) for stay in begun),
        "awaited": sum(bool(stay.checked_in) for stay in begun),
        "came": sum(stay.checked_in == "in" for stay in begun),
        "missed": sum(stay.checked_in == "missed" for stay in begun),
        "releases": sum(stay.released for stay in begun),
        "ends_early": sum(stay.end < stay.planned and not stay.released for stay in begun),
    }


def is_ad_hoc(stay: Stay) -> bool:
    """Tell whether a booking was made here on the spot."""
    return stay.here and stay.lead is not None and stay.lead <= ON_THE_SPOT


def _follows(stay: Stay, stays: Sequence[Stay]) -> bool:
    return any(0 <= stay.start - other.end <= BACK_TO_BACK for other in stays if other is not stay)


def _leads(begun: Sequence[Stay]) -> dict[str, int]:
    found = dict.fromkeys((*(name for name, _ in LEADS), LEAD_BEYOND), 0)
    for stay in begun:
        if stay.lead is not None:
            found[_step(stay.lead, LEADS, LEAD_BEYOND)] += 1
    return found


def _sizes(begun: Sequence[Stay], capacity: int) -> dict[str, int]:
    sized = [stay.people for stay in begun if stay.people and capacity]
    found = dict.fromkeys((*(name for name, _ in FILLS), FILL_BEYOND), 0)
    for people in sized:
        # In whole numbers, so that 7 of 10 seats are never a hair more than 70 of a hundred.
        found[_step(-(-people * 100 // capacity), FILLS, FILL_BEYOND)] += 1
    return {"sized": len(sized), "people": sum(sized), "seats": capacity * len(sized), **found}


def _step(value: int, steps: Sequence[tuple[str, int]], beyond: str) -> str:
    return next((name for name, most in steps if value <= most), beyond)
