"""Uploaded plans: drawings that are cleaned, and pictures that are decoded and written anew."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Literal

from kiosk.errors import UsageError
from kiosk.store import svg

if TYPE_CHECKING:
    from PIL.Image import Image

Kind = Literal["svg", "picture"]
MOST_BYTES = 8 * 1024 * 1024
MOST_PIXELS = 40_000_000
# No glass shows more.
LONGEST_SIDE = 3840
STARTS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF")
TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}
QUALITY = 88
# What a decoder raises over a file that was made to break it.
BROKEN = (OSError, SyntaxError, ValueError, EOFError, LookupError, TypeError, ArithmeticError, struct.error)


@dataclass(frozen=True, slots=True)
class Drawing:
    """A plan that may be shown: what kind, its bytes and their type, its size in its own units, what was left out.

    `box`: its corner and sides, as SVG says them.
    """

    kind: Kind
    mime: str
    content: bytes
    box: str
    width: float
    height: float
    left_out: str = ""


def read(data: bytes) -> Drawing:
    """Return an uploaded file as it is kept. Takes long for a large picture: call it off the hub.

    Raises UsageError with a sentence when it is too large, or neither SVG, PNG, JPEG nor WebP.
    """
    if not data:
        raise UsageError("Choose a file: an SVG drawing, or a PNG, JPEG or WebP picture.")
    if len(data) > MOST_BYTES:
        raise UsageError("A picture may have 8 MiB at most, an SVG file 2.")
    return _picture(data) if data.startswith(STARTS) else _drawing(data)


def _drawing(data: bytes) -> Drawing:
    cleaned = svg.clean(data)
    text = svg.write(cleaned.root).encode()
    left_out = ", ".join(f"{count} × {what}" for what, count in sorted(cleaned.left_out.items()))
    return Drawing("svg", "image/svg+xml", text, cleaned.box, cleaned.width, cleaned.height, left_out)


def _picture(data: bytes) -> Drawing:
    """Return a picture written anew: without what was hidden in it, upright, and no larger than any glass."""
    import PIL.Image
    import PIL.ImageOps

    too_large = UsageError(f"This picture has more than {MOST_PIXELS // 1_000_000} million pixels: make it smaller.")
    try:
        with PIL.Image.open(BytesIO(data), formats=tuple(TYPES)) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise too_large
            format_ = str(opened.format)
            if format_ == "JPEG":
                opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            image: Image = PIL.ImageOps.exif_transpose(opened)
            image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
            content = _written(image, format_)
    except (PIL.Image.DecompressionBombError, PIL.Image.DecompressionBombWarning) as error:
        raise too_large from error
    except BROKEN as error:
        raise UsageError("This picture cannot be read: it is no whole PNG, JPEG or WebP file.") from error
    width, height = image.size
    return Drawing("picture", TYPES[format_], content, f"0 0 {width} {height}", float(width), float(height))


def _written(image: Image, format_: str) -> bytes:
    is_clear = format_ != "JPEG" and ("A" in image.getbands() or "transparency" in image.info)
    bare = image.convert("RGBA" if is_clear else "RGB")
    bare.info = {}
    out = BytesIO()
    bare.save(out, format_, quality=QUALITY)
    return out.getvalue()
