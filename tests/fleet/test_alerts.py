"""When administrators are told of machines: once for each, and once for many."""

from __future__ import annotations

from datetime import timedelta

from kiosk.clock import DAWN
from kiosk.fleet.alerts import AFTERMATH, GATHER, ILL_FOR, WELL_FOR, Decision, Watched, decide
from kiosk.fleet.health import State
from tests.fakes import MONDAY

LATER = MONDAY + timedelta(hours=1)


def one(number: int, state: State = "live", minutes: float = 60, told: str = "", **more: object) -> Watched:
    """Return a machine that has been in its state for so many minutes at LATER."""
    return Watched(number, state, LATER - timedelta(minutes=minutes), told, **more)  # type: ignore[arg-type]


def fleet(*some: Watched, of: int = 20) -> list[Watched]:
    return [*some, *(one(number) for number in range(len(some) + 1, of + 1))]


def told(*some: Watched, of: int = 20) -> Decision:
    return decide(fleet(*some, of=of), LATER, DAWN)


def test_fleet_that_is_well_tells_nobody() -> None:
    assert not told()


def test_machine_that_is_gone_is_told_once_after_a_moment() -> None:
    moment = GATHER.total_seconds() / 60
    assert told(one(1, "gone", moment - 0.1)) == Decision()
    assert told(one(1, "gone", moment)) == Decision(gone=(1,))
    assert told(one(1, "gone", moment, told="gone")) == Decision()


def test_machine_that_is_ill_is_told_when_it_stays_so() -> None:
    minutes = ILL_FOR.total_seconds() / 60
    assert told(one(1, "ill", minutes - 0.1), one(2, "ill", minutes)) == Decision(ill=(2,))
    assert told(one(1, "ill", 0, words=frozenset({"cloned"}))) == Decision(ill=(1,))
    assert told(one(1, "gone", told="ill")) == Decision()


def test_dark_as_planned_tells_nobody() -> None:
    assert told(one(1, "dark"), one(2, "dark", silent=True)) == Decision()


def test_many_that_vanish_together_are_told_together() -> None:
    gone = [one(number, "gone", 1) for number in range(2, 6)]
    assert told(one(1, "gone", 2), *gone) == Decision(together=(1, 2, 3, 4, 5))
    assert told(*gone) == Decision()  # nobody is due yet


def test_a_fifth_of_the_fleet_and_two_machines_are_not_many() -> None:
    four = [one(number, "gone") for number in range(1, 5)]
    assert told(*four) == Decision(gone=(1, 2, 3, 4))
    assert told(*four[:2], of=4) == Decision(gone=(1, 2))
    assert told(*four[:3], of=4) == Decision(together=(1, 2, 3))


def test_stragglers_of_a_great_vanishing_tell_nobody() -> None:
    late = fleet(one(1, "gone"))
    assert decide(late, LATER, LATER - AFTERMATH / 2) == Decision(quietly=(1,))
    assert decide(late, LATER, LATER - AFTERMATH) == Decision(gone=(1,))


def test_machine_that_is_well_again_is_told_when_it_stays_so() -> None:
    minutes = WELL_FOR.total_seconds() / 60
    assert told(one(1, minutes=minutes - 0.1, told="gone"), one(2, minutes=minutes, told="ill")) == Decision(well=(2,))
    assert told(one(1, "dark", told="gone", silent=True)) == Decision()
    assert told(*(one(number, told="gone") for number in range(1, 9))) == Decision(back=tuple(range(1, 9)))


def test_machine_that_was_never_heard_is_not_missed() -> None:
    assert told(*(one(number, "gone", heard=False) for number in range(1, 9))) == Decision()
