"""The counter before the desk: what is asked for is decided by the rules and becomes a command, or is declined."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from kiosk import clock
from kiosk.errors import NotFound, UsageError
from kiosk.schedule import rights, rules
from kiosk.schedule.closing import shut
from kiosk.schedule.model import Booking, Slot
from kiosk.schedule.rights import Act, Who
from kiosk.store import acts, attendance, diary, events, journal, rooms
from kiosk.store.database import Store
from kiosk.store.journal import Command, Kind
from kiosk.store.rooms import StoredRoom

FIRST_LOOK = timedelta(seconds=30)
PANEL = Who("panel")
UNKNOWN = "This booking is not in the calendar, or not any more."


@dataclass(frozen=True, slots=True)
class Wish:
    """A booking as somebody asked for it; `key` makes a repeated request the same request.

    Somebody known by name books in their own name, anybody else in the room's. `place`: where the request came from.
    `id`: of the command that it is, and `at`: when it was asked for, where another server has brought it.
    """

    slug: str
    start: datetime | None
    end: datetime | None
    minutes: int | None = None
    title: str = ""
    key: str | None = None
    who: Who = PANEL
    place: str = ""
    id: str = ""
    at: datetime | None = None

    @property
    def request(self) -> str:
        """What is asked for, in one line: the same for the same request."""
        return f"book {self.slug} {self.start} {self.end} {self.minutes} {self.title} {self.who.email}"


@dataclass(frozen=True, slots=True)
class Asked:
    """Something to be done about a booking; `slug` tells which of its rooms is meant, where it has several.

    `minutes` or `until` say how far it is extended; `series`: the whole series is released. `id`, `at`: as of a wish.
    """

    act: Act
    event_id: str
    slug: str = ""
    minutes: int | None = None
    until: datetime | None = None
    series: bool = False
    note: str = ""
    key: str | None = None
    who: Who = PANEL
    place: str = ""
    id: str = ""
    at: datetime | None = None

    @property
    def request(self) -> str:
        """What is asked for, in one line: the same for the same request."""
        who = f"{self.who.kind} {self.who.email}"
        return f"{self.act} {self.event_id} {self.slug} {self.minutes} {self.until} {self.series} {who}"


class Declined(UsageError):
    """The rules say no before anything was asked of Google; `reason` is a word of the schedule's rules."""

    def __init__(self, reason: str, wanted: Slot | None = None) -> None:
        """`wanted`: the time that was asked for, where another room may have it."""
        super().__init__(f"This cannot be done: {reason}.")
        self.reason = reason
        self.wanted = wanted


class Ambiguous(UsageError):
    """The booking is in several rooms, and none was named."""


@dataclass(frozen=True, slots=True)
class Counter:
    """Decides with what is mirrored here; nothing is written and Google is not asked.

    `carries`: what is decided here is carried to a hub, a check-in too.
    """

    store: Store
    clock: clock.Clock
    carries: bool = False

    def at(self, moment: datetime | None) -> Counter:
        """Return a counter that decides as at that moment, where one is given."""
        return self if moment is None else replace(self, clock=lambda: moment)

    def booking(self, wish: Wish) -> Command:
        """Return the command that makes the booking. Raises Declined or NotFound."""
        # "From now" means one moment, though a minute may end meanwhile.
        return self.at(self.clock())._booking(wish)

    def _booking(self, wish: Wish) -> Command:
        stored = self._room(wish.slug)
        wanted = self.span(wish)
        self._decide(stored, wish.who, wanted)
        way: rights.Way = "organizer" if wish.who.email else "room"
        command = self._command("book", stored, "", wanted, wish.title, wish)
        return replace(command, way=way, person=wish.who.email)

    def span(self, wish: Wish) -> Slot:
        """Return the time a wish means; without a start it is the minute that is running."""
        start = wish.start or rules.book_now(self.clock())
        if wish.minutes is not None:
            return Slot(start, start + timedelta(minutes=wish.minutes))
        return Slot(start, wish.end or start)

    def change(self, asked: Asked) -> Command:
        """Return the command that does what is asked about a booking. Raises Declined, NotFound or Ambiguous."""
        stored = self.room_of(asked)
        if asked.act == "check_in":
            return self._check_in(stored, asked)
        booking = self._find(stored, asked.event_id)
        ways = rights.ways(asked.act, booking, asked.who, stored.room.policy)
        if not ways:
            raise Declined("external")
        make: dict[str, Callable[[StoredRoom, Booking, Asked], Command]] = {
            "extend": self._extend,
            "start": self._start,
            "end": self._end,
            "cancel": self._cancel,
            "release": self._release,
        }
        command = make[asked.act](stored, booking, asked)
        if command.kind == "cancel" and asked.act == "end":
            ways = rights.ways("cancel", booking, asked.who, stored.room.policy)
        person = booking.person if ways[0] == "organizer" else ""
        return replace(command, way=ways[0], person=person)

    def declined(self, asked: Wish | Asked, reason: str) -> acts.Act:
        """Return what the log of acts says of something that was declined."""
        act, event_id = (asked.act, asked.event_id) if isinstance(asked, Asked) else ("book", "")
        return acts.Act(self.clock(), actor_of(asked.who), asked.place, act, asked.slug, event_id, "declined", reason)

    def room_of(self, asked: Asked) -> StoredRoom:
        """Return the room that is meant. Raises NotFound or Ambiguous."""
        if asked.slug:
            return self._room(asked.slug)
        with self.store.read() as db:
            ids = events.rooms_of(db, asked.event_id) | journal.rooms_of(db, asked.event_id)
            if len(ids) == 1:
                return rooms.by_id(db, ids.pop())
        if ids:
            raise Ambiguous("This booking is in several rooms: say which one is meant.")
        raise NotFound(UNKNOWN)

    def _decide(self, stored: StoredRoom, who: Who, wanted: Slot) -> None:
        start, end = wanted.start, wanted.end
        reason = rights.may_book(who, stored.room.policy)
        if reason:
            raise Declined(reason)
        with self.store.read() as db:
            if not diary.is_known(db, stored):
                raise Declined("unread", wanted)
            taken = diary.between(db, stored, start, end)
            awaited = journal.invited_between(db, stored.id, start, end)
        policy, now = stored.room.policy, self.clock()
        # A wish that makes no sense may be years long: it is looked at before the hours of its days are.
        refusal = rules.decide((), start, end, now, policy) or rules.decide(
            taken, start, end, now, policy, shut(stored.room, start, end)
        )
        if refusal:
            raise Declined(refusal.reason, wanted)
        if awaited:
            raise Declined("being_booked", wanted)

    def _extend(self, stored: StoredRoom, booking: Booking, asked: Asked) -> Command:
        if asked.minutes is not None:
            end = booking.end + timedelta(minutes=asked.minutes)
        else:
            end = asked.until or booking.end
        if end <= booking.end:
            raise Declined("too_short")
        return self._changed("extend", stored, booking, Slot(booking.start, end), asked)

    def _start(self, stored: StoredRoom, booking: Booking, asked: Asked) -> Command:
        start = rules.book_now(self.clock())
        if booking.start <= start:
            raise Declined("under_way")
        if booking.start > start + rules.EARLIEST:
            raise Declined("not_near")
        return self._changed("start", stored, booking, Slot(start, booking.end), asked)

    def _changed(self, kind: Kind, stored: StoredRoom, booking: Booking, new: Slot, asked: Asked) -> Command:
        if booking.held:
            raise Declined("held")
        policy = stored.room.policy
        now, added = self.clock(), Slot(booking.end, new.end) if kind == "extend" else new
        refusal = rules.decide_change((), booking, new.start, new.end, now, policy)
        if refusal is None:
            closed = shut(stored.room, new.start, new.end)
            with self.store.read() as db:
                found = diary.between(db, stored, new.start, new.end)
                awaited = journal.invited_between(db, stored.id, new.start, new.end)
            refusal = rules.decide_change(found, booking, new.start, new.end, now, policy, closed)
            if awaited and refusal is None:
                raise Declined("being_booked", added)
        if refusal:
            raise Declined(refusal.reason, added)
        command = self._command(kind, stored, booking.id, new, booking.title, asked)
        return replace(command, old_start=booking.start, old_end=booking.end)

    def _end(self, stored: StoredRoom, booking: Booking, asked: Asked) -> Command:
        now = self.clock()
        end = rules.ends_at(booking, now)
        if booking.held or booking.start > now or end is None:
            if rights.ways("cancel", booking, asked.who, stored.room.policy):
                return self._cancel(stored, booking, asked)
            if booking.start > now:
                raise Declined("not_begun")
            # Somebody else's meeting is ended, and never taken out of their calendar.
            end = booking.start + rules.MINUTE
        command = self._command("end", stored, booking.id, Slot(booking.start, end), booking.title, asked)
        return replace(command, old_start=booking.start, old_end=booking.end)

    def _cancel(self, stored: StoredRoom, booking: Booking, asked: Asked) -> Command:
        return self._command("cancel", stored, booking.id, Slot(booking.start, booking.end), booking.title, asked)

    def _release(self, stored: StoredRoom, booking: Booking, asked: Asked) -> Command:
        if asked.series and not booking.series_id:
            raise Declined("no_series")
        if booking.held:
            return self._cancel(stored, booking, asked)
        command = self._command("release", stored, booking.id, Slot(booking.start, booking.end), booking.title, asked)
        return replace(command, note=asked.note or ("series" if asked.series else ""))

    def _check_in(self, stored: StoredRoom, asked: Asked) -> Command:
        """Return a settled command for a check-in in time, or one that takes back a release for want of it."""
        now = self.clock()
        with self.store.read() as db:
            booking = diary.find(db, stored, asked.event_id)
            known = attendance.find(db, stored.id, asked.event_id)
        if known and known.state == "missed":
            return self._take_back(stored, known.start, asked)
        if booking is None:
            raise NotFound(UNKNOWN)
        if not booking.attended and not rights.ways("check_in", booking, asked.who, stored.room.policy):
            raise Declined("no_check_in")
        if booking.check_in and now < booking.check_in.opens_at:
            raise Declined("too_early")
        if booking.end <= now:
            raise Declined("over")
        command = self._command("check_in", stored, booking.id, Slot(booking.start, booking.end), booking.title, asked)
        if self.carries:
            return command
        return replace(command, state="confirmed", settled_at=now)

    def _take_back(self, stored: StoredRoom, start: datetime, asked: Asked) -> Command:
        """Return the command that undoes a release: the room accepts again, or what was deleted is booked anew."""
        now = self.clock()
        with self.store.read() as db:
            released = journal.last_of(db, stored.id, asked.event_id, "release")
        if released is None or released.settled_at is None or not journal.is_missed(released):
            raise Declined("over")
        if now - released.settled_at > stored.room.policy.undo or released.end <= now or released.start != start:
            raise Declined("over")
        if released.way == "release" and stored.calendar_id:
            command = self._command("accept", stored, released.event_id, _slot(released), released.title, asked)
            return replace(command, way="release")
        begin = max(released.start, rules.book_now(now))
        command = self._command("book", stored, "", Slot(begin, released.end), released.title, asked)
        with self.store.read() as db:
            made = journal.booking_in(db, stored.id, asked.event_id)
        person = made.person if made else ""
        way: rights.Way = "organizer" if person else "room"
        return replace(command, note=journal.UNDO + asked.event_id, person=person, way=way)

    def _find(self, stored: StoredRoom, event_id: str) -> Booking:
        with self.store.read() as db:
            found = diary.find(db, stored, event_id)
            made = journal.booking_in(db, stored.id, event_id)
        if found is None:
            raise NotFound(UNKNOWN)
        if found.end <= self.clock():
            raise Declined("over")
        if made and made.state in {"pending", "withdrawing"}:
            # It may be in the calendar already, and be taken out again: nobody has been told that it is theirs.
            raise Declined("being_booked")
        return replace(found, held=True) if made and made.state == "held" else found

    def _room(self, slug: str) -> StoredRoom:
        with self.store.read() as db:
            return rooms.by_slug(db, slug)

    def _command(
        self, kind: Kind, stored: StoredRoom, event_id: str, slot: Slot, title: str, asked: Wish | Asked
    ) -> Command:
        now, number = self.clock(), asked.id or uuid.uuid4().hex
        return Command(
            id=number,
            room_id=stored.id,
            kind=kind,
            # Google's ids take the letters a to v and digits: https://developers.google.com/workspace/calendar/api/v3/reference/events/insert
            event_id=event_id or f"kiosk{number}",
            start=slot.start,
            end=slot.end,
            title=title,
            state="pending",
            reason="",
            key=asked.key,
            request=asked.request,
            attempts=0,
            due_at=now + FIRST_LOOK,
            created_at=now,
            actor=actor_of(asked.who),
            place=asked.place,
        )


def actor_of(who: Who) -> str:
    """Return how the journal and the log name somebody."""
    return f"{who.kind}:{who.email or who.name}" if who.email or who.name else who.kind


def _slot(command: Command) -> Slot:
    return Slot(command.start, command.end)
