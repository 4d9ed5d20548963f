"""The desk where bookings are asked for: it writes the journal, answers in time, and never forgets a row."""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from kiosk import clock, runtime
from kiosk.booking.counter import FIRST_LOOK, Asked, Counter, Declined, Wish
from kiosk.booking.driver import Wait
from kiosk.booking.lock import PATIENCE, Locks, RoomTaken
from kiosk.booking.verified import ANSWER_SECONDS as ROOM_ANSWER_SECONDS
from kiosk.booking.withdrawal import DELEGATION
from kiosk.errors import Busy, LeaseLost, NotFound, Refused, SourceError, UsageError
from kiosk.store import acts, journal, outcome
from kiosk.store.database import Store
from kiosk.store.glance import Due, is_due
from kiosk.store.journal import Command
from kiosk.store.leases import Lease

log = logging.getLogger(__name__)

ANSWER_SECONDS = 8.0
IDLE_SECONDS = 1.0
LONGEST_REST = timedelta(seconds=30)
MOST_TRIES = 5
CLOCK_PUT_BACK = timedelta(seconds=5)
# What has reached Google already may wait for the room longer than a tap.
PATIENCE_AFTER_A_WAIT = 15.0
# What can always be done later, and needs no undoing.
GIVING_BACK = ("end", "cancel", "release", "check_in")


class Drives(Protocol):
    """Brings a row of the journal to its end: at Google, or at a hub. `carries`: the hub decides."""

    @property
    def store(self) -> Store: ...

    @property
    def clock(self) -> clock.Clock: ...

    @property
    def carries(self) -> bool: ...

    def drive(self, command: Command, lease: Lease, waited: bool = False) -> Wait | None:
        """Take the command as far as it goes; return a wait after which it must be driven again."""


class KeyReused(UsageError):
    """The idempotency key came with another request before."""


@dataclass
class Desk:
    """Takes commands and drives them; `hold`: while Google is away, bookings wait instead of failing."""

    driver: Drives
    hold: bool = True
    answer_seconds: float = ANSWER_SECONDS
    locks: Locks = field(init=False)
    counter: Counter = field(init=False)
    _wake: threading.Event = field(default_factory=threading.Event)
    _last_step: datetime = clock.DAWN

    def __post_init__(self) -> None:
        """Give this process a name of its own for its leases."""
        self.locks = Locks(self.driver.store, uuid.uuid4().hex, self.driver.clock)
        self._next = Due(self.driver.store, journal.next_due)
        self.counter = Counter(self.driver.store, self.driver.clock, self.driver.carries)

    def book(self, wish: Wish) -> Command:
        """Book a room and return the command as far as it came. Raises Declined, KeyReused or NotFound."""
        return self._ask(wish, lambda: self.counter.at(wish.at).booking(wish))

    def change(self, asked: Asked) -> Command:
        """Do something about a booking, and return the command as far as it came.

        Raises Declined, KeyReused, NotFound, and Busy when Google answers for a hold at this very moment.
        """
        return self._ask(asked, lambda: self.counter.at(asked.at).change(asked))

    def _ask(self, asked: Wish | Asked, decide: Callable[[], Command]) -> Command:
        """Answer as before when the same was asked before; else write the command and drive it."""
        earlier = self._earlier(asked.key, asked.request)
        if earlier:
            return self._await(earlier)
        try:
            command = decide()
        except Declined as error:
            # The same request may have come twice at once, and its twin be what is in the way.
            twin = self._earlier(asked.key, asked.request)
            if twin is None:
                self.driver.store.write(acts.record, self.counter.declined(asked, error.reason))
                raise
            return self._await(twin)
        return self.submit(self._arriving(command) if asked.at else command)

    def _arriving(self, command: Command) -> Command:
        """Return a command that was decided as at an earlier moment as one of now."""
        now = self.driver.clock()
        settled_at = command.settled_at and now
        return replace(command, created_at=now, due_at=now + FIRST_LOOK, settled_at=settled_at)

    def start(self) -> None:
        """Start the worker that drives what nobody waits for any more, first what an earlier process left."""
        self.locks.start()
        self.driver.store.write(journal.wake_all, self.driver.clock())
        threading.Thread(target=self._loop, name="journal", daemon=True).start()

    def hasten(self) -> None:
        """Look at what is held now: Google has just answered somebody."""
        self._wake.set()

    def wake(self) -> None:
        """Look at what is held, where it is due sooner than before: something was committed."""
        if self._next.is_sooner():
            self._wake.set()

    def step(self) -> int:
        """Drive every open command whose time has come; return how many there were."""
        now = self.driver.clock()
        if now < self._last_step - CLOCK_PUT_BACK:
            self.driver.store.write(journal.wake_all, now)
        self._last_step = now
        if not is_due(self._next.value(), now):
            return 0
        with self.driver.store.read() as db:
            due = journal.due(db, now)
        for command in due:
            claimed = self.driver.store.write(journal.claim, command, now + _rest(command))
            if claimed:
                self._drive(claimed)
        return len(due)

    def settle(self, room_id: int) -> None:
        """Drive what is open of a room's journal once more, due or not: its calendar is about to be taken away."""
        with self.driver.store.read() as db:
            waiting = journal.open_of(db, room_id)
        for command in waiting:
            claimed = self.driver.store.write(journal.claim, command, self.driver.clock() + _rest(command))
            if claimed:
                self._drive(claimed)

    def find(self, command_id: str) -> Command:
        """Return the command as it is now."""
        with self.driver.store.read() as db:
            found = journal.find(db, command_id)
        if found is None:
            raise NotFound("There is no such command.")
        return found

    def _earlier(self, key: str | None, request: str) -> Command | None:
        if key is None:
            return None
        with self.driver.store.read() as db:
            earlier = journal.by_key(db, key)
        if earlier and earlier.request != request:
            raise KeyReused("This Idempotency-Key came with another request before: use a new one.")
        return earlier

    def submit(self, command: Command) -> Command:
        """Write a new command and drive it, unless it is known; return it as far as it came."""
        if command.kind == "cancel" and self._take_back_hold(command):
            return self.find(command.id)
        if not self.driver.store.write_durably(outcome.begin, command, self.driver.clock()):
            twin = self._earlier(command.key, command.request)
            return self._await(twin) if twin else self.submit(command)
        if command.state != "pending":
            self._wake.set()
            return command
        done = threading.Event()
        drive = runtime.carrying(self._drive)
        threading.Thread(target=drive, args=(command, done), name="command", daemon=True).start()
        done.wait(self._patience(command))
        return self._answer(command)

    def _take_back_hold(self, command: Command) -> bool:
        """Settle the cancellation of a hold here and now: Google need not be asked."""
        with self.driver.store.read() as db:
            made = journal.booking_in(db, command.room_id, command.event_id)
        if made is None or made.state != "held":
            return False
        if not self.driver.store.write_durably(journal.take_back, made, command, self.driver.clock()):
            raise Busy("Google has just answered; please try again.")
        self._wake.set()
        return True

    def _patience(self, command: Command) -> float:
        return self.answer_seconds + (ROOM_ANSWER_SECONDS if command.person else 0.0)

    def _answer(self, command: Command) -> Command:
        """Say what is true now; a command that is still under way is held, or given up, from here on."""
        current = self.find(command.id)
        if current.state == "pending":
            self._give_way(current)
        return self.find(command.id)

    def _await(self, command: Command) -> Command:
        pause, give_up = threading.Event(), clock.monotonic() + self.answer_seconds
        while self.find(command.id).state == "pending" and clock.monotonic() < give_up:
            pause.wait(0.05)
        return self.find(command.id)

    def _drive(self, command: Command, done: threading.Event | None = None) -> None:
        try:
            self._drive_locked(command, done=done)
        except RoomTaken:
            self._room_is_busy(command)
        except LeaseLost:
            self._drive_again(command)
        except Exception:
            log.exception("%s %s failed and is tried again", command.kind, command.event_id)
        finally:
            if done:
                done.set()

    def _drive_again(self, command: Command) -> None:
        """Begin anew what a lost lease cut short; what reached Google is found by its id."""
        now = self.driver.clock()
        claimed = self.driver.store.write(journal.claim, command, now + _rest(command))
        if claimed and claimed.attempts < MOST_TRIES:
            self._drive(claimed)

    def _drive_locked(self, command: Command, waited: bool = False, done: threading.Event | None = None) -> None:
        """Drive, and write down how it ended while the room is still ours: the next tap must see a hold.

        Whoever waits for it hears of it then, before the room is given back.
        """
        wait = None
        with self.locks.room(command.room_id, PATIENCE_AFTER_A_WAIT if waited else PATIENCE) as lease:
            command = self.find(command.id)
            if command.state not in journal.OPEN:
                return  # whoever had the room before has brought it to its end
            with self._failures_of(command):
                wait = self.driver.drive(command, lease, waited)
            if done and wait is None:
                done.set()
        if wait:
            with self._failures_of(command):
                wait()
            self._drive_after_the_wait(command)

    def _drive_after_the_wait(self, command: Command) -> None:
        """Finish what has reached Google already: where the room cannot be had, the row stays open for the worker."""
        try:
            self._drive_locked(command, waited=True)
        except RoomTaken:
            log.info("%s %s waits for the room", command.kind, command.event_id)

    @contextmanager
    def _failures_of(self, command: Command) -> Iterator[None]:
        """Write down what the source said against a command."""
        try:
            yield
        except Refused as error:
            if command.attempts == 0:
                log.warning("%s %s refused: %s", command.kind, command.event_id, error)
            self._fail(command, error)
        except SourceError as error:
            log.info("%s %s waits: %s", command.kind, command.event_id, error)
            self._give_way(command)

    def _room_is_busy(self, command: Command) -> None:
        """Refuse what somebody asked for, who can ask again; all else the worker tries again.

        What another process has taken up meanwhile, as after a crash of the database, may be on its way to Google.
        """
        command = self.find(command.id)
        if command.attempts == 0 and not journal.is_missed(command) and not journal.is_carried(command):
            self.driver.store.write_durably(journal.settle, command, "refused", "being_booked", self.driver.clock())

    def _fail(self, command: Command, error: Refused) -> None:
        now, reason = self.driver.clock(), error.reason or "refused"
        if command.state == "withdrawing" and command.end <= now:
            # Google does not let us see whether anything is left of it, and its time is over.
            self.driver.store.write(journal.settle_withdrawn, command, now)
        elif command.kind in GIVING_BACK or (reason == DELEGATION and command.attempts == 0):
            # There is nothing to undo; or we may not even look into that person's calendar, so nothing can be there.
            self.driver.store.write_durably(journal.settle, command, "refused", reason, now)
        else:
            self.driver.store.write_durably(journal.withdraw, command, reason, now)

    def _give_way(self, command: Command) -> None:
        now = self.driver.clock()
        if command.state == "withdrawing":
            return
        if self._may_wait(command):
            self.driver.store.write_durably(journal.hold, command, now + _rest(command), now)
        else:
            self.driver.store.write_durably(journal.withdraw, command, "unreachable", now)

    def _may_wait(self, command: Command) -> bool:
        """A booking waits where holds are on; what gives time back is done whenever Google answers."""
        return command.kind in GIVING_BACK or (self.hold and command.kind == "book")

    def _loop(self) -> None:
        runtime.repeat(self.step, self._wake, self._nothing_due_for, log, "The journal")

    def _nothing_due_for(self) -> float:
        return self._next.rest(self.driver.clock(), IDLE_SECONDS)


def _rest(command: Command) -> timedelta:
    rest: timedelta = timedelta(seconds=2) * 2 ** min(command.attempts, 6)
    return min(rest, LONGEST_REST)
