"""Short ways to write instants, bookings and events, and the strategies that the property tests draw from."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from kiosk.schedule.model import Answer, Booking, CheckIn, Event, Offer, Person, Policy, Slot

# A busy machine is no failure: neither a slow example nor slow drawing says anything about the rules.
quick = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])

ADA = Person("ada@example.com", "Ada Lovelace")
MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
KOLKATA = ZoneInfo("Asia/Kolkata")
SANTIAGO = ZoneInfo("America/Santiago")
ZONES = (BERLIN, NEW_YORK, LORD_HOWE, KOLKATA, SANTIAGO)
DAYS_OF_CHANGE = (
    date(2026, 3, 8),
    date(2026, 3, 29),
    date(2026, 4, 5),
    date(2026, 9, 6),
    date(2026, 10, 4),
    date(2026, 10, 25),
    date(2026, 11, 1),
)


def at(clock: str, days: int = 0) -> datetime:
    """The instant of "HH:MM" or "HH:MM:SS", UTC, on the tests' Monday or some days later."""
    hour, minute, second = (int(part) for part in f"{clock}:00".split(":")[:3])
    return MONDAY + timedelta(days=days, hours=hour, minutes=minute, seconds=second)


def booked(
    start: str, end: str, id: str = "a", *, own: bool = False, held: bool = False, private: bool = False
) -> Booking:
    return Booking(id, at(start), at(end), own=own, held=held, private=private)


def event(start: str = "10:00", end: str = "11:00", id: str = "a") -> Event:
    return Event(id, at(start), at(end), title="Design review")


def named(offered: Iterable[Offer]) -> list[int | None]:
    """What the buttons would say, in their order; None is "until next"."""
    return [offer.minutes for offer in offered]


def active(bookings: Iterable[Booking], instant: datetime) -> list[Booking]:
    return [booking for booking in bookings if booking.start <= instant < booking.end]


def steps(start: datetime, end: datetime, step: timedelta) -> list[datetime]:
    return [start + count * step for count in range(-((start - end) // step))]


@st.composite
def schedules(draw: st.DrawFn, hours: int = 6, grain: int = 300) -> list[Booking]:
    """Up to eight bookings that overlap, touch, contain each other or last not at all; seconds by `grain`.

    Some are held, some wait for a check-in.
    """
    offsets = st.integers(0, hours * 3600 // grain).map(lambda count: at("08:00") + timedelta(seconds=count * grain))
    spans = draw(st.lists(st.tuples(offsets, offsets, st.booleans(), st.none() | minutes(0, 30)), max_size=8))
    return [
        Booking(f"e{number}", start, end, held=held, check_in=waiting(start, end, grace))
        for number, (start, end, held, grace) in enumerate(spans)
    ]


def waiting(start: datetime, end: datetime, grace: timedelta | None) -> CheckIn | None:
    return CheckIn(start - timedelta(minutes=10), min(start + grace, end)) if grace is not None else None


def closings(hours: int = 7, grain: int = 300) -> st.SearchStrategy[list[Slot]]:
    """Up to three closures around the hours of `schedules`, in order and apart."""
    counts = st.sets(st.integers(-3600 // grain, hours * 3600 // grain), max_size=6).map(sorted)
    return counts.map(lambda found: [at("08:00") + timedelta(seconds=count * grain) for count in found]).map(
        lambda edges: [Slot(start, end) for start, end in zip(edges[::2], edges[1::2], strict=False)]
    )


def instants(hours: int = 7, grain: int = 30) -> st.SearchStrategy[datetime]:
    count = st.integers(-3600 // grain, hours * 3600 // grain)
    return count.map(lambda number: at("08:00") + timedelta(seconds=number * grain))


def minutes(low: int, high: int) -> st.SearchStrategy[timedelta]:
    return st.integers(low, high).map(lambda number: timedelta(minutes=number))


policies = st.builds(
    Policy,
    durations=st.lists(st.integers(-5, 120), max_size=4).map(tuple),
    shortest=minutes(0, 40),
    longest=minutes(20, 240),
    soon=minutes(0, 40),
)

days = st.one_of(st.sampled_from(DAYS_OF_CHANGE), st.dates(date(2020, 1, 1), date(2030, 1, 1)))
zones = st.sampled_from(ZONES)

answers: st.SearchStrategy[Answer] = st.sampled_from(("accepted", "declined", "tentative", "needsAction"))
ids = st.sampled_from(("e0", "e1", "e2", "e3", "e4", "e5", "e6", "e7"))
lengths = minutes(-10, 90)
drawn_event = st.builds(
    lambda start, length, **fields: Event(start=start, end=start + length, title="Plan", organizer=ADA, **fields),
    start=instants(),
    length=lengths,
    id=ids,
    private=st.booleans(),
    cancelled=st.booleans(),
    answer=answers,
)
events = st.lists(drawn_event, max_size=6, unique_by=lambda event: event.id)
