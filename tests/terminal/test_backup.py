"""Everything in one file, and everything back: while the server runs, after a card has died, and cut short."""

from __future__ import annotations

import io
import json
import sqlite3
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.running import ROOT, Server, clean_environment, wait_for

WORDS = "four plain words here"


@pytest.fixture
def server(google_settings: dict[str, str], tmp_path: Path) -> Iterator[Server]:
    """A server with rooms, bookings, a webhook and something in its vault."""
    (tmp_path / "old").mkdir()
    running = Server(tmp_path / "old", google_settings)
    assert running.run("rooms", "import").returncode == 0
    assert running.run("webhooks", "add", "https://hooks.example.com/rooms").returncode == 0
    vault = tmp_path / "old" / "secrets"
    vault.mkdir(mode=0o700, exist_ok=True)
    (vault / "oauth-client.json").write_text('{"web": "our secret"}', encoding="utf-8")
    running.start()
    yield running
    running.stop()


@pytest.fixture
def fresh(google_settings: dict[str, str], tmp_path: Path) -> Server:
    """Another machine, on which nothing is yet."""
    (tmp_path / "new").mkdir()
    return Server(tmp_path / "new", google_settings)


def slugs(server: Server) -> list[str]:
    return [room["slug"] for room in server.get("/api/v1/rooms").json()["rooms"]]


def sql(server: Server, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(server.folder / "kiosk.db")) as db, db:
        return list(db.execute(query))


def booked(server: Server, slug: str) -> dict[str, Any]:
    """Return a booking once the room has been read and can be booked; nothing before."""
    answer = server.book(slug, minutes=30)
    return dict(answer.json()) if answer.ok else {}


def test_a_new_machine_has_everything_that_the_old_one_had(server: Server, fresh: Server, tmp_path: Path) -> None:
    slug = slugs(server)[0]
    made = wait_for(lambda: booked(server, slug))
    file = tmp_path / "all.tar"
    assert server.run("backup", str(file), typed=WORDS).returncode == 0
    server.stop()
    done = fresh.run("restore", str(file), typed=WORDS)
    assert done.returncode == 0, done.stderr
    assert (fresh.folder / "secrets" / "oauth-client.json").read_text(encoding="utf-8") == '{"web": "our secret"}'
    assert sql(fresh, "SELECT url, secret FROM hook") == sql(server, "SELECT url, secret FROM hook")
    fresh.start()
    try:
        assert len(slugs(fresh)) == 4
        found = wait_for(lambda: fresh.room(slug)["current"])
        assert (found["id"], found["own"]) == (made["id"], True)
    finally:
        fresh.stop()


def test_no_secret_can_be_read_in_the_file(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "all.tar"
    assert server.run("backup", str(file), typed=WORDS).returncode == 0
    data, signing = file.read_bytes(), str(sql(server, "SELECT value FROM meta WHERE name = 'secret'")[0][0])
    hook = str(sql(server, "SELECT secret FROM hook")[0][0])
    assert hook
    assert not [one for one in (b"our secret", signing.encode(), hook.encode(), b"private_key") if one in data]
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_backup_taken_amid_bookings_is_whole(server: Server, fresh: Server, tmp_path: Path) -> None:
    ended = threading.Event()

    def book() -> None:
        while not ended.is_set():
            for slug in slugs(server):
                made = server.book(slug, minutes=15)
                if made.ok:
                    requests.post(f"{server.url}/api/v1/bookings/{made.json()['id']}/end", json={}, timeout=20)

    people = threading.Thread(target=book)
    people.start()
    try:
        for number in range(3):
            assert server.run("backup", str(tmp_path / f"{number}.tar"), typed=WORDS).returncode == 0
    finally:
        ended.set()
        people.join()
    for number in range(3):
        done = fresh.run("restore", "--overwrite", str(tmp_path / f"{number}.tar"), typed=WORDS)
        assert done.returncode == 0, done.stderr
        assert sql(fresh, "PRAGMA integrity_check") == [("ok",)]


def test_what_is_left_out_is_named_after_a_restore(server: Server, fresh: Server, tmp_path: Path) -> None:
    file = tmp_path / "all.tar"
    assert server.run("backup", str(file), "--without-secrets").returncode == 0
    done = fresh.run("restore", str(file))
    assert done.returncode == 0, done.stderr
    assert "connect Google again" in done.stdout
    assert "secrets of 1 webhooks" in done.stdout
    assert sql(fresh, "SELECT active FROM hook") == [(0,)]
    assert not (fresh.folder / "secrets").exists()


def test_nothing_is_replaced_unasked_or_under_a_running_server(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "all.tar"
    server.run("backup", str(file), typed=WORDS)
    assert "already" in server.run("backup", str(file), typed=WORDS).stderr
    assert "--overwrite" in server.run("restore", str(file), typed=WORDS).stderr
    assert "stop it first" in server.run("restore", "--overwrite", str(file), typed=WORDS).stderr
    assert server.get("/healthz").ok


def test_a_wrong_passphrase_and_a_damaged_file_change_nothing(server: Server, fresh: Server, tmp_path: Path) -> None:
    file = tmp_path / "all.tar"
    server.run("backup", str(file), typed=WORDS)
    assert "not the passphrase" in fresh.run("restore", str(file), typed="four other words here").stderr
    data = bytearray(file.read_bytes())
    data[data.index(b"SQLite format 3") + 5000] ^= 1
    file.write_bytes(bytes(data))
    assert "damaged" in fresh.run("restore", str(file), typed=WORDS).stderr
    file.write_bytes(bytes(data[: len(data) // 2]))
    assert "no backup, or only a part" in fresh.run("restore", str(file), typed=WORDS).stderr
    assert not (fresh.folder / "kiosk.db").exists()
    assert [one.name for one in fresh.folder.iterdir()] == []


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "kiosk.db"])
def test_a_forged_file_writes_nowhere_else(name: str, fresh: Server, tmp_path: Path) -> None:
    file = tmp_path / "forged.tar"
    manifest = {"format": 1, "members": {name: {"sha256": "", "bytes": 4}}, "counts": {}}
    with tarfile.open(file, "w") as tar:
        for member, data in {"manifest.json": json.dumps(manifest).encode(), name: b"evil"}.items():
            about = tarfile.TarInfo(member)
            about.size = len(data)
            tar.addfile(about, io.BytesIO(data))
    assert fresh.run("restore", str(file), typed=WORDS).returncode == 1
    assert [one.name for one in fresh.folder.iterdir()] == []


# Restores a file again and again, killed at the n-th of what it does to files; prints what each kill has left.
KILLED = """
import json, os, pathlib, shutil, sqlite3, sys
from kiosk import settings
from kiosk.__main__ import main
from kiosk.store import restoring
from kiosk.terminal import backup

folder, kept, arguments = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3:]

def restore(turn):
    left = [turn]

    def count(event, args):
        writes = event == "open" and isinstance(args[2], int) and args[2] & 3
        if writes or event in ("os.rename", "os.remove", "os.mkdir"):
            left[0] -= 1
            if left[0] < 0:
                os._exit(9)

    sys.addaudithook(count)
    os._exit(main(arguments))

def state():
    restoring.finish(folder / "kiosk.db")
    db = sqlite3.connect(folder / "kiosk.db")
    rooms = db.execute("SELECT COUNT(*) FROM room WHERE slug = 'larch'").fetchone()[0]
    secret = (folder / "secrets" / "oauth-client.json").read_text()
    return [rooms, int("newer" in secret), *db.execute("PRAGMA integrity_check").fetchone()]

found = []
for turn in range(200):
    shutil.rmtree(folder)
    shutil.copytree(kept, folder)
    child = os.fork()
    if not child:
        restore(turn)
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if ended != 9:
        break
    found.append(state())
print(json.dumps([ended, found]))
"""


def test_a_restore_killed_anywhere_leaves_the_old_state_or_the_new(
    server: Server, fresh: Server, tmp_path: Path, tell: Callable[[str], None]
) -> None:
    old, new, words = tmp_path / "old.tar", tmp_path / "new.tar", tmp_path / "words"
    words.write_text(WORDS, encoding="utf-8")
    server.run("backup", str(old), typed=WORDS)
    server.run("rooms", "add", "Larch")
    (server.folder / "secrets" / "oauth-client.json").write_text('{"web": "a newer secret"}', encoding="utf-8")
    server.run("backup", str(new), typed=WORDS)
    assert fresh.run("restore", str(old), typed=WORDS).returncode == 0
    kept = fresh.folder.rename(tmp_path / "kept")
    fresh.folder.mkdir()
    ended, seen = kill_again_and_again(fresh, kept, "restore", "--overwrite", f"--passphrase-file={words}", str(new))
    assert ended == 0
    before, after = [0, 0, "ok"], [1, 1, "ok"]
    assert [one for one in seen if one not in (before, after)] == []
    assert before in seen
    assert after in seen
    tell(f"{len(seen)} kills: {seen.count(before)} left the old state, {seen.count(after)} the new")


def kill_again_and_again(server: Server, kept: Path, *arguments: str) -> tuple[int, list[list[object]]]:
    """Return how a run ended that nobody killed, and what all the others left, each beginning with what is `kept`."""
    own = {"KIOSK_DATABASE_URL": f"sqlite:///{server.folder / 'kiosk.db'}"}
    own |= {"KIOSK_SECRETS": str(server.folder / "secrets")}
    command = [sys.executable, "-c", KILLED, str(server.folder), str(kept), *arguments]
    environment = clean_environment(**own | server.settings, PYTHONDONTWRITEBYTECODE="1")
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    ended, seen = json.loads(done.stdout.splitlines()[-1])
    return ended, seen
