"""The loop that keeps every linked room true: a few workers, each taking what is due next."""

from __future__ import annotations

import logging
import random
import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from kiosk import clock, runtime
from kiosk.errors import RateLimited, SourceError
from kiosk.schedule.hours import Hours, is_open
from kiosk.store import channels, leases, mirror
from kiosk.store import gate as watched
from kiosk.store.gate import Watched
from kiosk.store.glance import Due, Glance, is_due
from kiosk.store.mirror import Progress
from kiosk.sync import cadence, gate
from kiosk.sync.budget import OUT_OF_BUDGET
from kiosk.sync.cadence import Beats
from kiosk.sync.doubts import Doubts
from kiosk.sync.expiry import Resting
from kiosk.sync.passes import Pass, refresh

log = logging.getLogger(__name__)

# With more rooms than these, free/busy questions tell which of them to list.
LISTED_ALONE = 100
IDLE_SECONDS = 0.5
# How long somebody who touched a screen is taken to be about.
TOUCHED = timedelta(minutes=5)
# However often a screen is touched, its room is not asked for sooner than this after it was.
BETWEEN_TOUCHES = timedelta(seconds=3)
PLAN_EVERY = timedelta(minutes=1)
CLOCK_PUT_BACK = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Plan:
    """How rooms are watched at present: by lists alone, or through the gate; how often; which announce changes.

    `alone`: the beats of rooms that no free/busy question can be asked about; `askers`: questions at a time.
    """

    gated: bool
    beats: Beats
    alone: Beats
    askers: int
    pushed: frozenset[int]
    until: datetime
    down: bool


@dataclass
class Mirror:
    """Workers over the linked rooms, and others that ask free/busy questions, as many as these take.

    With more rooms than `listed_alone`, free/busy questions decide which of them to list. `recovered` is called
    when the source answers again after a failure.
    """

    work: Pass
    beat: timedelta
    hours: Hours
    per_day: int
    workers: int = 4
    listed_alone: int = LISTED_ALONE
    recovered: Callable[[], None] = lambda: None
    chance: random.Random = field(default_factory=random.Random)
    _wake: threading.Event = field(default_factory=threading.Event)
    _claiming: threading.Lock = field(default_factory=threading.Lock)
    _plan: Plan | None = None
    _touched: dict[int, datetime] = field(default_factory=dict)
    _failing: set[int] = field(default_factory=set)
    _unread: set[int] = field(default_factory=set)
    _unasked: set[int] = field(default_factory=set)
    _doubts: Doubts = field(default_factory=Doubts)
    _ask_after: datetime = clock.DAWN
    _hired: int | None = None
    _last_step: datetime = clock.DAWN

    def __post_init__(self) -> None:
        """Look for what is due only where something was committed since the last look."""
        store = self.work.store
        self._next_of = {failing: Due(store, partial(mirror.next_due, failing=failing)) for failing in (False, True)}
        self._next_question = Glance(store, watched.next_due)

    def start(self) -> None:
        """Start the workers. Only the first looks after failing rooms, so that these never hold up the others."""
        self.begin()
        for number in range(self.workers):
            failing = number == 0
            step = partial(self.step, failing=failing, asking=False)
            self._work(f"sync-{number}", step, partial(self._nothing_due_for, failing))
        self._hired = 0
        self.plan(self.work.clock())

    def begin(self) -> None:
        """Have looked at what may have changed while nobody did: many rooms are asked about before they are listed."""
        now = self.work.clock()
        with self.work.store.read() as db:
            has_many = mirror.count(db) > self.listed_alone
        self.work.store.write(leases.end_claims if has_many else mirror.all_due, now)

    def wake(self) -> None:
        """Look for what is due, where that is sooner than before: something was committed.

        The first worker may be busy with a room, and does not wait then: the others are asked about as well.
        """
        if any(awaited.is_sooner() for awaited in self._next_of.values()):
            self._wake.set()

    def hasten(self, room_id: int) -> None:
        """Ask for this room next: something was announced."""
        self.work.store.write(mirror.hasten, room_id, self.work.clock())
        self._wake.set()

    def touched(self, room_id: int) -> None:
        """Ask for this room next, and often for a while: somebody stands before its screen."""
        now = self.work.clock()
        before, self._touched[room_id] = self._touched.get(room_id, clock.DAWN), now
        if now - before >= BETWEEN_TOUCHES:
            self.work.store.write(mirror.touch, room_id, now)
            self._wake.set()

    def step(self, failing: bool = True, asking: bool = True, listing: bool = True) -> bool:
        """Do at most one of each thing that is due; False when nothing was.

        `failing`: failing rooms are listed too. `asking`: free/busy questions are asked.
        """
        now = self.work.clock()
        if now < self._last_step - CLOCK_PUT_BACK:
            self.work.store.write(mirror.all_due, now)
        self._last_step = now
        self._take_up(now)
        asked = asking and self.plan(now).gated and self._watch(now)
        return (listing and self._list(now, failing)) or asked

    def plan(self, now: datetime) -> Plan:
        """Return how rooms are watched now; it is made anew every minute."""
        if self._plan is None or now >= self._plan.until or self._plan.down != self._doubts.down:
            before, self._plan = self._plan, self._planned(now)
            self._touched = {room: at for room, at in self._touched.items() if now - at < TOUCHED}
            if before and before.gated and not before.down and (self._plan.down or not self._plan.gated):
                self.work.store.write(mirror.bring_forward, now, self._plan.alone.awake / before.beats.titles)
            self._hire(self._plan.askers)
        return self._plan

    def _planned(self, now: datetime) -> Plan:
        with self.work.store.read() as db:
            rooms = mirror.count(db)
            pushed = channels.live(db, now)
        gated, down = rooms > self.listed_alone, self._doubts.down
        base = cadence.beats(self.beat)
        beats = cadence.stretched(base, rooms, gated, self.per_day)
        alone = rooms if down or not gated else len(self._doubts.alone)
        return Plan(
            gated=gated,
            beats=beats,
            alone=cadence.unasked(base, rooms - alone, alone, self.per_day) if gated else beats,
            askers=cadence.questions_at_once(beats, rooms) if gated else 0,
            pushed=frozenset(pushed),
            until=now + PLAN_EVERY,
            down=down,
        )

    def _hire(self, askers: int) -> None:
        """Have at least so many questions asked at a time, once the workers have started."""
        while self._hired is not None and self._hired < askers:
            self._hired += 1
            self._work(f"gate-{self._hired}", partial(self.step, listing=False))

    def _watch(self, now: datetime) -> bool:
        """Ask about up to fifty rooms whose time has come."""
        if now < self._ask_after:
            return False
        if not is_due(self._next_question.value(), now):
            return False
        rooms = self.work.store.write(watched.claim_due, now, leases.CLAIM, cadence.BATCH)
        if rooms:
            with self._dropping(self._unasked, [one.room_id for one in rooms]):
                self._ask_first(rooms, now)
        return bool(rooms)

    def _ask_first(self, rooms: list[Watched], now: datetime) -> None:
        """Ask about those of these rooms that can be asked about together; the others are due as before."""
        together = self._doubts.first(rooms)
        if len(together) < len(rooms):
            others = {one.room_id for one in rooms} - {one.room_id for one in together}
            self.work.store.write(watched.postpone, list(others), now)
        self._ask(together, now)

    def _ask(self, rooms: list[Watched], now: datetime) -> None:
        if self._doubts.down:  # one question at a time is enough to learn that they are answered again
            self._ask_after = cadence.next_try(now, self._doubts.in_a_row, self.beat, self.chance)
        try:
            due, unsaid = gate.ask(self.work.source, self.work.store, rooms, now, self._by_beat(rooms, now))
        except SourceError as error:
            self._not_answered(rooms, error)
            return
        self._answered(rooms, unsaid)
        if due:
            self._wake.set()

    def _answered(self, rooms: list[Watched], unsaid: Mapping[int, str]) -> None:
        """Trust questions again; `unsaid` has Google's words for the rooms that this one told nothing about."""
        if self._doubts.down:
            log.info("Free/busy questions are answered again")
            self._ask_after = clock.DAWN
        self._doubts.answered(rooms)
        for room in rooms:
            if room.room_id in unsaid:
                self._leave_alone(room, unsaid[room.room_id])
            elif self._doubts.alone.pop(room.room_id, None):
                log.info("%s: free/busy questions about it are answered again", room.slug)

    def _not_answered(self, rooms: list[Watched], error: SourceError) -> None:
        """Ask again in halves, or later; rooms that cannot be asked about are listed meanwhile."""
        now, down, numbers = self.work.clock(), self._doubts.down, [room.room_id for room in rooms]
        if error.reason == OUT_OF_BUDGET:
            self.work.store.write(watched.postpone, numbers, now + self.beat)
            return
        if self._doubts.failed(rooms, error):
            self._leave_alone(rooms[0], str(error))
            return
        self.work.store.write(watched.postpone, numbers, now)
        if self._doubts.down or isinstance(error, RateLimited):
            self._ask_after = cadence.next_try(now, self._doubts.in_a_row, self.beat, self.chance)
        if self._doubts.down and not down:
            log.warning("Rooms are listed one by one: %s", self._doubts.reason)

    def _leave_alone(self, room: Watched, reason: str) -> None:
        """Watch a room by its lists, and try a question about it now and then."""
        now = self.work.clock()
        alone = self._doubts.leave_alone(room.room_id, reason, now)
        self.work.store.write(watched.postpone, [room.room_id], alone.until)
        self.work.store.write(watched.list_now, [room.room_id], now)
        self._wake.set()
        if alone.tries == 1:
            log.warning("%s: %s", room.slug, alone.reason)

    def _by_beat(self, rooms: list[Watched], now: datetime) -> list[tuple[timedelta, list[int]]]:
        """Return the rooms by how soon they are asked about again; those of a beat stay together."""
        plan, together = self.plan(now), defaultdict[timedelta, list[int]](list)
        touched = self._touched_since(now - TOUCHED)
        awake = {zone: self._is_open(zone, now) for zone in {room.zone for room in rooms}}
        for room in rooms:
            busy = awake[room.zone] or room.room_id in touched
            together[cadence.look_beat(plan.beats, busy, room.room_id in plan.pushed)].append(room.room_id)
        return list(together.items())

    def _look_beat(self, room_id: int, zone: str, now: datetime, alone: bool = False) -> timedelta:
        plan = self.plan(now)
        awake = self._is_open(zone, now) or room_id in self._touched_since(now - TOUCHED)
        return cadence.look_beat(plan.alone if alone else plan.beats, awake, room_id in plan.pushed)

    def _is_open(self, zone: str, now: datetime) -> bool:
        return is_open(self.hours, now, clock.zone(zone))

    def _touched_since(self, moment: datetime) -> set[int]:
        with self.work.store.read() as db:
            return mirror.touched(db, moment)

    def _list(self, now: datetime, failing: bool) -> bool:
        """Bring at most one due room up to date."""
        next_due = self._next_of[failing]
        if not is_due(next_due.value(), now):
            return False
        # Many workers see that something is due, and whoever is first takes it.
        with self._claiming:
            if not is_due(next_due.value(), now):
                return False
            progress = self.work.store.write(mirror.claim_due, now, leases.CLAIM, failing)
        if progress:
            with self._dropping(self._unread, [progress.room_id]):
                self._refresh(progress)
        return progress is not None

    @contextmanager
    def _dropping(self, dropped: set[int], rooms: Collection[int]) -> Iterator[None]:
        """Remember claimed rooms of which it could not even be written down that they failed."""
        try:
            yield
        except Exception:
            dropped.update(rooms)
            raise

    def _take_up(self, now: datetime) -> None:
        """Have those rooms read, and asked about, now: the database was away, and nobody else has them meanwhile."""
        unread, unasked = sorted(self._unread), sorted(self._unasked)
        for room_id in unread:
            self.work.store.write(mirror.hasten, room_id, now, failing=True)
            self._unread.discard(room_id)
        if unasked:
            self.work.store.write(watched.postpone, unasked, now)
            self._unasked.difference_update(unasked)

    def _refresh(self, progress: Progress) -> None:
        try:
            refresh(self.work, progress.room_id)
        except SourceError as error:
            self._failed(progress, error)
        except Exception as error:
            log.exception("%s: synchronisation failed", progress.slug)
            self._rest(progress, f"Internal error: {error}")
        else:
            self._succeeded(progress)

    def _succeeded(self, progress: Progress) -> None:
        now = self.work.clock()
        plan = self.plan(now)
        unasked = self._doubts.why(progress.room_id) if plan.gated else ""
        asked = plan.gated and not unasked
        beat = self._look_beat(progress.room_id, progress.zone, now, bool(unasked))
        due_at = cadence.next_beat(now, plan.beats.titles if asked else beat, self.chance)
        self.work.store.write(mirror.schedule, progress, due_at, None if asked else beat, unasked)
        if asked and not progress.cursor:
            # Just read for the first time: the first question about it can wait for those read with it.
            self.work.store.write(watched.schedule, [(beat, [progress.room_id])], now)
        if progress.failures or progress.room_id in self._failing:
            self._recover(progress)

    def _recover(self, progress: Progress) -> None:
        self._failing.discard(progress.room_id)
        log.info("%s: synchronised again", progress.slug)
        self.work.store.write(mirror.forgive, self.work.clock())
        self.recovered()
        self._wake.set()

    def _failed(self, progress: Progress, error: SourceError) -> None:
        if isinstance(error, Resting):
            self.work.store.write(mirror.schedule, progress, error.until, None)
        elif error.reason == OUT_OF_BUDGET:
            # The room is as well as it was; it only has to wait for its turn.
            due_at = cadence.next_beat(self.work.clock(), self.beat, self.chance)
            self.work.store.write(mirror.schedule, progress, due_at, None)
        else:
            self._rest(progress, str(error))

    def _rest(self, progress: Progress, reason: str) -> None:
        now = self.work.clock()
        due_at = cadence.next_try(now, progress.failures + 1, self.beat, self.chance)
        self.work.store.write(mirror.failed, progress.room_id, reason, due_at)
        if progress.room_id not in self._failing:
            self._failing.add(progress.room_id)
            log.warning("%s: not synchronised: %s", progress.slug, reason)

    def _nothing_due_for(self, failing: bool) -> float:
        return self._next_of[failing].rest(self.work.clock(), IDLE_SECONDS)

    def _work(self, name: str, step: Callable[[], bool], idle: float | Callable[[], float] = IDLE_SECONDS) -> None:
        arguments = (step, self._wake, idle, log, "The synchronisation")
        threading.Thread(target=runtime.repeat, args=arguments, name=name, daemon=True).start()
