"""Names are forgotten in what is over, everywhere and only there; what was used and how often stays countable."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from peewee import IntegrityError

from kiosk.booking.counter import Wish
from kiosk.booking.desk import Desk
from kiosk.booking.driver import Driver
from kiosk.booking.forgetter import Forgetter
from kiosk.errors import UsageError
from kiosk.schedule.model import Booking, Person
from kiosk.schedule.rights import Who
from kiosk.store import (
    acts,
    attendance,
    deliveries,
    devices,
    errands,
    forgetting,
    mirror,
    names,
    notices,
    orders,
    pins,
    services,
)
from kiosk.store.acts import Act
from kiosk.store.database import Store
from kiosk.store.devices import Described
from kiosk.store.machines import ErrandRow
from kiosk.store.rooms import StoredRoom
from kiosk.store.told import NoticeRow
from tests import databases
from tests.booking.test_desk import unreachable
from tests.fakes import FakeCalendars, StillClock, meeting

ADA, JOADA, BOB = "ada@kiosk.example", "joada@kiosk.example", "bob@kiosk.example"
DAY = timedelta(days=1)


@pytest.fixture
def desk(store: Store, calendars: FakeCalendars, still: StillClock, oak: StoredRoom) -> Desk:
    return Desk(Driver(store, calendars, still))


@pytest.fixture
def forgetter(store: Store, still: StillClock) -> Forgetter:
    return Forgetter(store, still)


def life(store: Store, desk: Desk, oak: StoredRoom, still: StillClock, email: str = ADA) -> None:
    """Somebody books, checks in, asks for coffee and is told of it, all of which leaves traces; another day follows."""
    start = still()
    made = desk.book(Wish("oak", start, start + timedelta(minutes=30), title="Ada's salary", who=Who("person", email)))
    booking = Booking(made.event_id, made.start, made.end, made.title)
    store.write(attendance.enter, oak.id, booking, still(), f"person:{email}")
    coffee = store.write(services.add, "", f"Coffee {start}")
    one = store.write(orders.ask, oak, booking, coffee, 1, "for Ada", email, still(), "10.0.0.7")
    number = store.write(deliveries.mail, email, "service.changed", {"by": email}, still())
    with store.read() as db:
        mail = deliveries.find(db, number)
    store.write(deliveries.arrived, mail, "taken", still())
    store.write(orders.answer, one.id, "accepted", "Gladly, Ada", BOB, still())
    still.advance(days=1)


def traces(folder: Path, word: str) -> list[str]:
    """Return the tables in which a word stands anywhere, read past all our code.

    A part of a longer word is none: keys and secrets hold any three letters now and then.
    """
    whole = re.compile(rf"(?<![0-9a-z]){re.escape(word)}(?![0-9a-z])")
    found = databases.everything(folder / "kiosk.db")
    return sorted(
        table for table, rows in found.items() if any(whole.search(str(one).lower()) for row in rows for one in row)
    )


def count(folder: Path) -> dict[str, int]:
    file = folder / "kiosk.db"
    return {one: databases.rows(file, f"SELECT COUNT(*) FROM {one}")[0][0] for one in ("command", "act", "request")}


def forget(forgetter: Forgetter) -> int:
    return sum(iter(forgetter.step, 0))


def test_what_is_old_enough_loses_every_name_and_stays_countable(
    store: Store, desk: Desk, oak: StoredRoom, still: StillClock, forgetter: Forgetter, tmp_path: Path
) -> None:
    life(store, desk, oak, still)
    assert {"act", "attendance", "command", "delivery", "event", "request"} <= set(traces(tmp_path, "ada"))
    before = count(tmp_path)
    store.write(forgetting.set_after_days, 3)
    assert forget(forgetter) == 0
    still.advance(days=3)
    assert forget(forgetter) > 0
    assert traces(tmp_path, "ada") == ["delivery"]  # a mail that still waits to be sent
    assert traces(tmp_path, "10.0.0.7") == []
    assert count(tmp_path) == before
    with store.read() as db:
        assert {one.act: one.actor for one in acts.recent(db)} == {
            "book": "person",
            "request_service": "person",
            "change_service": "somebody",
        }


def test_letters_of_a_key_are_no_trace_of_a_name(store: Store, still: StillClock, tmp_path: Path) -> None:
    store.write(acts.record, Act(still(), "panel", "", "book", "oak", "e4f0ada17", "done"))
    assert traces(tmp_path, "ada") == []
    store.write(acts.record, Act(still(), "panel", "", "book", "oak", "e4f0", "done", "", {"for": "Ada's salary"}))
    assert traces(tmp_path, "ada") == ["act"]


def test_what_is_younger_keeps_its_names(
    store: Store, desk: Desk, oak: StoredRoom, still: StillClock, forgetter: Forgetter, tmp_path: Path
) -> None:
    store.write(forgetting.set_after_days, 3)
    life(store, desk, oak, still)
    still.advance(days=3)
    life(store, desk, oak, still, BOB)
    forget(forgetter)
    assert "command" in traces(tmp_path, BOB)
    assert "command" not in traces(tmp_path, ADA)


def test_names_are_kept_unless_the_organisation_says_otherwise(
    store: Store, desk: Desk, oak: StoredRoom, still: StillClock, forgetter: Forgetter, tmp_path: Path
) -> None:
    life(store, desk, oak, still)
    still.advance(days=4000)
    assert forget(forgetter) == 0
    assert "command" in traces(tmp_path, ADA)


def test_the_loop_rests_for_a_day_after_all_is_done(store: Store, still: StillClock, forgetter: Forgetter) -> None:
    store.write(forgetting.set_after_days, 1)
    store.write(acts.record, Act(still() - 2 * DAY, f"person:{ADA}", "", "book", "oak", "e1", "confirmed"))
    assert forget(forgetter) == 1
    store.write(acts.record, Act(still() - 2 * DAY, f"person:{ADA}", "", "book", "oak", "e2", "confirmed"))
    still.advance(hours=23)
    assert forget(forgetter) == 0
    still.advance(hours=1)
    assert forget(forgetter) == 1


def test_more_than_one_part_is_done_one_after_the_other(
    store: Store, still: StillClock, forgetter: Forgetter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(names, "CHUNK", 3)
    store.write(forgetting.set_after_days, 1)
    for number in range(8):
        store.write(acts.record, Act(still() - 2 * DAY, BOB, "", "log_in", "", str(number), "done"))
    assert [forgetter.step() for _ in range(4)] == [3, 3, 2, 0]


def test_a_person_is_taken_out_of_the_past_and_others_stay(
    store: Store, desk: Desk, oak: StoredRoom, still: StillClock, forgetter: Forgetter, tmp_path: Path
) -> None:
    pins.set_pin(store, ADA, "4711")
    for email in (ADA, JOADA):
        life(store, desk, oak, still, email)
    store.write(acts.record, Act(still(), BOB, "", "add_account", "", "", "done", "", {"account": ADA}))
    store.write(acts.record, Act(still(), BOB, "", "add_account", "", "", "done", "", {"account": JOADA}))
    before = count(tmp_path)
    done, upcoming = forgetter.erase("Ada@Kiosk.example")
    assert (done.total > 5, upcoming) == (True, 0)
    assert ADA not in databases.text(tmp_path / "kiosk.db").replace(JOADA, "")
    assert {"act", "attendance", "command", "event", "request"} <= set(traces(tmp_path, JOADA))
    assert count(tmp_path) == before


def test_what_is_still_to_come_is_googles_and_said_to_be(
    store: Store, oak: StoredRoom, still: StillClock, forgetter: Forgetter
) -> None:
    mine = [meeting(number, still() + number * DAY, organizer=Person("Ada@kiosk.example", "Ada")) for number in (-1, 1)]
    with store.read() as db:
        known = mirror.progress(db, oak.id)
    assert known
    store.write(mirror.commit_full, oak.id, known.generation, mine, "1", (still() - DAY, still() + 9 * DAY), still())
    done, upcoming = forgetter.erase(ADA)
    assert (done.events, upcoming) == (1, 1)


def test_a_command_under_way_is_left_alone(
    store: Store, desk: Desk, still: StillClock, forgetter: Forgetter, calendars: FakeCalendars, tmp_path: Path
) -> None:
    calendars.before.append(unreachable)
    desk.answer_seconds = 0.5
    made = desk.book(Wish("oak", None, None, 30, "Held", who=Who("person", ADA)))
    assert made.state == "held"
    forgetter.erase(ADA)
    assert desk.find(made.id).person == ADA


def test_nobody_is_erased_by_a_slip(forgetter: Forgetter) -> None:
    for text in ("", "ada", "@", "%"):
        with pytest.raises(UsageError):
            forgetter.erase(text)


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM act",
        "UPDATE act SET act = 'cancel'",
        "UPDATE act SET result = 'refused'",
        "UPDATE act SET at = at + 1",
        "UPDATE act SET actor = 'eve@kiosk.example'",
        "UPDATE act SET place = '10.0.0.8'",
        'UPDATE act SET detail = \'{"way": "organizer"}\'',
    ],
)
def test_the_log_of_acts_cannot_be_changed_by_anybody(store: Store, still: StillClock, sql: str) -> None:
    store.write(acts.record, Act(still(), f"person:{ADA}", "10.0.0.7", "book", "oak", "e1", "confirmed"))
    with pytest.raises(IntegrityError, match="only grows"):
        store.write(lambda db: db.execute_sql(sql))


def test_days_are_whole_and_not_too_many(store: Store) -> None:
    for days in (-1, 4000):
        with pytest.raises(UsageError):
            store.write(forgetting.set_after_days, days)


def test_notices_go_when_they_have_been_over_for_long_enough(
    store: Store, forgetter: Forgetter, still: StillClock
) -> None:
    for title, end in (("Farewell, Ada", DAY), ("Lift is out", 9 * DAY)):
        draft = notices.Draft(title, end=still() + end)
        store.write(notices.add, draft, notices.By(ADA, "10.0.0.7", still()))
    store.write(forgetting.set_after_days, 2)
    still.advance(days=4)
    while forgetter.step():
        pass
    with store.read() as db:
        assert [one.title for one in notices.coming(db, still())] == ["Lift is out"]
        assert [row.title for row in NoticeRow.select().execute(db)] == ["Lift is out"]


def test_who_wrote_a_notice_is_forgotten_with_them(store: Store, forgetter: Forgetter, still: StillClock) -> None:
    made = store.write(
        notices.add, notices.Draft("Lift is out", end=still() + DAY), notices.By(ADA, "10.0.0.7", still())
    )
    assert forgetter.erase(ADA)[0].notices == 1
    with store.read() as db:
        assert notices.find(db, made.id).created_by == ""


def test_who_let_a_device_in_and_asked_it_for_something_is_forgotten_with_them(
    store: Store, forgetter: Forgetter, still: StillClock
) -> None:
    device = let_in(store, still)
    assert forgetter.erase(ADA)[0].devices == 2
    assert askers(store, device) == ("", "", "")


def test_who_let_a_device_in_and_asked_it_for_something_is_forgotten_in_time(
    store: Store, forgetter: Forgetter, still: StillClock
) -> None:
    device = let_in(store, still)
    store.write(forgetting.set_after_days, 2)
    still.advance(days=4)
    while forgetter.step():
        pass
    assert askers(store, device) == ("", "", "")


def let_in(store: Store, still: StillClock) -> int:
    """Have somebody let a device in that shows all rooms, and ask it to blink; return its number."""
    wanted = Described("A board", "lobby", "all")
    one, _ = store.write(devices.enrol, wanted, "a" * 64, ADA, still())
    store.write(errands.ask, one.id, "identify", "", errands.By(f"admin:{ADA}", "10.0.0.7", still()))
    return one.id


def askers(store: Store, device: int) -> tuple[str, str, str]:
    with store.read() as db:
        (asked,) = ErrandRow.select().execute(db)
        return devices.find(db, device).created_by, asked.by, asked.place
