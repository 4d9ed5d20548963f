"""What the store needs of a database: SQLite and PostgreSQL each give it in their own way."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from peewee import Database


class Engine(Protocol):
    """An open database. Writers follow one another, in all processes: each sees what all before it have written."""

    place: str
    # Whether `empty_log` needs nothing of what writes, so that writers go on meanwhile.
    empties_beside: bool

    def reading(self) -> AbstractContextManager[Database]:
        """Give a database that sees one moment; called where nothing may stop the hub."""

    def reporting(self) -> AbstractContextManager[Database]:
        """Give a database that sees one moment, for as long as it takes; called in a real thread."""

    def writing(self, durably: bool) -> AbstractContextManager[Database]:
        """Give a transaction, committed in the end and undone by an error; called in a real thread.

        `durably`: what was committed outlives a pulled plug; otherwise the last moments may be lost, never torn.
        """

    def empty_log(self) -> bool:
        """Let go of what was overwritten or deleted; False while somebody reads that."""

    def give_back(self) -> int:
        """Give some pages back that are not needed any more; return how many it was."""

    def analyse(self) -> None:
        """Gather what queries are planned by."""

    def state(self) -> int | None:
        """Return a number that is another one after each commit, by whomever; None where that is not to be had cheaply.

        It is called where nothing may stop the hub.
        """

    def close(self) -> None:
        """Close all connections."""
