"""What a loop asks the database again and again: it is read anew only when something was committed since."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from peewee import Database

from kiosk.store.database import Store

Value = TypeVar("Value")
# However far away what is due next may be, it is looked again after this time: clocks are put right.
LONGEST_SECONDS = 5.0


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


@dataclass
class Due(Glance[datetime | None]):
    """When something is due next, for loops that rest until then and are woken where it becomes sooner."""

    _awaited: datetime | None = field(default=None, init=False)

    def rest(self, now: datetime, usual: float) -> float:
        """Return for how many seconds nothing is due to one who is woken when something is committed.

        `usual`: for how long where nobody is, and where what is due is left to others.
        """
        longest = self.store.rest(usual, LONGEST_SECONDS)
        if longest == usual:
            return usual
        self._awaited = self.value()
        if self._awaited is None:
            return longest
        left = (self._awaited - now).total_seconds()
        return min(left, longest) if left > 0 else usual

    def is_sooner(self) -> bool:
        """Tell whether something is due before that for which those wait who rest."""
        moment = self.value()
        return moment is not None and (self._awaited is None or moment < self._awaited)


def is_due(moment: datetime | None, now: datetime) -> bool:
    """Tell whether a moment has come."""
    return moment is not None and moment <= now
