"""What an inventory may say: every value is looked at before any machine is touched."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from kiosk import settings
from kiosk.errors import SettingError, UsageError

# Each word, what its text must look like, and how that is said.
SHAPES = {
    "address": (r"[A-Za-z0-9][A-Za-z0-9.:-]*", "a name or an address, such as 10.0.3.11"),
    "user": (r"[a-z_][a-z0-9_-]*", "a user's name"),
    "key": (r".+", "a file's name"),
    "display": (r"\w*", "door, doors, lobby or floor"),
    "slug": (r"[\w+-]*", "a word of an address, such as oak or oak+elm"),
    "ring": (r"one|floor|all", "one, floor, all"),
    "output": (r"[A-Za-z0-9-]*", "an output as wlr-randr names it, such as HDMI-A-1"),
    "rotate": (r"normal|90|180|270", '"normal", "90", "180", "270"'),
    "hours": (r"[^\"\\$`]*", "hours such as Mon-Fri 07:00-19:00"),
    "dark": (r"dim|power", "dim, power"),
    "light_pins": (r"\d{1,2},\d{1,2},\d{1,2}", 'the pins of red, green and blue, such as "17,27,22"'),
    "motion_pin": (r"\d{1,2}", 'a pin, such as "4"'),
    "credentials": (r".+", "a file's name"),
    "token_file": (r".+", "a file's name"),
    "known_hosts": (r".+", "a file's name"),
    "wheels": (r".+", "a folder's name"),
}
BOUNDS = {"port": (1, 65_535), "server_port": (1024, 65_535), "within": (5, 3_600), "parallel": (1, 500)}
TABLES, ROOM = ("settings", "room"), ("name", "slug")
# Settings that name files name those of the machine, which are not here.
FILES = {"KIOSK_GOOGLE_CREDENTIALS", "KIOSK_SIGN_IN_CLIENT", "SSL_CERT_FILE", "KIOSK_CONFIG"}


def check(where: str, given: Mapping[str, Any]) -> None:
    """Raise UsageError for a value that cannot be used; what is missing is no concern of this."""
    for name, value in given.items():
        if name in ("server", "hub"):
            _check_url(where, name, value)
        elif name in SHAPES:
            _check_text(where, name, value)
        elif name in BOUNDS:
            _check_number(where, name, value)
        elif name in TABLES:
            _check_table(where, name, value)
    _check_rest(where, given)


def check_settings(where: str, given: Mapping[str, Any]) -> None:
    """Raise UsageError for settings with which the machine's server would not start."""
    _check_table(where, "settings", given)
    texts = {name: str(value) for name, value in given.items() if name not in FILES}
    known = {name for name, _default, _help in settings.table()}
    for name, text in texts.items():
        if name.upper() not in known and not name.startswith("KIOSK_"):
            raise UsageError(f"{where}: {name} is not a setting; `kiosk serve --help` lists them.")
        if not text.isprintable():
            raise UsageError(f"{where}: {name} is to be one line.")
    try:
        settings.load(texts)
    except SettingError as error:
        raise UsageError(f"{where}: {error}") from error


def _check_url(where: str, name: str, value: Any) -> None:
    parts = urlsplit(value) if isinstance(value, str) else None
    if parts is None or (value and not (parts.scheme in ("http", "https") and parts.hostname)):
        raise UsageError(f"{where} has the {name} {value!r}: allowed: an address such as https://rooms.example.com.")


def _check_text(where: str, name: str, value: Any) -> None:
    shape, said = SHAPES[name]
    if not isinstance(value, str) or not re.fullmatch(shape, value):
        raise UsageError(f"{where} has the {name} {value!r}: allowed: {said}.")


def _check_number(where: str, name: str, value: Any) -> None:
    least, most = BOUNDS[name]
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise UsageError(f"{where} has the {name} {value!r}: allowed: a whole number from {least} to {most}.")


def _check_table(where: str, name: str, value: Any) -> None:
    if not isinstance(value, Mapping) or any(isinstance(one, dict | list) for one in value.values()):
        raise UsageError(f"{where}: {name} is to be a table of texts.")


def _check_rest(where: str, given: Mapping[str, Any]) -> None:
    if not isinstance(given.get("screen", True), bool):
        raise UsageError(f"{where} has the screen {given['screen']!r}: allowed: true, false.")
    packages = given.get("packages", [])
    if not isinstance(packages, list) or not all(isinstance(one, str) for one in packages):
        raise UsageError(f"{where}: packages is to be a list of texts.")
    room = given.get("room", {})
    if room and not all(room.get(name) for name in ROOM):
        raise UsageError(f"{where}: a room has {' and '.join(ROOM)}.")
