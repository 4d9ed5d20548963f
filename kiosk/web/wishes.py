"""What requests about rooms and bookings say."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Struct, field

from kiosk.web.asking import Signed
from kiosk.web.openapi.kinds import Instant, about, number, text

Which = Annotated[str, text(100, "Which room of a meeting in several is meant; a device names it always.")]
Minutes = Annotated[int, number(24 * 60, "For how many minutes.")]
Until = Annotated[Instant | None, about("Until when; either this or `minutes`.")]
As = Annotated[Signed | None, about("In whose name, where the room's policy allows names.")]


class BookingWish(Struct, frozen=True, kw_only=True):
    """A booking that somebody wants."""

    start: Annotated[Instant | None, about("When it begins; now if left out.")] = None
    minutes: Minutes | None = None
    until: Until = None
    title: Annotated[str, text(200, "What screens show; left out, that it was booked at the door.")] = ""
    as_: As = field(default=None, name="as")


class Change(Struct, frozen=True, kw_only=True):
    """Something to be done about a booking."""

    room: Which = ""
    as_: As = field(default=None, name="as")


class Extension(Change, frozen=True, kw_only=True):
    """How much longer a booking is to be."""

    minutes: Minutes | None = None
    until: Until = None


class Release(Change, frozen=True, kw_only=True):
    """What is to be given back."""

    scope: Annotated[Literal["one", "series"], about("This booking, or its whole series.")] = "one"


class Name(Struct, frozen=True, kw_only=True):
    """In whose name something is done."""

    as_: As = field(default=None, name="as")


class OfRoom(Struct, frozen=True, kw_only=True):
    """Which room of a meeting in several is meant."""

    room: Which = ""


class Stretch(Struct, frozen=True, kw_only=True):
    """A stretch of time."""

    from_: Annotated[Instant | None, about("Today's midnight in the room's zone if left out.")] = field(
        default=None, name="from"
    )
    to: Annotated[Instant | None, about("A day after `from` if left out; 62 days at most.")] = None


class Elsewhere(Struct, frozen=True, kw_only=True):
    """For when, and for what, another room is wanted."""

    from_: Annotated[Instant | None, about("Now if left out.")] = field(default=None, name="from")
    to: Annotated[Instant | None, about("15 minutes after `from` if left out; a week at most.")] = None
    people: Annotated[int, number(10_000, "How many come; as many as the room has seats if left out.")] | None = None
    equipment: Annotated[list[str], about("What is needed; what the room has if left out.")] = field(
        default_factory=list
    )


class Search(Struct, frozen=True, kw_only=True):
    """Whose name is looked for."""

    q: Annotated[str, text(200, "How a word of the name or the address begins; two letters at least.")] = ""


class Log(Struct, frozen=True, kw_only=True):
    """Which lines of the log are wanted."""

    room: Annotated[str, text(100, "Of that room only.")] = ""
    before: Annotated[Instant | None, about("Older ones: the `at` of the last line you have.")] = None
