"""The letters: small files that hold what our languages need, and ranges that say truly what is in them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from fontTools.ttLib import TTFont

from kiosk.resources import resource

STATIC = Path(resource("static"))
CATALOGS = sorted(Path(resource("translations")).glob("*/LC_MESSAGES/messages.po"))
SMALL = ("inter-near", "inter-far")
LATIN = [range(0x20, 0x250), range(0x1E00, 0x1F00), range(0x2000, 0x2070), range(0x20A0, 0x20C0)]
# Weights and sizes of one sight: both files together are less than half of what the whole ones weigh.
MOST_BYTES = 64 * 1024


def held(name: str) -> set[int]:
    """The signs that a small file has a shape for."""
    return set(TTFont(STATIC / "fonts" / f"{name}.woff2").getBestCmap())


def promised(name: str) -> set[int]:
    """The signs that the style sheet sends to a small file."""
    face = next(part for part in (STATIC / "css/base.css").read_text().split("@font-face") if f"{name}.woff2" in part)
    bounds = re.findall(r"U\+([0-9A-F]+)(?:-([0-9A-F]+))?", face.partition("unicode-range")[2].partition(";")[0])
    return {sign for first, last in bounds for sign in range(int(first, 16), int(last or first, 16) + 1)}


def written() -> set[int]:
    """Every Latin letter and sign of every catalog."""
    texts: list[str] = []
    for path in CATALOGS:
        with path.open("rb") as file:
            for message in read_po(file):
                texts += [str(part) for part in (message.id, message.string)]
    return {ord(sign) for sign in "".join(texts) if any(ord(sign) in some for some in LATIN)}


@pytest.mark.parametrize("name", SMALL)
def test_a_small_file_holds_what_the_style_sheet_sends_to_it(name: str) -> None:
    # A soft hyphen has no shape of its own.
    assert {chr(sign) for sign in promised(name) - held(name)} <= {"\u00ad"}


def test_every_latin_letter_of_our_languages_is_in_a_small_file() -> None:
    assert {chr(sign) for sign in written() - held("inter-near") - held("inter-far")} == set()


def test_the_small_files_keep_figures_of_one_width_and_the_weights_of_the_tokens() -> None:
    font = TTFont(STATIC / "fonts" / "inter-near.woff2")
    features = {record.FeatureTag for record in font["GSUB"].table.FeatureList.FeatureRecord}
    weights = next((axis.minValue, axis.maxValue) for axis in font["fvar"].axes if axis.axisTag == "wght")
    assert "tnum" in features
    assert weights == (400, 700)


def test_the_small_files_are_small() -> None:
    assert sum((STATIC / "fonts" / f"{name}.woff2").stat().st_size for name in SMALL) <= MOST_BYTES
