"""Uploaded plans: what may stay of a drawing, what is refused, and pictures that are written anew."""

from __future__ import annotations

import re
import struct
import zlib
from collections import Counter
from io import BytesIO
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from PIL import Image

from kiosk.errors import UsageError
from kiosk.store import drawings, outlines, svg
from kiosk.store.svg_values import GEOMETRY, PAINT

BOX = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 100 50"'
ACTING = re.compile(
    r"script|javascript:|\bon\w+=|@import|https?://(?!www\.w3\.org/2000/svg)|data:|expression|<image", re.I
)


def kept(inside: str, root: str = BOX) -> str:
    """What is kept of a drawing with that inside."""
    return drawings.read(f"<svg {root}>{inside}</svg>".encode()).content.decode()


def refusal(data: str | bytes) -> str:
    with pytest.raises(UsageError) as refused:
        drawings.read(data.encode() if isinstance(data, str) else data)
    return str(refused.value)


NASTY = [
    "<script>alert(1)</script>",
    "<script xlink:href='https://evil.example/x.js'/>",
    "<g onclick='alert(1)'><rect onload='alert(1)' width='1' height='1'/></g>",
    "<a xlink:href='javascript:alert(1)'><rect width='1' height='1'/></a>",
    "<use xlink:href='https://evil.example/x.svg#a'/>",
    "<use href='data:image/svg+xml;base64,AAAA#a'/>",
    "<image href='https://evil.example/x.png' width='1' height='1'/>",
    "<foreignObject><b xmlns='http://www.w3.org/1999/xhtml' onload='alert(1)'><iframe src='//e'/></b></foreignObject>",
    "<style>@import 'https://evil.example/x'; rect{fill:url(//evil.example/y)}</style><rect width='1' height='1'/>",
    "<rect style='fill:url(https://evil.example/y#z);behavior:url(#x)' width='1' height='1'/>",
    "<rect fill='url(&quot;https://evil.example/y&quot;)' width='1' height='1'/>",
    "<rect fill='u\\72l(https://evil.example)' width='1' height='1'/>",
    "<animate attributeName='href' values='javascript:alert(1)'/><set attributeName='onload' to='alert(1)'/>",
    "<filter id='f'><feImage href='https://evil.example/x.png'/></filter><rect filter='url(#f)' width='1' height='1'/>",
    "<linearGradient id='g' xlink:href='https://evil.example/#g'/>",
    "<text>&lt;script&gt;alert(1)&lt;/script&gt;</text>",
    "<h:script xmlns:h='http://www.w3.org/1999/xhtml'>alert(1)</h:script>",
    "<title><![CDATA[</title><script>alert(1)</script>]]></title>",
    "<?xml-stylesheet href='https://evil.example/x.css'?><rect width='1' height='1'/>",
    "<rect id='&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;' width='1' height='1'/>",
    "<mask id='m'><rect width='1' height='1'/></mask><pattern id='p'/><marker id='k'/><cursor href='//e'/>",
    "<svg onload='alert(1)'><rect width='1' height='1'/></svg>",
]


@pytest.mark.parametrize("inside", NASTY)
def test_nothing_that_acts_or_fetches_is_kept(inside: str) -> None:
    tree = ElementTree.fromstring(kept(inside))
    for one in tree.iter():
        assert one.tag.removeprefix(f"{{{svg.NAMESPACE}}}") in svg.TAGS
        assert set(one.attrib) <= GEOMETRY | PAINT
        assert not any(ACTING.search(f" {name}={value}") for name, value in one.attrib.items() if name != "id")


names = st.sampled_from([*sorted(svg.TAGS), "script", "image", "style", "animate", "foreignObject", "x:script"])
attributes = st.sampled_from(["id", "href", "xlink:href", "style", "fill", "onload", "d", "class", "transform", "src"])
values = st.one_of(
    st.sampled_from(["javascript:alert(1)", "url(https://e)", "#a", "a", "fill:url(//e)", "url(#a)", "M0 0H1"]),
    st.text("abc<>&\"'():;#/ \\{}", max_size=20),
)
nodes = st.recursive(
    st.tuples(names, st.dictionaries(attributes, values, max_size=3), st.just([])),
    lambda inner: st.tuples(names, st.dictionaries(attributes, values, max_size=3), st.lists(inner, max_size=3)),
    max_leaves=12,
)


def spelled(node: tuple[str, dict[str, str], list[object]]) -> str:
    name, given_, inside = node
    safe = {"&": "&amp;", "<": "&lt;", '"': "&quot;"}
    written = "".join(f' {key}="{"".join(safe.get(sign, sign) for sign in value)}"' for key, value in given_.items())
    return f"<{name}{written}>{''.join(spelled(one) for one in inside)}</{name}>"  # type: ignore[arg-type]


@hypothesis_settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(nodes)
def test_whatever_is_sent_is_refused_or_harmless(node: tuple[str, dict[str, str], list[object]]) -> None:
    try:
        text = kept(spelled(node), BOX + ' xmlns:x="urn:x"')
    except UsageError:
        return
    for one in ElementTree.fromstring(text).iter():
        assert one.tag.removeprefix(f"{{{svg.NAMESPACE}}}") in svg.TAGS
        assert set(one.attrib) <= GEOMETRY | PAINT
        assert not [value for value in one.attrib.values() if re.search(r"javascript:|url\((?!#)", value)]
    outlines.parts(text.encode())


@hypothesis_settings(max_examples=100, deadline=None)
@given(
    st.binary(max_size=300),
    st.sampled_from([b"", b"<svg ", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBP"]),
)
def test_rubbish_is_refused_in_a_sentence(rubbish: bytes, start: bytes) -> None:
    assert refusal(start + rubbish).endswith((".", "5."))


def test_entities_are_refused_and_never_read() -> None:
    bomb = '<!DOCTYPE svg [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>' + f"<svg {BOX}><text>&b;</text></svg>"
    file = '<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + f"<svg {BOX}><text>&a;</text></svg>"
    assert "entities" in refusal(bomb)
    assert "entities" in refusal(file)


def test_a_plain_doctype_is_no_reason_to_refuse() -> None:
    doctype = '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">'
    assert drawings.read(f"{doctype}<svg {BOX}/>".encode()).kind == "svg"


def test_a_drawing_that_copies_itself_is_refused() -> None:
    assert "copies" in refusal(f"<svg {BOX}><g id='a'><use href='#a'/></g></svg>")
    doubled = "".join(f"<g id='a{n + 1}'><use href='#a{n}'/><use href='#a{n}'/></g>" for n in range(30))
    assert "copies" in refusal(f"<svg {BOX}><rect id='a0' width='1' height='1'/>{doubled}</svg>")


def test_depth_number_and_size_have_limits() -> None:
    assert "intricate" in refusal(f"<svg {BOX}>{'<g>' * 200}{'</g>' * 200}</svg>")
    assert "intricate" in refusal(f"<svg {BOX}>{'<a/>' * 60_000}</svg>")
    assert "2 MiB" in refusal(b"<svg>" + b" " * svg.MOST_BYTES)
    assert "8 MiB" in refusal(b"<svg>" + b" " * drawings.MOST_BYTES)


@pytest.mark.parametrize(
    "data", ["", "hello", "<html/>", "<svg", "<svg viewBox='0 0 0 0'/>", "<svg width='100%'/>", "GIF89a"]
)
def test_what_is_no_drawing_of_a_known_size_is_refused(data: str) -> None:
    assert refusal(data)


def test_style_sheets_and_styles_become_attributes() -> None:
    sheet = "<style>/* c */ .wall, rect {stroke: #333; fill: red !important} #a{opacity:.5} @media x{.b{}}</style>"
    drawn = ElementTree.fromstring(kept(f"{sheet}<rect id='a' class='wall' style='fill:none' width='1' height='1'/>"))
    assert {key: drawn[0].attrib[key] for key in ("stroke", "fill", "opacity")} == {
        "stroke": "#333",
        "fill": "none",
        "opacity": ".5",
    }


def test_identifiers_become_plain_and_unique_and_references_follow() -> None:
    inside = (
        "<linearGradient id='my grad'/><rect id='9 a' fill='url(#my grad)'/><rect id='9 a' fill='url(&quot;#x&quot;)'/>"
    )
    drawn = ElementTree.fromstring(kept(inside.replace("my grad", "my/grad")))
    assert [one.get("id") for one in drawn] == ["my-grad", "p-9-a", "p-9-a-2"]
    assert [one.get("fill") for one in drawn[1:]] == ["url(#my-grad)", "none"]


def test_a_size_in_millimetres_is_known() -> None:
    drawn = drawings.read(b'<svg xmlns="http://www.w3.org/2000/svg" width="254mm" height="25.4mm"/>')
    assert (round(drawn.width), round(drawn.height), drawn.box) == (960, 96, "0 0 960 96")


def test_what_was_left_out_is_told() -> None:
    drawn = drawings.read(f"<svg {BOX}><script/><script/><image/><g onclick='x'/></svg>".encode())
    assert drawn.left_out == "1 × event handler, 1 × image, 2 × script"


def test_a_clean_drawing_stays_as_it_is() -> None:
    once = kept("<g id='a' transform='translate(1 2)'><path d='M0 0H10V10Z' fill='#fff'/><text>A &amp; B</text></g>")
    assert drawings.read(once.encode()).content.decode() == once


def test_parts_have_outlines_where_they_are_drawn() -> None:
    inside = (
        "<defs><rect id='hidden' width='1' height='1'/></defs><g transform='translate(5 5)'>"
        "<g id='oak' transform='scale(2)'><title>Oak room</title><rect width='3' height='4' fill='red'/></g></g>"
        "<rect width='1' height='1'/>"
    )
    found = outlines.parts(kept(inside).encode())
    assert [(one.element, one.label) for one in found] == [("oak", "Oak room")]
    expected = '<g transform="translate(5 5)"><g transform="scale(2)"><rect width="3" height="4"/></g></g>'
    assert found[0].outline == expected


def test_the_label_of_a_drawing_program_is_what_a_part_is_called() -> None:
    root = BOX + ' xmlns:inkscape="http://www.inkscape.org/namespaces/inkscape"'
    text = kept("<rect id='rect12' inkscape:label='Oak' width='1' height='1'/>", root)
    assert outlines.parts(text.encode())[0].label == "Oak"


def picture(format_: str, size: tuple[int, int] = (40, 20), **more: object) -> bytes:
    out = BytesIO()
    Image.new("RGB", size, "white").save(out, format_, **more)
    return out.getvalue()


@pytest.mark.parametrize("format_", ["PNG", "JPEG", "WEBP"])
def test_pictures_are_written_anew_without_what_was_hidden_in_them(format_: str) -> None:
    exif = Image.Exif()
    exif[0x010E] = "a secret"
    drawn = drawings.read(picture(format_, exif=exif) + b"trailing <script>")
    assert (drawn.kind, drawn.width, drawn.height) == ("picture", 40, 20)
    assert b"secret" not in drawn.content
    assert b"script" not in drawn.content
    assert not Image.open(BytesIO(drawn.content)).getexif()


def test_a_picture_taken_sideways_is_turned_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert drawings.read(picture("JPEG", exif=exif)).box == "0 0 20 40"


def test_a_picture_is_no_larger_than_any_glass() -> None:
    assert drawings.read(picture("PNG", (5000, 100))).width == drawings.LONGEST_SIDE


def test_a_picture_that_says_it_is_huge_is_refused_before_it_is_decoded() -> None:
    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", len(head)) + b"IHDR" + head + struct.pack(">I", zlib.crc32(b"IHDR" + head))
    assert "million pixels" in refusal(
        b"\x89PNG\r\n\x1a\n" + chunk + b"\0\0\0\0IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))
    )


@pytest.mark.parametrize("format_", ["PNG", "JPEG", "WEBP"])
def test_half_a_picture_is_refused(format_: str) -> None:
    noise = Image.effect_noise((200, 200), 90)
    out = BytesIO()
    noise.save(out, format_)
    assert "cannot be read" in refusal(out.getvalue()[: len(out.getvalue()) // 2])


def test_other_pictures_are_refused() -> None:
    assert refusal(picture("GIF"))
    assert refusal(picture("BMP"))


def test_the_parser_counts_what_it_leaves_out() -> None:
    counted: Counter[str] = Counter()
    svg.parse(b"<svg><script/></svg>", counted)
    assert counted == {"script": 1}
