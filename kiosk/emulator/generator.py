"""A believable organisation: rooms in three cities, people with names, a busy day around the present."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from kiosk.emulator.values import Json

_BUILDINGS: list[Json] = [
    {
        "id": "BER", "name": "Berlin, Spreeufer", "timeZone": "Europe/Berlin", "floors": ["EG", "1", "2", "3"],
        "address": {"regionCode": "DE", "locality": "Berlin", "addressLines": ["Spreeufer 12"]},
        "coordinates": {"latitude": 52.5, "longitude": 13.44},
    },
    {
        "id": "LON", "name": "London, Shoreditch", "timeZone": "Europe/London", "floors": ["G", "1", "2"],
        "address": {"regionCode": "GB", "locality": "London", "addressLines": ["20 Calvert Avenue"]},
        "coordinates": {"latitude": 51.526, "longitude": -0.078},
    },
    {
        "id": "NYC", "name": "New York, Hudson Yards", "timeZone": "America/New_York", "floors": ["11", "12"],
        "address": {"regionCode": "US", "locality": "New York", "addressLines": ["500 West 33rd Street"]},
        "coordinates": {"latitude": 40.7536, "longitude": -74.0014},
    },
]  # fmt: skip
_ORDER = (0, 0, 1, 2)
_ROOMS = [
    "Spree", "Havel", "Thames", "Hudson", "Panke", "Elbe", "Severn", "Mohawk", "Isar", "Neckar", "Avon",
    "Delaware", "Weser", "Oder", "Trent", "Genesee", "Main", "Saale", "Tyne", "Niagara", "Mosel", "Lahn",
    "Medway", "Oswego", "Donau", "Ems", "Mersey", "Raritan", "Alster", "Inn", "Wye", "Susquehanna", "Eider",
    "Lech", "Tamar", "Croton", "Ruhr", "Tauber", "Humber", "Beaverkill",
]  # fmt: skip
_FEATURES = ("Video", "Whiteboard", "Screen", "Phone", "Step-free")
_GIVEN = [
    "Ada", "Grace", "Alan", "Katherine", "Linus", "Hedy", "Edsger", "Barbara", "Donald", "Radia", "Ken",
    "Margaret", "Tim", "Joan", "Dennis", "Frances", "Niklaus", "Karen", "Leslie", "Shafi", "Vint", "Anita",
    "Bjarne", "Jean",
]  # fmt: skip
_FAMILY = [
    "Okafor", "Schmidt", "Nakamura", "Rossi", "Novak", "Larsen", "Haddad", "Silva", "Kaya", "Dubois",
    "Walsh", "Petrov", "Mensah", "Lindgren", "Castillo", "Fischer", "Osei", "Moreau", "Bianchi", "Kowalski",
]  # fmt: skip
_TITLES = (
    "Design review", "Sprint planning", "Customer call: Northwind", "Hiring sync", "Budget 2027", "Roadmap",
    "Interview: platform engineer", "Data protection round", "Release readiness", "Marketing weekly",
    "Architecture circle", "Retrospective", "Supplier meeting", "Onboarding", "Security review", "Workshop: pricing",
    "Board preparation", "Research readout", "Support handover", "Accessibility clinic",
)  # fmt: skip
_PRIVATE_TITLES = ("Performance talk", "Contract negotiation", "Medical check-in", "Salary round")
_SERIES = ("Stand-up", "Team weekly", "Demo hour", "Open office", "Book club", "Service review")
_SERIES_TIMES = (time(9, 30), time(13, 30), time(16), time(11), time(14, 30), time(8, 30))
_NEAR = (timedelta(hours=2), timedelta(hours=4))


def generate(rooms: int, seed: int, now: datetime, *, days: int = 7) -> Json:
    """A world of that many rooms as a world file; the same seed and moment give the same world."""
    chance = random.Random(f"{seed}/{rooms}")
    people = _people(chance, 12 + rooms // 2)
    placed = [_room(number, chance) for number in range(rooms)]
    emails = [person["email"] for person in people]
    events = [
        event
        for number, room in enumerate(placed)
        for event in _Diary(room, number, chance, emails, now.astimezone(UTC), days).events()
    ]
    return {
        "domain": "kiosk.example",
        "buildings": _BUILDINGS,
        "features": list(_FEATURES),
        "people": people,
        "rooms": placed,
        "events": events,
    }


def _people(chance: random.Random, count: int) -> list[Json]:
    names = [f"{given} {family}" for given in _GIVEN for family in _FAMILY]
    chosen = chance.sample(names, min(count, len(names)))
    return [{"email": f"{name.lower().replace(' ', '.')}@kiosk.example", "name": name} for name in chosen]


def _room(number: int, chance: random.Random) -> Json:
    building = _BUILDINGS[_ORDER[number % len(_ORDER)]]
    turn = number // len(_ROOMS)
    return {
        "name": _ROOMS[number % len(_ROOMS)] + (f" {turn + 1}" if turn else ""),
        "building": building["id"],
        "floor": building["floors"][number // len(_ORDER) % len(building["floors"])],
        "timeZone": building["timeZone"],
        "capacity": chance.choice((2, 4, 4, 6, 8, 8, 10, 12, 16, 24)),
        "features": [feature for feature in _FEATURES if chance.random() < 0.5],
        "autoAccept": True,
    }


class _Diary:
    """The bookings of one room; what lies around the present follows one of six patterns."""

    def __init__(
        self, room: Json, number: int, chance: random.Random, people: list[str], now: datetime, days: int
    ) -> None:
        self._room = room
        self._number = number
        self._chance = chance
        self._people = people
        self._zone = ZoneInfo(room["timeZone"])
        self._now = now
        self._today = now.astimezone(self._zone).date()
        self._days = days
        self._near = (now - _NEAR[0], now + _NEAR[1])

    def events(self) -> Iterator[Json]:
        """All of them, as entries of a world file."""
        standing = self._standing()
        yield from standing
        yield from self._around_now()
        for offset in range(-1, self._days):
            day = self._today + timedelta(days=offset)
            if offset == 0 or day.weekday() < 5:
                yield from self._day(day, self._taken(standing, day))
        if self._number % 6 == 4:
            start = self._today + timedelta(days=3)
            yield self._event("Room refit", start, start + timedelta(days=1))

    def _standing(self) -> list[Json]:
        """A daily and a weekly series, at hours that leave the present alone."""
        quiet = [at for at in _SERIES_TIMES if not self._is_near(at)]
        begin = self._today - timedelta(days=self._today.weekday() + 28)
        found = []
        for rank, rule in enumerate(("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "FREQ=WEEKLY")):
            if rank >= len(quiet) or (rank == 0 and self._number % 2):
                continue
            day = begin + timedelta(days=(self._number % 5) * rank)
            start = datetime.combine(day, quiet[rank], self._zone)
            title = _SERIES[(self._number + rank) % len(_SERIES)]
            series = self._event(title, start, start + timedelta(minutes=30 if rank else 15))
            found.append(series | {"recurrence": [f"RRULE:{rule}"]} | self._exceptions(rank, start))
        return found

    def _exceptions(self, rank: int, first: datetime) -> Json:
        """Of every third room's weekly series, the one after next week's does not take place."""
        if not rank or self._number % 3:
            return {}
        weeks = (self._today - first.date()).days // 7 + 2
        original = datetime.combine(first.date() + timedelta(weeks=weeks), first.timetz())
        return {"exceptions": [{"original": original.isoformat(), "cancelled": True}]}

    def _around_now(self) -> Iterator[Json]:
        """Free, busy, busy soon, private and back to back, busy for long, free for the day."""
        patterns: list[list[tuple[int, int, str]]] = [
            [(120, 60, "")],
            [(-20, 45, ""), (25, 60, "")],
            [(8, 30, ""), (90, 30, "")],
            [(-30, 40, "private"), (10, 30, ""), (40, 60, "")],
            [(-50, 150, ""), (-50, 60, "declined")],
            [],
        ]
        for offset, minutes, sort in patterns[self._number % len(patterns)]:
            start = _rounded(self._now + timedelta(minutes=offset))
            end = _rounded(self._now + timedelta(minutes=offset + minutes))
            event = self._event(self._title(sort), start, end)
            yield event | ({"private": True} if sort == "private" else {}) | (
                {"answers": {self._room["name"]: "declined"}} if sort == "declined" else {}
            )  # fmt: skip

    def _day(self, day: date, taken: list[tuple[datetime, datetime]]) -> Iterator[Json]:
        at = datetime.combine(day, time(8), self._zone) + timedelta(minutes=self._chance.choice((0, 30, 60)))
        closing = datetime.combine(day, time(18), self._zone)
        while at < closing:
            end = at + timedelta(minutes=self._chance.choice((30, 30, 60, 60, 90)))
            near = at < self._near[1] and end > self._near[0]
            if not near and not any(start < end and at < until for start, until in taken):
                sort = "private" if self._chance.random() < 0.08 else ""
                yield self._event(self._title(sort), at, end) | ({"private": True} if sort else {})
            at = end + timedelta(minutes=self._chance.choice((0, 0, 30, 30, 60, 90)))

    def _taken(self, standing: list[Json], day: date) -> list[tuple[datetime, datetime]]:
        """Where the room's series may lie on that day."""
        times = []
        for series in standing:
            start, end = (datetime.fromisoformat(series[which]) for which in ("start", "end"))
            shifted = datetime.combine(day, start.astimezone(self._zone).time(), self._zone)
            times.append((shifted, shifted + (end - start)))
        return times

    def _is_near(self, at: time) -> bool:
        moment = datetime.combine(self._today, at, self._zone)
        around = (moment + timedelta(days=days) for days in (-1, 0, 1))
        return any(self._near[0] - timedelta(hours=1) < each < self._near[1] for each in around)

    def _title(self, sort: str) -> str:
        return self._chance.choice(_PRIVATE_TITLES if sort == "private" else _TITLES)

    def _event(self, title: str, start: datetime | date, end: datetime | date) -> Json:
        organizer, guest = self._chance.sample(self._people, 2)
        return {
            "organizer": organizer, "title": title, "start": start.isoformat(), "end": end.isoformat(),
            "rooms": [self._room["name"]], "guests": [guest] if self._chance.random() < 0.6 else [],
            "answers": {self._room["name"]: "accepted"},
        }  # fmt: skip


def _rounded(moment: datetime) -> datetime:
    """To five minutes, as people book."""
    return moment.replace(minute=moment.minute // 5 * 5, second=0, microsecond=0)
