"""Forgetting whom past bookings were for: names and titles go, what was used and how often stays countable."""

from __future__ import annotations

from datetime import datetime

from peewee import Database

from kiosk.errors import UsageError
from kiosk.store import facts, journal, names
from kiosk.store.machines import DeviceRow, ErrandRow
from kiosk.store.models import ActRow, AttendanceRow, CommandRow, EventRow
from kiosk.store.names import NAMELESS, Forgotten
from kiosk.store.office import DeliveryRow, ProblemRow, RequestRow
from kiosk.store.told import NoticeRow

AFTER_DAYS = "forget_after_days"
LAST = "forgot_at"
# The write-ahead log may still hold what was forgotten: somebody was reading just then.
LOG_IS_FULL = "log_is_full"
MOST_DAYS = 3650


def after_days(db: Database) -> int:
    """Return after how many days names are forgotten, 0 for never."""
    return int(facts.read(db, AFTER_DAYS) or 0)


def set_after_days(db: Database, days: int) -> None:
    """Say after how many days names are forgotten, 0 for never. Raises UsageError."""
    if not 0 <= days <= MOST_DAYS:
        raise UsageError(f"Names are forgotten after 1 to {MOST_DAYS} days, or never (0).")
    facts.write(db, AFTER_DAYS, str(days))
    facts.forget(db, LAST)


def last(db: Database) -> datetime | None:
    """Return when past bookings were looked through last."""
    return facts.read_instant(db, LAST)


def note(db: Database, now: datetime) -> None:
    """Write down that past bookings have been looked through."""
    facts.write_instant(db, LAST, now)


def log_is_full(db: Database) -> bool:
    """Tell whether the write-ahead log is still to be emptied."""
    return facts.read(db, LOG_IS_FULL) is not None


def note_log(db: Database, full: bool) -> None:
    """Write down whether the write-ahead log is still to be emptied."""
    if full:
        facts.write(db, LOG_IS_FULL, "yes")
    else:
        facts.forget(db, LOG_IS_FULL)


def forget_before(db: Database, before: datetime) -> Forgotten:
    """Take names and titles out of some of what was over before an instant; nothing is left when none are counted."""
    old_command = (CommandRow.end < before) & CommandRow.state.not_in(journal.OPEN)
    old_message = (DeliveryRow.created_at < before) & (DeliveryRow.way == "mail") & (DeliveryRow.state != "waiting")
    old_request = (RequestRow.start < before) & names.said(RequestRow.by, RequestRow.answered_by)
    return Forgotten(
        events=names.events(db, (EventRow.end < before) & names.said(EventRow.title, EventRow.organizer_email)),
        commands=names.commands(db, old_command & names.said(CommandRow.title, CommandRow.person, CommandRow.request)),
        check_ins=names.check_ins(db, (AttendanceRow.end < before) & names.said(AttendanceRow.title, AttendanceRow.by)),
        acts=names.acts(db, (ActRow.at < before) & (ActRow.actor.not_in(NAMELESS) | names.said(ActRow.place)))
        + _old_details(db, before),
        requests=names.requests(db, old_request),
        messages=names.messages(db, old_message),
        problems=names.problems(db, (ProblemRow.reported_at < before) & names.said(ProblemRow.by, ProblemRow.place)),
        devices=names.devices(db, (DeviceRow.created_at < before) & names.said(DeviceRow.created_by))
        + names.errands(db, (ErrandRow.created_at < before) & names.said(ErrandRow.by, ErrandRow.place)),
        notices=names.notices(db, (NoticeRow.ended_at < before) | (NoticeRow.end < before)),
    )


def _old_details(db: Database, before: datetime) -> int:
    """Empty what some old acts tell beside, where it names any person."""
    found = names.telling(db, (ActRow.at < before) & ActRow.detail.contains("@"), names.any_in)
    return names.details(db, ActRow.id.in_(found[: names.CHUNK]))
