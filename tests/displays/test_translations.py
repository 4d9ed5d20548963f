"""Every sentence is there in every language."""

from __future__ import annotations

import gettext
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from kiosk.resources import resource

ROOT = Path(__file__).resolve().parents[2]
CATALOGS = Path(resource("translations"))
SOURCE = "en"
LANGUAGES = sorted(path.name for path in CATALOGS.iterdir() if path.is_dir())
TRANSLATED = [language for language in LANGUAGES if language != SOURCE]
KEYWORDS: dict[str, Any] = {
    "_": None,
    "gettext": None,
    "lazy_gettext": None,
    "ngettext": (1, 2),
}


@cache
def wanted() -> frozenset[Any]:
    with (ROOT / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]
    found = extract_from_dir(ROOT, methods, options, KEYWORDS, directory_filter=lambda path: Path(path).name[0] != ".")
    return frozenset(message for _, _, message, _, _ in found)


def catalog(language: str) -> Catalog:
    with (CATALOGS / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=language)


def compiled(language: str) -> Catalog:
    with (CATALOGS / language / "LC_MESSAGES" / "messages.mo").open("rb") as file:
        return read_mo(file)


def texts(said: Any) -> tuple[str, ...]:
    """A sentence, or each plural of it."""
    return tuple(said) if isinstance(said, (tuple, list)) else (said or "",)


def translated(found: Catalog) -> dict[str, tuple[str, ...]]:
    return {texts(one.id)[0]: texts(one.string) for one in found if one.id and any(texts(one.string))}


def test_german_and_arabic_are_there() -> None:
    assert {"en", "de", "ar"} <= set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_is_in_the_catalog(language: str) -> None:
    known = {message.id for message in catalog(language) if message.id}
    assert wanted() - known == frozenset(), "run script/translations"


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_sentence_is_translated_in_every_plural(language: str) -> None:
    found = catalog(language)
    assert [message.id for message in found if message.id and not all(texts(message.string))] == []
    assert {len(texts(message.string)) for message in found if message.pluralizable} == {found.num_plurals}


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_keep_the_names_of_values(language: str) -> None:
    assert [error for message in catalog(language) for error in message.check()] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_compiled_catalog_says_the_same_as_its_source(language: str) -> None:
    assert translated(compiled(language)) == translated(catalog(language)), "run script/translations"


def test_english_is_said_as_it_is_written_in_the_code() -> None:
    assert all(texts(one.string) == texts(one.id) for one in compiled(SOURCE) if one.id)


def test_arabic_counts_in_six_ways() -> None:
    arabic = gettext.translation("messages", CATALOGS, ["ar"])
    said = {arabic.ngettext("%(num)s room", "%(num)s rooms", number) for number in (0, 1, 2, 3, 11, 100)}
    assert len(said) >= 5
