"""Reading what a request says, with an error that names the field."""

from __future__ import annotations

from datetime import datetime
from typing import Any, overload
from unicodedata import category

from flask import request

from kiosk import clock
from kiosk.web.outcomes import invalid
from kiosk.web.wording import gettext as _

# Control signs and halves of signs: nothing that a title needs, and nothing that can be stored or shown.
UNSEEN = {"Cc", "Cs"}


class Body:
    """The JSON object of a request. Raises a 422 problem for what cannot be used."""

    def __init__(self, values: Any = None) -> None:
        """`values`: a part of a request's body instead of the whole."""
        self._values: Any = said() if values is None else values
        if not isinstance(self._values, dict):
            raise invalid("body", _("Send a JSON object, with Content-Type: application/json."))

    def says(self, name: str) -> bool:
        """Tell whether a field is there."""
        return name in self._values

    def instant(self, name: str) -> datetime | None:
        """Return an instant with its offset, None when the field is absent."""
        value = self._values.get(name)
        return None if value is None else _instant(name, value).replace(microsecond=0)

    def minutes(self, name: str) -> int | None:
        """Return a whole number of minutes, None when the field is absent."""
        value = self._values.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 24 * 60:
            raise invalid(name, _("This must be a whole number of minutes from 1 to 1440."))
        return value

    def number(self, name: str, highest: int) -> int | None:
        """Return a whole number of at least 1, None when the field is absent."""
        value = self._values.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= highest:
            raise invalid(name, _("This must be a whole number from 1 to %(highest)s.", highest=highest))
        return value

    def text(self, name: str, longest: int) -> str:
        """Return a text without surrounding space, empty when the field is absent."""
        value = self._values.get(name, "")
        if not isinstance(value, str) or len(value) > longest or any(category(sign) in UNSEEN for sign in value):
            raise invalid(name, _("This must be a text of at most %(longest)s characters.", longest=longest))
        return value.strip()

    def lines(self, name: str, longest: int) -> str:
        """Return a text that may have several lines, empty when the field is absent."""
        value = self._values.get(name, "")
        if not isinstance(value, str):
            return self.text(name, longest)
        whole = value.replace("\r\n", "\n").strip()
        Body({name: whole.replace("\n", " ")}).text(name, longest)
        return whole

    def one_of(self, name: str, words: tuple[str, ...]) -> str:
        """Return one of the words, the first when the field is absent."""
        value = self._values.get(name, words[0])
        if value not in words:
            raise invalid(name, _("This must be one of %(words)s.", words=", ".join(words)))
        return str(value)

    def part(self, name: str) -> Body | None:
        """Return the object in a field, None when the field is absent."""
        value = self._values.get(name)
        return None if value is None else Body(value)


class Query:
    """The parameters in a request's address."""

    @overload
    def instant(self, name: str, default: datetime) -> datetime: ...

    @overload
    def instant(self, name: str, default: None) -> datetime | None: ...

    def instant(self, name: str, default: datetime | None) -> datetime | None:
        """Return an instant with its offset. Raises a 422 problem when it cannot be read."""
        value = request.args.get(name)
        return default if value is None else _instant(name, value)

    def text(self, name: str) -> str:
        """Return a text without surrounding space, empty when it is absent."""
        return request.args.get(name, "").strip()

    def number(self, name: str, highest: int) -> int | None:
        """Return a whole number of at least 1, None when it is absent."""
        value = request.args.get(name)
        if value is None:
            return None
        if not (value.isascii() and value.isdigit()) or not 1 <= int(value[:9]) <= highest:
            raise invalid(name, _("This must be a whole number from 1 to %(highest)s.", highest=highest))
        return int(value)


def said() -> Any:
    """Return the JSON of the request that is being handled, whatever it is; None where it has none that can be read."""
    try:
        return request.get_json(silent=True)
    except RecursionError:
        return None


def _instant(name: str, value: object) -> datetime:
    try:
        return clock.parse(str(value))
    except (ValueError, OverflowError) as error:
        raise invalid(
            name, _("This must be a time with its offset from UTC, such as 2026-08-10T10:00:00+02:00.")
        ) from error


def form_text(name: str, longest: int) -> str:
    """Return a field of a form without surrounding space. Raises a 422 problem when it is too long or unprintable."""
    value = request.form.get(name, "").strip()
    if len(value) > longest or any(category(sign) in UNSEEN for sign in value):
        raise invalid(name, _("This must be a text of at most %(longest)s characters.", longest=longest))
    return value
