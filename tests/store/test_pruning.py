"""What is long over goes, in small steps, and nothing that somebody still needs goes with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from peewee import IntegrityError

from kiosk.booking.counter import Wish
from kiosk.booking.desk import Desk
from kiosk.booking.driver import Driver
from kiosk.booking.pruner import Pruner
from kiosk.errors import SettingError
from kiosk.schedule.model import Booking
from kiosk.settings import load
from kiosk.store import acts, attendance, events, journal, mirror, notices, orders, problems, pruning, rooms, services
from kiosk.store.acts import Act
from kiosk.store.database import Store
from kiosk.store.rooms import StoredRoom
from kiosk.store.sqlite import SPARE_PAGES
from tests import databases
from tests.booking.test_desk import unreachable
from tests.fakes import FakeCalendars, StillClock, meeting

DAY = timedelta(days=1)
TABLES = ("act", "attendance", "command", "event", "notice", "problem", "request")


@pytest.fixture
def desk(store: Store, calendars: FakeCalendars, still: StillClock, oak: StoredRoom) -> Desk:
    return Desk(Driver(store, calendars, still))


@pytest.fixture
def pruner(store: Store, still: StillClock) -> Pruner:
    return Pruner(store, still, days=400, audit_days=1100)


def count(folder: Path) -> dict[str, int]:
    counts = {one: databases.rows(folder / "kiosk.db", f"SELECT COUNT(*) FROM {one}")[0][0] for one in TABLES}
    return {table: number for table, number in counts.items() if number}


def prune(pruner: Pruner) -> int:
    return sum(iter(pruner.step, 0))


def life(store: Store, desk: Desk, oak: StoredRoom, still: StillClock) -> str:
    """Somebody books, comes, orders and reports, a notice is up meanwhile; return the event's id."""
    made = desk.book(Wish("oak", still(), still() + timedelta(minutes=30)))
    booking = Booking(made.event_id, made.start, made.end, made.title)
    store.write(attendance.enter, oak.id, booking, still(), "panel")
    coffee = store.write(services.add, "", f"Coffee {still()}")
    store.write(orders.ask, oak, booking, coffee, 1, "", "ada@kiosk.example", still(), "")
    problem, _ = store.write(problems.report, oak, "light", None, "", still())
    store.write(problems.answer, problem.id, "done", "", "bob@kiosk.example", still())
    draft = notices.Draft("Lift is out", end=still() + timedelta(hours=1))
    store.write(notices.add, draft, notices.By("ada@kiosk.example", "", still()))
    return made.event_id


def leave_the_mirror(store: Store, oak: StoredRoom, still: StillClock) -> None:
    """Read the room anew: what is over is not in its window."""
    with store.read() as db:
        known = mirror.progress(db, oak.id)
    assert known
    store.write(mirror.commit_full, oak.id, known.generation, [], "1", (still(), still() + 9 * DAY), still())


def test_what_is_long_over_goes_and_what_is_younger_stays(
    store: Store, desk: Desk, oak: StoredRoom, still: StillClock, pruner: Pruner, tmp_path: Path
) -> None:
    life(store, desk, oak, still)
    still.advance(days=399)
    leave_the_mirror(store, oak, still)
    before = count(tmp_path)
    assert prune(pruner) == 0
    assert count(tmp_path) == before
    still.advance(days=2)
    life(store, desk, oak, still)
    both = count(tmp_path)
    assert prune(pruner) == 5
    left = count(tmp_path)
    assert {table: both[table] - left[table] for table in both} == {
        "act": -1,  # that so much has gone is written down
        **dict.fromkeys(("attendance", "command", "notice", "problem", "request"), 1),
        "event": 0,
    }
    with store.read() as db:
        [last] = [one for one in acts.recent(db) if one.act == "prune"]
    assert last.detail == dict.fromkeys(("attendance", "command", "notice", "problem", "request"), 1)


def test_a_booking_stays_ours_for_as_long_as_it_is_mirrored(
    store: Store, desk: Desk, oak: StoredRoom, still: StillClock, pruner: Pruner
) -> None:
    event_id = life(store, desk, oak, still)
    still.advance(days=500)
    prune(pruner)
    with store.read() as db:
        assert journal.own(db, [event_id]) == {event_id: ""}


def test_what_is_not_settled_stays(
    store: Store, desk: Desk, oak: StoredRoom, still: StillClock, pruner: Pruner, calendars: FakeCalendars
) -> None:
    calendars.before.append(unreachable)
    desk.answer_seconds = 0.5
    held = desk.book(Wish("oak", None, None, 30, "Held"))
    still.advance(days=500)
    prune(pruner)
    assert desk.find(held.id).state == "held"


def test_bookings_of_a_room_without_a_calendar_go_with_their_commands(
    store: Store, still: StillClock, pruner: Pruner, tmp_path: Path, oak: StoredRoom
) -> None:
    store.write(rooms.unlink, oak.id)
    with store.read() as db:
        assert rooms.by_id(db, oak.id).calendar_id is None
    store.write(events.upsert, oak.id, [meeting(1, still()), meeting(2, still() + 300 * DAY)])
    still.advance(days=402)
    assert prune(pruner) == 1
    assert count(tmp_path)["event"] == 1


def test_the_oldest_part_of_the_log_goes_and_the_rest_is_kept_by_the_database(
    store: Store, still: StillClock, pruner: Pruner
) -> None:
    for days in (0, 1, 2):
        store.write(acts.record, Act(still() + days * DAY, "panel", "", "book", "oak", f"e{days}", "confirmed"))
    still.advance(days=1101)
    assert prune(pruner) == 1
    with store.read() as db:
        assert [one.event_id for one in acts.recent(db) if one.act == "book"] == ["e2", "e1"]
        assert acts.begins(db) == still() - 1100 * DAY
    with pytest.raises(IntegrityError, match="only grows"):
        store.write(lambda db: db.execute_sql("DELETE FROM act WHERE event_id = 'e1'"))


def test_the_beginning_of_the_log_never_moves_back(store: Store, still: StillClock) -> None:
    store.write(acts.begin_at, still())
    store.write(acts.begin_at, still() - DAY)
    with store.read() as db:
        assert acts.begins(db) == still()


def test_nothing_goes_where_everything_is_kept_for_ever(
    store: Store, desk: Desk, oak: StoredRoom, still: StillClock, tmp_path: Path
) -> None:
    life(store, desk, oak, still)
    still.advance(days=9000)
    leave_the_mirror(store, oak, still)
    before = count(tmp_path)
    assert prune(Pruner(store, still, 0, 0)) == 0
    assert count(tmp_path) == before


def test_it_goes_in_small_steps_once_a_day(
    store: Store, still: StillClock, pruner: Pruner, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(1201):
        store.write(acts.record, Act(still(), "panel", "", "book", "oak", str(number), "confirmed"))
    still.advance(days=1101)
    assert [pruner.step() for _ in range(4)] == [500, 500, 201, 0]
    store.write(acts.record, Act(still() - 1101 * DAY, "panel", "", "book", "oak", "late", "confirmed"))
    still.advance(hours=23)
    assert pruner.step() == 0
    still.advance(hours=1)
    assert pruner.step() == 1


def test_what_is_looked_up_and_is_needed_again_meanwhile_stays(
    store: Store, desk: Desk, oak: StoredRoom, still: StillClock
) -> None:
    event_id = life(store, desk, oak, still)
    leave_the_mirror(store, oak, still)
    still.advance(days=500)
    found = store.report(pruning.COMMANDS.find, still())
    assert len(found) == 1
    store.write(events.upsert, oak.id, [replace(meeting(1, still()), id=event_id)])
    assert store.write(pruning.drop, pruning.COMMANDS, still(), found) == 0


@pytest.mark.sqlite
def test_the_file_shrinks_when_much_has_gone(store: Store, still: StillClock, tmp_path: Path, pruner: Pruner) -> None:
    long = "x" * 16_000
    large_acts = [Act(still(), "panel", "", "book", "oak", f"{number}{long}", "confirmed") for number in range(600)]
    store.write(lambda db: [acts.record(db, one) for one in large_acts])
    store.empty_log()
    large = (tmp_path / "kiosk.db").stat().st_size
    still.advance(days=1101)
    assert prune(pruner) == 600
    store.empty_log()
    assert (tmp_path / "kiosk.db").stat().st_size < large / 2
    assert store.tidy() == 0
    with store.read() as db:
        [(spare,)] = db.execute_sql("PRAGMA freelist_count").fetchall()
    assert spare <= SPARE_PAGES


def test_less_than_a_month_is_not_kept_by_mistake() -> None:
    assert load({"KIOSK_KEEP_DAYS": "0", "KIOSK_AUDIT_DAYS": "31"}).audit_days == 31
    for value in ("30", "-1", "soon"):
        with pytest.raises(SettingError, match="0 for ever"):
            load({"KIOSK_KEEP_DAYS": value})
