"""Rounds in which several writers want the same time of a room at once: panels at two servers, and people in Google."""

from __future__ import annotations

import random
import threading
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import requests

from kiosk import clock
from kiosk.emulator.errors import ApiError
from kiosk.emulator.faults import Fault
from tests.booking.caretaker import PROMPT, Caretaker
from tests.booking.town import ADA, BOB, BY_HAND, EVE, PIN, Span, Town, answer_of, overlaps, span_of

QUARTER = timedelta(minutes=15)
HORIZON = 40 * 4
MOST_WRITERS = 8
# How many seconds rooms take that answer by themselves.
DELAYS = (0.0, 0.0, 0.0, 0.1, 0.5, 2.0)
# Google takes its time before it does something, and somebody else is faster.
DELAYED = (("Insert", 0.6, 0.06), ("Insert", 0.05, 0.4), ("List", 0.2, 0.03))
FAULTS = (
    ("drop_after", "Insert", 0.01),
    ("drop_before", "Insert", 0.005),
    ("status", "Insert", 0.01),
    ("status", "List", 0.003),
    ("drop_after", "Delete", 0.01),
    ("status", "Delete", 0.01),
)


@dataclass
class Contest:
    """Attempts at booking, counted with what became of them; `answers` are those of the servers, by idempotency key."""

    town: Town
    attempts: int
    seed: int
    moods: tuple[float, ...] = PROMPT
    counts: Counter[str] = field(default_factory=Counter)
    answers: dict[str, tuple[int, str]] = field(default_factory=dict)

    def run(self) -> None:
        """Let every room have its rounds at the same time, until there were enough attempts."""
        caretaker = Caretaker(self.town, random.Random(self.seed), self.moods, self.counts)
        answering = threading.Thread(target=caretaker.run)
        answering.start()
        try:
            with ThreadPoolExecutor(len(self.town.rooms)) as pool:
                arenas = [Arena(self, slug, random.Random(f"{self.seed} {slug}")) for slug in self.town.rooms]
                list(pool.map(Arena.play, arenas))
        finally:
            caretaker.over.set()
            answering.join()

    @property
    def done(self) -> bool:
        return self.counts["attempts"] >= self.attempts

    def report(self) -> str:
        return ", ".join(f"{number} {name}" for name, number in sorted(self.counts.items()))


@dataclass
class Arena:
    """A room and the rounds that are played for its time."""

    contest: Contest
    slug: str
    chance: random.Random
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(MOST_WRITERS))
    panels: threading.local = field(default_factory=threading.local)

    @property
    def town(self) -> Town:
        return self.contest.town

    def play(self) -> None:
        with self.pool:
            while not self.contest.done:
                self.play_round()

    def play_round(self) -> None:
        """Let two to eight writers begin at once, and clear some of what they made."""
        delay = self.chance.choice(DELAYS)
        self.town.google.service.store.set_meta("answer_delay", str(delay))
        number, base = self.chance.randint(2, MOST_WRITERS), self.base()
        start = threading.Barrier(number)
        turns = [self.turn(base) for _ in range(number)]
        list(self.pool.map(lambda turn: self.write(start, turn), turns))
        if self.chance.random() < 0.7:
            self.clear(Span(base - QUARTER, base + 6 * QUARTER))

    def write(self, start: threading.Barrier, turn: Callable[[], str]) -> None:
        start.wait(60)
        outcome = turn()
        self.contest.counts["attempts"] += 1
        self.contest.counts[outcome] += 1

    def turn(self, base: datetime) -> Callable[[], str]:
        """Choose a writer, what it wants, and how long it hesitates."""
        first = base + self.chance.choice((-1, 0, 0, 0, 0, 1)) * QUARTER
        span = Span(first, first + self.chance.choice((1, 1, 2, 4)) * QUARTER)
        invitations = 6 if self.slug == BY_HAND else 2
        writers = {
            self.tap: 10,
            self.tap_for_now: 0.3,
            self.tap_by_name: 2,
            self.invite: invitations,
            self.enter: 3,
            self.move: 1,
        }
        (writer,) = self.chance.choices(list(writers), list(writers.values()))
        who, wait = self.chance.randrange(100), self.chance.choice((0, 0, 0.005, 0.02, 0.1, 0.4)) * self.chance.random()

        def act() -> str:
            threading.Event().wait(wait)
            return writer(span, who)

        return act

    def base(self) -> datetime:
        """Return a quarter of an hour of the coming days, rather a free one."""
        now = clock.now().replace(minute=0, second=0, microsecond=0)
        found = [now + QUARTER * self.chance.randint(8, HORIZON) for _ in range(6)]
        takers = [span_of(item) for item in self.town.takers(self.slug)]
        free = (one for one in found if not any(span.meets(Span(one, one + QUARTER)) for span in takers))
        return next(free, found[0])

    def tap(self, span: Span, who: int) -> str:
        minutes = (span.end - span.start) // timedelta(minutes=1)
        return self.post(who, start=span.start.isoformat(), minutes=minutes)

    def tap_for_now(self, _: Span, who: int) -> str:
        return self.post(who, minutes=15)

    def tap_by_name(self, span: Span, who: int) -> str:
        """Book in somebody's own calendar, from where the room is invited."""
        minutes = (span.end - span.start) // timedelta(minutes=1)
        named = {"person": (ADA, BOB)[who % 2], "pin": PIN}
        return f"by name {self.post(who, start=span.start.isoformat(), minutes=minutes, **{'as': named})}"

    def post(self, who: int, **body: object) -> str:
        """Tap at one of the servers, and keep what it said."""
        key, server = uuid.uuid4().hex, self.town.servers[who % len(self.town.servers)]
        self.panels.session = getattr(self.panels, "session", None) or requests.Session()
        url = f"{server.url}/api/v1/rooms/{self.slug}/bookings"
        answer = self.panels.session.post(url, json=body, headers={"Idempotency-Key": key}, timeout=60)
        self.contest.answers[key] = (answer.status_code, answer.json().get("reason", ""))
        words = {201: "confirmed", 202: "held"}
        return words.get(answer.status_code) or f"refused as {answer.json().get('reason', answer.status_code)}"

    def invite(self, span: Span, who: int) -> str:
        """Invite the room; where people answer for it, rather between another's look and its booking."""
        person = (ADA, BOB, EVE)[who % 3]
        if self.slug == BY_HAND:
            threading.Event().wait(who / 400)
        self.town.google.world.create(person, "Invited", span.start, span.end, rooms=[self.town.rooms[self.slug]])
        return "invitations"

    def enter(self, span: Span, _: int) -> str:
        """Write into the room's own calendar, as somebody does who sees that it is free at this instant."""
        with self.town.google.service.changing():
            if self.town.taken(self.slug, span):
                return "people saw it taken"
            self.town.google.world.create(self.town.rooms[self.slug], "Entered", span.start, span.end)
        return "direct entries"

    def move(self, span: Span, who: int) -> str:
        """Move some invitation there; the room answers anew."""
        found = [item for item in self.town.takers(self.slug) if item.get("summary") == "Invited"]
        if not found:
            return self.invite(span, who)
        try:
            self.town.google.world.move(found[who % len(found)]["id"], span.start, span.end)
        except ApiError:
            return "moves too late"
        return "invitations moved"

    def clear(self, span: Span) -> None:
        """Take back what lies there, at a panel or in Google.

        What waits for its answer is left, and two that overlap must be found in the end.
        """
        doubled = {event_id for pair in overlaps(self.town.takers(self.slug)) for event_id in pair}
        for item in self.town.google.world.events(self.town.rooms[self.slug]):
            if span_of(item).meets(span) and item["id"] not in doubled and answer_of(item) != "needsAction":
                self.remove(item)

    def remove(self, item: dict[str, object]) -> None:
        event_id, server = str(item["id"]), self.chance.choice(self.town.servers)
        if event_id.startswith("kiosk") and self.chance.random() < 0.8:
            answer = requests.delete(f"{server.url}/api/v1/bookings/{event_id}", timeout=60)
            self.contest.counts[f"cancelling at a panel: {answer.status_code}"] += 1
            if answer.status_code == 403:  # a person's, to be cancelled by that person
                self.town.take_back(self.slug, event_id)
        else:
            self.town.take_back(self.slug, event_id)
            self.contest.counts["cancelled in Google"] += 1


def unhurried(town: Town) -> None:
    """Let Google take its time from here on, most of all where people answer for the room."""
    by_hand = town.rooms[BY_HAND]
    town.google.service.faults.order(Fault("slow", "Events.Insert", by_hand, seconds=0.25, probability=0.5))
    for operation, probability, seconds in DELAYED:
        town.google.service.faults.order(
            Fault("slow", operation=f"Events.{operation}", seconds=seconds, probability=probability)
        )


def trouble(town: Town) -> None:
    """Let some requests go wrong from here on."""
    for kind, operation, probability in FAULTS:
        town.google.service.faults.order(
            Fault(kind, operation=f"Events.{operation}", status=504, probability=probability)
        )
