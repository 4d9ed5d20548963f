"""One connection to PostgreSQL, on which waiting for the server never stops the hub."""

from __future__ import annotations

import hashlib
import importlib
import os
import socket
from collections.abc import Sequence
from typing import Any

from peewee import DatabaseError, InterfaceError, OperationalError, PostgresqlDatabase

from kiosk import runtime
from kiosk.errors import KioskError

LIBRARY = "psycopg2"
# What waits for longer has lost its server; a statement of ours is ended by the server itself long before.
LONGEST_SECONDS = 900.0
# What PostgreSQL calls whoever is connected.
NAME = "kiosk"
LONGEST_HOST = 36
CONNECTING: dict[str, Any] = {
    "connect_timeout": 5,
    "client_encoding": "UTF8",
    # A server that is gone without a word is noticed after some twenty seconds.
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
# A process that is stopped within a transaction must not stop all others.
SESSION = """
    SET statement_timeout = '60s'; SET lock_timeout = '10s'; SET idle_in_transaction_session_timeout = '30s';
    SET jit = off; SET standard_conforming_strings = on; SET client_min_messages = warning
"""
# What names the time since the server began, or began anew after a crash: then it has no figures of before.
LIFE = """
    SELECT CONCAT(EXTRACT(EPOCH FROM pg_postmaster_start_time()), ' ', EXTRACT(EPOCH FROM stats_reset))
    FROM pg_stat_bgwriter
"""
# The types whose values are to be the same as SQLite's, by their numbers in PostgreSQL.
NUMERIC, BYTEA = 1700, 17
# How PostgreSQL says that it is going down, was killed or cannot take connections yet.
AWAY = ("08", "57P")
# How it says that somebody else has had a lock for too long.
LOCKED = "55P03"
BROKEN = 1
# What the library raises when the server has gone.
TROUBLE = (DatabaseError, InterfaceError)
SILENCE = (DatabaseError, OperationalError)


class Wire(PostgresqlDatabase):
    """A connection that one user at a time has; its words are compared byte by byte, as SQLite does."""

    field_types = PostgresqlDatabase.field_types | {"TEXT": 'TEXT COLLATE "C"'}

    def __init__(self, url: str) -> None:
        """Prepare a connection, opened by `connect`. Raises KioskError when the library is not installed."""
        super().__init__(url, thread_safe=False, autoconnect=False, application_name=_name(), **CONNECTING)
        self._driver = driver()
        self.told: list[tuple[Any, ...]] = []
        self.life = ""
        self.has_written = False

    def execute_sql(self, sql: str, params: Sequence[Any] | None = None) -> Any:
        """Run a statement; PostgreSQL keeps no zero characters in words, so nobody gets them there."""
        if params and any(isinstance(value, str) and "\0" in value for value in params):
            params = [value.replace("\0", "") if isinstance(value, str) else value for value in params]
        return super().execute_sql(sql, params)  # type: ignore[no-untyped-call]

    def is_lost(self, error: Exception) -> bool:
        """Tell whether an error means that the connection is of no use any more, and that the server undid its work."""
        code = code_of(error)
        line = None if self.is_closed() else self.connection()  # type: ignore[no-untyped-call]
        # What the server itself refuses has a code; the library may not have noticed yet that nobody is there.
        is_silent = not code and type(error) in SILENCE
        is_broken = line is None or line.closed or line.info.status == BROKEN or is_silent
        return isinstance(error, TROUBLE) and (is_broken or code.startswith(AWAY))

    def end(self) -> None:
        """Be in no transaction any more, as the server is told by other words."""
        self.pop_transaction()  # type: ignore[no-untyped-call]

    def drop(self) -> None:
        """Close without a word to anybody."""
        while self.in_transaction():
            self.end()
        self.close()

    def _connect(self) -> Any:
        line = super()._connect()  # type: ignore[misc]
        extensions = self._driver.extensions
        extensions.register_type(extensions.new_type((NUMERIC,), "NUMBER", _number), line)
        extensions.register_type(extensions.new_type((BYTEA,), "BYTES", self._bytes), line)
        with line.cursor() as cursor:
            cursor.execute(f"{SESSION}; {LIFE}")
            [(self.life,)] = cursor.fetchall()
        return line

    def _bytes(self, text: str | None, cursor: Any) -> bytes | None:
        return None if text is None else bytes(self._driver.BINARY(text, cursor))


def code_of(error: Exception) -> str:
    """Return how PostgreSQL calls what it refuses, empty where it said nothing."""
    cause = error.__cause__ or error.__context__ or error
    return getattr(cause, "pgcode", None) or ""


def _name() -> str:
    """Return what PostgreSQL's own tables call this process; they cut what is longer."""
    host = socket.gethostname()
    if len(host) > LONGEST_HOST:
        host = f"{host[:LONGEST_HOST]}~{hashlib.sha256(host.encode()).hexdigest()[:8]}"
    return f"{NAME} {host} {os.getpid()}"


def users(url: str) -> int:
    """Return how many connections other processes of ours have to a database. Raises KioskError."""
    wire = Wire(url)
    sql = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE %s"
    try:
        wire.connect()
        [(found,)] = wire.execute_sql(f"{sql} AND application_name <> %s", (f"{NAME} %", _name())).fetchall()
    except TROUBLE as error:
        raise KioskError(f"The database cannot be reached ({' '.join(str(error).split())}).") from error
    finally:
        wire.drop()
    return int(found)


def driver() -> Any:
    """Return the library, which lets the hub go on while it waits. Raises KioskError when it is not installed."""
    try:
        library = importlib.import_module(LIBRARY)
        extensions = importlib.import_module(f"{LIBRARY}.extensions")
    except ImportError as error:
        raise KioskError("PostgreSQL needs a library more: pip install 'room-kiosk[postgresql]'.") from error
    if runtime.is_green() and extensions.get_wait_callback() is None:
        extensions.set_wait_callback(lambda line: _await(line, extensions))
    return library


def _await(line: Any, extensions: Any) -> None:
    while (state := line.poll()) != extensions.POLL_OK:
        runtime.await_socket(line.fileno(), state == extensions.POLL_WRITE, LONGEST_SECONDS)


def _number(text: str | None, _cursor: Any) -> float | None:
    """Return a sum, which is as wide as its parts need."""
    if text is None:
        return None
    return float(text) if "." in text else int(text)
