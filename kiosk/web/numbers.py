"""Numbers in addresses: those that the database can hold; anything else is the number of nothing here."""

from __future__ import annotations

from typing import Any

from flask import Flask
from werkzeug.routing import IntegerConverter, Map, ValidationError

HIGHEST = 2**63 - 1
DIGITS = len(str(HIGHEST))


class Number(IntegerConverter):
    """A whole number from 0 to the highest."""

    def __init__(self, rules: Map, **limits: Any) -> None:
        super().__init__(rules, **({"max": HIGHEST} | limits))

    def to_python(self, value: str) -> Any:
        """Return the number. Raises ValidationError for what is too long to be one, which nobody has to read then."""
        if len(value) > DIGITS:
            raise ValidationError
        return super().to_python(value)


def install(app: Flask) -> None:
    """Have every address of the app that is added from now on read its numbers so."""
    app.url_map.converters["int"] = Number
