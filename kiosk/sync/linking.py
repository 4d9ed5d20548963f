"""Giving a room its calendar, by the calendar's address, and reading it."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, TypeVar
from zoneinfo import ZoneInfo

from kiosk import clock, runtime
from kiosk.errors import AccessDenied, Missing, SourceError, Unreachable, UsageError
from kiosk.source import Calendar, DirectorySource
from kiosk.store import events, links, mirror, rooms
from kiosk.store.database import Store
from kiosk.sync.holding import held
from kiosk.sync.passes import Pass, refresh

# Says how far long work is: how many parts are done, of how many, and a sentence.
Report = Callable[[int, int, str], None]
Answer = TypeVar("Answer")
Why = Literal["malformed", "taken", "unknown", "not_shared", "denied", "unreachable", "zone"]

ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
ROOM_ADDRESS = "@resource.calendar.google.com"
LONGEST_ADDRESS = 250
VERIFY_SECONDS = 20.0
# While a room is read by whoever asked for that, the loop leaves it alone; after that it reads it all the same.
CLAIM = timedelta(seconds=90)
READ_ONLY = "Bookings cannot be made: the right to make changes to events is missing."
NOT_A_ROOM = (
    f"This is not a room's calendar: a room's address ends in {ROOM_ADDRESS}. A person's or a group's calendar shows "
    "what that person does, and answers no invitations for the room."
)


def silent(_done: int, _of: int, _says: str) -> None:
    """Report to nobody."""


class Unlinkable(UsageError):
    """A calendar cannot be given to a room; `why` is a word for it, `paste` what its sentence asks to be pasted."""

    def __init__(self, why: Why, sentence: str, paste: str = "") -> None:
        super().__init__(sentence)
        self.why = why
        self.paste = paste


@dataclass(frozen=True, slots=True)
class Verified:
    """A calendar that can be given to a room, and what is not as it should be about it, in sentences."""

    calendar: Calendar
    zone: ZoneInfo
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Linked:
    """What linking did: bookings of the room's own that went, and events that came; None where the reading failed."""

    verified: Verified
    deleted: int
    events: int | None
    problem: str = ""

    def says(self, slug: str) -> str:
        """Say it in sentences."""
        about = self.verified.calendar
        parts = [f"Linked {slug} to {about.name} ({about.zone})."]
        if self.deleted:
            parts.append(f"Deleted: {links.told(self.deleted)} made here.")
        parts.append(self.problem if self.events is None else f"Read {self.events} events.")
        return " ".join(parts)


@dataclass(frozen=True, slots=True)
class Linking:
    """What linking needs: how rooms are read, the Directory where there is one, and the user we are in Google."""

    work: Pass
    directory: DirectorySource | None = None
    user: Callable[[], str] = lambda: ""
    seconds: float = VERIFY_SECONDS


def verify(linking: Linking, room_id: int, calendar_id: str) -> Verified:
    """Tell that a calendar can be given to a room. Raises Unlinkable with the exact reason, within the time allowed."""
    _check_address(linking.work.store, room_id, calendar_id)
    give_up = clock.monotonic() + linking.seconds
    try:
        about = _within(give_up, lambda: linking.work.source.describe(calendar_id))
    except Missing as error:
        raise _missing(linking, calendar_id, give_up) from error
    except AccessDenied as error:
        raise Unlinkable("denied", f"{error} `kiosk doctor` says what is missing.") from error
    except SourceError as error:
        raise Unlinkable("unreachable", f"{error} Nothing was changed; try again in a minute.") from error
    try:
        zone = zone_of(about)
    except UsageError as error:
        raise Unlinkable("zone", str(error)) from error
    return Verified(about, zone, tuple(_warnings(about)))


def link(linking: Linking, room_id: int, calendar_id: str, agreed: int = 0, report: Report = silent) -> Linked:
    """Verify a calendar, give it to a room, which takes over its time zone, and read it.

    `agreed`: so many of the future bookings that the room has of its own may go. Raises Unlinkable; NotConfirmed when
    there are more; UsageError when the room has another calendar; Busy while it is being booked.
    """
    work, calendar_id = linking.work, calendar_id.strip().lower()
    with work.store.read() as db:
        stored = rooms.by_id(db, room_id)
        count = links.local_bookings(db, stored.id, work.clock()) if stored.calendar_id is None else 0
    if stored.calendar_id and stored.calendar_id != calendar_id:
        raise UsageError(f"The room {stored.room.slug!r} has the calendar {stored.calendar_id}: unlink it first.")
    if count > agreed:
        raise links.NotConfirmed(stored.room.slug, count, agreed)
    report(0, 3, "Asking Google about the calendar")
    verified = verify(linking, room_id, calendar_id)
    report(1, 3, "The calendar is there; giving it to the room")
    deleted = 0 if stored.calendar_id else give(work.store, room_id, verified, agreed, work.clock)
    report(2, 3, "Reading the calendar")
    try:
        return Linked(verified, deleted, read_now(work, room_id))
    except SourceError as error:
        return Linked(verified, deleted, None, f"{error} It is read as soon as Google answers.")


def sync(work: Pass, room_id: int, report: Report = silent) -> int:
    """Read a room's calendar anew, whole; return how many events it has. Raises UsageError; SourceError."""
    with work.store.read() as db:
        stored = rooms.by_id(db, room_id)
    if stored.calendar_id is None:
        slug = stored.room.slug
        raise UsageError(f"The room {slug!r} is not linked: `kiosk rooms link {slug} CALENDAR`.")
    report(0, 1, "Reading the calendar")
    work.store.write(mirror.read_anew, stored.id, work.clock() + CLAIM)
    return read_now(work, stored.id)


def read_now(work: Pass, room_id: int) -> int:
    """Bring one room up to date here and now; the loop goes on from there, also where this fails."""
    try:
        refresh(work, room_id)
    except SourceError as error:
        work.store.write(mirror.failed, room_id, str(error), work.clock())
        raise
    work.store.write(mirror.hasten, room_id, work.clock())
    with work.store.read() as db:
        return len(events.ids(db, room_id))


def give(store: Store, room_id: int, verified: Verified, agreed: int, now: clock.Clock) -> int:
    """Give a room a calendar that was verified; return how many bookings went. Raises NotConfirmed; Busy."""
    with held(store, room_id, now):
        at = now()
        place = (room_id, verified.zone.key, verified.calendar.id)
        return store.write_durably(links.link, *place, agreed, at, at + CLAIM)


def _check_address(store: Store, room_id: int, calendar_id: str) -> None:
    if len(calendar_id) > LONGEST_ADDRESS:
        raise Unlinkable("malformed", f"This is no calendar's address: it has more than {LONGEST_ADDRESS} characters.")
    if not ADDRESS.fullmatch(calendar_id):
        raise Unlinkable(
            "malformed", f"{calendar_id!r} is no calendar's address; a room's looks like c_188…{ROOM_ADDRESS}."
        )
    with store.read() as db:
        other = rooms.by_calendar(db, calendar_id)
    if other and other.id != room_id:
        raise Unlinkable(
            "taken", f"The calendar {calendar_id} belongs to the room {other.room.name} ({other.room.slug}) already."
        )


def _missing(linking: Linking, calendar_id: str, give_up: float) -> Unlinkable:
    """Say of a calendar that Google does not show whether there is none or it is only not shared with us."""
    user = linking.user()
    us = user or "the user that this server is in Google"
    share = f"Share it with {us}, with the right to make changes to events."
    try:
        listed = _within(give_up, linking.directory.resources) if linking.directory else None
    except SourceError:
        listed = None
    found = next((one for one in listed or () if one.calendar_id.lower() == calendar_id.lower()), None)
    if found:
        sentence = f"The Directory has this room ({found.name}), but its calendar is not shared with {us}. {share}"
        return Unlinkable("not_shared", sentence, user)
    if listed is None or not calendar_id.endswith(ROOM_ADDRESS):
        sentence = f"Google shows no calendar {calendar_id}: there is none, or it is not shared with {us}. {share}"
        return Unlinkable("unknown" if listed is not None else "not_shared", sentence, user)
    return Unlinkable(
        "unknown",
        f"There is no calendar {calendar_id}: the Directory has no such room. Copy the address from the Google Admin "
        "console: Directory, Buildings and resources, Manage resources, the room, Resource email.",
    )


def _within(give_up: float, ask: Callable[[], Answer]) -> Answer:
    """Ask in a thread of its own, and no longer than until then. Raises what asking raised, or Unreachable."""
    answers: list[Answer] = []
    errors: list[Exception] = []
    done = threading.Event()

    def run() -> None:
        try:
            answers.append(ask())
        except Exception as error:  # noqa: BLE001 - raised again for whoever waits
            errors.append(error)
        finally:
            done.set()

    threading.Thread(target=runtime.carrying(run), name="verify", daemon=True).start()
    if not done.wait(max(0.0, give_up - clock.monotonic())):
        raise Unreachable("Google has not answered in time.", "slow")
    if errors:
        raise errors[0]
    return answers[0]


def _warnings(about: Calendar) -> list[str]:
    found = [] if about.can_write else [READ_ONLY]
    return found if is_a_rooms(about.id) else [*found, NOT_A_ROOM]


def is_a_rooms(address: str) -> bool:
    """Tell whether this is the address of a resource's calendar, rather than a person's or any other."""
    return address.strip().lower().endswith(ROOM_ADDRESS)


def zone_of(about: Calendar) -> ZoneInfo:
    """Return a calendar's time zone. Raises UsageError for one that nobody knows."""
    try:
        return clock.zone(about.zone)
    except ValueError as error:
        raise UsageError(f"The calendar {about.id} has an unknown time zone: {error}.") from error
