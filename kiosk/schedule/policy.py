"""The words in which people write a room's policy, and the policy that they make.

Times are whole minutes but `ahead`, which is in days. A word that is not written leaves its part of the policy as
it was, so the words of a room go over those of its organisation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from typing import Any, get_args

from kiosk.schedule import hours
from kiosk.schedule.hours import Hours
from kiosk.schedule.model import Bookable, CheckInFor, Light, Outage, Policy, Shows, Theme

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
A_DAY = 24 * 60
MOST_DURATIONS = 6
ADDRESS = re.compile(r"[^@\s,]+@[^@\s,]+")
# Written where a word has to say that nothing is meant.
NONE = "none"
TO_THE_MINUTE = re.compile(r"(\d{4}-\d\d-\d\d)[ t](\d\d:\d\d)", re.ASCII)
DEFAULT = Policy()


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the policy: `parse` reads its value or raises ValueError with what is allowed, `write` is its way back.

    `field` is the policy's name for it; `choices` are all its values, where they are few.
    """

    field: str
    help: str
    parse: Callable[[str], Any]
    write: Callable[[Any], str]
    choices: tuple[str, ...] = ()


def read(words: Mapping[str, str], base: Policy = DEFAULT) -> Policy:
    """Return a policy with the words written over it. Raises ValueError naming the word that is wrong."""
    written: dict[str, Any] = {_word(name).field: _parsed(name, value) for name, value in words.items()}
    policy = replace(base, **written)
    if policy.shortest > policy.longest:
        raise ValueError("shortest: allowed: at most as much as longest")
    if not any(policy.shortest <= minutes * MINUTE <= policy.longest for minutes in policy.durations):
        raise ValueError("durations: allowed: one at least from shortest to longest")
    return policy


def check(name: str, value: str) -> None:
    """Raise ValueError with what is allowed ("allowed: …") unless that word can have that value."""
    _word(name).parse(value)


def write(policy: Policy) -> dict[str, str]:
    """Return a policy in words, all of them, in the order of the table: `read` makes the same policy of them."""
    return {name: word.write(getattr(policy, word.field)) for name, word in WORDS.items()}


def _word(name: str) -> Word:
    if name not in WORDS:
        raise ValueError(f"{name}: allowed: {', '.join(WORDS)}")
    return WORDS[name]


def _parsed(name: str, value: str) -> object:
    try:
        return _word(name).parse(value)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def _whole(text: str, least: int, most: int, what: str) -> int:
    if not re.fullmatch(r"[0-9]{1,6}", text.strip()) or not least <= int(text) <= most:
        raise ValueError(f"allowed: {what} from {least} to {most}")
    return int(text)


def _number(field: str, help: str, least: int, most: int) -> Word:
    return Word(field, help, lambda text: _whole(text, least, most, "a whole number"), str)


def _span(field: str, help: str, least: int, most: int, unit: timedelta = MINUTE) -> Word:
    what = "whole days" if unit == DAY else "whole minutes"
    return Word(field, help, lambda text: _whole(text, least, most, what) * unit, lambda span: str(span // unit))


def _choice(field: str, help: str, choices: Collection[str]) -> Word:
    def parse(text: str) -> str:
        if text.strip().lower() not in choices:
            raise ValueError(f"allowed: {', '.join(choices)}")
        return text.strip().lower()

    return Word(field, help, parse, str, tuple(choices))


def _switch(field: str, help: str) -> Word:
    def parse(text: str) -> bool:
        if text.strip().lower() not in {"yes", "no"}:
            raise ValueError("allowed: yes, no")
        return text.strip().lower() == "yes"

    return Word(field, help, parse, lambda on: "yes" if on else "no", ("yes", "no"))


def _durations(text: str) -> tuple[int, ...]:
    allowed = f"whole minutes, at most {MOST_DURATIONS} of them, such as 15,30,60, each"
    found = {_whole(part, 1, A_DAY, allowed) for part in text.split(",")}
    if len(found) > MOST_DURATIONS:
        raise ValueError(f"allowed: {allowed} from 1 to {A_DAY}")
    return tuple(sorted(found))


def _hours(text: str) -> Hours | None:
    if text.strip().lower() == "always":
        return None
    try:
        return hours.parse(text)
    except ValueError as error:
        raise ValueError(f"{error}, or always") from error


def _light(text: str) -> Light | Hours:
    word = text.strip().lower()
    for one in get_args(Light):
        if word == one:
            light: Light = one
            return light
    try:
        return hours.parse(text)
    except ValueError as error:
        raise ValueError(f"{error}, or {' or '.join(get_args(Light))}") from error


def _at_least(text: str) -> timedelta | None:
    if text.strip().lower() == NONE:
        return None
    try:
        return _whole(text, 1, 7 * A_DAY, "whole minutes") * MINUTE
    except ValueError as error:
        raise ValueError(f"{error}, or {NONE}") from error


def _people(text: str) -> tuple[str, ...]:
    if text.strip().lower() == NONE:
        return ()
    found = [part.strip().lower() for part in text.split(",")]
    if not all(ADDRESS.fullmatch(part) for part in found):
        raise ValueError(f"allowed: addresses with commas between them, or {NONE}")
    return tuple(dict.fromkeys(found))


def _outage(text: str) -> Outage | None:
    wish = text.strip().lower()
    if wish in {"yes", "no"}:
        return Outage() if wish == "yes" else None
    allowed = "allowed: yes, no, or until when in the room's time, such as 2026-08-10 18:00"
    found = TO_THE_MINUTE.fullmatch(wish)
    if not found:
        raise ValueError(allowed)
    try:
        return Outage(date.fromisoformat(found[1]), time.fromisoformat(found[2]))
    except ValueError as error:
        raise ValueError(allowed) from error


def _said(outage: Outage | None) -> str:
    if outage is None:
        return "no"
    return f"{outage.day} {outage.at:%H:%M}" if outage.day else "yes"


WORDS: Mapping[str, Word] = {
    "durations": Word(
        "durations", "minutes that one tap books", _durations, lambda found: ",".join(str(each) for each in found)
    ),
    "shortest": _span("shortest", "minutes that a booking lasts at least", 1, A_DAY),
    "longest": _span("longest", "minutes that a booking lasts at most", 1, A_DAY),
    "ahead": _span("ahead", "days from now to a booking's start at most", 0, 365, DAY),
    "soon": _span("soon", "minutes before a booking from which a free room announces it", 0, 4 * 60),
    "hours": Word(
        "hours",
        "when the room may be booked, in its own time: Mon-Fri 07:00-19:00, or always",
        _hours,
        lambda found: hours.write(found) if found else "always",
    ),
    "bookable": _choice("bookable", "who may book: anyone, people who say who they are, nobody", get_args(Bookable)),
    "names": _switch("names", "people may choose their name and type their PIN at the panel"),
    "qr": _switch("qr", "the door shows a code that opens the room on a phone, to see and book it there"),
    "check-in": _choice(
        "check_in", "which bookings must be checked in: off, own (made here), all", get_args(CheckInFor)
    ),
    "opens": _span("opens", "minutes before the start from which a check-in is taken", 0, 4 * 60),
    "grace": _span("grace", "minutes after the start until which a check-in is awaited", 1, 4 * 60),
    "exempt-from": Word(
        "exempt_from",
        f"minutes from which on a booking is so long that it needs no check-in, or {NONE}",
        _at_least,
        lambda span: str(span // MINUTE) if span else NONE,
    ),
    "exempt-people": Word(
        "exempt_people",
        f"addresses of people whose bookings need no check-in, or {NONE}",
        _people,
        lambda found: ",".join(found) or NONE,
    ),
    "strikes": _number("strikes", "check-ins missed in a row after which a series loses the room; 0: never", 0, 20),
    "undo": _span("undo", "minutes for which a release for want of a check-in can be taken back", 0, 60),
    "owners-release": _switch("owners_release", "whoever has a meeting, and administrators, may release its room"),
    "edit-meetings": _switch("edit_meetings", "meetings made in Google may be ended, extended and begun early here"),
    "light": Word(
        "light",
        "when screens are at full light: hours (while the room is open), always, or hours such as Mon-Fri 06:30-20:00",
        _light,
        lambda found: hours.write(found) if isinstance(found, Hours) else str(found),
    ),
    "shows": _choice(
        "shows", "what screens say of a booking: all (title and person), people, titles, nothing", get_args(Shows)
    ),
    "problems-to": Word(
        "problems_to",
        f"addresses that are told what is reported at the door, or {NONE}: its managers, or else administrators",
        _people,
        lambda found: ",".join(found) or NONE,
    ),
    "out-of-order": Word(
        "out_of_order",
        "nobody can use the room: no, yes, or until when (2026-08-10 18:00)",
        _outage,
        _said,
    ),
    "theme": _choice("theme", "colours of screens: auto (as their system), light, dark, contrast", get_args(Theme)),
}
