"""The store: whoever reads it never waits for the disk, and writes follow one another."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Concatenate, ParamSpec, TypeVar

from peewee import Database, DatabaseError, OperationalError

from kiosk import runtime
from kiosk.errors import DatabaseAway, KioskError
from kiosk.measures import Measures
from kiosk.store import losses, schema
from kiosk.store.engine import Engine
from kiosk.store.postgresql import SCHEME, Postgresql
from kiosk.store.sqlite import Sqlite

Params = ParamSpec("Params")
Result = TypeVar("Result")


class Store:
    """The open database. Reads are short and inline; every write is one transaction in a real thread."""

    def __init__(self, url: str, measures: Measures | None = None) -> None:
        """Open the database, and make it what this program needs. `measures` hears how long each use took.

        Raises KioskError.
        """
        self._measures = measures or Measures()
        self._engine: Engine = _engine(url)
        self._writing = threading.Lock()
        self._listeners: list[Callable[[], None]] = []
        # Fills a cache whose lock must never be taken in a real thread first.
        logging.getLogger("peewee").isEnabledFor(logging.DEBUG)
        try:
            self.write(schema.upgrade)
        except DatabaseAway as error:
            raise KioskError(f"{error.detail} See KIOSK_DATABASE_URL.") from error
        except (DatabaseError, KioskError) as error:
            raise KioskError(f"{error} The database is {self._engine.place}: see KIOSK_DATABASE_URL.") from error

    @property
    def place(self) -> str:
        """Where the database is, as people may read it."""
        return self._engine.place

    @contextmanager
    def read(self) -> Iterator[Database]:
        """Give a database that sees one moment; do nothing slow inside."""
        with self._measures.timing("read"), self._engine.reading() as db:
            yield db

    def report(
        self,
        fn: Callable[Concatenate[Database, Params], Result],
        *args: Params.args,
        **kwargs: Params.kwargs,
    ) -> Result:
        """Run `fn(database, …)`, which only reads and may take long, in a real thread with a connection of its own."""
        with self._measures.timing("report"):
            return runtime.offload(_report, self._engine, fn, args, kwargs)

    def write(
        self,
        fn: Callable[Concatenate[Database, Params], Result],
        *args: Params.args,
        **kwargs: Params.kwargs,
    ) -> Result:
        """Run `fn(database, …)` in one transaction, committed when this returns; listeners hear of it."""
        return self._write(False, fn, *args, **kwargs)

    def write_durably(
        self,
        fn: Callable[Concatenate[Database, Params], Result],
        *args: Params.args,
        **kwargs: Params.kwargs,
    ) -> Result:
        """Write like `write`, and return only when a pulled plug cannot undo it."""
        return self._write(True, fn, *args, **kwargs)

    def empty_log(self) -> bool:
        """Let go of what has been overwritten and deleted; False while somebody reads that."""
        empty = self._engine.empty_log
        return runtime.offload(empty) if self._engine.empties_beside else self._offloaded(empty)

    def tidy(self) -> int:
        """Put the database in order: what its queries are planned by, and pages it no longer needs; return those."""
        freed = 0
        while gone := self._offloaded(self._engine.give_back):
            freed += gone
        self._offloaded(self._engine.analyse)
        return freed

    def is_writing(self) -> bool:
        """Tell whether somebody in this process writes at the moment."""
        return self._writing.locked()

    def state(self) -> int | None:
        """Return a number that is another one after each commit, by whomever; None where only looking tells."""
        return self._engine.state()

    def rest(self, usual: float, longest: float) -> float:
        """Return for how many seconds one may rest who is woken when something is committed (`Lookout`).

        `usual`: for who is not, where only looking tells what others have committed.
        """
        return usual if self.state() is None else longest

    def on_commit(self, listener: Callable[[], None]) -> None:
        """Call `listener` after every commit of this process."""
        self._listeners.append(listener)

    def close(self) -> None:
        """Close all connections."""
        with self._writing:
            self._engine.close()

    def _offloaded(self, fn: Callable[[], Result]) -> Result:
        with self._writing:
            return runtime.offload(fn)

    def _write(self, durably: bool, fn: Callable[..., Result], *args: Any, **kwargs: Any) -> Result:
        with self._measures.timing("write"), self._writing:
            try:
                result = runtime.offload(_transaction, self._engine, durably, fn, args, kwargs)
            except OperationalError as error:
                raise KioskError(f"The database cannot be written ({error}).") from error
        for listener in self._listeners:
            listener()
        return result


def _engine(url: str) -> Engine:
    return Postgresql(url, losses.make_good) if url.startswith(SCHEME) else Sqlite(url.removeprefix("sqlite:///"))


def _report(engine: Engine, fn: Callable[..., Result], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Result:
    with engine.reporting() as db:
        return fn(db, *args, **kwargs)


def _transaction(
    engine: Engine, durably: bool, fn: Callable[..., Result], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Result:
    with engine.writing(durably) as db:
        return fn(db, *args, **kwargs)
