"""Packed tracks: nothing is said twice, and what comes out is what went in."""

from __future__ import annotations

from typing import Any

from kiosk.live.drawing import TrackJson
from kiosk.live.packing import packed

SCENES: list[dict[str, Any]] = [
    {"from": "08:00", "status": "busy", "order": "oak", "free": "09:00", "slots": {"row": "p0"}},
    {"from": "09:00", "status": "free", "order": "oak", "free": "09:00", "slots": {"row": "p1"}},
    {"from": "10:00", "status": "free", "order": "oak", "slots": {"row": "p0"}},
]


def track(name: str, **more: Any) -> TrackJson:
    parts = {"p0": f"<h2>{name}</h2>\n<p>Busy</p>", "p1": f"<h2>{name}</h2>\n<p>Free</p>"}
    return TrackJson(version=name, scenes=SCENES, parts=parts, **more)


def lines_of(small: dict[str, Any], slug: str, part: str) -> str:
    return "\n".join(small["lines"][number] for number in small["tracks"][slug]["parts"][part])


def test_a_line_of_many_rooms_is_said_once() -> None:
    small = packed({"oak": track("Oak"), "elm": track("Elm")})
    assert sorted(small["lines"]) == ["<h2>Elm</h2>", "<h2>Oak</h2>", "<p>Busy</p>", "<p>Free</p>"]
    assert lines_of(small, "elm", "p1") == "<h2>Elm</h2>\n<p>Free</p>"
    assert small["others"] == {}


def test_a_scene_says_what_the_one_before_it_does_not() -> None:
    first, second, third = packed({"oak": track("Oak")})["tracks"]["oak"]["scenes"]
    assert first == SCENES[0]
    assert second == {"from": "09:00", "status": "free", "slots": {"row": "p1"}}
    assert third == {"from": "10:00", "slots": {"row": "p0"}, "free": None}


def test_a_second_language_says_only_what_it_says_otherwise() -> None:
    german = {"p0": "<h2>Oak</h2>\n<p>Belegt</p>", "p1": "<h2>Oak</h2>"}
    small = packed({"oak": track("Oak", other=german)})
    others = {small["lines"][number]: line for number, line in small["others"].items()}
    assert others == {"<p>Busy</p>": "<p>Belegt</p>", "<h2>Oak</h2>\n<p>Free</p>": "<h2>Oak</h2>"}
