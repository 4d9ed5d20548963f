"""Languages: which one a request gets, how times are written, and drawing fragments outside of requests."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_skeleton, format_time, get_period_names, get_timezone_name
from babel.support import Translations
from flask import Flask, has_request_context, request
from flask_babel import Babel, force_locale, get_domain, get_locale
from flask_babel import gettext as babel_gettext

from kiosk import clock
from kiosk.resources import resource
from kiosk.schedule.model import Room
from kiosk.settings import LANGUAGES

# How many times of day are remembered as they are written: a day of minutes in some languages.
MINUTES = 10_000

_zone: ContextVar[ZoneInfo] = ContextVar("zone")
_home: ContextVar[ZoneInfo] = ContextVar("home")


@dataclass(frozen=True, slots=True)
class _Tongue:
    """A language and all its sentences."""

    locale: Locale
    sentences: Translations


# That in which something is drawn at the moment: looking it up in Flask takes a fifth of the drawing.
_tongue: ContextVar[_Tongue | None] = ContextVar("tongue", default=None)


def gettext(text: str, **values: object) -> str:
    """Return the text in the language of the moment, its %(names)s filled in."""
    tongue = _tongue.get()
    if tongue is None:
        return str(babel_gettext(text, **values))
    found = str(tongue.sentences.ugettext(text))
    return found % values if values else found


@contextmanager
def spoken(language: str) -> Iterator[None]:
    """Speak that language inside, whatever the request asks for."""
    with force_locale(_catalog(language)):
        yield


def install(app: Flask, language: str, hours: str) -> None:
    """Give the app its languages and the filters of its templates; `hours` is "24" or "12"."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(resource("translations"))
    Babel(app, default_locale=_catalog(language), locale_selector=lambda: _catalog(_wanted(language)))
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=lambda text: _sentences().ugettext(text),
        ngettext=lambda one, many, number: _sentences().ungettext(one, many, number),
        pgettext=lambda about, text: _sentences().upgettext(about, text),
        npgettext=lambda about, one, many, number: _sentences().unpgettext(about, one, many, number),
        newstyle=True,
    )
    app.jinja_env.filters.update(clock=_clock(hours), iso=clock.iso, day=_day, elsewhere=_elsewhere)
    app.jinja_env.filters["breadth"] = _breadth
    app.jinja_env.globals.update(hour_cycle="h23" if hours == "24" else "h12", numerals="latn")
    app.context_processor(lambda: {**_language(), "face": _face(hours)})


@contextmanager
def zone_of(room: Room) -> Iterator[None]:
    """Write times in the room's zone inside."""
    token = _zone.set(room.zone)
    try:
        yield
    finally:
        _zone.reset(token)


def speaker(app: Flask, language: str) -> Callable[[], AbstractContextManager[None]]:
    """Return what lets a loop speak that language for a while, outside of any request."""

    @contextmanager
    def speaking() -> Iterator[None]:
        with app.app_context(), spoken(language):
            yield

    return speaking


def drawer(app: Flask, language: str) -> Callable[[str, str, object, Room, ZoneInfo], str]:
    """Return draw(template, macro, value, room, home): one fragment of a display, in the displays' language."""

    @cache
    def tongue() -> _Tongue:
        with app.app_context(), spoken(language):
            return _Tongue(_locale(), _sentences())

    def draw(template: str, slot: str, value: object, room: Room, home: ZoneInfo) -> str:
        _home.set(home)
        token = _tongue.set(tongue())
        try:
            with app.app_context(), zone_of(room):
                macro = getattr(app.jinja_env.get_template(template).module, slot)
                return str(macro(value, room))
        finally:
            _tongue.reset(token)

    return draw


def _sentences() -> Translations:
    """Return the sentences of the language of the moment."""
    tongue = _tongue.get()
    return tongue.sentences if tongue else get_domain().get_translations()


def _wanted(default: str) -> str:
    """Programs and our own scripts are answered in the language they ask for, pages in the server's.

    The administration speaks English only.
    """
    if has_request_context() and request.path.startswith("/admin"):
        return "en"
    if not has_request_context() or not request.path.startswith("/api/"):
        return default
    return request.accept_languages.best_match(LANGUAGES) or default


@cache
def _catalog(language: str) -> str:
    """Return the name under which Babel, and so our catalogs, know a language: zh-CN is zh_Hans_CN there."""
    return str(Locale.parse(language, sep="-"))


def _language() -> dict[str, str]:
    locale = _locale()
    return {
        "language": next(tag for tag in LANGUAGES if _catalog(tag) == str(locale)),
        "direction": locale.text_direction,
    }


def _locale() -> Locale:
    tongue = _tongue.get()
    return tongue.locale if tongue else get_locale() or Locale("en")


def _breadth(text: str) -> int:
    """Return how many Latin letters are as broad as a text: letters as broad as they are tall count twice."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _face(hours: str) -> dict[str, str]:
    """Return how times are written: the pattern, in Unicode's letters, and the words before and after noon.

    Pages write their own times by it, so that browsers, which differ, write them as the server does.
    """
    locale = _locale()
    names = get_period_names("abbreviated", "format", locale)
    return {"pattern": _pattern(hours, locale), "am": names["am"], "pm": names["pm"]}


def _pattern(hours: str, locale: Locale) -> str:
    return "HH:mm" if hours == "24" else str(locale.datetime_skeletons["hm"].pattern)


def _clock(hours: str) -> Callable[[datetime], str]:
    @lru_cache(maxsize=MINUTES)
    def written(hour: int, minute: int, locale: Locale) -> str:
        return format_time(time(hour, minute), _pattern(hours, locale), locale=locale)

    def write(instant: datetime) -> str:
        local = instant.astimezone(_zone.get(UTC))
        return written(local.hour, local.minute, _locale())

    return write


def _elsewhere(instant: datetime) -> str:
    """Name the room's zone where its clocks show another time than those of the place the screen hangs in."""
    zone = _zone.get(ZoneInfo("UTC"))
    if instant.astimezone(zone).utcoffset() == instant.astimezone(_home.get(zone)).utcoffset():
        return ""
    return zone_name(instant, zone)


def zone_name(instant: datetime, zone: ZoneInfo) -> str:
    """Name a zone as it is called at an instant, in the language of whoever asks."""
    local = instant.astimezone(zone)
    name = str(get_timezone_name(local, width="short", locale=_locale()))
    # Where a language has no name for a zone, it would be four bare digits.
    return name if name[0].isalpha() else _offset(local.utcoffset() or timedelta())


def _offset(offset: timedelta) -> str:
    sign, minutes = "−" if offset < timedelta() else "+", abs(offset) // timedelta(minutes=1)
    hours = f"{minutes // 60}" + (f":{minutes % 60:02d}" if minutes % 60 else "")
    return f"UTC{sign}{hours}" if minutes else "UTC"


def _day(day: date) -> str:
    return format_skeleton("MMMEd", day, locale=_locale())
