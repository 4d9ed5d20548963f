"""Writes that are proved: done once under our own id, the slot read again, and undone where we came second."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from kiosk import clock
from kiosk.errors import Changed, Duplicate, Gone, Missing, Refused, Unreachable
from kiosk.schedule.availability import occupies
from kiosk.schedule.model import Event, Slot
from kiosk.schedule.rules import Contender, yields
from kiosk.source import CalendarSource, Draft, read_window

ANSWER_SECONDS = 15.0
STEP_SECONDS = 1.0


class Taken(Refused):
    """The slot belongs to somebody else; `events` is what the calendar holds there."""

    def __init__(self, events: Sequence[Event], reason: str = "taken") -> None:
        super().__init__("Somebody else has this time.", reason)
        self.events = list(events)


class Cancelled(Refused):
    """Our event was made and then cancelled in the calendar."""

    def __init__(self) -> None:
        super().__init__("The booking was cancelled in Google Calendar.", "cancelled")


class Moved(Refused):
    """The event is at another time than it was asked about; `event` is what the calendar holds."""

    def __init__(self, event: Event) -> None:
        super().__init__("The booking is at another time now.", "moved")
        self.event = event


@dataclass(frozen=True, slots=True)
class Place:
    """Where a command is done: a room's calendar, or with `person` that person's own.

    `ours`: ids of the bookings made here that may be met there. `declined`: etags, by id, of events that the room has
    declined, as far as we know.
    """

    source: CalendarSource
    calendar_id: str
    zone: str
    person: str = ""
    ours: frozenset[str] = frozenset()
    declined: dict[str, str] = field(default_factory=dict)

    def get(self, event_id: str) -> Event:
        """Return the event as it is now. Raises Missing, or Cancelled when somebody cancelled it."""
        found = self._remembered(self.source.get(self.calendar_id, event_id, self.person))
        if found.cancelled:
            raise Cancelled
        return found

    def find(self, event_id: str) -> Event | None:
        """Return the event, cancelled or not; None when there never was one."""
        try:
            return self._remembered(self.source.get(self.calendar_id, event_id, self.person))
        except Missing:
            return None

    def others(self, slot: Slot, event_id: str) -> list[Event]:
        """Return what occupies the room in that time besides the event, for all that the calendar tells now.

        While nothing of ours is there, it tells more truly than we can remember what the room has declined.
        """
        return _besides(self._window(slot), event_id)

    def around(self, slot: Slot, event_id: str) -> tuple[list[Event], bool]:
        """Return what occupies the room besides the event, and whether the room has declined the event itself."""
        found = [self._remembered(event) for event in self._window(slot)]
        return _besides(found, event_id), any(event.id == event_id and event.answer == "declined" for event in found)

    def _window(self, slot: Slot) -> list[Event]:
        found = read_window(self.source, self.calendar_id, slot.start, slot.end)
        self.declined.update({event.id: event.etag for event in found if event.answer == "declined"})
        return found

    def _remembered(self, event: Event) -> Event:
        """Return the event with the room's answer: what it has declined stays so until it is changed.

        Where our role hides the guests, only free/busy tells the answer, and that no more once our own event is there.
        """
        if event.etag and self.declined.get(event.id) == event.etag:
            return replace(event, answer="declined")
        return event


@dataclass(frozen=True, slots=True)
class Change:
    """An event that moves from one time to another."""

    event_id: str
    old: Slot
    new: Slot

    @property
    def added(self) -> tuple[Slot, ...]:
        """The stretches that it takes besides those it has."""
        return tuple(
            slot
            for slot in (Slot(self.new.start, self.old.start), Slot(self.old.end, self.new.end))
            if slot.start < slot.end
        )


def make(place: Place, draft: Draft) -> Event:
    """Make the event where nothing is in its way. Raises Taken, Cancelled and Unreachable."""
    others = place.others(Slot(draft.start, draft.end), draft.id)
    if others and not _lives(place, draft.id):
        raise Taken(others)
    return _insert_once(place, draft)


def prove(place: Place, slot: Slot, mine: Event) -> tuple[Event, list[Event]]:
    """Read the slot again, and withdraw our event where it must yield: Taken is raised then."""
    others, declined = _answered(place, slot, mine.id)
    second = yields(_contender(mine, frozenset({mine.id})), [_contender(other, place.ours) for other in others])
    if second or declined or mine.answer == "declined":
        delete_once(place, mine.id)
        raise Taken(others, "taken" if second else "declined")
    return mine, others


def await_answer(place: Place, event_id: str, seconds: float) -> None:
    """Wait until the room has answered an invitation, but no longer than that."""
    pause, give_up = threading.Event(), clock.monotonic() + seconds
    while place.get(event_id).answer == "needsAction" and clock.monotonic() < give_up:
        pause.wait(STEP_SECONDS)


def reshape(place: Place, change: Change, known: Event | None = None, again: bool = True) -> Event:
    """Move an event where nothing is in its way; `known` is it as we last read it.

    Raises Taken, Missing, Cancelled, Unreachable, and Refused ("changed") when somebody has moved it meanwhile.
    """
    event = known or place.get(change.event_id)
    if _slot(event) == change.new or _ends_sooner(event, change):
        return event
    if not _may_move(event, change):
        raise Refused("The booking was changed in Google Calendar.", "changed")
    others = [other for slot in change.added for other in place.others(slot, change.event_id)]
    if others:
        raise Taken(others)
    start = event.start if _only_shortens(change) else change.new.start
    try:
        return place.source.reshape(place.calendar_id, event, start, change.new.end, place.zone, place.person)
    except Changed:
        if not again:
            raise
        # The room's own answer changes the etag too: look once more at what it is now.
        return reshape(place, change, again=False)
    except Unreachable:
        found = place.get(change.event_id)
        if _slot(found) != Slot(start, change.new.end):
            raise
        return found


def prove_reshaped(place: Place, change: Change, changed: Event) -> tuple[Event, list[Event]]:
    """Read the added time again, and move the event back where somebody else has it: Taken is raised then."""
    seen = [_answered(place, slot, changed.id) for slot in change.added]
    others = [other for found, _declined in seen for other in found]
    rivals = [other for other in others if other.id in place.ours or other.answer == "accepted"]
    if rivals or changed.answer == "declined" or any(declined for _found, declined in seen):
        put_back(place, change)
        raise Taken(others, "taken" if rivals else "declined")
    return changed, others


def put_back(place: Place, change: Change) -> Event | None:
    """Undo a move that may have reached the calendar; return the event where it was moved back."""
    event = place.find(change.event_id)
    if event is None or event.cancelled or _slot(event) != change.new:
        return None
    return place.source.reshape(place.calendar_id, event, change.old.start, change.old.end, place.zone, place.person)


def remove(place: Place, event_id: str) -> Event | None:
    """Delete an event if it is there; return it as it was found, None when there never was one."""
    found = place.find(event_id)
    if found and not found.cancelled:
        delete_once(place, event_id)
    return found


def delete_once(place: Place, event_id: str) -> None:
    """Delete an event, whatever became of the request."""
    try:
        place.source.delete(place.calendar_id, event_id, place.person)
    except Unreachable:
        found = place.find(event_id)
        if found and not found.cancelled:
            raise


def decline(place: Place, event_id: str, comment: str) -> Event | None:
    """Let the room decline an invitation; None when it is not in its calendar any more."""
    try:
        return place.source.answer(place.calendar_id, event_id, "declined", comment)
    except (Missing, Gone):
        return None
    except Unreachable:
        found = place.find(event_id)
        if found is None or found.cancelled or found.answer == "declined":
            return found
        raise


def accept(place: Place, event_id: str, slot: Slot, again: bool = True) -> tuple[Event, list[Event]]:
    """Let the room accept again what it had declined for that time, where nothing has come between.

    Raises Taken, Moved, Missing and Cancelled; what was moved is left to the room, which has answered it anew.
    """
    known = place.get(event_id)
    if _slot(known) != slot:
        raise Moved(known)
    others = place.others(slot, event_id)
    if others and known.answer != "accepted":
        raise Taken(others)
    try:
        mine = place.source.answer(place.calendar_id, event_id, "accepted", etag=known.etag)
    except Changed:
        if not again:
            raise
        return accept(place, event_id, slot, again=False)
    return _prove_accepted(place, slot, mine)


def _prove_accepted(place: Place, slot: Slot, mine: Event) -> tuple[Event, list[Event]]:
    others, _declined = _answered(place, slot, mine.id)
    if any(other.answer == "accepted" for other in others):
        place.source.answer(place.calendar_id, mine.id, "declined")
        raise Taken(others)
    return mine, others


def decline_again(place: Place, event_id: str, slot: Slot) -> None:
    """Undo an acceptance that may have reached the calendar; what was moved meanwhile is left to the room."""
    found = place.find(event_id)
    if found and not found.cancelled and _slot(found) == slot:
        decline(place, event_id, "")


def _besides(found: Iterable[Event], event_id: str) -> list[Event]:
    return [event for event in found if event.id != event_id and occupies(event)]


def _insert_once(place: Place, draft: Draft) -> Event:
    """Insert the event, whatever became of earlier attempts; the id decides, never a second id."""
    try:
        return place.source.insert(place.calendar_id, draft)
    except (Duplicate, Unreachable) as error:
        try:
            return place.get(draft.id)
        except Missing:
            raise Unreachable("Google has not taken the booking.") from error


def _lives(place: Place, event_id: str) -> bool:
    found = place.find(event_id)
    return found is not None and not found.cancelled


def _answered(place: Place, slot: Slot, mine: str) -> tuple[list[Event], bool]:
    """Read `around` again until the room has answered every invitation in it, or 15 seconds have passed."""
    pause = threading.Event()
    give_up = clock.monotonic() + ANSWER_SECONDS
    while True:
        others, declined = place.around(slot, mine)
        if clock.monotonic() > give_up or not any(event.answer == "needsAction" for event in others):
            return others, declined
        pause.wait(STEP_SECONDS)


def _may_move(event: Event, change: Change) -> bool:
    """An event is moved from where we knew it; one that only ends earlier, from wherever it lies by now."""
    return event.start < change.new.end if _only_shortens(change) else _slot(event) == change.old


def _ends_sooner(event: Event, change: Change) -> bool:
    return _only_shortens(change) and event.end <= change.new.end


def _only_shortens(change: Change) -> bool:
    return change.old.start == change.new.start and change.new.end < change.old.end


def _slot(event: Event) -> Slot:
    return Slot(event.start, event.end)


def _contender(event: Event, ours: Iterable[str]) -> Contender:
    return Contender(event.id, event.created, event.id in ours, event.answer == "accepted")
