"""What a loop asks the database again and again: it is read anew only when something was committed since."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from peewee import Database

from kiosk.store.database import Store

Value = TypeVar("Value")


@dataclass
class Glance(Generic[Value]):
    """What `read` returns now; it must depend on nothing but what is committed, and so on no clock."""

    store: Store
    read: Callable[[Database], Value]
    _known: tuple[int, Value] | None = field(default=None, init=False)

    def value(self) -> Value:
        """Return the value, read anew where something was committed since, by whomever."""
        # Asked for before it is read: what is committed in between is then seen next time.
        state, known = self.store.state(), self._known
        if known is not None and state is not None and known[0] == state:
            return known[1]
        with self.store.read() as db:
            found = self.read(db)
        self._known = None if state is None else (state, found)
        return found


def is_due(moment: datetime | None, now: datetime) -> bool:
    """Tell whether a moment has come."""
    return moment is not None and moment <= now
