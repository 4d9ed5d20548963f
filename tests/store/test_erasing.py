"""A person is erased in parts that are committed one by one; nothing that is kept names them afterwards."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from kiosk.booking.forgetter import Forgetter
from kiosk.schedule.model import Booking, Person
from kiosk.source import Member
from kiosk.store import (
    accounts,
    acts,
    connection,
    deliveries,
    events,
    forgetting,
    journal,
    names,
    orders,
    people,
    pins,
    policies,
    services,
    sessions,
    webhooks,
)
from kiosk.store.acts import Act
from kiosk.store.database import Store
from kiosk.store.deliveries import Delivery
from kiosk.store.journal import Command
from kiosk.store.levels import Level
from kiosk.store.models import ActRow
from kiosk.store.office import DeliveryRow
from kiosk.store.rooms import StoredRoom
from tests import databases
from tests.fakes import StillClock, meeting

ADA, BOB, CATERER = "ada@kiosk.example", "bob@kiosk.example", "cook@kiosk.example"
NAME = "Ada Okafor"
HOUR = timedelta(hours=1)


@pytest.fixture
def forgetter(store: Store, still: StillClock) -> Forgetter:
    return Forgetter(store, still)


def acted(store: Store, still: StillClock, count: int) -> None:
    for number in range(count):
        store.write(acts.record, Act(still(), f"person:{ADA}", "10.0.0.7", "book", "oak", str(number), "confirmed"))


def named(store: Store) -> int:
    with store.read() as db:
        return int(ActRow.select().where(ActRow.actor.contains(ADA)).count(db))


def written(folder: Path) -> str:
    """Return all that the database holds, read past our own code."""
    return databases.text(folder / "kiosk.db")


def messages(store: Store) -> list[Delivery]:
    with store.read() as db:
        return deliveries.recent(db, 100)


def ask(store: Store, oak: StoredRoom, still: StillClock, start_in: timedelta = HOUR) -> None:
    """Ada, whose name the Directory knows, asks for coffee; a caterer waits to be told."""
    store.write(people.replace_all, [Member(NAME, (ADA,))], still())
    store.write(services.add, "", "Coffee")
    with store.read() as db:
        [coffee] = services.every(db)
    booking = Booking("e1", still() + start_in, still() + start_in + HOUR, "Review")
    store.write(accounts.add, CATERER, "", "caterer", ("",), still())
    store.write(orders.ask, oak, booking, coffee, 1, "for Ada", ADA, still())


@dataclass
class Kill:
    """Kills whoever writes, after so many commits."""

    commits: int = 0

    def __call__(self) -> None:
        self.commits -= 1
        if self.commits == 0:
            raise KeyboardInterrupt


def test_every_part_is_a_transaction_of_its_own(
    store: Store, still: StillClock, forgetter: Forgetter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(names, "CHUNK", 3)
    acted(store, still, 8)
    left: list[int] = []
    store.on_commit(lambda: left.append(named(store)))
    done, _ = forgetter.erase(ADA)
    assert (done.acts, [*dict.fromkeys(left)]) == (8, [8, 5, 2, 0])


def test_what_was_cut_short_is_finished_by_doing_it_again(
    store: Store,
    oak: StoredRoom,
    still: StillClock,
    forgetter: Forgetter,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Killed after each part in turn, it leaves no row that the next run does not find."""
    monkeypatch.setattr(names, "CHUNK", 2)
    past(store, oak, still)
    kill = Kill()
    store.on_commit(kill)
    for _part in range(5):
        kill.commits = 2  # the PIN and the sessions, and one part
        with pytest.raises(KeyboardInterrupt):
            forgetter.erase(ADA)
    assert forgetter.erase(ADA)[0].total == 0
    assert not any(word in written(tmp_path) for word in ("Salary", ADA))


def past(store: Store, oak: StoredRoom, still: StillClock) -> None:
    """Ada had a meeting, Bob cancelled it, and its title stands in his command too."""
    store.write(events.upsert, oak.id, [replace(meeting(1, still(), organizer=Person(ADA)), title="Salary")])
    cancel = Command(
        "c1", oak.id, "cancel", "m1", still(), still() + HOUR, "Salary", "confirmed", "", None, "", 0, still(), still(),
        settled_at=still(), actor=f"admin:{BOB}",
    )  # fmt: skip
    store.write(journal.add, cancel)
    acted(store, still, 5)
    still.advance(days=1)


def test_titles_of_their_bookings_go_from_what_others_did_with_them(
    store: Store, oak: StoredRoom, still: StillClock, forgetter: Forgetter, tmp_path: Path
) -> None:
    past(store, oak, still)
    forgetter.erase(ADA)
    assert "Salary" not in written(tmp_path)
    assert f"admin:{BOB}" in written(tmp_path)


def test_a_mail_that_waits_goes_out_without_the_name(
    store: Store, oak: StoredRoom, still: StillClock, forgetter: Forgetter
) -> None:
    ask(store, oak, still)
    assert NAME in messages(store)[0].body
    forgetter.erase(ADA)
    [mail] = messages(store)
    assert (mail.target, mail.state) == (CATERER, "waiting")
    assert '"service": "Coffee"' in mail.body
    assert not any(word in mail.body for word in (NAME, ADA, "for Ada"))


def test_a_mail_that_has_arrived_goes_with_the_name_in_it(
    store: Store, oak: StoredRoom, still: StillClock, forgetter: Forgetter
) -> None:
    ask(store, oak, still)
    store.write(deliveries.arrived, messages(store)[0], "taken", still())
    forgetter.erase(ADA)
    assert messages(store) == []


def test_what_a_receiver_answered_about_them_goes_too(store: Store, still: StillClock, forgetter: Forgetter) -> None:
    hook, _ = store.write(webhooks.add, "https://example.org/", (), still())
    number = store.write(deliveries.announce_to, hook.id, "booking.confirmed", {"room": "oak"}, still())
    with store.read() as db:
        one = deliveries.find(db, number)
    store.write(deliveries.postpone, one, f"500 no such user {ADA}", still() + HOUR, still())
    store.write(webhooks.answered, hook.id, False, f"500 no such user {ADA}", still())
    forgetter.erase(ADA)
    [kept] = messages(store)
    with store.read() as db:
        assert (kept.said, webhooks.find(db, hook.id).said) == ("", "")
    assert '"room": "oak"' in kept.body


def test_policies_exempt_them_no_longer(store: Store, oak: StoredRoom, still: StillClock, forgetter: Forgetter) -> None:
    store.write(policies.change, oak.id, {"exempt-people": f"{ADA}, {BOB}"})
    store.write(policies.change, Level("Berlin"), {"exempt-people": ADA})
    done, _ = forgetter.erase(ADA)
    with store.read() as db:
        assert policies.of_room(db, oak.id)["exempt-people"] == BOB
        assert policies.of_level(db, Level("Berlin"))["exempt-people"] == "none"
    assert done.policies == 2


def test_disconnecting_forgets_the_people_of_the_organisation(store: Store, still: StillClock, tmp_path: Path) -> None:
    store.write(people.replace_all, [Member(NAME, (ADA,))], still())
    store.write(connection.end, Act(still(), "console", "", "disconnect", "", "", "done"))
    assert NAME not in written(tmp_path)
    with store.read() as db:
        assert people.read_at(db) is None


def test_whoever_had_left_gets_in_no_more_after_disconnecting(store: Store, still: StillClock) -> None:
    for email in (ADA, BOB):
        pins.set_pin(store, email, "4711")
    keys = [store.write(sessions.open_, email, "", "google", still()) for email in (ADA, BOB)]
    still.advance(hours=1)
    store.write(people.replace_all, [Member(NAME, (ADA,))], still())
    store.write(connection.end, Act(still(), "console", "", "disconnect", "", "", "done"))
    with store.read() as db:
        assert [one.email for one in pins.holders(db)] == [ADA]
        assert [sessions.find(db, key, still()) is not None for key in keys] == [True, False]


@pytest.mark.sqlite
def test_the_write_ahead_log_is_emptied_of_the_name(
    store: Store, still: StillClock, forgetter: Forgetter, tmp_path: Path
) -> None:
    acted(store, still, 5)
    log = tmp_path / "kiosk.db-wal"
    assert ADA.encode() in log.read_bytes()
    forgetter.erase(ADA)
    assert ADA.encode() not in log.read_bytes()


@pytest.mark.sqlite
def test_a_log_that_somebody_reads_is_emptied_later(
    store: Store, still: StillClock, forgetter: Forgetter, tmp_path: Path
) -> None:
    acted(store, still, 5)
    with closing(sqlite3.connect(tmp_path / "kiosk.db")) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM act").fetchall()
        forgetter.erase(ADA)
        with store.read() as db:
            assert forgetting.log_is_full(db)
    forgetter.step()
    with store.read() as db:
        assert not forgetting.log_is_full(db)
    assert ADA.encode() not in (tmp_path / "kiosk.db-wal").read_bytes()


def test_a_delivery_is_deleted_only_where_that_very_address_stands(
    store: Store, still: StillClock, forgetter: Forgetter
) -> None:
    store.write(deliveries.mail, BOB, "ping", {"by": f"jo{ADA}", "note": f"or {ADA}.uk"}, still())
    store.write(lambda db: DeliveryRow.update(state="delivered").execute(db))
    forgetter.erase(ADA)
    assert len(messages(store)) == 1
