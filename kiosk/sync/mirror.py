"""The loop that keeps every linked room true: a few workers, each taking what is due next."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from kiosk import clock, runtime
from kiosk.errors import SourceError
from kiosk.schedule.hours import Hours, is_open
from kiosk.store import channels, mirror
from kiosk.store import gate as watched
from kiosk.store.gate import Watched
from kiosk.store.mirror import Progress
from kiosk.sync import cadence, gate
from kiosk.sync.budget import OUT_OF_BUDGET
from kiosk.sync.cadence import Beats
from kiosk.sync.expiry import Resting
from kiosk.sync.passes import Pass, refresh

log = logging.getLogger(__name__)

CLAIM = timedelta(seconds=90)
IDLE_SECONDS = 0.5
# How long somebody who touched a screen is taken to be about.
TOUCHED = timedelta(minutes=5)
# However often a screen is touched, its room is not asked for sooner than this after it was.
BETWEEN_TOUCHES = timedelta(seconds=3)
PLAN_EVERY = timedelta(minutes=1)
CLOCK_PUT_BACK = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Plan:
    """How rooms are watched at present: by lists alone, or through the gate; how often; which announce changes."""

    gated: bool
    beats: Beats
    pushed: frozenset[int]
    until: datetime


@dataclass
class Mirror:
    """Workers over the linked rooms.

    With more rooms than `listed_alone`, free/busy questions decide which of them to list. `recovered` is called
    when the source answers again after a failure.
    """

    work: Pass
    beat: timedelta
    hours: Hours
    per_day: int
    workers: int = 4
    listed_alone: int = 100
    recovered: Callable[[], None] = lambda: None
    chance: random.Random = field(default_factory=random.Random)
    _wake: threading.Event = field(default_factory=threading.Event)
    _plan: Plan | None = None
    _touched: dict[int, datetime] = field(default_factory=dict)
    _failing: set[int] = field(default_factory=set)
    _gate_failures: int = 0
    _last_step: datetime = clock.DAWN

    def start(self) -> None:
        """Start the workers. Only the first looks after failing rooms, so that these never hold up the others."""
        self.work.store.write(mirror.all_due, self.work.clock())
        for number in range(self.workers):
            arguments = (number == 0, number > 0 or self.workers == 1)
            threading.Thread(target=self._loop, args=arguments, name=f"sync-{number}", daemon=True).start()

    def hasten(self, room_id: int) -> None:
        """Ask for this room next: something was announced."""
        self.work.store.write(mirror.hasten, room_id, self.work.clock())
        self._wake.set()

    def touched(self, room_id: int) -> None:
        """Ask for this room next, and often for a while: somebody stands before its screen."""
        now = self.work.clock()
        before, self._touched[room_id] = self._touched.get(room_id, clock.DAWN), now
        if now - before >= BETWEEN_TOUCHES:
            self.work.store.write(mirror.hasten, room_id, now, failing=True)
            self._wake.set()

    def step(self, failing: bool = True, watching: bool = True) -> bool:
        """Do at most one of each thing that is due; False when nothing was.

        `failing`: failing rooms are looked after too. `watching`: free/busy questions are asked.
        """
        now = self.work.clock()
        if now < self._last_step - CLOCK_PUT_BACK:
            self.work.store.write(mirror.all_due, now)
        self._last_step = now
        watched_some = watching and self.plan(now).gated and self._watch(now)
        return self._list(now, failing) or watched_some

    def plan(self, now: datetime) -> Plan:
        """Return how rooms are watched now; it is made anew every minute."""
        if self._plan is None or now >= self._plan.until:
            before, self._plan = self._plan, self._planned(now)
            self._touched = {room: at for room, at in self._touched.items() if now - at < TOUCHED}
            if before and before.gated and not self._plan.gated:
                self.work.store.write(mirror.bring_forward, now + self._plan.beats.awake)
        return self._plan

    def _planned(self, now: datetime) -> Plan:
        with self.work.store.read() as db:
            rooms = mirror.count(db)
            pushed = channels.live(db, now)
        gated = rooms > self.listed_alone
        beats = cadence.stretched(cadence.beats(self.beat), rooms, gated, self.per_day)
        return Plan(gated, beats, frozenset(pushed), now + PLAN_EVERY)

    def _watch(self, now: datetime) -> bool:
        """Ask about up to fifty rooms whose time has come."""
        with self.work.store.read() as db:
            due_at = watched.next_due(db)
        if due_at is None or due_at > now:
            return False
        rooms = self.work.store.write(watched.claim_due, now, CLAIM, cadence.BATCH)
        if rooms:
            self._ask(rooms, now)
        return bool(rooms)

    def _ask(self, rooms: list[Watched], now: datetime) -> None:
        try:
            due = gate.ask(self.work.source, self.work.store, rooms, now)
        except SourceError as error:
            self._gate_failed(rooms, error)
            return
        self._gate_failures = 0
        beats = self._by_beat(rooms, now)
        self.work.store.write(watched.schedule, beats, self.work.clock())
        if due:
            self._wake.set()

    def _gate_failed(self, rooms: list[Watched], error: SourceError) -> None:
        now, rest = self.work.clock(), self.beat
        if error.reason != OUT_OF_BUDGET:
            self._gate_failures += 1
            if self._gate_failures == 1:
                log.warning("Free/busy questions fail: %s", error)
            rest = cadence.next_try(now, self._gate_failures, self.beat, self.chance) - now
        self.work.store.write(watched.schedule, [(rest, [room.room_id for room in rooms])], now)

    def _by_beat(self, rooms: list[Watched], now: datetime) -> list[tuple[timedelta, list[int]]]:
        """Return the rooms by how soon they are asked about again; those of a beat stay together."""
        together: dict[timedelta, list[int]] = {}
        for room in rooms:
            together.setdefault(self._look_beat(room.room_id, room.zone, now), []).append(room.room_id)
        return list(together.items())

    def _look_beat(self, room_id: int, zone: str, now: datetime) -> timedelta:
        touched = self._touched.get(room_id)
        awake = is_open(self.hours, now, clock.zone(zone)) or (touched is not None and now - touched < TOUCHED)
        plan = self.plan(now)
        return cadence.look_beat(plan.beats, awake, room_id in plan.pushed)

    def _list(self, now: datetime, failing: bool) -> bool:
        """Bring at most one due room up to date."""
        with self.work.store.read() as db:
            due_at = mirror.next_due(db, failing)
        if due_at is None or due_at > now:
            return False
        progress = self.work.store.write(mirror.claim_due, now, CLAIM, failing)
        if progress:
            self._refresh(progress)
        return progress is not None

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
        plan, beat = self.plan(now), self._look_beat(progress.room_id, progress.zone, now)
        due_at = cadence.next_beat(now, plan.beats.titles if plan.gated else beat, self.chance)
        self.work.store.write(mirror.schedule, progress, due_at, None if plan.gated else beat)
        if plan.gated and not progress.cursor:
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

    def _loop(self, failing: bool, watching: bool) -> None:
        runtime.repeat(lambda: self.step(failing, watching), self._wake, IDLE_SECONDS, log, "The synchronisation")
