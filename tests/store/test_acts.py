"""The log of acts is read from its newest end, and no act is lost between two pages."""

from __future__ import annotations

from datetime import timedelta

from kiosk.store import acts
from kiosk.store.acts import Act
from kiosk.store.database import Store
from tests.fakes import MONDAY

MINUTE = timedelta(minutes=1)


def act(minutes: int, event_id: str, room: str = "oak") -> Act:
    return Act(MONDAY + minutes * MINUTE, "panel", "door/oak", "book", room, event_id, "confirmed")


def test_an_act_is_read_as_it_was_recorded(store: Store) -> None:
    told = Act(MONDAY, "anna@kiosk.example", "phone", "end", "oak", "e1", "refused", "taken", {"way": "Büro", "end": 5})
    store.write(acts.record, told)
    with store.read() as db:
        assert acts.recent(db) == [told]


def test_newest_acts_of_a_room_come_first(store: Store) -> None:
    for one in (act(0, "a"), act(2, "b", "elm"), act(1, "c")):
        store.write(acts.record, one)
    with store.read() as db:
        assert [one.event_id for one in acts.recent(db)] == ["b", "c", "a"]
        assert [one.event_id for one in acts.recent(db, "oak")] == ["c", "a"]
        assert [one.event_id for one in acts.recent(db, "oak", before=MONDAY + MINUTE)] == ["a"]
        assert acts.recent(db, "ash") == []


def test_pages_hold_every_act_once_though_many_fell_on_one_instant(store: Store) -> None:
    for number, minutes in enumerate([0, 1, 1, 1, 1, 2, 3]):
        store.write(acts.record, act(minutes, str(number)))
    seen, before = [], None
    with store.read() as db:
        while page := acts.recent(db, limit=3, before=before):
            seen += [one.event_id for one in page]
            before = page[-1].at
    assert seen == ["6", "5", "4", "3", "2", "1", "0"]
