"""PostgreSQL for tests: a cluster of their own in a temporary folder, and a fresh database for whoever asks for one."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import psycopg2

from kiosk.store import schema
from kiosk.store.database import Store

# Where Debian keeps the programs of its versions; the newest comes last.
DEBIAN = Path("/usr/lib/postgresql")
# Whom PostgreSQL runs as where tests run as root, which it refuses.
NOBODY = "postgres"
TEMPLATE = "model"
# Tests that pull no plug need nothing on the disk.
QUICK = {
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "shared_buffers": "32MB",
    "max_connections": "100",
    "max_wal_size": "4GB",
    "jit": "off",
}
# Makes a database as new, far quicker than a new one is made; whoever was connected is so no more.
RESET = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid();
    SET session_replication_role = replica;
    DO $$ DECLARE name text; BEGIN
        FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'meta' LOOP
            EXECUTE format('DELETE FROM %I', name);
        END LOOP;
        PERFORM setval(c.oid, 1, false) FROM pg_class c WHERE relkind = 'S';
    END $$;
    DELETE FROM meta;
    INSERT INTO meta (name, value) VALUES ('secret', md5(random()::text)), ('schema', '{}')
"""


class Cluster:
    """A server that listens to a socket in its folder only; it ends when the tests do."""

    def __init__(self, **settings: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="kiosk-pg-"))
        self._settings = QUICK | settings
        self._server: subprocess.Popen[bytes] | None = None
        self._lent: dict[Path, str] = {}
        self._idle: list[str] = []
        self._count = 0
        if is_root():
            shutil.chown(self.folder, NOBODY)
        options = ["-D", str(self.data), "-U", "kiosk", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"]
        done = subprocess.run([program("initdb"), *options], **self._as(), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        atexit.register(self.remove)
        self.start()

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def start(self) -> None:
        """Start the server and wait until it answers."""
        given = self._settings | {"unix_socket_directories": str(self.folder), "listen_addresses": ""}
        words = [word for name, value in given.items() for word in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            command = [program("postgres"), "-D", str(self.data), *words]
            self._server = subprocess.Popen(command, **self._as(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self._wait()

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop the server: SIGINT ends its connections, SIGQUIT is as if the power went."""
        assert self._server is not None
        self._server.send_signal(how)
        self._server.wait(30)
        self._server = None

    def remove(self) -> None:
        """Stop the server for good, and leave nothing."""
        if self._server:
            self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, name: str) -> str:
        """Return the address of a database."""
        return f"postgresql://kiosk@/{name}?host={self.folder}"

    def sql(self, sql: str, name: str = "postgres") -> list[tuple[Any, ...]]:
        """Ask the server past all the product's code."""
        with closing(psycopg2.connect(self.url(name))) as line:
            line.autocommit = True
            with line.cursor() as cursor:
                cursor.execute(sql)
                return cursor.fetchall() if cursor.description else []

    def connected(self, url: str) -> Any:
        """Return a connection such as a server of ours on another machine has."""
        return psycopg2.connect(url, application_name="kiosk elsewhere 1")

    def fresh(self, path: Path) -> str:
        """Return the address of the database that stands for a file: one with all its tables, and nothing in them."""
        if path not in self._lent:
            self._lent[path] = self._idle.pop() if self._idle else self._made()
            self.sql(RESET.replace("{}", str(len(schema.STEPS))), self._lent[path])
        return self.url(self._lent[path])

    def empty(self) -> str:
        """Return the address of a new database without tables."""
        self._count += 1
        self.sql(f"CREATE DATABASE empty{self._count} TEMPLATE template0")
        return self.url(f"empty{self._count}")

    def clear(self) -> None:
        """Take back all databases that were lent."""
        self._idle += self._lent.values()
        self._lent.clear()

    def _made(self) -> str:
        if not self._count:
            self.sql(f"CREATE DATABASE {TEMPLATE} TEMPLATE template0")
            Store(self.url(TEMPLATE)).close()
        self._count += 1
        self.sql(f"CREATE DATABASE made{self._count} TEMPLATE {TEMPLATE}")
        return f"made{self._count}"

    def _wait(self) -> None:
        give_up = time.monotonic() + 60
        while True:
            assert self._server is not None
            assert self._server.poll() is None, (self.folder / "log").read_text()
            command = [program("pg_isready"), "-q", "-h", str(self.folder)]
            if subprocess.run(command, check=False).returncode == 0:
                return
            assert time.monotonic() < give_up
            time.sleep(0.05)

    def _as(self) -> dict[str, Any]:
        return {"user": NOBODY, "group": NOBODY, "extra_groups": [], "cwd": self.folder} if is_root() else {}


@cache
def shared() -> Cluster:
    """Return the cluster that tests of this process share."""
    return Cluster()


def is_root() -> bool:
    return os.geteuid() == 0


@cache
def program(name: str) -> str:
    """Return where a program of PostgreSQL lies; fail with a sentence when there is none."""
    found = sorted(DEBIAN.glob(f"*/bin/{name}"), key=lambda one: int(one.parts[-3]))
    known = str(found[-1]) if found else shutil.which(name)
    assert known, f"PostgreSQL's {name} is not here: install it (Debian: apt-get install postgresql)"
    return known
