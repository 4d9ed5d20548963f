"""What the doctor says of the server itself: every line passes on a sound one, and says what to do on an ill one."""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from kiosk.booking.pruner import Pruner
from kiosk.doctor import operations
from kiosk.doctor.findings import Finding
from kiosk.doctor.operations import Operations
from kiosk.settings import load
from kiosk.store import deliveries, devices, journal, mirror, processes, pruning
from kiosk.store.condition import Space
from kiosk.store.database import Store
from kiosk.store.devices import Described
from kiosk.store.processes import Process
from kiosk.store.rooms import StoredRoom
from tests import databases
from tests.fakes import StillClock
from tests.running import Server, wait_for

Look = Callable[[], dict[str, Finding]]


@pytest.fixture
def here(store: Store, still: StillClock, oak: StoredRoom, tmp_path: Path) -> Operations:
    """A server that runs, with a room that was just read."""
    settings = load({"KIOSK_DATABASE_URL": f"sqlite:///{tmp_path / 'kiosk.db'}", "KIOSK_SECRETS": str(tmp_path / "s")})
    Pruner(store, still, 400, 0).step()
    return Operations(store, settings, still, lambda _url: 200)


def verdicts(here: Operations) -> dict[str, str]:
    return {one.check: one.verdict for one in operations.examine(here)}


def line(here: Operations, check: str) -> Finding:
    return next(one for one in operations.examine(here) if one.check == check)


def test_a_sound_server_passes_everywhere(here: Operations) -> None:
    found = verdicts(here)
    assert set(found.values()) == {"pass"}
    assert set(found) == {
        "process", "rooms", "database", "disk", "journal", "messages", "retention", "secrets", "exposure",
    }  # fmt: skip


@pytest.mark.parametrize(("answer", "says"), [(None, "Nothing answers"), (404, "another program")])
def test_a_server_that_does_not_answer_fails(here: Operations, answer: int | None, says: str) -> None:
    asked: list[str] = []
    found = line(replace(here, ask=lambda url: asked.append(url) or answer), "process")
    assert (found.verdict, asked) == ("fail", ["http://127.0.0.1:8080/healthz"])
    assert says in found.says
    assert "kiosk serve" in found.repair


def test_processes_of_a_campus_are_told_wherever_they_listen(here: Operations, store: Store) -> None:
    """None of them is at the port that the settings name: each is given its own."""
    nobody = replace(here, ask=lambda _url: None)
    one = Process("one", "web", "here:8081", "1", here.clock(), here.clock())
    store.write(processes.beat, one)
    found = line(nobody, "process")
    assert (found.verdict, "web: here:8081; work: none lives" in found.says) == ("fail", True)
    assert "kiosk-work@" in found.repair
    store.write(processes.beat, replace(one, id="two", role="work", place="there:8091"))
    assert line(nobody, "process").verdict == "pass"


def test_nobody_answers_at_a_port_where_nobody_listens() -> None:
    assert operations.status("http://127.0.0.1:9/healthz") is None


def test_rooms_that_are_not_up_to_date_fail(here: Operations, oak: StoredRoom, store: Store) -> None:
    store.write(mirror.failed, oak.id, "Google does not answer.", here.clock())
    found = line(here, "rooms")
    assert (found.verdict, found.says) == (
        "fail",
        "1 of 1 linked rooms are not up to date; oak: Google does not answer.",
    )


def test_a_damaged_database_fails(here: Operations, tmp_path: Path, store: Store) -> None:
    store.empty_log()
    with closing(sqlite3.connect(tmp_path / "kiosk.db")) as db:
        [(page,)] = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'room'").fetchall()
        [(size,)] = db.execute("PRAGMA page_size").fetchall()
    with (tmp_path / "kiosk.db").open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * 64)
    found = operations._database(here)
    assert (found.verdict, "kiosk restore" in found.repair) == ("fail", True)


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_a_database_of_postgresql_is_told_with_what_may_go_wrong(
    here: Operations, store: Store, tmp_path: Path
) -> None:
    served = replace(here, settings=replace(here.settings, database_url=databases.url(tmp_path / "kiosk.db")))
    found = line(served, "database")
    assert "PostgreSQL 1" in found.says
    assert store.place in found.says
    assert (found.verdict, "fsync is off" in found.says) == ("warn", True)  # as it is for tests
    assert line(served, "disk").verdict == "pass"


@pytest.mark.parametrize(("free", "verdict"), [(600, "pass"), (400, "warn"), (40, "fail")])
def test_a_disk_that_is_almost_full_is_told(
    here: Operations, monkeypatch: pytest.MonkeyPatch, free: int, verdict: str
) -> None:
    monkeypatch.setattr(operations.condition, "space", lambda _path: Space(9_000_000, 0, free * 1_000_000, 64 * 10**9))
    found = line(here, "disk")
    assert (found.verdict, f"{free} of the disk's 64000 MB" in found.says) == (verdict, True)


def test_what_waits_for_google_for_long_is_told(here: Operations, store: Store, oak: StoredRoom) -> None:
    still = here.clock
    now = still()
    hold = journal.Command(
        "c1", oak.id, "book", "e1", now, now + timedelta(hours=9), "", "held", "", None, "", 1, now, now
    )  # fmt: skip
    store.write(journal.add, hold)
    assert verdicts(here)["journal"] == "pass"
    found = line(replace(here, clock=lambda: now + timedelta(minutes=16)), "journal")
    assert (found.verdict, found.says.startswith("1 bookings and changes wait")) == ("warn", True)


def test_messages_that_were_given_up_are_told_for_a_day(here: Operations, store: Store) -> None:
    now = here.clock()
    with store.read() as db:
        assert deliveries.waiting(db) == 0
    number = store.write(deliveries.mail, "ada@kiosk.example", "problem.reported", {}, now)
    with store.read() as db:
        one = deliveries.find(db, number)
    store.write(deliveries.give_up, one, "no such mailbox", now)
    assert line(here, "messages").verdict == "warn"
    assert line(replace(here, clock=lambda: now + timedelta(hours=25)), "messages").verdict == "pass"


def test_a_message_that_was_tried_in_vain_for_long_is_told(here: Operations, store: Store) -> None:
    now = here.clock()
    number = store.write(deliveries.mail, "ada@kiosk.example", "problem.reported", {}, now)
    later = replace(here, clock=lambda: now + timedelta(minutes=16))
    assert line(later, "messages").verdict == "pass"
    with store.read() as db:
        one = deliveries.find(db, number)
    store.write(deliveries.claim, one, now)
    assert line(later, "messages").verdict == "warn"


def test_devices_that_are_gone_are_told(here: Operations, store: Store, oak: StoredRoom) -> None:
    store.write(devices.enrol, Described("Oak's door", "door", "oak"), "a" * 64, "console", here.clock())
    found = line(replace(here, clock=lambda: here.clock() + timedelta(hours=1)), "devices")
    assert (found.verdict, found.says) == ("warn", "1 devices: 0 ill, 1 gone.")


def test_a_server_that_deletes_nothing_is_told(here: Operations, store: Store) -> None:
    found = line(replace(here, clock=lambda: here.clock() + timedelta(days=3)), "retention")
    assert (found.verdict, "last deleted at" in found.says) == ("warn", True)
    store.write(lambda db: db.execute_sql("DELETE FROM meta WHERE name = ?", (pruning.LAST,)))
    assert "never deleted" in line(here, "retention").says


def test_secrets_that_others_can_read_fail(here: Operations) -> None:
    folder = Path(here.settings.secrets)
    folder.mkdir(mode=0o700)
    (folder / "google.json").touch(0o644)
    found = line(here, "secrets")
    assert (found.verdict, found.paste) == ("fail", (f"chmod -R go= {folder}",))
    (folder / "google.json").chmod(0o600)
    assert line(here, "secrets").verdict == "pass"


def test_open_displays_on_the_internet_are_told(here: Operations) -> None:
    opened = replace(here.settings, open_displays=True)
    assert line(replace(here, settings=opened), "exposure").verdict == "pass"
    public = replace(opened, public_url="https://rooms.kiosk.example")
    assert line(replace(here, settings=public), "exposure").verdict == "warn"


def test_the_command_looks_at_a_server_that_runs(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    one_room = Server(tmp_path, {"KIOSK_PORT": str(port)})
    assert one_room.run("rooms", "add", "Oak").returncode == 0
    one_room.start()
    wait_for(lambda: one_room.run("doctor", "--operations").returncode == 0, pause=0.5)
    told = one_room.run("doctor", "--operations", "--all")
    assert told.returncode == 0, told.stdout
    assert f"ok    This server  process: It answers at {one_room.url}." in told.stdout.splitlines()
    refused = one_room.run("doctor", "oak", "--operations")
    assert (refused.returncode, "leave one of them out" in refused.stderr) == (1, True)
    one_room.stop()
    ill = one_room.run("doctor", "--operations")
    assert (ill.returncode, "Nothing answers" in ill.stdout) == (1, True)
