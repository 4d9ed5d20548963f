"""Rooms answer invitations by themselves, and every answer flows back to the organizer."""

from __future__ import annotations

import copy
from dataclasses import replace

from kiosk.emulator.acl import role_of
from kiosk.emulator.occupancy import Block, blocks, exceptions
from kiosk.emulator.recurrence import EXPANSION, Occurrence, series
from kiosk.emulator.store import Store, instance
from kiosk.emulator.values import Entry

_SERIES_MOST_CLASHES = 8
# Answers to meetings with more guests than this do not reach the organizer.
_MOST_GUESTS = 200


def request(store: Store, entry: Entry) -> None:
    """Ask a room that accepts by itself to answer this invitation, after the usual delay."""
    calendar = store.calendar(entry.calendar)
    own = entry.guest(entry.calendar)
    if calendar is None or calendar.kind != "resource" or not calendar.auto_accept:
        return
    if own and own["responseStatus"] == "needsAction":
        due = store.clock.microseconds() + int(float(store.meta("answer_delay") or 0) * 1_000_000)
        sql = "INSERT INTO answers_due (due, calendar, event) VALUES (?, ?, ?)"
        store.write(sql, due, entry.calendar, entry.id)


def next_due(store: Store) -> int | None:
    """When the next answer is to be given, in microseconds."""
    found = store.row("SELECT min(due) FROM answers_due")
    return found[0] if found else None


def give_due(store: Store, now: int) -> int:
    """Give every answer that is due at `now` (microseconds); returns how many."""
    due = store.rows("SELECT id, calendar, event FROM answers_due WHERE due <= ? ORDER BY due, id", now)
    for job, calendar_id, event_id in due:
        store.write("DELETE FROM answers_due WHERE id = ?", job)
        answer(store, calendar_id, event_id)
    return len(due)


def answer(store: Store, calendar_id: str, event_id: str) -> None:
    """The room decides on one invitation, unless it is gone or answered meanwhile."""
    entry = store.entry(calendar_id, event_id)
    own = entry.guest(calendar_id) if entry else None
    if entry is None or entry.cancelled or own is None or own["responseStatus"] != "needsAction":
        return
    if not _welcome(store, entry):
        respond(store, entry, "declined")
        return
    if entry.rule:
        _answer_series(store, entry)
        return
    clash = _in_the_way(store, entry, entry.starts, entry.ends)
    respond(store, entry, "declined" if clash else "accepted")


def _welcome(store: Store, entry: Entry) -> bool:
    """With the flag up, a room declines members of the organisation that it is not shared with."""
    if store.meta("flag_rooms_decline_strangers") != "1":
        return True
    room, organizer = store.calendar(entry.calendar), store.calendar(entry.home)
    if room is None or organizer is None or organizer.kind != "user":
        return True
    return role_of(store, room, organizer.id) != "none"


def respond(store: Store, entry: Entry, status: str, comment: str = "") -> Entry:
    """Set a guest's answer on its own copy, on the organizer's and on the other guests'."""
    answered = store.save(_answered(entry, entry.calendar, status, comment))
    origin = store.entry(entry.home, entry.id)
    if not entry.is_copy or origin is None or origin.cancelled:
        return answered
    if len(origin.data.get("attendees", [])) > _MOST_GUESTS:
        return answered
    sql = "SELECT DISTINCT calendar FROM events WHERE id IN (?, ?) AND home = ? AND status != 'cancelled'"
    holders = [str(row[0]) for row in store.rows(sql, entry.id, entry.series or entry.id, entry.home)]
    for holder in sorted(set(holders) - {entry.calendar}):
        other = store.entry(holder, entry.id)
        if other and not other.cancelled and other.guest(entry.calendar):
            store.save(_answered(other, entry.calendar, status, comment))
    return answered


def _answered(entry: Entry, guest: str, status: str, comment: str) -> Entry:
    data = copy.deepcopy(entry.data)
    for attendee in data.get("attendees", []):
        if attendee["email"] == guest:
            attendee["responseStatus"] = status
            attendee.pop("comment", None)
            attendee |= {"comment": comment} if comment else {}
    return replace(entry, data=data)


def _answer_series(store: Store, master: Entry) -> None:
    """A room takes a series when half of it or more is free and no more than eight dates clash."""
    excepted = exceptions(store, master.calendar).get(master.id, set())
    dates = [each for each in series(master.rule).between(0, master.ends, EXPANSION) if each.key not in excepted]
    clashing = _clashing(store, master, dates)
    accepted = 2 * len(clashing) <= len(dates) and len(clashing) <= _SERIES_MOST_CLASHES
    respond(store, master, "accepted" if accepted else "declined")
    fresh = store.stored(master.calendar, master.id)
    for date in clashing if accepted and fresh else []:
        assert fresh is not None
        respond(store, instance(fresh, date), "declined")


def _clashing(store: Store, master: Entry, dates: list[Occurrence]) -> list[Occurrence]:
    if not dates:
        return []
    taken = _in_the_way(store, master, dates[0].starts, dates[-1].ends)
    return [date for date in dates if any(block.starts < date.ends and date.starts < block.ends for block in taken)]


def _in_the_way(store: Store, entry: Entry, low: int, high: int) -> list[Block]:
    """What stands in the way of an invitation: all but itself, and those that still wait in line for an answer."""
    rows = store.rows("SELECT event FROM answers_due WHERE calendar = ?", entry.calendar)
    waiting = {str(row[0]) for row in rows}
    found = (block for block in blocks(store, entry.calendar, low, high) if not _is_own(block, entry))
    return [block for block in found if block.answer != "needsAction" or not {block.id, block.series} & waiting]


def _is_own(block: Block, entry: Entry) -> bool:
    return block.id == entry.id or (bool(entry.rule) and block.series == entry.id)
