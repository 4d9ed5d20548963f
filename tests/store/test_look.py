"""The organisation's look: colours that are hard to read are refused, and pictures are made harmless."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest

from kiosk.errors import UsageError
from kiosk.resources import resource
from kiosk.store import colours, logos, look
from kiosk.store.look import GROUNDS, Look, Unreadable

SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 40 10">{}</svg>'
COLOURS = ("#ff6600", "#1a73e8", "#ffdd00", "#6fdc9f", "#ffffff", "#808080", "#e4002b")
TIMES = ("day", "night")


def drawn(inside: str) -> str:
    return logos.read(SVG.format(inside).encode()).content.decode()


def png(width: int, height: int) -> bytes:
    head = struct.pack(">I4sIIBBBBB", 13, b"IHDR", width, height, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + head + b"\0" * 20


def test_the_grounds_are_those_of_the_pages() -> None:
    tokens = (Path(resource("static")) / "css/tokens.css").read_text()
    named = [re.findall(rf"--{name}: light-dark\((\S+), (\S+)\);", tokens)[0] for name in ("page-field", "page-card")]
    assert {time: tuple(pair[place] for pair in named) for place, time in enumerate(TIMES)} == GROUNDS


def test_contrast_is_that_of_wcag() -> None:
    assert colours.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert colours.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("time", TIMES)
@pytest.mark.parametrize("colour", COLOURS)
def test_every_colour_that_is_offered_is_read_well_and_taken(colour: str, time: str) -> None:
    for offered in look.offers(colour, time):
        assert all(colours.contrast(offered, other) >= 4.5 for other in (*GROUNDS[time], look.ink(offered)))
    day = look.offers(colour, "day")[0]
    assert look.matched(Look(day=day, night=look.offers(colour, "night")[0])).day == day


@pytest.mark.parametrize("colour", COLOURS)
def test_a_colour_that_is_read_well_is_its_own_nearest(colour: str) -> None:
    good = look.offers(colour, "day")[0]
    assert look.offers(good, "day") == [good]


def test_a_colour_that_is_hard_to_read_is_refused_with_the_nearest_that_is_not() -> None:
    with pytest.raises(Unreadable, match=r"#ff6600 .* by day .*#c64d00") as refused:
        look.matched(Look(day="#FF6600"))
    assert refused.value.offers == ["#c64d00"]


def test_the_nights_colour_is_made_of_the_days() -> None:
    made = look.matched(Look(day="#00613a"))
    assert made.night == look.offers("#00613a", "night")[0] != made.day


def test_the_nights_colour_is_checked_too() -> None:
    with pytest.raises(Unreadable, match="by night"):
        look.matched(Look(day="#00613a", night="#00613a"))


@pytest.mark.parametrize("text", ["red", "#12345", "#00613a; } body { display: none", "url(x)"])
def test_what_is_no_colour_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no colour"):
        look.matched(Look(day=text))


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        '<a xlink:href="https://elsewhere.example"><path d="M0 0"/></a>',
        '<image xlink:href="https://elsewhere.example/x.png"/>',
        '<use xlink:href="https://elsewhere.example/x.svg#a"/>',
        '<path onload="alert(1)" d="M0 0"/>',
        '<path fill="url(https://elsewhere.example/x)"/>',
        '<path style="fill: url(//elsewhere.example/x)"/>',
        "<style>@import url(//elsewhere.example/x);</style>",
        '<foreignObject><body xmlns="http://www.w3.org/1999/xhtml"><script>alert(1)</script></body></foreignObject>',
        '<animate attributeName="href" to="javascript:alert(1)"/>',
        '<set attributeName="onload" to="alert(1)"/>',
    ],
)
def test_nothing_in_a_logo_runs_or_leads_elsewhere(inside: str) -> None:
    assert not re.search(r"script|alert|elsewhere|import|foreign|animate|<set", drawn(inside))


def test_shapes_and_colours_of_a_logo_stay() -> None:
    html = drawn(
        '<style>.a, .b{fill:#123456}</style><linearGradient id="g"/><path class="b" d="M1 2"/>'
        '<path style="stroke:red;fill:url(#g)" d="M3 4"/><use xlink:href="#g"/>'
    )
    assert 'fill="#123456"' in html
    assert 'stroke="red"' in html
    assert 'fill="url(#g)"' in html
    assert 'href="#g"' in html


@pytest.mark.parametrize(
    "content",
    [
        b"GIF89a",
        b"",
        b"<html></html>",
        b'<!DOCTYPE s [<!ENTITY a "aa">]>' + SVG.format("&a;").encode(),
        SVG.format("").replace('viewBox="0 0 40 10"', "").encode(),
        SVG.format("<g/>" * 3000).encode(),
        SVG.format("x" * 40_000).encode(),
        png(1, 5000),
        b"RIFF\0\0\0\0WEBPVP8 ",
    ],
)
def test_what_is_no_fitting_picture_is_refused(content: bytes) -> None:
    with pytest.raises(UsageError):
        logos.read(content)


def test_a_logo_says_how_wide_it_is() -> None:
    drawing, picture = logos.read(SVG.format("").encode()), logos.read(png(300, 100))
    assert (drawing.kind, drawing.width / drawing.height) == ("svg", 4)
    assert (picture.kind, picture.width, picture.height) == ("png", 300, 100)
