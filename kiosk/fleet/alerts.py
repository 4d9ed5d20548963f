"""When administrators are told of machines: once for each, and once for many that vanish together."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from kiosk.fleet.health import State

# What mends itself so soon tells nobody.
ILL_FOR = timedelta(minutes=2)
WELL_FOR = timedelta(minutes=5)
# So long others may join before one that is gone is told of by itself: heartbeats come once a minute.
GATHER = timedelta(seconds=90)
# After many were told of together, so long others of them are not told of by themselves.
AFTERMATH = timedelta(minutes=5)
# More than that part of the fleet, and at least so many, are told of together: that is the network.
MANY, LEAST = 0.2, 3
AT_ONCE = frozenset({"cloned"})


@dataclass(frozen=True, slots=True)
class Watched:
    """A machine as it is: in its state `since`; `told`: of what administrators were told and not that it is over.

    `words`: why it is ill. `heard`: it gave a sign at all, ever; one that never did is not missed.
    """

    id: int
    state: State
    since: datetime
    told: str = ""
    words: frozenset[str] = frozenset()
    silent: bool = False
    heard: bool = True


@dataclass(frozen=True, slots=True)
class Decision:
    """Whom to tell of: machines by themselves, many that are gone together, and those that are well again.

    `quietly`: gone with the others of which was told a moment ago. `back`: many that are well again together.
    """

    ill: tuple[int, ...] = ()
    gone: tuple[int, ...] = ()
    together: tuple[int, ...] = ()
    quietly: tuple[int, ...] = ()
    well: tuple[int, ...] = ()
    back: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        """Tell whether there is anything to do."""
        return any((self.ill, self.gone, self.together, self.quietly, self.well, self.back))


def decide(fleet: Collection[Watched], now: datetime, told_together: datetime) -> Decision:
    """Return whom to tell of; `told_together`: when many were last told of together."""
    heard = [one for one in fleet if one.heard]
    ill = [one for one in heard if one.state == "ill" and not one.told and _is_ripe(one, now)]
    gone = [one for one in heard if one.state == "gone" and not one.told]
    well = [one for one in heard if one.told and one.state in {"live", "dark"} and not one.silent]
    alone, together = _parted(gone, len(heard), now - GATHER)
    recovered, back = _parted(well, len(heard), now - WELL_FOR)
    aftermath = timedelta(0) <= now - told_together < AFTERMATH
    return Decision(
        ill=tuple(one.id for one in ill),
        gone=() if aftermath else alone,
        together=together,
        quietly=alone if aftermath else (),
        well=recovered,
        back=back,
    )


def _is_ripe(one: Watched, now: datetime) -> bool:
    return bool(one.words & AT_ONCE) or now - one.since >= ILL_FOR


def _parted(found: list[Watched], of: int, before: datetime) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return which of them are told of alone, and which together: all of them, as soon as one is due."""
    due = tuple(one.id for one in found if one.since <= before)
    many = len(found) >= LEAST and len(found) > MANY * of
    return ((), tuple(one.id for one in found)) if due and many else (due, ())
