"""A random walk through an office's life: what organizers, rooms, screens and faults do, one act after the other."""

from __future__ import annotations

import random
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from kiosk.booking.counter import Asked, Wish
from kiosk.booking.desk import Desk
from kiosk.booking.driver import Driver
from kiosk.emulator.errors import ApiError
from kiosk.emulator.world import occurrence_id
from kiosk.errors import KioskError, SourceError
from kiosk.schedule.hours import parse
from kiosk.store import journal
from kiosk.sync.mirror import Mirror
from tests.running import SERVICE_USER
from tests.sync.office import ADA, BOB, DAYS, EVE, Office, midnight, moment

RULES = (
    "RRULE:FREQ=DAILY;COUNT=4",
    "RRULE:FREQ=DAILY;COUNT=12",
    "RRULE:FREQ=DAILY",
    "RRULE:FREQ=WEEKLY;BYDAY=MO,WE,FR",
    "RRULE:FREQ=WEEKLY;COUNT=3",
)
MOST_SERIES = 8
BEAT = timedelta(seconds=10)
FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 503},
    {"kind": "status", "status": 429},
    {"kind": "status", "status": 403, "reason": "userRateLimitExceeded"},
    {"kind": "status", "status": 410, "operation": "Events.List", "path": "syncToken"},
    {"kind": "status", "status": 400, "operation": "Events.List", "path": "syncToken"},
    {"kind": "drop_before"},
    {"kind": "drop_after"},
    {"kind": "truncate"},
    {"kind": "html"},
)
OPERATIONS = (
    "Events.List", "Events.List", "Freebusy", "Freebusy", "Events.Insert", "Events.Get", "Events.Patch",
    "Events.Delete", "",
)  # fmt: skip
# So many quarters of a minute are longer than the slowest look at a room, and much shorter than its titles' beat.
LOOKS = 8
FLAGS = ("empty_pages", "short_pages", "sparse_tombstones", "stray_tombstones", "all_day_dates")


@dataclass
class Walk:
    """Acts at random, decided by `chance`; `counts` says how many of which were done, `trail` the latest."""

    office: Office
    chance: random.Random
    counts: Counter[str] = field(default_factory=Counter)
    trail: deque[str] = field(default_factory=lambda: deque(maxlen=25))
    meetings: list[str] = field(default_factory=list)
    series: dict[str, datetime] = field(default_factory=dict)
    booked: list[str] = field(default_factory=list)
    desk: Desk = field(init=False)
    watcher: Mirror = field(init=False)

    def __post_init__(self) -> None:
        self.desk = Desk(Driver(self.office.store, self.office.source, self.office.clock))
        # Free/busy questions decide what is listed, as in a large building.
        hours = parse("Mon-Fri 07:00-19:00")
        self.watcher = Mirror(self.office.work, BEAT, hours, 900_000, listed_alone=1, chance=self.chance)

    @property
    def acts(self) -> int:
        return self.counts.total() - self.counts["refused"] - self.counts["failed passes"]

    def act(self, weights: dict[str, float] | None = None) -> None:
        """Do one thing; what Google or a fault refuses to people, or the rules to a screen, is counted."""
        possible = weights or WEIGHTS
        (name,) = self.chance.choices(list(possible), list(possible.values()))
        try:
            getattr(self, f"do_{name}")()
        except (ApiError, KioskError, IndexError, requests.RequestException) as error:
            self.counts["refused"] += 1
            self.trail.append(f"{name} refused: {error}")
        else:
            self.trail.append(name)
            self.counts[name] += 1

    def settle(self) -> None:
        """Let Google work again, and time pass until every room and every booking is up to date."""
        self.office.google.service.faults.clear()
        for _ in range(200):
            self.desk.step()
            fresh = [self.pass_over(slug) for slug in self.office.rooms]
            if all(fresh) and not self.open_commands():
                return
            self.office.clock.advance(seconds=31)
        raise AssertionError("never settled")

    def settle_by_questions(self) -> None:
        """Let Google work again, and the scheduler alone find what has changed: by its questions first."""
        self.office.google.service.faults.clear()
        looks = 0
        for _ in range(2_000):
            self.desk.step()
            self.watch()
            looks = looks + 1 if self.healthy() else 0
            if looks > LOOKS:
                return
            self.office.clock.advance(seconds=15)
        raise AssertionError("never healthy")

    def healthy(self) -> bool:
        """Tell whether no room rests, and no booking is under way."""
        found = [self.office.progress(slug) for slug in self.office.rooms]
        return all(one.cursor and not one.failures for one in found) and not self.open_commands()

    def watch(self) -> None:
        """Do all that is due by now, as the workers would."""
        for _ in range(500):
            if not self.watcher.step():
                return
        raise AssertionError("always something to do")

    def pass_over(self, slug: str) -> bool:
        """Bring a room up to date; a pass that fails must leave everything as it was."""
        before = self.office.mirror(slug)
        try:
            self.office.sync(slug)
        except SourceError:
            self.counts["failed passes"] += 1
            assert self.office.mirror(slug) == before
            return False
        return True

    def open_commands(self) -> int:
        with self.office.store.read() as db:
            return sum(len(journal.open_of(db, stored.id)) for stored in self.office.rooms.values())

    def do_meet(self) -> None:
        start = self._soon()
        more: dict[str, Any] = {"private": self._sometimes(0.15), "transparent": self._sometimes(0.1)}
        title, end = f"Meeting {self.acts}", start + self._length()
        self.meetings.append(
            self.office.google.world.create(self._person(), title, start, end, rooms=self._some_rooms(), **more)
        )

    def do_meet_and_think_better_of_it(self) -> None:
        """A list brings a meeting that is gone before the next question, which is answered like the one before."""
        slug = self._room()
        start = self.office.clock() + timedelta(minutes=15 * self.chance.randint(1, 80))
        made = self.office.google.world.create(
            self._person(), "Perhaps", start, start + self._length(), rooms=[self.office.address(slug)]
        )
        self.pass_over(slug)
        self.office.google.world.cancel(made)

    def do_meet_in_the_rooms_own_calendar(self) -> None:
        start = self._soon()
        address = self.office.address(self._room())
        self.meetings.append(self.office.google.world.create(address, "At the room", start, start + self._length()))

    def do_take_whole_days(self) -> None:
        first = self._soon().date()
        last = first + timedelta(days=self.chance.randint(1, 3))
        self.meetings.append(
            self.office.google.world.create(self._person(), "Days", first, last, rooms=self._some_rooms())
        )

    def do_begin_series(self) -> None:
        if len(self.series) >= MOST_SERIES:
            return self.do_cancel_series()
        start, rule = self._soon(), self.chance.choice(RULES)
        series = self.office.google.world.create(
            self._person(), f"Series {self.acts}", start, start + self._length(), rooms=self._some_rooms(),
            recurrence=[rule], private=self._sometimes(0.2),
        )  # fmt: skip
        self.series[series] = start
        return None

    def do_move_in_time(self) -> None:
        start = self._soon()
        self.office.google.world.move(self._meeting(), start, start + self._length())

    def do_rename(self) -> None:
        self.office.google.world.move(self._any(), title=f"Renamed {self.acts}")

    def do_change_rooms(self) -> None:
        self.office.google.world.move(self._any(), rooms=self._some_rooms())

    def do_uninvite(self) -> None:
        self.office.google.world.move(self._any(), rooms=[])

    def do_cancel(self) -> None:
        meeting = self._meeting()
        self.meetings.remove(meeting)
        self.office.google.world.cancel(meeting)

    def do_cancel_series(self) -> None:
        series = self._one_series()
        del self.series[series]
        self.office.google.world.cancel(series)

    def do_cancel_occurrence(self) -> None:
        self.office.google.world.cancel(self._occurrence())

    def do_move_occurrence(self) -> None:
        start = self._soon()
        self.office.google.world.move(self._occurrence(), start, start + self._length())

    def do_move_occurrence_elsewhere(self) -> None:
        self.office.google.world.move(self._occurrence(), rooms=self._some_rooms())

    def do_split_series(self) -> None:
        at_occurrence, start = self._occurrence(), self._soon()
        rest = self.office.google.world.split(at_occurrence, start, start + self._length(), title=f"Rest {self.acts}")
        self.series[rest] = start

    def do_move_series(self) -> None:
        series, start = self._one_series(), self._soon()
        self.office.google.world.move(series, start, start + self._length())
        self.series[series] = start

    def do_except_a_date(self) -> None:
        series = self._one_series()
        day = self.series[series] + timedelta(days=self.chance.randint(0, 9))
        self._edit(series, recurrence=[self.chance.choice(RULES), f"EXDATE:{day.astimezone(UTC):%Y%m%dT%H%M%SZ}"])

    def do_make_recurring(self) -> None:
        meeting = self._meeting()
        start = self._start_of(meeting)
        self._edit(meeting, recurrence=[self.chance.choice(RULES)])
        self.meetings.remove(meeting)
        self.series[meeting] = start

    def do_make_single(self) -> None:
        series = self._one_series()
        self._edit(series, recurrence=[])
        del self.series[series]
        self.meetings.append(series)

    def do_hide_or_show(self) -> None:
        self._edit(self._any(), visibility=self.chance.choice(["private", "default", "confidential"]))

    def do_answer(self) -> None:
        event = self._occurrence() if self.series and self._sometimes(0.4) else self._any()
        status = self.chance.choice(["declined", "declined", "accepted", "tentative"])
        self.office.google.world.answer(self.office.address(self._room()), event, status)

    def do_leave_answers_to_people(self) -> None:
        self.office.google.world.set_auto_accept(self.office.address("fir"), self._sometimes(0.5))

    def do_change_our_role(self) -> None:
        role = self.chance.choice(["reader", "writerWithoutPrivateAccess", "writer"])
        self.office.google.world.share(self.office.address("ash"), SERVICE_USER, role)

    def do_drop_cursors(self) -> None:
        self.office.google.world.drop_tokens(self.office.address(self._room()))

    def do_end_access(self) -> None:
        self.office.google.world.revoke_tokens()

    def do_change_habits(self) -> None:
        self.office.google.service.set_flag(self.chance.choice(FLAGS), self._sometimes(0.5))

    def do_break_something(self) -> None:
        where: dict[str, Any] = {"operation": self.chance.choice(OPERATIONS), "times": self.chance.randint(1, 4)}
        self.office.fault(**where | self.chance.choice(FAULTS))
        if self._sometimes(0.6):
            self.do_pass_now()

    def do_pass_now(self) -> None:
        for slug in self.office.rooms:
            self.pass_over(slug)

    def do_watch(self) -> None:
        for _ in range(self.chance.randint(1, 4)):
            self.office.clock.advance(seconds=self.chance.randint(5, 70))
            self.watch()

    def do_touch(self) -> None:
        self.watcher.touched(self.office.rooms[self._room()].id)
        self.watch()

    def do_let_time_pass(self) -> None:
        long = self._sometimes(0.1)
        self.office.clock.advance(minutes=self.chance.randint(300, 1800) if long else self.chance.randint(1, 45))

    def do_book_at_the_screen(self) -> None:
        slug, minutes = self.chance.choice(["oak", "elm", "ash"]), self.chance.choice([15, 30, 60])
        later = self.office.clock() + timedelta(minutes=15 * self.chance.randint(1, 120))
        wish = Wish(slug, later if self._sometimes(0.7) else None, None, minutes, "Ad hoc")
        self.booked.append(self.desk.book(wish).id)

    def do_end_at_the_screen(self) -> None:
        self.desk.change(Asked("end", self.desk.find(self.chance.choice(self.booked[-8:])).event_id))

    def do_cancel_at_the_screen(self) -> None:
        self.desk.change(Asked("cancel", self.desk.find(self.chance.choice(self.booked[-8:])).event_id))

    def _soon(self) -> datetime:
        """Return a quarter of an hour from before the window to after it, most often within."""
        quarters = int(self.chance.triangular(-2 * 96, (DAYS + 6) * 96, 24))
        day = midnight(self.office.clock().date(), self.office.rooms["oak"].room.zone)
        return day + timedelta(minutes=15 * quarters)

    def _length(self) -> timedelta:
        return timedelta(minutes=15 * self.chance.randint(1, 12))

    def _room(self) -> str:
        return self.chance.choice(list(self.office.rooms))

    def _some_rooms(self) -> list[str]:
        slugs = self.chance.sample(list(self.office.rooms), self.chance.choice([1, 1, 1, 2, 3]))
        return [self.office.address(slug) for slug in slugs]

    def _person(self) -> str:
        return self.chance.choice([ADA, ADA, BOB, EVE])

    def _sometimes(self, share: float) -> bool:
        return self.chance.random() < share

    def _meeting(self) -> str:
        """Return one of the latest meetings, perhaps one that has gone meanwhile."""
        return self.chance.choice(self.meetings[-25:])

    def _one_series(self) -> str:
        return self.chance.choice(list(self.series))

    def _any(self) -> str:
        return self._one_series() if self.series and self._sometimes(0.3) else self._meeting()

    def _occurrence(self) -> str:
        """Return an occurrence of a series on a day around now, by its local time; it may have gone."""
        series = self._one_series()
        zone = self.office.rooms["oak"].room.zone
        first = self.series[series].astimezone(zone)
        days = max(0, (self.office.clock() - first).days) + self.chance.randint(-1, DAYS)
        return occurrence_id(series, first + timedelta(days=max(0, days)))

    def _start_of(self, meeting: str) -> datetime:
        home = self._home(meeting)
        return moment(self.office.google.world.event(home, meeting)["start"], self.office.rooms["oak"].room.zone)

    def _edit(self, event: str, **changes: Any) -> None:
        """Change at the organizer's what `World` has no act for; people elsewhere have no calendar here."""
        self.office.ask("PATCH", f"{self._home(event)}/events/{event}", self._home(event), json=changes)

    def _home(self, event: str) -> str:
        for person in (ADA, BOB):
            try:
                found = self.office.google.world.event(person, event)
            except ApiError:
                continue
            if found["status"] != "cancelled":
                return person
        raise IndexError(event)


WEIGHTS = {
    "meet": 12, "meet_and_think_better_of_it": 4, "meet_in_the_rooms_own_calendar": 3, "take_whole_days": 2,
    "begin_series": 3, "move_in_time": 6,
    "rename": 4, "change_rooms": 6, "uninvite": 2, "cancel": 5, "cancel_series": 1, "cancel_occurrence": 4,
    "move_occurrence": 4, "move_occurrence_elsewhere": 3, "split_series": 1, "move_series": 1, "except_a_date": 1,
    "make_recurring": 1, "make_single": 1, "hide_or_show": 2, "answer": 6, "leave_answers_to_people": 1,
    "change_our_role": 0.5, "drop_cursors": 1, "end_access": 0.5, "change_habits": 1, "break_something": 12,
    "watch": 9, "touch": 4, "pass_now": 5, "let_time_pass": 6, "book_at_the_screen": 12,
    "end_at_the_screen": 3, "cancel_at_the_screen": 3,
}  # fmt: skip
# What people do without our help; whatever ends cursors is left out.
OURS = (
    "_at_the_screen", "watch", "touch", "pass_now", "let_time_pass", "break_something", "cursors", "our_role",
    "end_access", "habits",
)  # fmt: skip
PEOPLE = {name: weight for name, weight in WEIGHTS.items() if not any(part in name for part in (*OURS, "think_better"))}
