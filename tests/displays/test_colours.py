"""Contrast and luminance, computed from the custom properties that the pages are painted with."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kiosk.resources import resource

CSS = Path(resource("static")) / "css"
STATUSES = ("free", "soon", "busy", "held", "checkin", "closed")
FREE, TAKEN = ("free", "soon"), ("busy", "held", "checkin", "closed")
TOKENS = ("tokens.css", "contrast.css")
TEXT_AAA, TEXT_AA, PART = 7.0, 4.5, 3.0
Colour = tuple[float, float, float]


def palettes() -> dict[str, dict[str, str]]:
    """The custom properties of each look, by day and by night; high contrast keeps what it does not change."""
    usual, contrast = properties("tokens.css"), properties("contrast.css")
    looks = {"usual": usual, "contrast": usual | contrast}
    return {
        f"{name} {time}": {key: one_of(value, place) for key, value in found.items()}
        for name, found in looks.items()
        for place, time in enumerate(("day", "night"))
    }


def properties(sheet: str) -> dict[str, str]:
    """The custom properties of a sheet's first block."""
    block = re.findall(r":root \{([^}]*)\}", (CSS / sheet).read_text())[0]
    return dict(re.findall(r"--([\w-]+):\s*([^;]+);", block))


def one_of(value: str, place: int) -> str:
    """The colour of the day (0) or the night (1) where a value has both."""
    pair = re.fullmatch(r"light-dark\((.+), (.+)\)", value)
    return pair[place + 1] if pair else value


PALETTES = palettes()
every_look = pytest.mark.parametrize("look", PALETTES)
every_status = pytest.mark.parametrize("status", STATUSES)


def colour(look: str, name: str) -> Colour:
    code = PALETTES[look][name]
    red, green, blue = (int(code[place : place + 2], 16) / 255 for place in (1, 3, 5))
    return red, green, blue


def mixed(over: Colour, under: Colour, share: str) -> Colour:
    """As `color-mix(in srgb, over share, under)`."""
    part = float(share.rstrip("%")) / 100
    red, green, blue = (part * one + (1 - part) * other for one, other in zip(over, under, strict=True))
    return red, green, blue


def luminance(colour: Colour) -> float:
    """As WCAG 2.2 defines it."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: Colour, other: Colour) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_high_contrast_changes_nothing_but_what_the_tokens_name() -> None:
    assert properties("contrast.css").keys() <= properties("tokens.css").keys()


@pytest.mark.parametrize("time", ["day", "night"])
@pytest.mark.parametrize("name", [*STATUSES, "board", "page", "info", "warning", "emergency"])
def test_high_contrast_has_more_of_it_everywhere(name: str, time: str) -> None:
    usual, more = (
        contrast(colour(f"{look} {time}", f"{name}-field"), colour(f"{look} {time}", f"{name}-ink"))
        for look in ("usual", "contrast")
    )
    assert more >= max(usual, 14)


@pytest.mark.parametrize("time", ["day", "night"])
@pytest.mark.parametrize(("ink", "field"), [("plan-ink", "plan-paper"), ("plan-here-ink", "plan-here")])
def test_high_contrast_has_more_of_it_on_plans(ink: str, field: str, time: str) -> None:
    usual, more = (
        contrast(colour(f"{look} {time}", ink), colour(f"{look} {time}", field)) for look in ("usual", "contrast")
    )
    assert more >= max(usual, 12)


@pytest.mark.parametrize("time", ["day", "night"])
@pytest.mark.parametrize("name", STATUSES)
def test_high_contrast_reads_quieter_text_at_aaa(name: str, time: str) -> None:
    look = f"contrast {time}"
    field, ink = colour(look, f"{name}-field"), colour(look, f"{name}-ink")
    assert contrast(field, mixed(ink, field, PALETTES[look]["second"])) >= TEXT_AAA


@every_look
@every_status
def test_status_and_time_are_read_at_aaa(look: str, status: str) -> None:
    assert contrast(colour(look, f"{status}-field"), colour(look, f"{status}-ink")) >= TEXT_AAA


def test_the_veil_of_the_night_leaves_a_tenth_of_the_light() -> None:
    (black,) = re.findall(r"rgb\(0 0 0 / (\d+)%\)", PALETTES["usual night"]["night-veil"])
    left = 1 - int(black) / 100
    assert luminance((left, left, left)) == pytest.approx(0.1, abs=0.02)


@every_look
@pytest.mark.parametrize("told", ["info", "warning", "emergency"])
def test_what_is_told_is_read_at_aaa(look: str, told: str) -> None:
    assert contrast(colour(look, f"{told}-field"), colour(look, f"{told}-ink")) >= TEXT_AAA


@every_look
def test_status_and_time_are_read_at_aaa_on_the_hatch_too(look: str) -> None:
    assert contrast(colour(look, "checkin-hatch"), colour(look, "checkin-ink")) >= TEXT_AAA


@every_look
def test_quieter_text_is_read_at_aa_on_the_hatch_too(look: str) -> None:
    hatch, ink = colour(look, "checkin-hatch"), colour(look, "checkin-ink")
    quieter = mixed(ink, colour(look, "checkin-field"), PALETTES[look]["second"])
    assert contrast(hatch, quieter) >= TEXT_AA


@every_look
@pytest.mark.parametrize("free", FREE)
def test_the_hatch_is_taken_without_colour_too(look: str, free: str) -> None:
    light, dark = luminance(colour(look, f"{free}-field")), luminance(colour(look, "checkin-hatch"))
    assert (light + 0.05) / (dark + 0.05) >= PART


@every_look
@every_status
def test_a_quiet_button_is_read_at_aa_under_the_finger_too(look: str, status: str) -> None:
    field, ink = colour(look, f"{status}-field"), colour(look, f"{status}-ink")
    assert contrast(ink, mixed(ink, field, PALETTES[look]["track"])) >= TEXT_AA


@every_look
@pytest.mark.parametrize("name", [*STATUSES, "board"])
def test_quieter_text_is_read_at_aa(look: str, name: str) -> None:
    field, ink = colour(look, f"{name}-field"), colour(look, f"{name}-ink")
    assert contrast(field, mixed(ink, field, PALETTES[look]["second"])) >= TEXT_AA


@every_look
@pytest.mark.parametrize("free", FREE)
@pytest.mark.parametrize("taken", TAKEN)
def test_free_and_taken_differ_without_colour(look: str, free: str, taken: str) -> None:
    light, dark = luminance(colour(look, f"{free}-field")), luminance(colour(look, f"{taken}-field"))
    assert (light + 0.05) / (dark + 0.05) >= PART


@every_look
@every_status
def test_what_is_to_come_stands_out_from_the_day(look: str, status: str) -> None:
    field, ink = colour(look, f"{status}-field"), colour(look, f"{status}-ink")
    assert contrast(ink, mixed(ink, field, PALETTES[look]["track"])) >= PART


@every_look
@pytest.mark.parametrize(
    ("ink", "field"),
    [
        ("page-ink", "page-field"),
        ("page-quiet", "page-field"),
        ("page-quiet", "page-card"),
        ("page-alarm", "page-field"),
        ("page-warn", "page-field"),
        ("page-accent", "page-field"),
        ("page-accent", "page-card"),
        ("page-accent-ink", "page-accent"),
    ],
)
def test_pages_are_read_at_aa(look: str, ink: str, field: str) -> None:
    assert contrast(colour(look, ink), colour(look, field)) >= TEXT_AA


@pytest.mark.parametrize("sheet", sorted(path.name for path in CSS.glob("*.css") if path.name not in TOKENS))
def test_no_colour_is_named_outside_of_the_tokens(sheet: str) -> None:
    assert not re.findall(r"#[0-9a-fA-F]{3,8}\b|\brgba?\(|\bhsla?\(|\boklch\(", (CSS / sheet).read_text())


@pytest.mark.parametrize("sheet", sorted(path.name for path in CSS.glob("*.css")))
def test_no_rule_knows_left_from_right(sheet: str) -> None:
    sided = r"\b(?:margin|padding|border|inset)-(?:left|right)\b|text-align:\s*(?:left|right)"
    physical = sided + r"|(?:^|[{;]\s*)(?:left|right)\s*:"
    assert not re.findall(physical, (CSS / sheet).read_text(), re.MULTILINE)
