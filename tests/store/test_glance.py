"""A loop looks at the database only when there is something new to see."""

from __future__ import annotations

from pathlib import Path

import pytest
from peewee import Database

from kiosk.store import facts
from kiosk.store.database import Store
from kiosk.store.glance import Glance


class Looks:
    """Reads a fact, and counts how often."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, db: Database) -> str | None:
        self.count += 1
        return facts.read(db, "word")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(f"sqlite:///{tmp_path / 'kiosk.db'}")


def test_what_was_read_is_kept_while_nobody_commits(store: Store) -> None:
    looks = Looks()
    glance = Glance(store, looks)
    assert [glance.value() for _ in range(5)] == [None] * 5
    assert looks.count == 1


def test_what_is_committed_here_or_by_another_process_is_seen_at_once(store: Store) -> None:
    looks = Looks()
    glance, other = Glance(store, looks), Store(f"sqlite:///{store.place}")
    glance.value()
    for number, writer in enumerate((store, other, store, other)):
        writer.write(facts.write, "word", str(number))
        assert (glance.value(), glance.value()) == (str(number), str(number))
    assert looks.count == 5
    other.close()


def test_what_is_committed_while_it_is_read_is_seen_next_time(store: Store) -> None:
    other = Store(f"sqlite:///{store.place}")
    words: list[str] = ["late"]

    def read(db: Database) -> str | None:
        found = facts.read(db, "word")
        if words:
            other.write(facts.write, "word", words.pop())
        return found

    glance = Glance(store, read)
    assert (glance.value(), glance.value()) == (None, "late")
    other.close()
