"""Notices are written with their time and their target, end when somebody says so, and webhooks hear of both."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from kiosk import clock
from kiosk.errors import NotFound, UsageError
from kiosk.schedule.model import Room
from kiosk.schedule.notice import ORGANISATION, Notice, Target, floor_of, listens
from kiosk.store import acts, deliveries, notices, rooms, screens, webhooks
from kiosk.store.database import Store
from kiosk.store.notices import By, Draft, Reused, Unusable
from kiosk.store.screens import SeenScreen
from tests.fakes import StillClock

HOUR = timedelta(hours=1)
ZONE = clock.zone("Europe/Berlin")
Write = Callable[..., Notice]


@pytest.fixture
def write(store: Store, still: StillClock) -> Write:
    """Write a notice of an hour from now, or what a test says instead."""
    store.write(rooms.add, Room("oak", "Oak", ZONE, "Berlin", "2"))
    store.write(rooms.add, Room("elm", "Elm", ZONE, "Hamburg"))

    def written(title: str = "Lift is out", key: str = "", **more: Any) -> Notice:
        draft = Draft(**({"title": title, "end": still() + HOUR} | more))
        return store.write(notices.add, draft, by(still, key))

    return written


def by(still: StillClock, key: str = "") -> By:
    return By("boss@kiosk.example", "10.0.0.1", still(), key)


def titles(store: Store, still: StillClock) -> list[str]:
    with store.read() as db:
        return [one.title for one in notices.coming(db, still())]


def told(store: Store) -> list[dict[str, Any]]:
    with store.read() as db:
        return [json.loads(one.body) for one in reversed(deliveries.recent(db, 20))]


def screen(still: StillClock, machine: str, display: str = "door", slug: str = "oak") -> SeenScreen:
    hears = tuple(listens(display, slug, [Room("oak", "Oak", ZONE, "Berlin", "2")]))
    number = f"{machine} {display}/{slug}"
    return SeenScreen(number, machine, display, slug, hears, "", "10.0.0.2", still(), still(), True)


def test_screens_know_what_comes_within_a_week_and_nothing_that_is_over(
    store: Store, still: StillClock, write: Write
) -> None:
    write("now")
    write("soon", start=still() + 24 * HOUR, end=still() + 25 * HOUR)
    write("far", start=still() + 9 * 24 * HOUR, end=still() + 10 * 24 * HOUR)
    assert titles(store, still) == ["now", "soon"]
    still.advance(hours=1)
    assert titles(store, still) == ["soon"]


def test_emergency_comes_first_and_stays_until_it_is_ended(store: Store, still: StillClock, write: Write) -> None:
    write("notice")
    fire = write("Fire", kind="emergency", end=None)
    still.advance(minutes=30)
    assert titles(store, still) == ["Fire", "notice"]
    ended = store.write(notices.end, fire.id, by(still))
    assert (ended.ended_at, ended.ended_by) == (still(), "boss@kiosk.example")
    assert titles(store, still) == ["notice"]
    assert store.write(notices.end, fire.id, replace(by(still), actor="late")) == ended


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("title", {"title": "  "}),
        ("title", {"title": "x" * 81}),
        ("text", {"text": "x" * 601}),
        ("end", {"end": None}),
        ("end", {"end": clock.DAWN}),
        ("end", {"start": clock.DAWN, "end": clock.DAWN + HOUR}),
        ("end", {"kind": "emergency"}),
        ("building", {"target": Target("building", "Rome")}),
        ("floor", {"target": floor_of("Berlin", "3")}),
        ("room", {"target": Target("room", "ash")}),
        ("screen", {"target": Target("screen", "door/ash")}),
        ("screen", {"target": Target("screen", "fridge/oak")}),
    ],
)
def test_what_cannot_be_used_is_named(write: Write, field: str, wrong: dict[str, Any]) -> None:
    with pytest.raises(Unusable) as caught:
        write(**wrong)
    assert caught.value.field == field


def test_one_request_makes_one_notice_however_often_it_comes(store: Store, still: StillClock, write: Write) -> None:
    first = write(key="k")
    assert write(key="k") == first
    with pytest.raises(Reused):
        write("another", key="k")
    assert titles(store, still) == ["Lift is out"]


def test_webhooks_hear_when_it_begins_and_when_it_is_over(store: Store, still: StillClock, write: Write) -> None:
    store.write(webhooks.add, "https://example.org/", [], still())
    write(start=still() + HOUR, end=still() + 2 * HOUR)
    assert told(store) == []
    for _ in range(3):
        still.advance(hours=1)
        with store.read() as db:
            is_news = notices.is_news(db, still())
        assert store.write(notices.tell_of, still()) == is_news
    assert [one["type"] for one in told(store)] == ["notice.started", "notice.ended"]


def test_emergency_is_told_outside_and_in_the_log_at_once(store: Store, still: StillClock, write: Write) -> None:
    store.write(webhooks.add, "https://example.org/", ["emergency.started", "emergency.ended"], still())
    fire = write("Fire", kind="emergency", end=None, target=Target("building", "Berlin"))
    store.write(notices.end, fire.id, by(still))
    said = {one["type"]: one["data"] for one in told(store)}
    assert said.keys() == {"emergency.started", "emergency.ended"}
    started = said["emergency.started"]
    assert (started["target"], started["by"]) == ({"building": "Berlin"}, "person")
    with store.read() as db:
        assert {one.act for one in acts.recent(db)} >= {"start_emergency", "end_emergency"}


def test_changed_notice_must_be_shown_again(store: Store, still: StillClock, write: Write) -> None:
    one, seen = write(), screen(still, "m1")
    store.write(screens.write, [seen], {(one.id, seen.id): still()})
    draft = Draft("Lift works", end=still() + HOUR)
    assert store.write(notices.change, one.id, draft, by(still)).title == "Lift works"
    with store.read() as db:
        assert screens.shown_by(db) == {}
        [edit] = [act for act in acts.recent(db) if act.act == "edit_notice"]
    assert edit.detail["title"] == "Lift is out → Lift works"


def test_what_is_over_cannot_be_changed(store: Store, still: StillClock, write: Write) -> None:
    one = write()
    still.advance(hours=1)
    with pytest.raises(UsageError, match="not over"):
        store.write(notices.change, one.id, Draft("x", end=still() + HOUR), by(still))
    with pytest.raises(NotFound):
        store.write(notices.end, 99, by(still))


def test_roll_says_who_shows_it_who_is_late_and_who_is_away(store: Store, still: StillClock, write: Write) -> None:
    fire = write("Fire", kind="emergency", end=None, target=Target("building", "Berlin"))
    good, late, away = (screen(still, name) for name in ("good", "late", "away"))
    elsewhere = replace(screen(still, "other"), hears=(ORGANISATION.key,))
    store.write(screens.write, [good, late, replace(away, connected=False), elsewhere], {(fire.id, good.id): still()})
    with store.read() as db:
        found = screens.answers(db, fire, still())
    assert [(one.screen.machine, one.state) for one in found] == [
        ("late", "late"),
        ("away", "offline"),
        ("good", "shown"),
    ]


def test_screen_that_shows_another_room_now_is_not_missed_at_its_old_one(store: Store, still: StillClock) -> None:
    before = screen(still, "m1", slug="oak")
    store.write(screens.write, [replace(before, connected=False)], {})
    still.advance(hours=1)
    store.write(screens.write, [screen(still, "m1", slug="elm")], {})
    with store.read() as db:
        assert [one.slug for one in screens.every(db, still())] == ["elm"]


def test_screen_of_a_server_that_was_killed_counts_as_away(store: Store, still: StillClock) -> None:
    store.write(screens.write, [screen(still, "m1")], {})
    still.advance(hours=1)
    with store.read() as db:
        [one] = screens.every(db, still())
    assert not one.is_connected(still())


def test_older_news_of_a_screen_changes_nothing(store: Store, still: StillClock) -> None:
    old = replace(screen(still, "m1"), connected=False)
    still.advance(hours=1)
    store.write(screens.write, [screen(still, "m1")], {})
    store.write(screens.write, [old], {})
    with store.read() as db:
        assert [one.connected for one in screens.every(db, still())] == [True]


def test_acknowledgement_of_nothing_known_is_left_out(store: Store, still: StillClock) -> None:
    store.write(screens.write, [], {(7, "nobody"): still()})
    with store.read() as db:
        assert screens.shown_by(db) == {}


def test_board_hears_of_its_places_and_a_door_of_its_room_too() -> None:
    oak, elm = Room("oak", "Oak", ZONE, "Berlin", "2"), Room("elm", "Elm", ZONE, "Hamburg")
    board, door = listens("lobby", "all", [oak, elm]), listens("door", "oak", [oak])
    assert board >= {
        "organisation:",
        "screen:lobby/all",
        "building:Berlin",
        "building:Hamburg",
        floor_of("Berlin", "2").key,
    }
    assert "room:oak" in door
    assert "room:oak" not in board


def test_screen_that_has_come_to_another_process_is_not_lost_by_the_first(store: Store, still: StillClock) -> None:
    here = replace(screen(still, "m1"), home="first")
    store.write(screens.write, [here], {})
    store.write(screens.write, [replace(here, home="second")], {})
    still.advance(seconds=3)
    store.write(screens.write, [replace(here, connected=False, seen_at=still())], {})
    with store.read() as db:
        assert [one.connected for one in screens.every(db, still())] == [True]


def test_only_screens_of_dead_processes_are_taken_for_gone(store: Store, still: StillClock) -> None:
    both = [replace(screen(still, name), home=name) for name in ("living", "dead")]
    store.write(screens.write, both, {})
    store.write(screens.begin, still(), ["living"])
    with store.read() as db:
        assert [one.home for one in screens.every(db, still()) if one.connected] == ["living"]
    store.write(screens.begin, still())
    with store.read() as db:
        assert not any(one.connected for one in screens.every(db, still()))
