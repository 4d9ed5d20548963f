"""Colours, written "#rrggbb": how well one is read on another, and the nearest one that is read well enough."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator

Triple = tuple[float, float, float]

# WCAG 2.2: text of usual size, level AA.
READABLE = 4.5
CODE = re.compile(r"#[0-9a-f]{6}")
STEPS = 400
HALVINGS = 12
# Björn Ottosson's OKLab: linear sRGB to the cones' answers, those to lightness and two axes of colour, and back.
CONES = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
LAB = (
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
)
BACK_CONES = (
    (1.0, 0.3963377774, 0.2158037573),
    (1.0, -0.1055613458, -0.0638541728),
    (1.0, -0.0894841775, -1.2914855480),
)
BACK_LIGHT = (
    (4.0767416621, -3.3077115913, 0.2309699292),
    (-1.2684380046, 2.6097574011, -0.3413193965),
    (-0.0041960863, -0.7034186147, 1.7076147010),
)


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, from 1 to 21, as WCAG 2.2 defines it."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def better(ground: str, *inks: str) -> str:
    """Return which of some inks is read best on a ground."""
    return max(inks, key=lambda ink: contrast(ground, ink))


def nearest(colour: str, passes: Callable[[str], bool]) -> list[str]:
    """Return the nearest colours that pass, a darker and a lighter one where there are both, the nearer first.

    They keep the hue, and as much of the colourfulness as a screen can show.
    """
    lightness = _lch(colour)[0]
    found = [next((code for code in _ladder(colour, end) if passes(code)), "") for end in (0.0, 1.0)]
    return sorted(filter(None, dict.fromkeys(found)), key=lambda code: abs(_lch(code)[0] - lightness))


def _ladder(colour: str, end: float) -> Iterator[str]:
    """Step by step from a colour to black (end 0) or white (end 1)."""
    lightness, chroma, hue = _lch(colour)
    yield colour
    for step in range(1, STEPS + 1):
        yield _shown(lightness + (end - lightness) * step / STEPS, chroma, hue)


def _shown(lightness: float, chroma: float, hue: float) -> str:
    """Return a colour with as much of that chroma as a screen can show."""
    least, most = 0.0, chroma
    for _ in range(HALVINGS):
        middle = (least + most) / 2
        least, most = (middle, most) if _fits(_light(lightness, middle, hue)) else (least, middle)
    return "#" + "".join(f"{round(255 * _encoded(part)):02x}" for part in _light(lightness, least, hue))


def _fits(linear: Triple) -> bool:
    return all(-1e-4 <= part <= 1 + 1e-4 for part in linear)


def _light(lightness: float, chroma: float, hue: float) -> Triple:
    lab = (lightness, chroma * math.cos(hue), chroma * math.sin(hue))
    red, green, blue = _times(BACK_CONES, lab)
    return _times(BACK_LIGHT, (red**3, green**3, blue**3))


def _lch(colour: str) -> Triple:
    red, green, blue = _times(CONES, _linear(colour))
    lightness, a, b = _times(LAB, (red ** (1 / 3), green ** (1 / 3), blue ** (1 / 3)))
    return lightness, math.hypot(a, b), math.atan2(b, a)


def _times(matrix: tuple[Triple, Triple, Triple], column: Triple) -> Triple:
    first, second, third = (sum(a * b for a, b in zip(row, column, strict=True)) for row in matrix)
    return first, second, third


def _luminance(colour: str) -> float:
    red, green, blue = _linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(colour: str) -> Triple:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return red, green, blue


def _encoded(linear: float) -> float:
    part = min(1.0, max(0.0, linear))
    return 12.92 * part if part <= 0.0031308 else float(1.055 * part ** (1 / 2.4) - 0.055)
