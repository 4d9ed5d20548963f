"""A simulated day at a few doors, on a clock of its own, with a line to Google that can be cut."""

from __future__ import annotations

import random
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import combinations

from kiosk import clock
from kiosk.booking.counter import Asked, Wish
from kiosk.booking.desk import Desk
from kiosk.booking.driver import Driver
from kiosk.errors import Busy, NotFound, Unreachable, UsageError
from kiosk.schedule.hours import parse
from kiosk.schedule.model import Event, Message, Room
from kiosk.store import acts, diary, events, journal, rooms
from kiosk.store.database import Store
from kiosk.store.journal import TAKEN_BACK, Command
from kiosk.store.rooms import StoredRoom
from kiosk.sync.mirror import Mirror
from kiosk.sync.passes import Pass
from tests.fakes import FakeCalendars, StillClock, meeting

QUARTER = timedelta(minutes=15)
SLUGS = ("oak", "elm", "fir")


def address(slug: str) -> str:
    return f"{slug}@resource.calendar.google.com"


def meets(one: Event | Command, other: Event) -> bool:
    return one.start < other.end and other.start < one.end


@dataclass
class Day:
    """The doors, the line, and all that was told: commands by their events, and the messages seen at each door.

    `cut`: nothing passes. `dying`: the line is cut under the answer to the next booking.
    """

    store: Store
    chance: random.Random
    clock: StillClock
    calendars: FakeCalendars
    cut: bool = False
    dying: bool = False
    counts: Counter[str] = field(default_factory=Counter)
    asked: dict[str, Command] = field(default_factory=dict)
    told: dict[str, set[Message]] = field(default_factory=lambda: {slug: set() for slug in SLUGS})
    places: dict[str, StoredRoom] = field(default_factory=dict)
    desk: Desk = field(init=False)
    mirror: Mirror = field(init=False)

    def __post_init__(self) -> None:
        self.calendars.events |= {address(slug): {} for slug in SLUGS}
        self.calendars.before.append(self.pass_line)
        self.calendars.after.append(self.answer)
        for slug in SLUGS:
            room = Room(slug, slug.title(), clock.zone("Europe/Berlin"))
            self.places[slug] = self.store.write(rooms.add_linked, room, address(slug), self.clock())
        self.desk = Desk(Driver(self.store, self.calendars, self.clock))
        work = Pass(self.calendars, self.store, 7, self.clock)
        hours = parse("Mon-Sun 00:00-24:00")
        self.mirror = Mirror(work, timedelta(seconds=10), hours, 900_000, recovered=self.desk.hasten)

    def pass_line(self, _request: str) -> None:
        if self.cut:
            raise Unreachable("Google cannot be reached.")

    def answer(self, request: str) -> None:
        if self.dying and request == "insert":
            self.cut, self.dying = True, False
        self.pass_line(request)

    def live(self, minutes: int) -> None:
        """Let time pass, some minutes at a time, with everything that is due; people come and go."""
        end = self.clock() + timedelta(minutes=minutes)
        while self.clock() < end:
            self.clock.advance(minutes=self.chance.randint(3, 15))
            self.work()
            if self.chance.random() < 0.7:
                self.somebody_taps()
            if self.chance.random() < 0.7:
                self.somebody_plans()

    def work(self) -> None:
        """Do what the server's loops do, and read what stands at the doors."""
        while self.desk.step():
            self.clock.advance(seconds=1)
        while self.mirror.step():
            pass
        with self.store.read() as db:
            for slug, place in self.places.items():
                self.told[slug] |= set(diary.messages(db, place, self.clock()))

    def somebody_taps(self) -> None:
        with suppress(UsageError, NotFound, Busy):
            if self.asked and self.chance.random() < 0.15:
                self.desk.change(Asked("cancel", self.chance.choice(list(self.asked)[-5:])))
                return
            later = self.quarter() if self.chance.random() < 0.7 else None
            made = self.desk.book(Wish(self.chance.choice(SLUGS), later, None, self.chance.choice((15, 30, 60))))
            self.asked[made.event_id] = made
            self.counts[f"booked: {made.state}"] += 1

    def somebody_plans(self) -> None:
        """Somebody elsewhere, whose line is whole, books a free time in Google or cancels something there."""
        calendar_id = address(self.chance.choice(SLUGS))
        there = self.calendars.living(calendar_id)
        if there and self.chance.random() < 0.2:
            self.calendars.put(calendar_id, replace(self.chance.choice(there), cancelled=True))
            self.counts["cancelled in Google"] += 1
            return
        new = meeting(len(self.calendars.changes), self.quarter(), self.chance.choice((15, 30, 60)))
        if not any(meets(new, other) for other in there):
            self.calendars.put(calendar_id, new)
            self.counts["meetings made in Google"] += 1

    def quarter(self) -> datetime:
        """Return a quarter of an hour to come, rather soon."""
        now = self.clock().replace(minute=0, second=0, microsecond=0)
        return now + QUARTER * int(self.chance.triangular(5, 100, 12))

    def reconnect(self) -> None:
        """Mend the line, and check that each hold comes to the end that is due to it."""
        held = [one for one in self.found() if one.state in {"held", "pending", "withdrawing"}]
        expected = {one.event_id: self.fate(one) for one in held}
        self.cut = self.dying = False
        for _ in range(10):
            self.clock.advance(minutes=1)
            self.work()
        for one in self.found():
            if one.event_id in expected:
                assert f"{one.state} {one.reason}".strip() in expected[one.event_id], (one, expected[one.event_id])
                self.counts[f"held, then {one.state} {one.reason}".strip()] += 1
        self.check()

    def fate(self, command: Command) -> set[str]:
        """Return what must become of a hold, by what lies in Google when the line is mended."""
        if command.state == "withdrawing":
            return {f"refused {command.reason}"}
        known = self.calendars.events[self.home(command)].get(command.event_id)
        if command.end <= self.clock() + timedelta(minutes=1):
            return {"refused past"}
        if known:
            return {"refused cancelled"} if known.cancelled else {"confirmed"}
        others = [other for other in self.calendars.living(self.home(command)) if meets(command, other)]
        # What was taken back here is still there, and may be gone by the time that the hold is looked at.
        going = {one.event_id for one in self.found() if one.state == "withdrawing"}
        if others and all(other.id in going for other in others):
            return {"confirmed", "refused taken"}
        return {"refused taken"} if others else {"confirmed"}

    def home(self, command: Command) -> str:
        return next(address(slug) for slug, place in self.places.items() if place.id == command.room_id)

    def found(self) -> list[Command]:
        """Return what became of everything that was asked for."""
        with self.store.read() as db:
            return [command for one in self.asked.values() if (command := journal.find(db, one.id))]

    def check(self) -> None:
        """Check that nothing is open, doubled or left behind, and that whoever held a booking was told."""
        for slug, place in self.places.items():
            there = self.calendars.living(address(slug))
            assert not [pair for pair in combinations(there, 2) if meets(*pair)]
            with self.store.read() as db:
                assert not journal.open_of(db, place.id)
                known = events.between(db, place.id, self.clock(), self.clock() + timedelta(days=5))
            assert {event.id for event in known} == {event.id for event in there if event.end > self.clock()}
        for command in self.found():
            living = {event.id for event in self.calendars.living(self.home(command))}
            assert command.state == "confirmed" or command.event_id not in living
            if command.state == "refused":
                self.check_told(command)

    def check_told(self, command: Command) -> None:
        """Check that the door told of a hold that could not be made, unless somebody had taken it back."""
        slug = next(slug for slug, place in self.places.items() if place.id == command.room_id)
        told = [one for one in self.told[slug] if (one.start, one.end) == (command.start, command.end)]
        with self.store.read() as db:
            results = [act.result for act in acts.recent(db, slug, 10_000) if act.event_id == command.event_id]
        assert "refused" in results
        if command.held_at and command.reason != TAKEN_BACK:
            assert "hold_refused" in {one.kind for one in told}, command
            self.counts["told at the door"] += 1
