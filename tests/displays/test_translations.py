"""Every sentence is there in every language."""

from __future__ import annotations

import gettext
import string
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from flask import Flask
from jinja2 import DictLoader

from kiosk import clock, settings
from kiosk.resources import resource
from kiosk.schedule.model import Room
from kiosk.web import wording

ROOT = Path(__file__).resolve().parents[2]
CATALOGS = Path(resource("translations"))
SOURCE = "en"
LANGUAGES = sorted(path.name for path in CATALOGS.iterdir() if path.is_dir())
TRANSLATED = [language for language in LANGUAGES if language != SOURCE]
# How many forms a counted word has; 12 letters is the longest word that the door's signs are measured for.
FORMS = dict.fromkeys(LANGUAGES, 2) | {"ar": 6, "ja": 1, "pl": 3, "zh_Hans_CN": 1}
MOST_LETTERS = 12
ALPHABET = " ".join(string.ascii_uppercase)
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


def sampled(language: str) -> set[str]:
    """The names of the plural forms that numbers of rooms and minutes take in a language."""
    rule = Locale.parse(language).plural_form
    return {rule(number) for number in range(1000)}


def texts(said: Any) -> tuple[str, ...]:
    """A sentence, or each plural of it."""
    return tuple(said) if isinstance(said, (tuple, list)) else (said or "",)


def translated(found: Catalog) -> dict[str, tuple[str, ...]]:
    return {texts(one.id)[0]: texts(one.string) for one in found if one.id and any(texts(one.string))}


def test_the_twelve_languages_are_there_and_each_can_be_set() -> None:
    assert set(LANGUAGES) == {"en", "de", "es", "fr", "it", "nl", "pl", "pt_BR", "sv", "ja", "zh_Hans_CN", "ar"}
    assert {str(Locale.parse(tag, sep="-")) for tag in settings.LANGUAGES} == set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_is_in_the_catalog(language: str) -> None:
    known = {message.id for message in catalog(language) if message.id}
    assert wanted() - known == frozenset(), "run script/translations"


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_sentence_is_translated_in_every_plural(language: str) -> None:
    found = catalog(language)
    assert [message.id for message in found if message.id and not all(texts(message.string))] == []
    assert {len(texts(message.string)) for message in found if message.pluralizable} == {FORMS[language]}


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_keep_the_names_of_values(language: str) -> None:
    assert [error for message in catalog(language) for error in message.check()] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_compiled_catalog_says_the_same_as_its_source(language: str) -> None:
    assert translated(compiled(language)) == translated(catalog(language)), "run script/translations"


def test_english_is_said_as_it_is_written_in_the_code() -> None:
    assert all(texts(one.string) == texts(one.id) for one in compiled(SOURCE) if one.id)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_a_form_for_every_number(language: str) -> None:
    assert len(sampled(language)) == FORMS[language]


@pytest.mark.parametrize("language", TRANSLATED)
def test_counted_sentences_tell_their_number(language: str) -> None:
    said = gettext.translation("messages", CATALOGS, [language])
    for one, many in (("%(num)s room", "%(num)s rooms"), ("%(num)s minute left", "%(num)s minutes left")):
        assert all("%(num)s" in said.ngettext(one, many, number) for number in (5, 12, 21, 105))


def test_arabic_counts_in_six_ways_and_polish_in_three() -> None:
    for language, numbers, ways in (("ar", (0, 1, 2, 3, 11, 100), 5), ("pl", (1, 2, 5, 21, 22, 112), 3)):
        said = gettext.translation("messages", CATALOGS, [language])
        assert len({said.ngettext("%(num)s room", "%(num)s rooms", number) for number in numbers}) == ways


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_keys_of_names_are_single_letters_and_none_twice(language: str) -> None:
    letters = translated(catalog(language))[ALPHABET][0].split()
    assert {len(letter) for letter in letters} == {1}
    assert len(set(letters)) == len(letters)


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_status_is_one_short_word_or_two(language: str) -> None:
    said = translated(catalog(language))
    words = [said[word][0] for word in ("Free", "Busy", "Held", "Check in", "Closed", "Unknown")]
    assert [word for word in words if len(word) > MOST_LETTERS or len(word.split()) > 2] == []
    assert len(set(words)) == len(words)


@pytest.mark.parametrize(
    ("zone", "language", "name"),
    [
        ("Europe/London", "en", "GMT"),
        ("Europe/London", "de", "UTC"),
        ("America/New_York", "ar", "UTC−5"),
        ("Asia/Kolkata", "ja", "UTC+5:30"),
        ("Europe/Berlin", "de", ""),
    ],
)
def test_a_time_elsewhere_has_the_name_of_its_zone_or_a_plain_difference(zone: str, language: str, name: str) -> None:
    app, winter = Flask("times"), datetime(2026, 11, 23, 12, tzinfo=UTC)
    wording.install(app, language, "24")
    app.jinja_loader = DictLoader({"it.html": "{% macro time(value, room) %}{{ value|elsewhere }}{% endmacro %}"})
    room = Room("oak", "Oak", clock.zone(zone))
    assert wording.drawer(app, language)("it.html", "time", winter, room, clock.zone("Europe/Berlin")) == name
