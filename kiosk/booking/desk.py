"""The desk where bookings are asked for: it writes the journal, answers in time, and never forgets a row."""

from __future__ import annotations

import logging
import threading
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from kiosk import clock, runtime
from kiosk.booking.driver import Driver
from kiosk.booking.lock import Locks, RoomTaken
from kiosk.errors import Busy, LeaseLost, NotFound, Refused, SourceError, UsageError
from kiosk.schedule import rules
from kiosk.schedule.model import Booking
from kiosk.store import diary, events, journal, rooms
from kiosk.store.journal import Command, Kind
from kiosk.store.leases import Lease
from kiosk.store.rooms import StoredRoom

log = logging.getLogger(__name__)

ANSWER_SECONDS = 8.0
IDLE_SECONDS = 1.0
FIRST_LOOK = timedelta(seconds=30)
LONGEST_REST = timedelta(seconds=30)
MOST_TRIES = 5
CLOCK_PUT_BACK = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Wish:
    """A booking as somebody asked for it; `key` makes a repeated request the same request."""

    slug: str
    start: datetime | None
    end: datetime | None
    minutes: int | None = None
    title: str = ""
    key: str | None = None


class Declined(UsageError):
    """The rules say no before anything was asked of Google; `reason` is a word of the schedule's rules."""

    def __init__(self, reason: str, conflict: Booking | None = None) -> None:
        super().__init__(f"This cannot be booked: {reason}.")
        self.reason = reason
        self.conflict = conflict


class KeyReused(UsageError):
    """The idempotency key came with another request before."""


@dataclass
class Desk:
    """Takes commands and drives them; `hold`: while Google is away, bookings wait instead of failing."""

    driver: Driver
    hold: bool = True
    answer_seconds: float = ANSWER_SECONDS
    locks: Locks = field(init=False)
    _wake: threading.Event = field(default_factory=threading.Event)
    _last_step: datetime = clock.DAWN

    def __post_init__(self) -> None:
        """Give this process a name of its own for its leases."""
        self.locks = Locks(self.driver.store, uuid.uuid4().hex, self.driver.clock)

    def book(self, wish: Wish) -> Command:
        """Book a room and return the command as far as it came. Raises Declined, KeyReused or NotFound."""
        request = f"book {wish.slug} {wish.start} {wish.end} {wish.minutes} {wish.title}"
        earlier = self._earlier(wish.key, request)
        if earlier:
            return self._await(earlier)
        stored = self._room(wish.slug)
        start, end = self.span(wish)
        try:
            self._decide(stored, start, end)
        except Declined:
            # The same request may have come twice at once, and its twin be what is in the way.
            twin = self._earlier(wish.key, request)
            if twin is None:
                raise
            return self._await(twin)
        return self._submit(self._command("book", stored.id, "", start, end, wish, request))

    def end(self, event_id: str, key: str | None = None) -> Command:
        """End an own booking now. Raises NotFound or Declined ("external", "over")."""
        request = f"end {event_id}"
        earlier = self._earlier(key, request)
        if earlier:
            return self._await(earlier)
        booking, now = self._own(event_id), self.driver.clock()
        if booking.held or booking.start > now:
            return self._cancel(event_id, booking, key, request)
        end = rules.ends_at(booking, now)
        if end is None:
            return self._cancel(event_id, booking, key, request)
        return self._change("end", event_id, booking.start, end, key, request)

    def cancel(self, event_id: str, key: str | None = None) -> Command:
        """Take an own booking back. Raises NotFound or Declined ("external", "over")."""
        request = f"cancel {event_id}"
        earlier = self._earlier(key, request)
        return self._await(earlier) if earlier else self._cancel(event_id, self._own(event_id), key, request)

    def start(self) -> None:
        """Start the worker that drives what nobody waits for any more, first what an earlier process left."""
        self.locks.start()
        self.driver.store.write(journal.wake_all, self.driver.clock())
        threading.Thread(target=self._loop, name="journal", daemon=True).start()

    def hasten(self) -> None:
        """Look at what is held now: Google has just answered somebody."""
        self._wake.set()

    def step(self) -> int:
        """Drive every open command whose time has come; return how many there were."""
        now = self.driver.clock()
        if now < self._last_step - CLOCK_PUT_BACK:
            self.driver.store.write(journal.wake_all, now)
        self._last_step = now
        with self.driver.store.read() as db:
            due = journal.due(db, now)
        for command in due:
            claimed = self.driver.store.write(journal.claim, command, now + _rest(command))
            if claimed:
                self._drive(claimed)
        return len(due)

    def find(self, command_id: str) -> Command:
        """Return the command as it is now."""
        with self.driver.store.read() as db:
            found = journal.find(db, command_id)
        if found is None:
            raise NotFound("There is no such command.")
        return found

    def _room(self, slug: str) -> StoredRoom:
        with self.driver.store.read() as db:
            return rooms.by_slug(db, slug)

    def span(self, wish: Wish) -> tuple[datetime, datetime]:
        """Return the time a wish means; without a start it is the minute that is running."""
        start = wish.start or rules.book_now(self.driver.clock())
        if wish.minutes is not None:
            return start, start + timedelta(minutes=wish.minutes)
        return start, wish.end or start

    def _decide(self, stored: StoredRoom, start: datetime, end: datetime) -> None:
        with self.driver.store.read() as db:
            if not diary.is_known(db, stored):
                raise Declined("unread")
            taken = diary.between(db, stored.id, start, end)
        refusal = rules.decide(taken, start, end, self.driver.clock(), stored.room.policy)
        if refusal:
            raise Declined(refusal.reason, refusal.conflict)

    def _own(self, event_id: str) -> Booking:
        with self.driver.store.read() as db:
            made = journal.booking_of(db, event_id)
            event = made and events.find(db, made.room_id, event_id)
        if made is None:
            raise Declined("external")
        if made.state == "held":
            return Booking(event_id, made.start, made.end, made.title, own=True, held=True)
        if event is None:
            raise NotFound("This booking is not in the calendar any more.")
        if event.end <= self.driver.clock():
            raise Declined("over")
        return Booking(event_id, event.start, event.end, event.title, own=True)

    def _cancel(self, event_id: str, booking: Booking, key: str | None, request: str) -> Command:
        if not booking.held:
            return self._change("cancel", event_id, booking.start, booking.end, key, request)
        with self.driver.store.read() as db:
            made = journal.booking_of(db, event_id)
        if made is None or not self.driver.store.write_durably(
            journal.withdraw, made, "cancelled", self.driver.clock()
        ):
            raise Busy("Google has just answered; please try again.")
        self._wake.set()
        return self.find(made.id)

    def _change(
        self, kind: Kind, event_id: str, start: datetime, end: datetime, key: str | None, request: str
    ) -> Command:
        with self.driver.store.read() as db:
            made = journal.booking_of(db, event_id)
        if made is None:
            raise Declined("external")
        wish = Wish("", start, end, title=made.title, key=key)
        return self._submit(self._command(kind, made.room_id, event_id, start, end, wish, request))

    def _command(
        self, kind: Kind, room_id: int, event_id: str, start: datetime, end: datetime, wish: Wish, request: str
    ) -> Command:
        now, number = self.driver.clock(), uuid.uuid4().hex
        return Command(
            id=number,
            room_id=room_id,
            kind=kind,
            # Google's ids take the letters a to v and digits: https://developers.google.com/workspace/calendar/api/v3/reference/events/insert
            event_id=event_id or f"kiosk{number}",
            start=start,
            end=end,
            title=wish.title,
            state="pending",
            reason="",
            key=wish.key,
            request=request,
            attempts=0,
            due_at=now + FIRST_LOOK,
            created_at=now,
            settled_at=None,
        )

    def _earlier(self, key: str | None, request: str) -> Command | None:
        if key is None:
            return None
        with self.driver.store.read() as db:
            earlier = journal.by_key(db, key)
        if earlier and earlier.request != request:
            raise KeyReused("This Idempotency-Key came with another request before: use a new one.")
        return earlier

    def _submit(self, command: Command) -> Command:
        if not self.driver.store.write_durably(journal.add, command):
            twin = self._earlier(command.key, command.request)
            return self._await(twin) if twin else self._submit(command)
        done = threading.Event()
        threading.Thread(target=self._drive, args=(command, done), name="command", daemon=True).start()
        done.wait(self.answer_seconds)
        return self._answer(command)

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
            with self.locks.room(command.room_id) as lease:
                self._drive_locked(command, lease)
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

    def _drive_locked(self, command: Command, lease: Lease) -> None:
        """Drive, and write down how it ended while the room is still ours: the next tap must see a hold."""
        command = self.find(command.id)
        if command.state not in journal.OPEN:
            return  # whoever had the room before has brought it to its end
        try:
            self.driver.drive(command, lease)
        except Refused as error:
            if command.attempts == 0:
                log.warning("%s %s refused: %s", command.kind, command.event_id, error)
            self._fail(command, error.reason or "refused")
        except SourceError as error:
            log.info("%s %s waits: %s", command.kind, command.event_id, error)
            self._give_way(command)

    def _room_is_busy(self, command: Command) -> None:
        if command.attempts == 0:
            self.driver.store.write(journal.settle, command, "refused", "being_booked", self.driver.clock())

    def _fail(self, command: Command, reason: str) -> None:
        now = self.driver.clock()
        if command.state == "withdrawing" and command.end <= now:
            # Google does not let us see whether anything is left of it, and its time is over.
            self.driver.store.write(journal.settle_withdrawn, command, now)
        else:
            self.driver.store.write_durably(journal.withdraw, command, reason, now)

    def _give_way(self, command: Command) -> None:
        now = self.driver.clock()
        if command.state == "withdrawing":
            return
        if self.hold and command.kind == "book":
            self.driver.store.write_durably(journal.hold, command, now + _rest(command))
        else:
            self.driver.store.write_durably(journal.withdraw, command, "unreachable", now)

    def _loop(self) -> None:
        runtime.repeat(self.step, self._wake, IDLE_SECONDS, log, "The journal")


def _rest(command: Command) -> timedelta:
    rest: timedelta = timedelta(seconds=2) * 2 ** min(command.attempts, 6)
    return min(rest, LONGEST_REST)
