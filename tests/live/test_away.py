"""What screens say, and what they are to be told, outlives a database that goes away in the middle of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from kiosk.errors import DatabaseAway
from kiosk.live.audience import Audience
from kiosk.live.drawing import Painter
from kiosk.live.freshness import Freshness
from kiosk.live.gallery import Gallery, Screen
from kiosk.live.members import Census
from kiosk.live.notices import Herald
from kiosk.live.pulse import Pulse
from kiosk.live.roll import Hello, Roll
from kiosk.schedule.model import Room
from kiosk.store import mirror, notices, rooms, screens
from kiosk.store.database import Store
from kiosk.store.notices import By, Draft
from kiosk.store.rooms import StoredRoom
from tests.fakes import StillClock, meeting

SCREENS = (Screen("door", "elm"), Screen("door", "oak"), Screen("lobby", "all"))


def away(*_args: Any, **_more: Any) -> Any:
    raise DatabaseAway("It is restarted.")


@pytest.mark.parametrize("lost", ["shown", "news"])
def test_change_is_told_to_every_screen_when_the_database_is_back(
    store: Store, still: StillClock, oak: StoredRoom, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    elm = store.write(rooms.add, Room("elm", "Elm", oak.room.zone))
    gallery = Gallery(store, Painter(lambda _template, slot, value, *_: f"{slot}{value}", "salt"), "en", "build", still)
    told: list[str] = []
    pulse = Pulse(gallery, Audience(), lambda channel, *_: told.append(channel), Freshness())
    for number, screen in enumerate(SCREENS):
        pulse.joined(screen, gallery.answer(screen, "", Census(store)))
        pulse.audience.shows(f"connection {number}", screen, gallery.version(screen), still())
    pulse.step()
    for number in (oak.id, elm):
        store.write(mirror.write_through, number, [meeting(number, still() + timedelta(hours=1))], [])
    known = getattr(gallery, lost)

    def ends(*args: Any) -> Any:
        return away() if told else known(*args)

    with monkeypatch.context() as patch:
        patch.setattr(gallery, lost, ends)
        with pytest.raises(DatabaseAway):
            pulse.step()
    assert len(told) == 1
    still.advance(seconds=3)
    pulse.step()
    assert sorted(told) == sorted(screen.channel for screen in SCREENS)


def test_what_screens_have_on_the_glass_is_written_down_when_the_database_is_back(
    store: Store, still: StillClock, oak: StoredRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = Draft("Fire", kind="emergency")
    fire = store.write(notices.add, draft, By("boss@kiosk.example", "10.0.0.1", still()))
    roll = Roll(store, Herald(store, still, Audience(), lambda *_: None), still)
    door = Screen("door", "oak")
    bulletin = roll.heard(Hello(door, "machine-1", ""), lambda: ("", "10.0.0.7"), "c1")
    assert bulletin
    roll.noticed(Hello(door, "machine-1", bulletin["version"]))
    with monkeypatch.context() as patch:
        patch.setattr(store, "write", away)
        with pytest.raises(DatabaseAway):
            roll.step()
    roll.step()
    with store.read() as db:
        assert [one.state for one in screens.answers(db, fire, still())] == ["shown"]


def test_screens_of_other_processes_are_not_taken_for_gone_when_the_database_is_back(
    store: Store, still: StillClock, oak: StoredRoom
) -> None:
    """None of them can have said that it lives; those that have died are not heard of at the next look either."""
    living = ["here", "there"]
    rolls = {
        home: Roll(store, Herald(store, still, Audience(), lambda *_: None), still, home, lambda: living)
        for home in ("here", "there")
    }
    for home, roll in rolls.items():
        roll.heard(Hello(Screen("door", "oak"), f"machine-{home}", ""), lambda: ("", "10.0.0.7"), home)
        roll.step()

    def connected() -> set[str]:
        still.advance(seconds=15)
        rolls["here"].step()
        with store.read() as db:
            return {one.home for one in screens.every(db, still()) if one.connected}

    assert connected() == {"here", "there"}
    living.clear()
    assert connected() == {"here", "there"}
    living += ["here", "there"]
    assert connected() == {"here", "there"}
    living.remove("there")
    assert connected() == {"here", "there"}
    assert connected() == {"here"}
