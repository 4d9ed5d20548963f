"""What a crash of PostgreSQL has taken back: nobody goes on as if it had happened."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from datetime import timedelta

import pytest
from peewee import Database

from kiosk import clock
from kiosk.booking.lock import Locks
from kiosk.errors import DatabaseAway, LeaseLost
from kiosk.schedule.model import Room
from kiosk.store import gate, leases, mirror, revisions, rooms
from kiosk.store.database import Store
from kiosk.store.plain import rows
from kiosk.store.wire import Wire
from tests.cluster import Cluster
from tests.conftest import OAK
from tests.running import wait_for

MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def weak() -> Iterator[Cluster]:
    """A server that may be killed; what is not written durably stays off the disk for longer than a test takes."""
    made = Cluster(fsync="on", full_page_writes="on", wal_writer_delay="10s")
    yield made
    made.remove()


@pytest.fixture
def room(shaken: Store) -> int:
    """A linked room that was read, all of it on the disk."""
    stored = shaken.write(rooms.add_linked, Room("oak", "Oak", clock.zone("Europe/Berlin")), OAK, clock.now())
    window = (clock.now(), clock.now())
    shaken.write_durably(mirror.commit_full, stored.id, 0, [], "cursor", window, clock.now())
    return stored.id


def crash(weak: Cluster) -> None:
    """Let the power go, and come back."""
    weak.stop(signal.SIGQUIT)
    weak.start()


def revision(store: Store, room: int) -> int:
    with store.read() as db:
        return rooms.by_id(db, room).revision


def write_something(store: Store) -> None:
    store.write(leases.take, "anything", "me", clock.now(), MINUTE)


def test_a_claim_is_taken_back_whose_end_was_lost(shaken: Store, weak: Cluster, room: int) -> None:
    shaken.write_durably(mirror.all_due, clock.now())
    claimed = shaken.write_durably(mirror.claim_due, clock.now(), leases.CLAIM, failing=False)
    shaken.write_durably(gate.claim_due, clock.now(), leases.CLAIM, 50)
    assert claimed
    shaken.write(mirror.schedule, claimed, clock.now() + timedelta(seconds=2), None)
    crash(weak)
    write_something(shaken)
    with shaken.read() as db:
        due, asked = mirror.next_due(db, failing=False), gate.next_due(db)
    assert due
    assert asked
    assert max(due, asked) <= clock.now()


def test_rooms_whose_lists_can_wait_do_so_after_a_crash(shaken: Store, weak: Cluster, room: int) -> None:
    later = clock.now() + 30 * MINUTE
    shaken.write_durably(mirror.all_due, later)
    crash(weak)
    write_something(shaken)
    with shaken.read() as db:
        assert mirror.next_due(db, failing=False) == later.replace(microsecond=later.microsecond // 1000 * 1000)


def test_no_revision_is_given_again_that_was_lost(shaken: Store, weak: Cluster, room: int) -> None:
    shaken.write(revisions.touch, room)
    drawn = revision(shaken, room)
    crash(weak)
    assert revision(shaken, room) < drawn
    shaken.write(revisions.touch, room)
    assert revision(shaken, room) > drawn


def test_two_crashes_in_a_row_give_no_revision_again(shaken: Store, weak: Cluster, room: int) -> None:
    drawn = []
    for _ in range(3):
        shaken.write(revisions.touch, room)
        drawn.append(revision(shaken, room))
        crash(weak)
    assert len({*drawn}) == len(drawn)


def test_a_pass_that_was_under_way_is_run_again(shaken: Store, weak: Cluster, room: int) -> None:
    with shaken.read() as db:
        before = mirror.progress(db, room)
    assert before
    crash(weak)
    done = shaken.write(mirror.commit_delta, room, before.generation, [], [], [], "further", clock.now())
    assert done is None


def test_a_room_is_free_again_whose_giving_back_was_lost(shaken: Store, weak: Cluster, room: int) -> None:
    with Locks(shaken, "me", clock.now).room(room):
        shaken.write_durably(leases.take, "anything", "me", clock.now(), MINUTE)
    crash(weak)
    assert shaken.write(leases.take, leases.of_room(room), "another", clock.now(), MINUTE)


def test_who_holds_a_room_in_a_crash_learns_that_it_is_lost(shaken: Store, weak: Cluster, room: int) -> None:
    lease = shaken.write_durably(leases.take, leases.of_room(room), "me", clock.now(), MINUTE)
    assert lease
    crash(weak)
    with pytest.raises(LeaseLost):
        shaken.write(leases.check, lease, clock.now())


def test_a_lost_connection_alone_takes_nothing_back(shaken: Store, weak: Cluster, room: int) -> None:
    drawn = revision(shaken, room)
    weak.sql("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name LIKE 'kiosk %'")
    write_something(shaken)
    assert revision(shaken, room) == drawn


def test_a_server_that_kills_itself_over_one_connection_has_crashed_too(shaken: Store, room: int) -> None:
    """PostgreSQL begins anew, in the same process, when one of those that serve a connection was killed."""
    drawn = revision(shaken, room)
    os.kill(shaken.write(whose), signal.SIGKILL)
    wait_for(lambda: has_written(shaken))
    assert revision(shaken, room) > drawn


def test_what_was_undone_is_made_good_by_the_next_who_writes(shaken: Store, weak: Cluster, room: int) -> None:
    shaken.write(revisions.touch, room)
    drawn = revision(shaken, room)
    crash(weak)
    with pytest.raises(ZeroDivisionError):
        shaken.write(lambda _db: 1 / 0)
    shaken.write(revisions.touch, room)
    assert revision(shaken, room) > drawn


def test_what_others_do_under_a_lost_number_is_not_taken_for_what_was_lost(
    shaken: Store, weak: Cluster, room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A transaction is asked for by its number when its end was not heard of; a crash gives such numbers again."""
    commit, drawn = Wire.commit, revision(shaken, room)

    def cut(wire: Wire) -> None:
        monkeypatch.setattr(Wire, "commit", commit)
        mine = int(wire.told[0][1])
        crash(weak)
        while weak.sql("SELECT txid_current()")[0][0] < mine:
            pass
        commit(wire)

    monkeypatch.setattr(Wire, "commit", cut)
    with pytest.raises(DatabaseAway):
        shaken.write_durably(revisions.touch, room)
    assert revision(shaken, room) == drawn


def whose(db: Database) -> int:
    return int(rows(db, "SELECT pg_backend_pid()")[0][0])


def has_written(store: Store) -> bool:
    try:
        write_something(store)
    except DatabaseAway:
        return False
    return True


def test_a_lease_that_was_lost_is_not_taken_for_the_next_one_of_the_same_process(
    shaken: Store, weak: Cluster, room: int
) -> None:
    locks = Locks(shaken, "me", clock.now)
    with locks.room(room) as lost:
        crash(weak)
        with locks.room(room) as held:
            assert held.fence == lost.fence
            with pytest.raises(LeaseLost):
                shaken.write(leases.check, lost, clock.now())
            shaken.write(leases.check, held, clock.now())
