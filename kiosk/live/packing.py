"""The tracks of many rooms on the wire: every line of their HTML once, and of each scene only what is new in it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from kiosk import runtime
from kiosk.live.drawing import TrackJson

# A line of HTML in one language, or in two.
Line = tuple[str, ...]


class _Lines:
    """The lines that there are, by their numbers."""

    def __init__(self) -> None:
        self.numbers: dict[Line, int] = {}

    def of(self, *each: str) -> list[int]:
        """Return the numbers of the lines of a part that is given in each language."""
        split = [html.split("\n") for html in each]
        # Whatever has other lines in another language is one line.
        lines: Iterable[Line] = zip(*split, strict=True) if len({len(one) for one in split}) == 1 else [each]
        return [self.numbers.setdefault(line, len(self.numbers)) for line in lines]


def packed(tracks: dict[str, TrackJson]) -> dict[str, Any]:
    """Return the tracks as static/js/packed.js takes them apart: `lines`, `others` and `tracks`.

    A part is a list of numbers of lines; `others`: by number, the lines that a second language says otherwise.
    """
    lines = _Lines()
    small = {}
    for slug, track in tracks.items():
        small[slug] = _small(track, lines)
        runtime.breathe()
    others = {number: line[1] for line, number in lines.numbers.items() if line[1:] not in ((), line[:1])}
    return {"lines": [line[0] for line in lines.numbers], "others": others, "tracks": small}


def _small(track: TrackJson, lines: _Lines) -> dict[str, Any]:
    other = track.get("other")
    parts = {name: lines.of(html, other[name]) if other else lines.of(html) for name, html in track["parts"].items()}
    return {"version": track["version"], "scenes": list(_news(track["scenes"])), "parts": parts}


def _news(scenes: list[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    """Yield of each scene what the one before it does not say; null is what it says no more."""
    nothing: dict[str, Any] = {}
    for before, scene in pairwise([nothing, *scenes]):
        gone = {name: None for name in before if name not in scene}
        yield {name: value for name, value in scene.items() if before.get(name) != value} | gone
