"""Which attributes of a drawing may stay, which values they may have, and what style sheets make of them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

_GEOMETRY = """
    x y x1 y1 x2 y2 cx cy r rx ry dx dy fx fy fr width height points d transform viewBox offset rotate textLength
    lengthAdjust gradientUnits gradientTransform spreadMethod clipPathUnits pathLength id data-label href
"""
_PAINT = """
    fill fill-opacity fill-rule stroke stroke-width stroke-opacity stroke-linecap stroke-linejoin stroke-miterlimit
    stroke-dasharray stroke-dashoffset opacity color display visibility font-family font-size font-weight font-style
    text-anchor letter-spacing dominant-baseline alignment-baseline stop-color stop-opacity clip-path clip-rule
    paint-order vector-effect
"""
GEOMETRY, PAINT = frozenset(_GEOMETRY.split()), frozenset(_PAINT.split())
FUNCTIONS = frozenset(("rgb", "rgba", "hsl", "hsla", "matrix", "translate", "scale", "rotate", "skewX", "skewY"))
VALUE = re.compile(r"[\w\s.,#%()+\-'\"/]*")
CALL = re.compile(r"([\w-]+)\s*\(")
LOCAL = re.compile(r"url\(\s*[\"']?#([^\"'()\s]{1,200})[\"']?\s*\)")
NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?")
LENGTH = re.compile(r"\s*([+]?(?:\d+\.?\d*|\.\d+))\s*(px|pt|pc|mm|cm|in)?\s*")
PIXELS = {"": 1.0, "px": 1.0, "pt": 4 / 3, "pc": 16.0, "mm": 96 / 25.4, "cm": 96 / 2.54, "in": 96.0}
COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
ODD = re.compile(r"[^A-Za-z0-9_.-]+")
LONGEST_NAME = 80
LONGEST_LABEL = 120

# What a style sheet says, by its selector: a tag, ".class" or "#name".
Rules = Mapping[str, Mapping[str, str]]


def rules(sheet: str) -> Rules:
    """Return the rules of a style sheet whose selectors are single tags, classes or names; the others count nothing."""
    found: dict[str, dict[str, str]] = {}
    for rule in COMMENT.sub(" ", sheet).split("}"):
        selectors, _, body = rule.rpartition("{")
        said = declarations(body)
        for selector in selectors.rpartition("{")[2].split(","):
            found.setdefault(selector.strip(), {}).update(said)
    return found


def declarations(body: str) -> dict[str, str]:
    """Return what a style's declarations say of how something is painted."""
    found: dict[str, str] = {}
    for one in body.split(";"):
        name, _, value = one.partition(":")
        if name.strip().lower() in PAINT:
            found[name.strip().lower()] = value.replace("!important", "").strip()
    return found


def styled(tag: str, classes: str, name: str, known: Rules) -> dict[str, str]:
    """Return how the rules paint an element: those of its tag, then of its classes, then of its name."""
    painted: dict[str, str] = {}
    for selector in (tag, *(f".{one}" for one in classes.split()), f"#{name}"):
        painted |= known.get(selector, {})
    return painted


def fitting(name: str, value: str, names: Mapping[str, str], refers: bool) -> str | None:
    """Return an attribute's value as it may stay, None when the attribute must go.

    `names`: identifiers as they are now, by what they were; `refers`: the element may point to another one.
    """
    if name == "id":
        return value
    if name == "data-label":
        return " ".join(value.split())[:LONGEST_LABEL]
    if name == "href":
        there = names.get(value.strip()[1:]) if refers and value.strip().startswith("#") else None
        return f"#{there}" if there else None
    if name not in GEOMETRY and name not in PAINT:
        return None
    local = LOCAL.fullmatch(value.strip()) if name in PAINT else None
    if local or "url(" in value.lower():
        return f"url(#{names[local[1]]})" if local and local[1] in names else "none"
    if not VALUE.fullmatch(value) or set(CALL.findall(value)) - FUNCTIONS:
        return None
    return value


def plain(name: str) -> str:
    """Return an identifier of letters, digits and signs that need no care anywhere."""
    made = ODD.sub("-", name.strip())[:LONGEST_NAME].strip("-") or "part"
    return made if made[0].isalpha() else f"p-{made}"


def numbers(text: str) -> list[float]:
    """Return the finite numbers in a list of them; none when something else is in it."""
    parts = text.replace(",", " ").split()[:5]
    if not all(NUMBER.fullmatch(one) for one in parts):
        return []
    found = [float(one) for one in parts]
    return found if all(math.isfinite(one) for one in found) else []


def length(text: str) -> float:
    """Return a length in pixels, 0 when it cannot be said so."""
    match = LENGTH.fullmatch(text[:40])
    return float(match[1]) * PIXELS[match[2] or ""] if match else 0.0
