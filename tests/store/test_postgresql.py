"""PostgreSQL: writers of all processes follow one another, and a server that goes away comes back without harm."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from peewee import Database, Model

from kiosk.errors import DatabaseAway, KioskError
from kiosk.settings import load
from kiosk.store import acts, erasing, facts, forgetting, names, postgresql, wire
from kiosk.store.acts import Act
from kiosk.store.database import Store
from kiosk.store.plain import rows
from tests import cluster, databases
from tests.cluster import Cluster
from tests.fakes import MONDAY
from tests.running import ROOT, Server, wait_for

POLLING = "/socket.io/?EIO=4&transport=polling"


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    databases.begin("postgresql")
    yield databases.url(tmp_path / "kiosk.db")
    databases.end()


@pytest.fixture(scope="module")
def weak() -> Iterator[Cluster]:
    """A server that may be stopped and killed, since nobody else needs it; what it commits is on the disk."""
    made = Cluster(fsync="on", full_page_writes="on")
    yield made
    made.remove()


def add_one(db: Database) -> int:
    """Read, and write what follows from that."""
    found = facts.count(db, "number") + 1
    facts.write(db, "number", str(found))
    return found


def number(store: Store) -> int:
    with store.read() as db:
        return facts.count(db, "number")


def test_writers_of_two_processes_never_build_on_what_the_other_changes(url: str) -> None:
    with closing(Store(url)) as one, closing(Store(url)) as other:
        at_once(lambda: [one.write(add_one) for _ in range(50)], lambda: [other.write(add_one) for _ in range(50)])
        assert number(one) == 100


def test_what_is_read_is_of_one_moment(url: str) -> None:
    with closing(Store(url)) as one, closing(Store(url)) as other, one.read() as db:
        before = facts.count(db, "number")
        other.write(add_one)
        assert facts.count(db, "number") == before
        with one.read() as again:
            assert facts.count(again, "number") == before
        assert number(other) == 1


def test_several_read_at_the_same_time(url: str) -> None:
    met = threading.Barrier(3)
    with closing(Store(url)) as store:

        def look() -> None:
            with store.read():
                met.wait(20)

        at_once(look, look, look)
        assert not met.broken


def test_an_error_undoes_the_whole_transaction(url: str) -> None:
    with closing(Store(url)) as store:
        with pytest.raises(ZeroDivisionError):
            store.write(lambda db: add_one(db) / 0)
        assert number(store) == 0
        assert store.write(add_one) == 1


def test_words_are_sorted_and_searched_as_by_sqlite(url: str) -> None:
    with closing(Store(url)) as store:
        for name in ("b", "B", "a", "É"):
            store.write(facts.write, f"word {name}", "1")
        with store.read() as db:
            found = rows(db, "SELECT name FROM meta WHERE name LIKE 'word %' ORDER BY name")
            assert [row[0][-1] for row in found] == ["B", "a", "b", "É"]


def test_zero_characters_are_left_out(url: str) -> None:
    with closing(Store(url)) as store:
        store.write(facts.write, "name", "O\0ak")
        with store.read() as db:
            assert facts.read(db, "name") == "Oak"


def test_the_log_of_acts_only_grows(url: str) -> None:
    with closing(Store(url)) as store:
        store.write(acts.record, Act(MONDAY, "panel", "", "book", "oak", "e", "confirmed"))
        for sql in ("DELETE FROM act", "UPDATE act SET result = 'refused'", "UPDATE act SET actor = 'eve'"):
            with pytest.raises(Exception, match="log of acts only grows"):
                store.write(lambda db, sql=sql: db.execute_sql(sql))
        store.write(lambda db: db.execute_sql("UPDATE act SET actor = 'somebody'"))
        store.write(acts.begin_at, MONDAY.replace(year=2030))
        store.write(lambda db: db.execute_sql("DELETE FROM act"))


def test_a_server_that_was_restarted_is_used_again(shaken: Store, weak: Cluster) -> None:
    assert number(shaken) == 0
    assert shaken.write(add_one) == 1
    weak.stop()
    weak.start()
    assert number(shaken) == 1
    assert shaken.write(add_one) == 2


def test_a_server_that_is_away_is_said_once_and_so_is_its_return(
    shaken: Store, weak: Cluster, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    weak.stop()
    for _ in range(3):
        with pytest.raises(DatabaseAway, match="cannot be reached"):
            number(shaken)
        with pytest.raises(DatabaseAway, match="cannot be reached"):
            shaken.write(add_one)
    weak.start()
    answers = until_it_answers(shaken)
    said = [record.getMessage() for record in caplog.records]
    assert (answers, len(said)) == (0, 2)
    assert "cannot be reached" in said[0]
    assert "answers again" in said[1]


def test_what_was_under_way_when_the_power_went_is_undone(shaken: Store, weak: Cluster) -> None:
    shaken.write_durably(add_one)

    def cut(db: Database) -> None:
        add_one(db)
        weak.stop(signal.SIGQUIT)
        add_one(db)

    with pytest.raises(DatabaseAway):
        shaken.write_durably(cut)
    weak.start()
    assert until_it_answers(shaken) == 1


@pytest.mark.parametrize("has_arrived", [True, False])
def test_a_commit_without_an_answer_is_looked_up(
    shaken: Store, has_arrived: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(db: Database) -> None:
        commit = type(db).commit

        def cut(wire: Database) -> None:
            monkeypatch.setattr(type(db), "commit", commit)
            if has_arrived:
                commit(wire)
            rows(wire, "SELECT pg_terminate_backend(pg_backend_pid())")

        monkeypatch.setattr(type(db), "commit", cut)
        add_one(db)

    if has_arrived:
        shaken.write_durably(lost)
    else:
        with pytest.raises(DatabaseAway):
            shaken.write_durably(lost)
    assert number(shaken) == has_arrived


def test_a_commit_without_an_answer_is_looked_up_again_when_the_question_has_none(
    shaken: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    status = postgresql._status

    def lost(db: Database, **about: object) -> str:
        monkeypatch.setattr(postgresql, "_status", status)
        rows(db, "SELECT pg_terminate_backend(pg_backend_pid())")
        return ""

    def cut(db: Database) -> None:
        commit = type(db).commit

        def commit_unheard(wire: Database) -> None:
            monkeypatch.setattr(type(db), "commit", commit)
            commit(wire)
            rows(wire, "SELECT pg_terminate_backend(pg_backend_pid())")

        monkeypatch.setattr(type(db), "commit", commit_unheard)
        add_one(db)

    monkeypatch.setattr(postgresql, "_status", lost)
    shaken.write_durably(cut)
    assert number(shaken) == 1


def test_taps_do_not_wait_while_forgotten_rows_are_vacuumed(url: str) -> None:
    """An administrator is at a table of names: that is not waited for by whoever writes, and tried again later."""
    with closing(Store(url)) as store, closing(psycopg2.connect(url)) as line, line.cursor() as cursor:
        cursor.execute("LOCK TABLE act IN SHARE UPDATE EXCLUSIVE MODE")
        emptied: list[bool] = []
        vacuum = threading.Thread(target=lambda: emptied.append(store.empty_log()))
        vacuum.start()
        wait_for(lambda: rows_waiting(line))
        assert store.write(add_one) == 1
        assert not emptied
        vacuum.join()
        assert emptied == [False]
        line.rollback()
        assert store.empty_log()


def rows_waiting(line: Any) -> bool:
    with line.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchall())


def test_every_table_out_of_which_names_are_taken_is_vacuumed() -> None:
    models = {one for room in (erasing, forgetting, names) for one in vars(room).values() if isinstance(one, type)}
    tables = {one._meta.table_name for one in models if issubclass(one, Model)}
    assert {"problem", "device"} <= tables <= {*postgresql.VACUUMED}


def test_a_machine_with_a_long_name_does_not_take_itself_for_another(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "rooms-" + 50 * "x" + "-1")
    with closing(Store(url)):
        assert wire.users(url) == 0
        monkeypatch.setattr("socket.gethostname", lambda: "rooms-" + 50 * "x" + "-2")
        assert wire.users(url) > 0


@pytest.mark.parametrize("level", ["on", "off"])
def test_what_was_written_durably_outlives_a_crash(weak: Cluster, tmp_path: Path, level: str) -> None:
    """With `off` alone the last moment may go, which is what the mirror can afford and the journal cannot."""
    with closing(Store(weak.fresh(tmp_path))) as store:
        seen: list[str] = []
        write = store.write_durably if level == "on" else store.write
        write(lambda db: seen.append(rows(db, "SHOW synchronous_commit")[0][0]))
        assert seen == [level]
    weak.clear()


def test_an_empty_database_gets_its_tables_and_a_password_is_not_told(tmp_path: Path) -> None:
    with closing(Store(cluster.shared().empty())) as store, store.read() as db:
        assert facts.read(db, "schema")
    with pytest.raises(KioskError) as refused:
        Store("postgresql://kiosk:geheim@127.0.0.1:1/rooms")
    assert "The database rooms on 127.0.0.1:1 cannot be reached" in str(refused.value)
    assert "geheim" not in str(refused.value)


def test_the_setting_takes_both_kinds_of_address() -> None:
    assert load({"KIOSK_DATABASE_URL": "postgresql://kiosk@db/rooms"}).database_file is None
    with pytest.raises(KioskError, match="postgresql://"):
        load({"KIOSK_DATABASE_URL": "mysql://kiosk@db/rooms"})


def test_a_server_without_its_database_says_so_and_goes_on_by_itself(weak: Cluster, tmp_path: Path) -> None:
    server = Server(tmp_path, {"KIOSK_DATABASE_URL": weak.fresh(tmp_path)}, cold=True)
    server.start()
    try:
        assert server.run("rooms", "add", "oak").returncode == 0
        weak.stop()
        wait_for(lambda: server.get("/readyz").json().get("database"))
        assert (server.get("/readyz").status_code, server.get("/healthz").status_code) == (503, 200)
        shown = {"Authorization": "Bearer something"}
        answers = [server.get(path, headers=shown).status_code for path in ("/api/v1/rooms", POLLING)]
        assert answers == [503, 503]
        weak.start()
        wait_for(lambda: server.get("/api/v1/rooms").ok)
        wait_for(lambda: "answers again" in server.log())
    finally:
        server.stop()
        weak.clear()
    assert server.log().count("cannot be reached") == 1
    assert "Traceback" not in server.log()


STALLED = """
import sys, threading, time
from kiosk import runtime
runtime.patch("eventlet")
from kiosk.store.database import Store
from kiosk.store.plain import rows
store, beats, over = Store(sys.argv[1]), [], threading.Event()

def beat():
    while not over.is_set():
        beats.append(1)
        time.sleep(0.01)

threading.Thread(target=beat).start()
with store.read() as db:
    rows(db, "SELECT pg_sleep(1)")
store.write(lambda db: rows(db, "SELECT pg_sleep(1)"))
over.set()
print(len(beats))
"""


def test_nothing_stands_still_while_the_database_takes_its_time(url: str) -> None:
    """Of two hundred beats most come, however busy the machine is; were the hub stopped, there would be two."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", STALLED, url], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 20


def at_once(*acts: Callable[[], object]) -> None:
    """Do all of this at the same time."""
    threads = [threading.Thread(target=act) for act in acts]
    for each in threads:
        each.start()
    for each in threads:
        each.join()


def until_it_answers(store: Store) -> int:
    """Return the number as soon as the server is there, however long it takes to come back."""
    while True:
        try:
            return number(store)
        except DatabaseAway:
            threading.Event().wait(0.05)
