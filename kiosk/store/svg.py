"""Drawings as strangers send them: read by a parser that fetches and expands nothing, kept by a list of what may stay.

What stays is shapes, groups, text, gradients and clips, with attributes that draw; everything else is left out and
counted. Styles become attributes, identifiers become plain and unique, and references lead into the drawing only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from kiosk.errors import UsageError
from kiosk.store import svg_values
from kiosk.store.svg_values import Rules

NAMESPACE = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
INKSCAPE = "http://www.inkscape.org/namespaces/inkscape"
MOST_BYTES = 2 * 1024 * 1024
MOST_ELEMENTS = 50_000
DEEPEST = 100
# What all the copies that a drawing makes of its own parts may come to.
MOST_DRAWN = 200_000
LONGEST_SIDE = 1_000_000

SHAPES = ("path", "rect", "circle", "ellipse", "line", "polyline", "polygon")
GROUPS = ("svg", "g", "defs", "symbol", "clipPath", "linearGradient", "radialGradient")
WORDS = ("text", "tspan", "title", "desc")
TAGS = frozenset((*SHAPES, *GROUPS, *WORDS, "use", "stop"))
# Wrappers that draw nothing by themselves: what is in them stays.
WRAPPERS = {"switch": "g", "a": "g"}
REFERRING = ("use", "linearGradient", "radialGradient")


@dataclass(slots=True)
class Element:
    """A part of a drawing: its tag, its attributes, and what is in it: elements and text."""

    tag: str
    attributes: dict[str, str]
    inside: list[Element | str] = field(default_factory=list)

    def elements(self) -> Iterator[Element]:
        """Yield the elements right inside."""
        return (one for one in self.inside if isinstance(one, Element))

    def every(self) -> Iterator[Element]:
        """Yield this element and all that are inside it, in the order of the drawing."""
        waiting = [self]
        while waiting:
            one = waiting.pop()
            yield one
            waiting += reversed(list(one.elements()))


@dataclass(frozen=True, slots=True)
class Clean:
    """A drawing that may be shown: its root, its width and height in its own units, and what was left out, counted.

    `box`: its corner and sides, as SVG says them.
    """

    root: Element
    box: str
    width: float
    height: float
    left_out: dict[str, int]


def clean(data: bytes) -> Clean:
    """Return a drawing with nothing in it that could act, fetch or overwhelm. Raises UsageError with a sentence."""
    if len(data) > MOST_BYTES:
        raise UsageError("An SVG file may have 2 MiB at most. Save it as plain SVG, without pictures in it.")
    left_out: Counter[str] = Counter()
    root, styles = parse(data, left_out)
    rules = svg_values.rules(styles)
    x, y, width, height = _box(root)
    names = _named(root)
    for one in root.every():
        one.attributes = _attributes(one, rules, names, left_out)
    _check_copies(root)
    inherited = {name: value for name, value in root.attributes.items() if name in svg_values.PAINT}
    box = " ".join(_number(side) for side in (x, y, width, height))
    size = {"viewBox": box, "width": _number(width), "height": _number(height)}
    root.attributes = {**size, "font-family": "sans-serif", **inherited}
    return Clean(root, box, width, height, dict(left_out))


def parse(data: bytes, left_out: Counter[str]) -> tuple[Element, str]:
    """Return the root of a drawing with nothing but tags that may stay, and the text of its style sheets.

    Raises UsageError when it cannot be read, is no drawing, declares entities, or is too deep or too large.
    """
    reader = _Reader(left_out)
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.EntityDeclHandler = reader.entity
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise UsageError(f"This SVG file cannot be read: {error}.") from error
    if reader.root is None:
        raise UsageError("This file is no SVG drawing.")
    return reader.root, "".join(reader.styles)


def write(root: Element) -> str:
    """Return a drawing as SVG."""
    root = Element(root.tag, {"xmlns": NAMESPACE, **root.attributes}, root.inside)
    return "".join(_written(root))


class _Reader:
    """Builds the tree while the parser reads."""

    def __init__(self, left_out: Counter[str]) -> None:
        self.root: Element | None = None
        self.styles: list[str] = []
        self._left_out = left_out
        self._open: list[Element] = []
        self._count = 0
        # How deep in something that is left out, and whether that is a style sheet.
        self._outside = 0
        self._in_style = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > MOST_ELEMENTS or len(self._open) + self._outside >= DEEPEST:
            raise UsageError(f"This drawing is too intricate: {MOST_ELEMENTS} elements, {DEEPEST} deep, are the most.")
        tag = _tag(name)
        if self._outside or tag not in TAGS or (tag == "svg") == bool(self._open):
            self._leave_out(tag)
            return
        element = Element(tag, _local(attributes))
        if self._open:
            self._open[-1].inside.append(element)
        else:
            self.root = element
        self._open.append(element)

    def end(self, _name: str) -> None:
        if self._outside:
            self._outside -= 1
            self._in_style = False
        else:
            self._open.pop()

    def text(self, text: str) -> None:
        if self._in_style:
            self.styles.append(text)
        elif not self._outside and self._open[-1].tag in WORDS:
            self._open[-1].inside.append(text)

    def entity(self, *_declared: Any) -> None:
        raise UsageError("This SVG file declares entities, which are not read. Save it as plain SVG.")

    def _leave_out(self, tag: str) -> None:
        if not self._open:
            raise UsageError("This file is no SVG drawing.")
        if not self._outside and tag != "style":
            self._left_out[tag or "foreign element"] += 1
        self._outside += 1
        self._in_style = tag == "style" and self._outside == 1


def _tag(name: str) -> str:
    """Return the tag of an element of SVG, whose namespace may be missing; empty for others."""
    namespace, _, tag = name.rpartition(" ")
    return WRAPPERS.get(tag, tag) if namespace in ("", NAMESPACE) else ""


def _local(attributes: dict[str, str]) -> dict[str, str]:
    """Return attributes by the names they stay under."""
    named: dict[str, str] = {}
    for name, value in attributes.items():
        namespace, _, local = name.rpartition(" ")
        if namespace == INKSCAPE and local == "label":
            named["data-label"] = value
        elif not namespace or (namespace == XLINK and local == "href"):
            named[local] = value
    return named


def _named(root: Element) -> dict[str, str]:
    """Give every identifier a plain and unique form; return the first of each by what it was."""
    names: dict[str, str] = {}
    taken: Counter[str] = Counter()
    for one in root.every():
        before = one.attributes.pop("id", "")
        if not before:
            continue
        plain = svg_values.plain(before)
        while taken[plain]:
            taken[plain] += 1
            plain = f"{plain[:60]}-{taken[plain]}"
        taken[plain] = 1
        one.attributes["id"] = plain
        names.setdefault(before, plain)
    return names


def _attributes(one: Element, rules: Rules, names: dict[str, str], left_out: Counter[str]) -> dict[str, str]:
    """Return what may stay of an element's attributes, those of its styles among them."""
    given = dict(one.attributes)
    style = given.pop("style", "")
    given |= svg_values.styled(one.tag, given.pop("class", ""), given.get("id", ""), rules)
    given |= svg_values.declarations(style)
    kept: dict[str, str] = {}
    for name, value in given.items():
        fit = svg_values.fitting(name, value, names, refers=one.tag in REFERRING)
        if fit is not None:
            kept[name] = fit
        elif name.lower().startswith("on"):
            left_out["event handler"] += 1
        elif name == "href":
            left_out["reference to elsewhere"] += 1
    return kept


def _check_copies(root: Element) -> None:
    """Refuse drawings whose parts copy each other without end, or make too much of few bytes."""
    known = {one.attributes["id"]: one for one in root.every() if "id" in one.attributes}
    weights: dict[int, int] = {}
    under_way: set[int] = set()

    def weight(one: Element, depth: int) -> int:
        if depth > 2 * DEEPEST or id(one) in under_way:
            raise UsageError("This drawing copies parts of itself into each other: save it without clones.")
        if id(one) in weights:
            return weights[id(one)]
        under_way.add(id(one))
        parts = list(one.elements())
        if one.tag == "use" and one.attributes.get("href", "")[1:] in known:
            parts.append(known[one.attributes["href"][1:]])
        total = 1 + sum(weight(part, depth + 1) for part in parts)
        under_way.discard(id(one))
        weights[id(one)] = total
        return total

    if weight(root, 0) > MOST_DRAWN:
        raise UsageError("This drawing makes too many copies of its parts: save it without clones.")


def _box(root: Element) -> tuple[float, float, float, float]:
    """Return the drawing's corner, width and height. Raises UsageError."""
    given = root.attributes
    numbers = svg_values.numbers(given.get("viewBox", ""))
    if len(numbers) != 4:
        numbers = [0.0, 0.0, svg_values.length(given.get("width", "")), svg_values.length(given.get("height", ""))]
    x, y, width, height = numbers
    if not (0 < width <= LONGEST_SIDE and 0 < height <= LONGEST_SIDE and max(abs(x), abs(y)) <= LONGEST_SIDE):
        raise UsageError("This drawing does not say how large it is: its viewBox, or width and height, are missing.")
    return x, y, width, height


def _written(one: Element) -> Iterator[str]:
    attributes = "".join(f" {name}={quoteattr(value)}" for name, value in one.attributes.items())
    yield f"<{one.tag}{attributes}>"
    for part in one.inside:
        if isinstance(part, str):
            yield escape(part)
        else:
            yield from _written(part)
    yield f"</{one.tag}>"


def _number(value: float) -> str:
    return f"{value:.6g}"
