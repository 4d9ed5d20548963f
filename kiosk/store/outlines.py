"""The parts of a drawing that may stand for rooms, and their bare outlines to be painted over it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

from kiosk.store import svg
from kiosk.store.svg import Element

OUTLINED = ("path", "rect", "circle", "ellipse", "polyline", "polygon")
GEOMETRY = ("transform", "x", "y", "width", "height", "rx", "ry", "cx", "cy", "r", "points", "d")
# Nothing in these is where it is written.
ELSEWHERE = ("defs", "symbol", "clipPath")
LONGEST = 20_000
MOST_PARTS = 500


@dataclass(frozen=True, slots=True)
class Part:
    """An element that may stand for a room: its name in the drawing, what people call it, and its outline as SVG."""

    element: str
    label: str
    outline: str


def parts(drawing: bytes) -> tuple[Part, ...]:
    """Return, in its order, the elements of a clean drawing that have a name and an outline, 500 at most."""
    root, _ = svg.parse(drawing, Counter())
    found = (_part(one, before) for one, before in _placed(root, ""))
    return tuple(part for part in found if part)[:MOST_PARTS]


def _placed(one: Element, before: str) -> Iterator[tuple[Element, str]]:
    """Yield each element that is drawn where it is written, with the transformations around it."""
    for part in one.elements():
        if part.tag in ELSEWHERE:
            continue
        yield part, before
        yield from _placed(part, f"{before} {part.attributes.get('transform', '')}".strip())


def _part(one: Element, before: str) -> Part | None:
    name = one.attributes.get("id", "")
    if not name or one.tag not in (*OUTLINED, "g"):
        return None
    drawn = _outline(one)
    outline = f"<g transform={quoteattr(before)}>{drawn}</g>" if before else drawn
    return Part(name, _label(one) or name, outline) if drawn and len(outline) <= LONGEST else None


def _outline(one: Element) -> str:
    """Return the shapes of an element without anything but their geometry."""
    if one.tag in ELSEWHERE:
        return ""
    kept = "".join(f" {name}={quoteattr(one.attributes[name])}" for name in GEOMETRY if name in one.attributes)
    if one.tag in OUTLINED:
        return f"<{one.tag}{kept}/>"
    inside = "".join(_outline(part) for part in one.elements())
    return f"<g{kept}>{inside}</g>" if one.tag == "g" and inside else ""


def _label(one: Element) -> str:
    titles = (part for part in one.elements() if part.tag == "title")
    title = next(("".join(text for text in part.inside if isinstance(text, str)) for part in titles), "")
    return one.attributes.get("data-label") or " ".join(title.split())
