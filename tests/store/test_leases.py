"""One holder at a time; whoever lost a lease stores nothing."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from kiosk.errors import KioskError, LeaseLost, UsageError
from kiosk.store import leases, revisions, rooms, schema, tokens
from kiosk.store.database import Store
from kiosk.store.models import Meta
from kiosk.store.rooms import StoredRoom
from tests.fakes import StillClock

MINUTE = timedelta(minutes=1)


def test_lease_has_one_holder_until_given_back(store: Store, still: StillClock) -> None:
    first = store.write(leases.take, "room:1", "a", still(), MINUTE)
    assert first
    assert store.write(leases.take, "room:1", "b", still(), MINUTE) is None
    store.write(leases.give_back, first)
    second = store.write(leases.take, "room:1", "b", still(), MINUTE)
    assert second
    assert second.fence > first.fence


def test_expired_lease_passes_on_and_its_old_holder_is_fenced_off(store: Store, still: StillClock) -> None:
    first = store.write(leases.take, "room:1", "a", still(), MINUTE)
    assert first
    store.write(leases.check, first, still())
    still.advance(minutes=1)
    with pytest.raises(LeaseLost):
        store.write(leases.check, first, still())
    second = store.write(leases.take, "room:1", "a", still(), MINUTE)
    assert second
    store.write(leases.give_back, first)
    store.write(leases.check, second, still())


def test_database_of_a_newer_program_is_left_alone(store: Store) -> None:
    store.write(lambda db: Meta.update(value="99").where(Meta.name == "schema").execute(db))
    with pytest.raises(KioskError, match="install the newer one"):
        store.write(schema.upgrade)


def test_failed_write_leaves_nothing_and_the_next_one_works(store: Store, oak: StoredRoom) -> None:
    def fail(db: object) -> None:
        revisions.touch(db, oak.id)  # type: ignore[arg-type]
        raise UsageError("no")

    with store.read() as db:
        before = rooms.by_id(db, oak.id).revision
    with pytest.raises(UsageError):
        store.write(fail)
    with store.read() as db:
        assert rooms.by_id(db, oak.id).revision == before
    store.write(revisions.touch, oak.id)


def test_token_is_kept_as_a_hash_only(store: Store, still: StillClock) -> None:
    token = store.write(tokens.create, "door", still())
    with store.read() as db:
        assert tokens.known(db, token) == "door"
        assert tokens.known(db, tokens.digest(token)) is None
    with pytest.raises(UsageError):
        store.write(tokens.create, "door", still())


@pytest.mark.parametrize(
    ("name", "slug"),
    [("Oak", "oak"), ("Übersee (2)", "ubersee-2"), ("Straße", "strasse"), ("会議室", "room"), ("", "room")],
)
def test_names_become_addresses(name: str, slug: str) -> None:
    assert rooms.slugify(name) == slug


def test_database_that_cannot_be_used_is_one_clear_sentence(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a database, but long enough to be looked at as one" * 30)
    for path in (tmp_path / "notes.txt", tmp_path / "notes.txt" / "kiosk.db"):
        with pytest.raises(KioskError, match="KIOSK_DATABASE_URL"):
            Store(f"sqlite:///{path}")
