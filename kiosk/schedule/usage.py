"""A report of how rooms were used over a period, and the shares that are read off its figures."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from kiosk.schedule.occupancy import Figures, together

Step = Literal["day", "week", "month"]
# Rooms are of a class by their seats: up to so many.
CLASSES = (("1-4", 4), ("5-8", 8), ("9-14", 14))
LARGEST, UNKNOWN = "15+", "unknown"
CLASS_NAMES = (*(name for name, _ in CLASSES), LARGEST, UNKNOWN)
# Up to so many days a trend is told day by day, and up to so many week by week.
BY_DAY, BY_WEEK = 45, 200
# Of the most rooms that were in use at once, the parts for which it is told how often they would not have done.
FEWER = (100, 95, 90, 80, 70, 60, 50)
LONGEST = timedelta(days=1100)
# Of other years nothing is told: months and zones must be counted around each day.
FIRST_YEAR, LAST_YEAR = 2000, 2200


@dataclass(frozen=True, slots=True)
class Place:
    """A room of the report, as it is called and where it is now, or was when it was removed.

    `slug` names one room only: one that was removed, and whose slug another has now, has its number behind it.
    """

    id: int
    slug: str
    name: str
    building: str
    floor: str
    capacity: int
    zone: str
    removed: bool = False


@dataclass(frozen=True, slots=True)
class Scope:
    """Which rooms: of a building, one of its floors, a class of size, or one room; an empty word means all.

    `slugs`: only these, where somebody may see no others; what was removed is nobody's room any more.
    """

    building: str = ""
    floor: str = ""
    size: str = ""
    room: str = ""
    slugs: Collection[str] | None = None

    def has(self, place: Place) -> bool:
        """Tell whether a room is among them."""
        return (
            (self.slugs is None or (place.slug in self.slugs and not place.removed))
            and self.building in {"", place.building}
            and self.floor in {"", place.floor}
            and self.size in {"", size_class(place.capacity)}
            and self.room in {"", place.slug}
        )


@dataclass(frozen=True, slots=True)
class Line:
    """Some rooms together under a name, or one room; `rooms`: how many there are."""

    name: str
    rooms: int
    figures: Figures
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """Minutes in which rooms were open, and of these held: of an hour of a weekday, or of a step of the trend."""

    open_minutes: int = 0
    held: int = 0

    def __add__(self, other: Cell) -> Cell:
        """Return both together."""
        return Cell(self.open_minutes + other.open_minutes, self.held + other.held)


@dataclass(frozen=True, slots=True)
class Point:
    """A step of the trend that begins on a day; `most`: rooms in use at once, at their highest."""

    day: date
    cell: Cell
    most: int


@dataclass(frozen=True, slots=True)
class Fewer:
    """What `less` rooms fewer would have meant: on `days` days, for `minutes`, more were in use than are `left`."""

    less: int
    left: int
    days: int
    minutes: int


@dataclass(frozen=True, slots=True)
class Peak:
    """How many rooms were in use at once, minute by minute: `most`, first at `at`; of how many `rooms`.

    `levels`: by number, in how many minutes exactly so many were. `days`: the highest number of each day.
    """

    rooms: int
    most: int
    at: datetime | None
    levels: Mapping[int, int]
    days: Mapping[date, int]

    def fewer(self, less: int) -> Fewer:
        """Return what so many rooms fewer would have meant."""
        left = max(self.rooms - less, 0)
        short = sum(minutes for count, minutes in self.levels.items() if count > left)
        return Fewer(self.rooms - left, left, sum(most > left for most in self.days.values()), short)

    def curve(self) -> list[tuple[int, int]]:
        """Return, for each number of rooms from 1 to the highest, in how many minutes at least so many were in use."""
        found, minutes = [], 0
        for count in range(self.most, 0, -1):
            minutes += self.levels.get(count, 0)
            found.append((count, minutes))
        return found[::-1]

    def steps(self) -> list[Fewer]:
        """Return what fewer rooms would have meant, from as many as were needed down to half of these."""
        wanted = {-(-self.most * part // 100) for part in FEWER}
        return [self.fewer(self.rooms - left) for left in sorted(wanted, reverse=True)] if self.most else []


@dataclass(frozen=True, slots=True)
class Report:
    """How rooms were used from the local day `first` to `last`, both included.

    `heat`: for each weekday from Monday, its 24 hours. `zone`: in which the days of the peak are meant.
    """

    first: date
    last: date
    rooms: tuple[Line, ...]
    heat: tuple[tuple[Cell, ...], ...]
    step: Step
    trend: tuple[Point, ...]
    peak: Peak
    zone: str

    @property
    def total(self) -> Figures:
        """The sum of all rooms."""
        return together(line.figures for line in self.rooms)

    def by(self, kind: Literal["building", "floor", "size"]) -> list[Line]:
        """Return the rooms grouped by building, floor or class of size."""
        found: dict[str, list[Line]] = {}
        for line in self.rooms:
            assert line.place
            found.setdefault(_group(line.place, kind), []).append(line)
        names = [name for name in CLASS_NAMES if name in found] if kind == "size" else list(found)
        return [Line(name, len(found[name]), together(one.figures for one in found[name])) for name in names]


def size_class(capacity: int) -> str:
    """Return the class of a room with so many seats."""
    if capacity <= 0:
        return UNKNOWN
    return next((name for name, most in CLASSES if capacity <= most), LARGEST)


def share(part: int, whole: int) -> float | None:
    """Return a part of a whole from 0 to 1, None of nothing."""
    return part / whole if whole else None


def shares(figures: Figures) -> dict[str, float | None]:
    """Return what is told of rooms as shares from 0 to 1; docs/occupancy.md defines each."""
    known = sum((figures.lead_spot, figures.lead_hour, figures.lead_day, figures.lead_week))
    known += figures.lead_month + figures.lead_beyond
    return {
        "utilisation": share(figures.held, figures.open_minutes),
        "booked": share(figures.booked, figures.open_minutes),
        "ghost": share(figures.ghost, figures.promised),
        "no_show": share(figures.missed, figures.awaited),
        "released": share(figures.released, figures.booked),
        "rebooked": share(figures.rebooked, figures.released),
        "ad_hoc": share(figures.ad_hoc, figures.bookings),
        "back_to_back": share(figures.back_to_back, figures.bookings),
        "seats": share(figures.people, figures.seats),
        "half_empty": share(figures.fill_quarter + figures.fill_half, figures.sized),
        "within_a_day": share(figures.lead_spot + figures.lead_hour + figures.lead_day, known),
    }


def is_known(day: date) -> bool:
    """Tell whether a day is of the years of which anything may be told."""
    return FIRST_YEAR <= day.year <= LAST_YEAR


def in_hours(minutes: int) -> int:
    """Return minutes as whole hours, to the nearest one."""
    return (minutes + 30) // 60


def step_of(first: date, last: date) -> Step:
    """Return how finely the trend of a period is told."""
    days = (last - first).days + 1
    return "day" if days <= BY_DAY else "week" if days <= BY_WEEK else "month"


def begins(day: date, step: Step, first: date) -> date:
    """Return on which day the step of a trend begins in which a day lies; the first one may be cut."""
    start = {"day": day, "week": day - timedelta(days=day.weekday()), "month": day.replace(day=1)}[step]
    return max(start, first)


def trend(days: Mapping[date, Cell], most: Mapping[date, int], step: Step) -> tuple[Point, ...]:
    """Return days put together to steps, in order."""
    found: dict[date, tuple[Cell, int]] = {}
    first = min(days, default=date.min)
    for day in sorted(days):
        key = begins(day, step, first)
        cell, high = found.get(key, (Cell(), 0))
        found[key] = (cell + days[day], max(high, most.get(day, 0)))
    return tuple(Point(day, cell, high) for day, (cell, high) in found.items())


def ranked(lines: Iterable[Line]) -> list[Line]:
    """Return rooms by how much of their opening hours they were used, most first; those never open last."""

    def rank(line: Line) -> tuple[float, str]:
        used = share(line.figures.held, line.figures.open_minutes)
        return 1.0 if used is None else -used, line.name

    return sorted(lines, key=rank)


def month_before(day: date) -> tuple[date, date]:
    """Return the first and the last day of the month before the one in which a day lies."""
    last = day.replace(day=1) - timedelta(days=1)
    return last.replace(day=1), last


def months_back(day: date, count: int) -> date:
    """Return the first day of the month so many months before the one in which a day lies."""
    month = day.year * 12 + day.month - 1 - count
    return date(month // 12, month % 12 + 1, 1)


def _group(place: Place, kind: str) -> str:
    if kind == "size":
        return size_class(place.capacity)
    if kind == "building":
        return place.building
    return " · ".join(part for part in (place.building, place.floor) if part)


def heat_total(heat: Sequence[Sequence[Cell]]) -> Cell:
    """Return all hours of all weekdays together."""
    return sum((cell for row in heat for cell in row), Cell())
