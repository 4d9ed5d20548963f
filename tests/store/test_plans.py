"""Plans are kept with the rooms on them, which follow a new file by their elements' names."""

from __future__ import annotations

import pytest

from kiosk import clock
from kiosk.errors import NotFound, UsageError
from kiosk.schedule.model import Room
from kiosk.store import drawings, outlines, plans, rooms
from kiosk.store.database import Store
from kiosk.store.plans import Place

ZONE = clock.zone("Europe/Berlin")


def drawing(*names: str) -> drawings.Drawing:
    shapes = "".join(f'<rect id="{name}" width="{n}" height="5"/>' for n, name in enumerate(names, 1))
    return drawings.read(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">{shapes}</svg>'.encode())


def room(store: Store, slug: str, name: str = "") -> int:
    return store.write(rooms.add, Room(slug, name or slug.title(), ZONE))


def on(store: Store, slug: str) -> list[Place]:
    with store.read() as db:
        return plans.places(db, plans.find(db, slug))


def test_plans_of_one_name_get_words_of_their_own(store: Store) -> None:
    made = [store.write(plans.add, "Ground floor", "A", "0", drawing()).slug for _ in range(3)]
    assert made == ["ground-floor", "ground-floor-2", "ground-floor-3"]


def test_floors_of_a_building_come_as_people_count(store: Store) -> None:
    for building, floor in (("A", "10"), ("A", "2"), ("A", "EG"), ("A", "UG"), ("A", "Roof"), ("B", "1")):
        store.write(plans.add, f"{building} {floor}", building, floor, drawing())
    with store.read() as db:
        found = plans.of_building(db, plans.find(db, "a-2"))
    assert [one.floor for one in found] == ["UG", "EG", "2", "10", "Roof"]


def test_a_plan_without_a_building_stands_alone(store: Store) -> None:
    store.write(plans.add, "One", "", "1", drawing())
    store.write(plans.add, "Two", "", "2", drawing())
    with store.read() as db:
        assert [one.slug for one in plans.of_building(db, plans.find(db, "one"))] == ["one"]


def test_rooms_keep_their_elements_when_the_file_is_replaced(store: Store) -> None:
    oak, elm = room(store, "oak"), room(store, "elm")
    store.write(plans.add, "Floor", "", "", drawing("a", "b"))
    store.write(plans.put, "floor", [Place(oak, "a", "<rect/>"), Place(elm, "b", "<rect/>")])
    fresh = drawing("x", "y", "a")
    before = store.write(plans.replace, "floor", fresh, outlines.parts(fresh.content))
    assert [(one.element, one.outline) for one in on(store, "floor")] == [
        ("a", '<rect width="3" height="5"/>'),
        ("b", ""),
    ]
    again = drawing("a", "b")
    after = store.write(plans.replace, "floor", again, outlines.parts(again.content))
    assert all(one.outline for one in on(store, "floor"))
    assert before.version != after.version


def test_a_picture_does_not_replace_a_drawing_with_rooms_on_it(store: Store) -> None:
    store.write(plans.add, "Floor", "", "", drawing("a"))
    store.write(plans.put, "floor", [Place(room(store, "oak"), "a")])
    photo = drawings.Drawing("picture", "image/png", b"x", "0 0 1 1", 1.0, 1.0)
    with pytest.raises(UsageError, match="a drawing replaces a drawing"):
        store.write(plans.replace, "floor", photo, ())


def test_a_room_is_once_on_a_plan_and_inside_it(store: Store) -> None:
    oak = room(store, "oak")
    store.write(plans.add, "Floor", "", "", drawing("a"))
    for wanted in ([Place(oak, "a"), Place(oak, "b")], [Place(oak, at=(1.2, 0))], [Place(oak, at=(float("nan"), 0))]):
        with pytest.raises(UsageError):
            store.write(plans.put, "floor", wanted)
    assert on(store, "floor") == []


def test_a_room_that_is_deleted_leaves_the_plan_and_a_deleted_plan_leaves_the_room(store: Store) -> None:
    oak, elm = room(store, "oak"), room(store, "elm")
    store.write(plans.add, "Floor", "", "", drawing())
    store.write(plans.put, "floor", [Place(oak, at=(0.1, 0.2)), Place(elm, at=(0.5, 0.5))])
    store.write(rooms.remove, oak)
    assert [one.room_id for one in on(store, "floor")] == [elm]
    store.write(plans.remove, "floor")
    with store.read() as db:
        assert [one.id for one in rooms.every(db)] == [elm]
        with pytest.raises(NotFound):
            plans.find(db, "floor")


def test_elements_are_suggested_by_word_or_name_once(store: Store) -> None:
    oak, sky = room(store, "oak"), room(store, "r7", "Sky Lounge")
    parts = outlines.parts(drawing("oak", "OAK", "sky-lounge", "wall").content)
    with store.read() as db:
        known = rooms.every(db)
    assert plans.suggestions(parts, known) == {"oak": oak, "sky-lounge": sky}
    assert plans.suggestions(parts, known, [Place(oak, "wall")]) == {"sky-lounge": sky}


def test_a_plan_needs_a_name_of_some_length(store: Store) -> None:
    for name in (" ", "x" * 81):
        with pytest.raises(UsageError):
            store.write(plans.add, name, "", "", drawing())
