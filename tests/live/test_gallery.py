"""A view is drawn anew when something changed, and only then; its age is told beside it."""

from __future__ import annotations

import gc
from dataclasses import replace
from datetime import timedelta
from types import FunctionType
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from kiosk.errors import NotFound
from kiosk.live.audience import Audience
from kiosk.live.drawing import Drawn, Painter
from kiosk.live.freshness import Freshness
from kiosk.live.gallery import UNSEEN, Answer, Gallery, Screen
from kiosk.live.members import Census
from kiosk.live.pulse import Pulse
from kiosk.schedule.model import Room
from kiosk.store import boards, look, mirror, policies, revisions, rooms
from kiosk.store.boards import Board
from kiosk.store.database import Store
from kiosk.store.look import Look
from kiosk.store.rooms import StoredRoom
from tests.fakes import StillClock, meeting

DOOR = Screen("door", "oak")
LOBBY = Screen("lobby", "all")


class Drawings:
    """Draws every value as its own text, and counts."""

    def __init__(self) -> None:
        self.drawn = 0

    def __call__(self, _template: str, slot: str, value: object, _room: Room, _home: ZoneInfo) -> str:
        self.drawn += 1
        return f"{slot}:{value!r}"


@pytest.fixture
def drawings() -> Drawings:
    return Drawings()


@pytest.fixture
def gallery(store: Store, still: StillClock, oak: StoredRoom, drawings: Drawings) -> Gallery:
    store.write(rooms.add, Room("elm", "Elm", oak.room.zone))
    return Gallery(store, Painter(drawings, "salt"), "en", "build", still)


def put(gallery: Gallery, oak: StoredRoom, number: int, hours: float) -> None:
    event = meeting(number, gallery.clock() + timedelta(hours=hours))
    gallery.store.write(mirror.write_through, oak.id, [event], [])


def test_version_stays_while_hours_pass_and_nothing_changes(
    gallery: Gallery, oak: StoredRoom, still: StillClock, drawings: Drawings
) -> None:
    put(gallery, oak, 1, 1)
    before = gallery.view(DOOR)
    drawn = drawings.drawn
    still.advance(hours=5)
    after = gallery.view(DOOR)
    assert (after["version"], drawings.drawn) == (before["version"], drawn)
    assert len(after["tracks"]["oak"]["scenes"]) < len(before["tracks"]["oak"]["scenes"])


def test_version_changes_with_the_schedule_and_with_the_local_day(
    gallery: Gallery, oak: StoredRoom, still: StillClock
) -> None:
    first = gallery.version(DOOR)
    put(gallery, oak, 1, 1)
    second = gallery.version(DOOR)
    still.advance(days=1)
    assert len({first, second, gallery.version(DOOR)}) == 3


def test_a_second_language_comes_with_each_track_and_only_where_there_is_one(
    gallery: Gallery, still: StillClock, drawings: Drawings
) -> None:
    def shout(*drawn: Any) -> str:
        return drawings(*drawn).upper()

    both = Gallery(gallery.store, Painter(drawings, "salt", shout), "en", "build", still)
    track = both.view(DOOR)["tracks"]["oak"]
    assert track["other"] == {name: html.upper() for name, html in track["parts"].items()}
    assert "other" not in gallery.view(DOOR)["tracks"]["oak"]


def test_touch_that_changes_nothing_keeps_the_version(gallery: Gallery, oak: StoredRoom) -> None:
    before = gallery.version(DOOR)
    gallery.store.write(revisions.touch, oak.id)
    assert gallery.version(DOOR) == before


def test_a_change_draws_only_what_is_new_and_keeps_nothing_that_is_gone(
    gallery: Gallery, oak: StoredRoom, drawings: Drawings, still: StillClock
) -> None:
    put(gallery, oak, 1, 1)
    first = gallery.view(DOOR)["tracks"]["oak"]["parts"].values()
    put(gallery, oak, 2, 20)
    before = drawings.drawn
    second = gallery.view(DOOR)["tracks"]["oak"]["parts"].values()
    assert drawings.drawn - before == len(set(second) - set(first)) > 0
    (kept,) = gallery.pictures(DOOR, still()).values()
    assert {html for (html,) in kept.made().values()} == set(second)


def test_a_room_that_is_called_otherwise_is_drawn_all_anew(
    gallery: Gallery, oak: StoredRoom, drawings: Drawings
) -> None:
    parts = gallery.view(DOOR)["tracks"]["oak"]["parts"]
    before = drawings.drawn
    gallery.store.write(rooms.change, oak.id, replace(oak.room, name="Oak hall"))
    assert len(gallery.view(DOOR)["tracks"]["oak"]["parts"]) == drawings.drawn - before >= len(parts)


def test_of_what_nobody_has_seen_the_version_is_kept_and_it_is_drawn_for_whoever_comes(
    gallery: Gallery, oak: StoredRoom
) -> None:
    slugs = [f"room-{number}" for number in range(3 * UNSEEN)]
    for slug in slugs:
        gallery.store.write(rooms.add, Room(slug, slug, oak.room.zone))
    others = pictures()
    versions = {slug: gallery.version(Screen("door", slug)) for slug in slugs}
    assert pictures() - others <= UNSEEN
    for slug in slugs:
        assert gallery.view(Screen("door", slug))["version"] == versions[slug]
    assert pictures() - others == len(slugs)


def pictures() -> int:
    gc.collect()
    return sum(isinstance(one, Drawn) for one in gc.get_objects())


def test_a_picture_that_was_seen_gives_the_collector_little_to_walk_through(gallery: Gallery, oak: StoredRoom) -> None:
    for number in range(8):
        put(gallery, oak, number, number)
    gallery.version(DOOR)
    scenes = len(gallery.view(DOOR)["tracks"]["oak"]["scenes"])
    assert len(walked(gallery.pictures(DOOR, gallery.clock())["oak"])) < scenes + 12


def walked(root: object) -> list[object]:
    """Return what the collector walks through from an object on; functions have all else behind them."""
    for _ in range(3):  # it sees only then that what a tuple holds is no longer walked through
        gc.collect()
    found, left = {id(root): root}, [root]
    while left:
        for one in gc.get_referents(left.pop()):
            if gc.is_tracked(one) and id(one) not in found and not isinstance(one, type | FunctionType):
                found[id(one)] = one
                left.append(one)
    return [*found.values()]


def test_board_changes_with_any_of_its_rooms(gallery: Gallery, oak: StoredRoom) -> None:
    door, board = gallery.version(Screen("door", "elm")), gallery.version(LOBBY)
    put(gallery, oak, 1, 1)
    assert gallery.version(LOBBY) != board
    assert gallery.version(Screen("door", "elm")) == door


def test_every_part_a_scene_names_is_sent_once(gallery: Gallery, oak: StoredRoom) -> None:
    put(gallery, oak, 1, 1)
    track = gallery.view(DOOR)["tracks"]["oak"]
    named = {name for scene in track["scenes"] for name in scene["slots"].values()}
    assert named == set(track["parts"])
    assert len(set(track["parts"].values())) == len(track["parts"])


def test_room_is_stale_a_minute_after_its_last_check(gallery: Gallery, oak: StoredRoom, still: StillClock) -> None:
    still.advance(seconds=60)
    assert gallery.stamp(DOOR)["stale"] == {}
    still.advance(seconds=1)
    stamp = gallery.stamp(DOOR)
    assert stamp["as_of"] is None
    assert stamp["stale"] == {"oak": "2026-08-10T08:00:00Z"}


def test_one_stale_room_does_not_make_a_board_stale(gallery: Gallery, still: StillClock) -> None:
    still.advance(seconds=61)
    stamp = gallery.stamp(LOBBY)
    assert stamp["as_of"] == "2026-08-10T08:01:01Z"
    assert list(stamp["stale"]) == ["oak"]


def test_check_stamped_by_a_clock_that_was_wrong_is_no_check(gallery: Gallery, still: StillClock) -> None:
    still.advance(hours=-1)
    assert list(gallery.stamp(DOOR)["stale"]) == ["oak"]


def test_room_that_was_never_read_is_unknown_and_offers_nothing(gallery: Gallery, still: StillClock) -> None:
    room = Room("yew", "Yew", ZoneInfo("Europe/Berlin"))
    stored = gallery.store.write(rooms.add_linked, room, "yew@x", still())
    view = gallery.view(Screen("door", "yew"))
    assert [scene["status"] for scene in view["tracks"]["yew"]["scenes"]] == ["closed"]
    assert not any("choices=(Choice" in part for part in view["tracks"]["yew"]["parts"].values())
    gallery.store.write(mirror.commit_full, stored.id, 0, [], "c", (still(), still()), still())
    assert gallery.view(Screen("door", "yew"))["tracks"]["yew"]["scenes"][0]["status"] == "free"


def test_unknown_screens_are_not_found(gallery: Gallery) -> None:
    for screen in (Screen("door", "yew"), Screen("lobby", "yew"), Screen("window", "oak")):
        with pytest.raises(NotFound):
            gallery.view(screen)


def test_each_board_draws_its_rooms_in_its_own_way_and_one_change_one_row(
    gallery: Gallery, oak: StoredRoom, drawings: Drawings
) -> None:
    gallery.store.write(boards.add, Board("hall", "Hall", shows="nothing", free_first=True))
    hall = Screen("lobby", "hall")
    put(gallery, oak, 1, -0.1)
    told, silent = gallery.view(LOBBY), gallery.view(hall)
    assert ("Meeting 1" in repr(told), "Meeting 1" in repr(silent)) == (True, False)
    before = gallery.pictures(hall, gallery.clock())
    put(gallery, oak, 2, 3)
    drawn = drawings.drawn
    after = gallery.pictures(hall, gallery.clock())
    assert (after["elm"] is before["elm"], after["oak"] is before["oak"]) == (True, False)
    assert drawings.drawn == drawn
    gallery.view(hall)
    assert drawings.drawn > drawn
    assert gallery.view(LOBBY)["version"] != told["version"]


def test_a_page_of_many_rooms_begins_with_what_is_shown_soon_and_draws_nothing_else(
    gallery: Gallery, oak: StoredRoom, drawings: Drawings
) -> None:
    put(gallery, oak, 1, 0.1)
    put(gallery, oak, 2, 3)
    few = gallery.view(LOBBY, first=True)
    assert (few["rest"], "lines" in few) == (False, False)
    for number in range(8):
        gallery.store.write(rooms.add, replace(oak.room, slug=f"room-{number}", name=f"Room {number}"))
    before = drawings.drawn
    first, after, whole = gallery.view(LOBBY, first=True), drawings.drawn, gallery.view(LOBBY)
    assert (after - before, drawings.drawn > after) == (8, True)
    assert (first["rest"], whole["rest"], first["version"]) == (True, False, whole["version"])
    assert (len(scenes(first)), scenes(first)) == (2, scenes(whole)[:2])


def scenes(view: dict[str, Any]) -> list[Any]:
    """Return the moments of the scenes of one room."""
    return [scene["from"] for scene in view["tracks"]["oak"]["scenes"]]


def test_room_that_moves_to_another_floor_changes_its_board_and_no_heading_stays_alone(gallery: Gallery) -> None:
    before = gallery.shown(LOBBY).frame["grouped"]
    with gallery.store.read() as db:
        elm = rooms.by_slug(db, "elm")
    gallery.store.write(rooms.change, elm.id, replace(elm.room, floor="2"))
    assert (before, gallery.shown(LOBBY).frame["grouped"]) == (False, True)


def test_screen_of_two_doors_changes_with_either_and_keeps_their_order(gallery: Gallery, oak: StoredRoom) -> None:
    both = Screen("doors", "elm+oak")
    assert [one.room.slug for one in gallery.rooms_of(both)] == ["elm", "oak"]
    before = gallery.version(both)
    put(gallery, oak, 1, 1)
    assert gallery.version(both) != before
    assert set(gallery.view(both)["tracks"]) == {"elm", "oak"}


@pytest.mark.parametrize("slug", ["oak", "oak+oak", "oak+yew", "oak+elm+ash+fir", "oak+", ""])
def test_screen_of_doors_is_for_two_or_three_rooms_that_there_are(gallery: Gallery, slug: str) -> None:
    with pytest.raises(NotFound):
        gallery.rooms_of(Screen("doors", slug))


def test_who_is_behind_is_found_without_reading_for_each_screen(
    gallery: Gallery, oak: StoredRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulse = Pulse(gallery, Audience(), lambda *_told: None, Freshness())
    for number in range(20):
        gallery.store.write(rooms.add, Room(f"room{number}", "Room", oak.room.zone))
        screen = Screen("door", f"room{number}")
        version = gallery.version(screen) if number else "old"
        pulse.audience.shows(f"connection {number}", screen, version, gallery.clock())
    assert pulse.behind() == (1, 0)
    reads, read = [], gallery.store.read
    monkeypatch.setattr(gallery.store, "read", lambda: reads.append(1) or read())
    assert pulse.behind() == (1, 0)
    assert len(reads) <= 2


def test_a_change_is_looked_for_at_the_doors_that_show_its_room_and_at_no_other(
    gallery: Gallery, oak: StoredRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, str]] = []
    pulse = Pulse(gallery, Audience(), lambda channel, event, _payload: told.append((channel, event)), Freshness())
    screens = [Screen("door", "oak"), Screen("door", "elm"), Screen("doors", "elm+oak"), LOBBY]
    watch(pulse, *screens)
    looked, shown = [], gallery.shown
    monkeypatch.setattr(gallery, "shown", lambda screen, census: looked.append(screen) or shown(screen, census))
    put(gallery, oak, 1, 1)
    pulse.step()
    assert set(looked) == {screens[0], screens[2], LOBBY}
    assert sorted(told) == [("door/oak", "tracks"), ("doors/elm+oak", "tracks"), ("lobby/all", "tracks")]


def test_every_door_is_told_another_look(gallery: Gallery) -> None:
    told: list[tuple[str, str]] = []
    pulse = Pulse(gallery, Audience(), lambda channel, event, _payload: told.append((channel, event)), Freshness())
    watch(pulse, Screen("door", "oak"), Screen("door", "elm"))
    gallery.store.write(look.write, Look(day="#00613a"))
    gallery.clock.advance(seconds=3)  # type: ignore[attr-defined]
    pulse.step()
    assert sorted(told) == [("door/elm", "refresh"), ("door/oak", "refresh")]


def test_a_screen_that_fails_keeps_no_other_from_being_told_and_is_told_later(
    gallery: Gallery, oak: StoredRoom, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[str] = []
    pulse = Pulse(gallery, Audience(), lambda channel, _event, _payload: told.append(channel), Freshness())
    watch(pulse, DOOR, LOBBY)
    put(gallery, oak, 1, 1)
    news = gallery.news

    def failing(screen: Screen, *given: Any) -> Any:
        if screen == DOOR:
            raise ValueError("it cannot be drawn")
        return news(screen, *given)

    with monkeypatch.context() as broken:
        broken.setattr(gallery, "news", failing)
        for _ in range(3):
            pulse.step()
            gallery.clock.advance(seconds=3)  # type: ignore[attr-defined]
    assert told == ["lobby/all"]
    assert caplog.text.count("door/oak cannot be told") == caplog.text.count("Traceback") == 1
    gallery.clock.advance(seconds=3)  # type: ignore[attr-defined]
    pulse.step()
    assert told == ["lobby/all", "door/oak"]


def test_whoever_is_answered_what_was_is_told_to_ask_again(gallery: Gallery, oak: StoredRoom) -> None:
    told: list[tuple[str, str]] = []
    pulse = Pulse(gallery, Audience(), lambda channel, event, _: told.append((channel, event)), Freshness())
    watch(pulse)
    pulse.audience.shows("somebody", LOBBY, "", gallery.clock())
    answer = answered(gallery, LOBBY)
    gallery.store.write(rooms.add, Room("yew", "Yew", oak.room.zone))
    pulse.step()
    assert not pulse.joined(LOBBY, answer)
    assert pulse.joined(LOBBY, answered(gallery, LOBBY))


def test_what_the_first_viewer_is_answered_is_kept_by_a_look_that_began_before(
    gallery: Gallery, oak: StoredRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, str]] = []
    pulse = Pulse(gallery, Audience(), lambda channel, event, _: told.append((channel, event)), Freshness())
    watch(pulse, DOOR)
    put(gallery, oak, 1, 1)
    news = gallery.news

    def meanwhile(*given: Any) -> Any:
        pulse.audience.shows("somebody", LOBBY, "", gallery.clock())
        assert pulse.joined(LOBBY, answered(gallery, LOBBY))
        return news(*given)

    with monkeypatch.context() as while_looked:
        while_looked.setattr(gallery, "news", meanwhile)
        pulse.step()
    gallery.store.write(rooms.add, Room("yew", "Yew", oak.room.zone))
    pulse.step()
    assert told == [("door/oak", "tracks"), ("lobby/all", "refresh")]


def test_who_comes_back_during_a_look_that_passed_by_is_not_told_to_ask_for_ever(
    gallery: Gallery, oak: StoredRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulse = Pulse(gallery, Audience(), lambda *_: None, Freshness())
    watch(pulse, DOOR, LOBBY)
    pulse.audience.left(DOOR.channel)
    gallery.store.write(policies.change, oak.id, {"theme": "dark"})
    shown = gallery.shown

    def meanwhile(*given: Any) -> Any:
        pulse.audience.shows("back again", DOOR, "", gallery.clock())
        return shown(*given)

    with monkeypatch.context() as while_looked:
        while_looked.setattr(gallery, "shown", meanwhile)
        pulse.step()
    pulse.joined(DOOR, answered(gallery, DOOR))
    pulse.step()
    assert pulse.joined(DOOR, answered(gallery, DOOR))


def answered(gallery: Gallery, screen: Screen) -> Answer:
    return gallery.answer(screen, "", Census(gallery.store))


def watch(pulse: Pulse, *screens: Screen) -> None:
    """Have somebody look at screens, and everything told that there is to be told."""
    for screen in screens:
        pulse.audience.shows(screen.channel, screen, "", pulse.gallery.clock())
        assert pulse.joined(screen, answered(pulse.gallery, screen))
    pulse.step()


def test_who_is_behind_is_late_after_a_minute_without_the_newest_version(gallery: Gallery, oak: StoredRoom) -> None:
    pulse = Pulse(gallery, Audience(), lambda *_told: None, Freshness())
    busy, stuck = "one that is told of changes all the time", "one that stopped"
    for number in range(3):
        for connection in (busy, stuck):
            pulse.audience.shows(connection, DOOR, gallery.version(DOOR) if number == 0 else "old", gallery.clock())
        pulse.audience.is_right(busy, gallery.clock())
        gallery.clock.advance(seconds=31)  # type: ignore[attr-defined]
    assert pulse.behind() == (2, 1)


def test_a_screen_whose_room_was_removed_keeps_nobody_from_counting_the_others(gallery: Gallery) -> None:
    pulse = Pulse(gallery, Audience(), lambda *_told: None, Freshness())
    pulse.audience.shows("left over", Screen("door", "removed"), "", gallery.clock())
    assert pulse.behind() == (0, 0)
