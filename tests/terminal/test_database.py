"""An installation moves from SQLite to PostgreSQL and back, whole or not at all."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from kiosk.__main__ import main
from kiosk.schedule.model import Room
from kiosk.store import acts, events, facts, moving, rooms, snapshots, wire
from kiosk.store.acts import Act
from kiosk.store.database import Store
from kiosk.store.losses import LIFE
from kiosk.store.plain import rows
from tests import cluster, databases
from tests.fakes import MONDAY, meeting
from tests.store.seeded import ZONE, remember

PASSPHRASE = "correct horse"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of an SQLite file with some life in it, which the settings name."""
    url = f"sqlite:///{tmp_path / 'old.db'}"
    monkeypatch.setenv("KIOSK_DATABASE_URL", url)
    monkeypatch.setenv("KIOSK_SECRETS", str(tmp_path / "secrets"))
    with closing(Store(url)) as store:
        live(store)
    return url


@pytest.fixture
def there(tmp_path: Path) -> Iterator[str]:
    databases.begin("postgresql")
    yield databases.url(tmp_path / "new")
    databases.end()


def live(store: Store) -> None:
    """Let there be something of every kind of value: numbers, words of all sorts, flags, moments, bytes and nothing."""
    lab = store.write(rooms.add, Room("lab", "Labör 50 % 😀", ZONE))
    remember(store, lab, MONDAY.date() - timedelta(days=20), 5)
    found = [meeting(number, MONDAY + number * timedelta(hours=1)) for number in range(2500)]
    store.write(events.upsert, lab, found)
    store.write(acts.record, Act(MONDAY, "panel", "10.0.0.7", "book", "lab", "e1", "confirmed"))
    store.write(lambda db: facts.write(db, "note", "a\0zero"))


def everything(url: str) -> dict[str, list[object]]:
    with closing(Store(url)) as store, store.read() as db:
        return {
            model._meta.table_name: sorted(
                str([*map(moving._told, row)]) for row in rows(db, f'SELECT * FROM "{model._meta.table_name}"')
            )
            for model in moving.TABLES
        }


def test_everything_arrives_and_comes_back(
    here: str, there: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = everything(here)
    assert main(["database", "move", there]) == 0
    assert "event: 25" in capsys.readouterr().out
    assert carried(there) == before == everything(here)
    back = f"sqlite:///{tmp_path / 'back.db'}"
    assert main_with(there, "database", "move", back) == 0
    assert carried(back) == before


def test_a_large_table_may_take_its_time(
    here: str, there: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL ends transactions in which nothing happens for long, as while the copy of a table is compared."""
    main(["database", "move", there])
    digest, seen = moving._digest, []

    def slow(pages: Iterator[list[moving.Row]]) -> tuple[int, str]:
        if not seen:
            time.sleep(0.5)
        seen.append(1)
        return digest(pages)

    monkeypatch.setattr(moving, "_digest", slow)
    monkeypatch.setattr(wire, "SESSION", wire.SESSION.replace("session_timeout = '30s'", "session_timeout = '0.2s'"))
    assert "0.2s" in wire.SESSION
    assert main_with(there, "database", "move", f"sqlite:///{tmp_path / 'back.db'}") == 0
    seen.clear()
    snapshots.copy_served(there, tmp_path / "copy.db")
    assert seen


def carried(url: str) -> dict[str, list[object]]:
    """Return the rows of a database without what PostgreSQL's says of itself."""
    rows = everything(url)
    return rows | {"meta": [row for row in rows["meta"] if LIFE not in str(row)]}


def test_new_rows_go_on_where_the_old_ones_end(here: str, there: str) -> None:
    main(["database", "move", there])
    with closing(Store(here)) as old, closing(Store(there)) as new:
        added = [store.write(rooms.add, Room("elm", "Elm", ZONE)) for store in (old, new)]
        assert added[0] == added[1]
        new.write(acts.record, Act(MONDAY, "panel", "", "book", "elm", "e2", "confirmed"))


def test_a_database_that_is_not_empty_is_left_alone(here: str, there: str, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(Store(there)) as store:
        store.write(rooms.add, Room("mine", "Mine", ZONE))
    before = everything(there)
    assert main(["database", "move", there]) == 1
    assert "not empty (room)" in capsys.readouterr().err
    assert everything(there) == before


def test_what_is_cut_short_leaves_nothing_and_is_done_again(
    here: str, there: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty, write = everything(there), moving._write

    def cut(model: object, *rest: object) -> None:
        if model.__name__ == "EventRow":  # type: ignore[attr-defined]
            raise KeyboardInterrupt
        write(model, *rest)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(moving, "_write", cut)
        assert main(["database", "move", there]) == 130
    assert everything(there) == empty
    assert main(["database", "move", there]) == 0


def test_what_does_not_arrive_as_it_was_is_undone(
    here: str, there: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write = moving._write
    monkeypatch.setattr(moving, "_write", lambda model, target, page: write(model, target, page[:-1]))
    assert main(["database", "move", there]) == 1
    assert "did not arrive as it was" in capsys.readouterr().err


@pytest.mark.parametrize("where", ["here", "there"])
def test_nothing_moves_while_a_server_works(
    here: str, there: str, where: str, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue(where)
    line = sqlite3.connect(url.removeprefix("sqlite:///")) if where == "here" else cluster.shared().connected(url)
    with closing(line):
        line.execute("BEGIN IMMEDIATE") if where == "here" else None
        assert main(["database", "move", there]) == 1
        assert "stop it first" in capsys.readouterr().err


@pytest.mark.parametrize("address", ["mysql://kiosk@db/rooms", "rooms"])
def test_what_is_no_address_is_refused(here: str, address: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["database", "move", address]) == 1
    assert "postgresql://" in capsys.readouterr().err


def test_a_backup_of_postgresql_is_one_like_any_other(
    here: str, there: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    main(["database", "move", there])
    word = tmp_path / "word"
    word.write_text(PASSPHRASE)
    file, sealed = str(tmp_path / "kiosk.tar"), ["--passphrase-file", str(word)]
    assert main_with(there, "backup", file, *sealed) == 0
    with closing(Store(there)) as store:
        store.write(lambda db: events.remove(db, 1, events.ids(db, 1)))
    assert main_with(there, "restore", file, *sealed) == 1
    assert main_with(there, "restore", file, *sealed, "--overwrite") == 0
    restored = everything(there)
    assert restored["event"] == everything(here)["event"]
    assert restored["act"] == everything(here)["act"]


def main_with(url: str, *words: str) -> int:
    """Run a command with another database."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KIOSK_DATABASE_URL", url)
        return main([*words])
