"""The kinds of values that requests and answers are declared with."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from msgspec import Meta

from kiosk import clock

# Control signs are nothing that a title needs, and nothing that can be stored or shown; lines may be broken.
ON_A_LINE = r"^[^\x00-\x1f\x7f-\x9f]*$"
ON_LINES = r"^[^\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f]*$"
INSTANT = {"type": "string", "format": "date-time"}
FIELD = "field"


class Instant(datetime):
    """An instant of a request that carries an offset from UTC, in UTC."""


# In answers.
Moment = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
Day = Annotated[str, Meta(extra_json_schema={"format": "date"})]
Share = Annotated[float, Meta(ge=0)]


def text(longest: int, about: str = "", shortest: int | None = None) -> Meta:
    """A text on one line; the space around it does not count."""
    return Meta(max_length=longest, min_length=shortest, pattern=ON_A_LINE, description=about or None)


def lines(longest: int, about: str = "") -> Meta:
    """A text that may have several lines."""
    return Meta(max_length=longest, pattern=ON_LINES, description=about or None)


def number(highest: int, about: str = "") -> Meta:
    """A whole number from 1."""
    return Meta(ge=1, le=highest, description=about or None)


def about(words: str) -> Meta:
    """What a value means."""
    return Meta(description=words)


def instant(value: Any) -> Instant:
    """Read an instant. Raises ValueError."""
    read = clock.parse(str(value))
    return Instant.combine(read.date(), read.time(), UTC)
