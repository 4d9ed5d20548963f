"""The gate: one free/busy question for fifty rooms tells which of them must be listed now."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from kiosk.schedule.model import Slot
from kiosk.source import Busy, CalendarSource
from kiosk.store import gate
from kiosk.store.database import Store
from kiosk.store.gate import Learnt, Span, Watched
from kiosk.store.models import milliseconds

SPAN = timedelta(days=2)
# Google's free/busy answers may be ahead of its lists for a moment: a difference is listed twice before it is left.
ONCE = "?"


def ask(
    source: CalendarSource, store: Store, rooms: list[Watched], now: datetime, beats: gate.Beats = ()
) -> tuple[list[int], dict[int, str]]:
    """Ask once for all these rooms, and write down what was learnt and that they are asked about again after `beats`.

    Returns the rooms that must be listed now, and the source's words for those that it says nothing about.
    Raises SourceError.
    """
    window = _window(now)
    answer = source.busy([room.calendar_id for room in rooms], window.start, window.end)
    said = {room.room_id: answer.get(room.calendar_id, Busy(error="notFound")) for room in rooms}
    learnt = _learn(store, rooms, said, window, now)
    store.write(gate.note, learnt, now, beats)
    return learnt.due, {room: busy.error for room, busy in said.items() if busy.error}


def digest(window: Slot, slots: Iterable[Slot]) -> str:
    """Return a short text that is equal for equal answers about the same stretch."""
    text = " ".join(f"{slot.start.isoformat()}/{slot.end.isoformat()}" for slot in (window, *slots))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _window(now: datetime) -> Slot:
    """Return a stretch that stays the same all day, so that equal answers have equal digests."""
    start = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return Slot(start, start + SPAN)


def _learn(store: Store, rooms: list[Watched], said: Mapping[int, Busy], window: Slot, asked_at: datetime) -> Learnt:
    """Compare every answer with the mirror: what was answered before is no measure, the mirror may have moved on."""
    ids = list(said)
    with store.read() as db:
        known = gate.occupancy(db, ids, window)
        listed = gate.listed_since(db, ids, asked_at)
    learnt = Learnt([], [], {})
    for room in rooms:
        _judge(room, said[room.room_id], known.get(room.room_id, []), window, room.room_id in listed, learnt)
    return learnt


def _judge(room: Watched, busy: Busy, known: list[Span], window: Slot, listed: bool, learnt: Learnt) -> None:
    """Add to what was learnt. `listed`: the room's list came in after the question was asked."""
    if busy.error:  # what is wrong with it, its list will tell in words
        learnt.due.append(room.room_id)
    elif _agree(busy, known, window):
        learnt.fresh.append(room.room_id)
        _remember(room, "", learnt)
    elif room.digest == (answer := digest(window, busy.slots)):  # its lists do not show it: no further one will
        learnt.fresh.append(room.room_id)
    else:
        learnt.due.append(room.room_id)
        if not listed:
            _remember(room, answer if room.digest == ONCE + answer else ONCE + answer, learnt)


def _remember(room: Watched, text: str, learnt: Learnt) -> None:
    if room.digest != text:
        learnt.digests[room.room_id] = text


def _agree(busy: Busy, known: list[Span], window: Slot) -> bool:
    if not busy.slots and not known:
        return True
    bounds = milliseconds(window.start), milliseconds(window.end)
    said = [(milliseconds(slot.start), milliseconds(slot.end)) for slot in busy.slots]
    return _merged(said, bounds) == _merged(known, bounds)


def _merged(spans: Iterable[Span], bounds: Span) -> list[Span]:
    """Return spans within bounds, those that touch or overlap made one."""
    merged: list[Span] = []
    for start, end in sorted((max(start, bounds[0]), min(end, bounds[1])) for start, end in spans):
        if start >= end:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged
