"""Loops are woken by what is committed, whoever commits it, and need not look for it themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from kiosk.schedule.hours import parse
from kiosk.schedule.model import Room
from kiosk.store import facts, leases, mirror, rooms
from kiosk.store.database import Store
from kiosk.store.glance import LONGEST_SECONDS, Due
from kiosk.store.lookout import Lookout
from kiosk.sync.mirror import Mirror
from kiosk.sync.passes import Pass
from tests.fakes import FakeCalendars, StillClock


@dataclass
class Woken:
    """Who was woken since it was asked last."""

    names: list[str] = field(default_factory=list)

    def now(self) -> list[str]:
        names, self.names = self.names, []
        return names


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Store]:
    """Return a store whose database tells by itself that something was committed."""
    watched = Store(f"sqlite:///{tmp_path / 'kiosk.db'}")
    yield watched
    watched.close()


@pytest.fixture
def woken() -> Woken:
    return Woken()


@pytest.fixture
def lookout(watched: Store, woken: Woken) -> Lookout:
    lookout = Lookout(watched, [lambda: woken.names.append("screens")], [lambda: woken.names.append("work")])
    for hears in (lookout.noted, *lookout.at_once):
        watched.on_commit(hears)
    lookout.step()
    woken.now()
    return lookout


def test_nobody_is_woken_while_nothing_is_committed(lookout: Lookout, woken: Woken) -> None:
    lookout.step()
    assert woken.now() == []


def test_who_hears_of_our_own_commits_at_once_is_not_woken_again(
    watched: Store, lookout: Lookout, woken: Woken
) -> None:
    watched.write(facts.write, "word", "said")
    assert woken.now() == ["screens"]
    lookout.step()
    assert woken.now() == ["work"]


def test_everybody_is_woken_by_what_another_process_commits(watched: Store, lookout: Lookout, woken: Woken) -> None:
    watched.write(facts.write, "word", "said")
    other = Store(f"sqlite:///{watched.place}")
    other.write(facts.write, "word", "said elsewhere")
    other.close()
    woken.now()
    lookout.step()
    assert woken.now() == ["screens", "work"]


def test_where_only_reading_tells_what_others_have_committed_all_look_for_themselves(
    watched: Store, lookout: Lookout, woken: Woken, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watched, "state", lambda: None)
    lookout.step()
    assert (woken.now(), watched.rest(1.0, 15.0)) == ([], 1.0)


def test_a_loop_rests_until_something_is_due_and_is_woken_where_that_is_sooner(
    watched: Store, still: StillClock
) -> None:
    due = Due(watched, lambda db: facts.read_instant(db, "due"))
    assert (due.rest(still(), 0.5), due.is_sooner()) == (LONGEST_SECONDS, False)
    put_off(watched, still() + timedelta(seconds=3))
    assert (due.is_sooner(), due.rest(still(), 0.5)) == (True, 3.0)
    put_off(watched, still() + timedelta(seconds=4))
    assert due.is_sooner() is False
    put_off(watched, still() + timedelta(seconds=2))
    assert due.is_sooner() is True
    still.advance(seconds=2)
    assert due.rest(still(), 0.5) == 0.5


def test_a_worker_that_is_busy_keeps_nobody_else_from_being_woken(watched: Store, still: StillClock) -> None:
    slow, other = (link(watched, slug, still()) for slug in ("slow", "other"))
    syncs = Mirror(
        Pass(FakeCalendars(still), watched, 7, still), timedelta(seconds=10), parse("Mon-Fri 07-19"), 900_000
    )
    watched.write(mirror.claim_due, still(), leases.CLAIM, True)
    watched.write(mirror.hasten, slow, still() + timedelta(seconds=3))
    watched.write(mirror.claim_due, still(), leases.CLAIM, True)
    assert syncs._nothing_due_for(failing=True) == 3.0
    still.advance(seconds=3)
    # The first worker is at the slow room from now on, and the others rest.
    watched.write(mirror.claim_due, still(), leases.CLAIM, True)
    assert syncs._nothing_due_for(failing=False) == LONGEST_SECONDS
    watched.write(mirror.hasten, other, still())
    syncs.wake()
    assert syncs._wake.is_set()


def link(watched: Store, slug: str, now: datetime) -> int:
    return watched.write(rooms.add_linked, Room(slug, slug, ZoneInfo("Europe/Berlin")), f"{slug}@x", now).id


def put_off(watched: Store, moment: datetime) -> None:
    watched.write(facts.write_instant, "due", moment)
