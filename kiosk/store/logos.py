"""Logos: pictures that an organisation hands in, made harmless before they are kept."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from xml.etree import ElementTree

from kiosk.errors import UsageError

# Every screen loads it before the first sight.
LARGEST_BYTES = 32 * 1024
LARGEST_SIDE = 2000
MOST_ELEMENTS = 2000
KINDS = {"svg": "image/svg+xml", "png": "image/png", "webp": "image/webp"}
SVG = "{http://www.w3.org/2000/svg}"
XLINK_HREF = "{http://www.w3.org/1999/xlink}href"
_SHAPES = """
svg g path rect circle ellipse line polyline polygon defs linearGradient radialGradient stop clipPath mask symbol use
title desc text tspan pattern
"""
# What SVG lets shapes say about themselves; nothing in it runs, and what refers may refer to the picture itself only.
_SAYINGS = """
id class d x y x1 y1 x2 y2 dx dy cx cy r rx ry fx fy points width height viewBox preserveAspectRatio version transform
fill fill-opacity fill-rule stroke stroke-width stroke-linecap stroke-linejoin stroke-miterlimit stroke-dasharray
stroke-dashoffset stroke-opacity opacity color clip-path clip-rule mask maskUnits maskContentUnits clipPathUnits
gradientUnits gradientTransform spreadMethod offset stop-color stop-opacity patternUnits patternContentUnits
patternTransform pathLength display visibility font-family font-size font-weight font-style text-anchor letter-spacing
dominant-baseline href role
"""
SHAPES, SAYINGS = frozenset(_SHAPES.split()), frozenset(_SAYINGS.split())
STYLED = re.compile(r"\s*([\w-]+)\s*:\s*([^;]+?)\s*(?:;|$)")
RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
Classes = dict[str, dict[str, str]]


@dataclass(frozen=True, slots=True)
class Logo:
    """A harmless picture: its kind (a key of KINDS), its bytes, and its sides in pixels, or in units of its own."""

    kind: str
    content: bytes
    width: int
    height: int


def read(content: bytes) -> Logo:
    """Return a picture made harmless. Raises UsageError for whatever is no SVG, PNG or WebP of a fitting size."""
    if len(content) > LARGEST_BYTES:
        raise UsageError(f"The logo has {len(content) // 1024 + 1} kB; {LARGEST_BYTES // 1024} kB is the most.")
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return _sized("png", content, _png_size(content))
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return _sized("webp", content, _webp_size(content))
    return _drawing(content)


def _sized(kind: str, content: bytes, size: tuple[int, int]) -> Logo:
    if not all(0 < side <= LARGEST_SIDE for side in size):
        raise UsageError(f"The logo must have from 1 to {LARGEST_SIDE} pixels a side.")
    return Logo(kind, content, *size)


def _png_size(content: bytes) -> tuple[int, int]:
    if content[12:16] != b"IHDR" or len(content) < 33:
        raise UsageError("This PNG is broken.")
    width, height = struct.unpack(">II", content[16:24])
    return width, height


def _webp_size(content: bytes) -> tuple[int, int]:
    kind, body = content[12:16], content[20:30]
    if len(body) < 10:
        raise UsageError("This WebP is broken.")
    if kind == b"VP8X":
        return int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1
    if kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1
    width, height = struct.unpack("<HH", body[6:10])
    return width & 0x3FFF, height & 0x3FFF


def _drawing(content: bytes) -> Logo:
    """Return an SVG written anew from the shapes that we know, without anything that runs or leads elsewhere."""
    root = _parsed(content)
    if root.tag != f"{SVG}svg":
        raise UsageError("The logo must be an SVG, a PNG or a WebP picture.")
    if sum(1 for _ in root.iter()) > MOST_ELEMENTS:
        raise UsageError("This SVG has too many parts for a logo.")
    ElementTree.register_namespace("", SVG[1:-1])
    return Logo("svg", ElementTree.tostring(_copied(root, _classes(root)), encoding="utf-8"), *_svg_size(root))


def _svg_size(root: ElementTree.Element) -> tuple[int, int]:
    """Return the sides of an SVG; what counts is their proportion."""
    box = root.attrib.get("viewBox", "").replace(",", " ").split()[2:]
    sides = box or [root.attrib.get(name, "").removesuffix("px") for name in ("width", "height")]
    if len(sides) != 2 or not all(re.fullmatch(r"\d{1,6}(\.\d+)?", side) and float(side) > 0 for side in sides):
        raise UsageError("This SVG does not say how large it is: it needs a viewBox.")
    width, height = (float(side) for side in sides)
    return max(1, round(100 * width / height)), 100


def _classes(root: ElementTree.Element) -> Classes:
    """Return what the picture's own style sheet says of shapes of each class."""
    found: Classes = {}
    for selectors, rule in RULE.findall(" ".join(one.text or "" for one in root.iter(f"{SVG}style"))):
        for name in re.findall(r"\.([\w-]+)", selectors):
            found.setdefault(name, {}).update(STYLED.findall(rule))
    return found


def _parsed(content: bytes) -> ElementTree.Element:
    if re.search(rb"<!(?:DOCTYPE|ENTITY)[^>]*\[|<!ENTITY", content, re.IGNORECASE) or b"\x00" in content:
        raise UsageError("This SVG defines words of its own (an entity): save it as a plain SVG.")
    try:
        return ElementTree.fromstring(content)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise UsageError("The logo must be an SVG, a PNG or a WebP picture; this is none of them.") from error


def _copied(element: ElementTree.Element, classes: Classes) -> ElementTree.Element:
    copy = ElementTree.Element(element.tag, _sayings(element, classes))
    copy.text, copy.tail = element.text, element.tail
    for part in element:
        if isinstance(part.tag, str) and part.tag.removeprefix(SVG) in SHAPES and part.tag.startswith(SVG):
            copy.append(_copied(part, classes))
    return copy


def _sayings(element: ElementTree.Element, classes: Classes) -> dict[str, str]:
    """Return what may be said of a shape; its style becomes attributes, which the browser's policy lets through."""
    said = dict(element.attrib)
    for name in element.attrib.get("class", "").split():
        said |= classes.get(name, {})
    said |= dict(STYLED.findall(element.attrib.get("style", "")))
    if XLINK_HREF in said:
        said["href"] = said[XLINK_HREF]
    return {name: value for name, value in said.items() if name in SAYINGS and _stays_inside(name, value)}


def _stays_inside(name: str, value: str) -> bool:
    if name == "href":
        return value.startswith("#")
    plain = re.sub(r"url\(\s*['\"]?#[\w.:-]+['\"]?\s*\)", "", value)
    return not re.search(r"url|:|\\|@|expression", plain, re.IGNORECASE)
