"""What every kind of screen is made of: scenes cut at the moments of a room's schedule, over a fixed window.

Every instant is aware and in UTC. Nothing here depends on the moment of asking but through its local day, so
a screen's scenes stay equal, and are not sent again, as the hours of that day pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Literal, Protocol

from kiosk.schedule import privacy
from kiosk.schedule.closing import FOREVER, lifted_at, shut
from kiosk.schedule.hours import Hours, closures
from kiosk.schedule.model import Booking, Message, Room, Slot, Status
from kiosk.schedule.timeline import local_day, moments

DAY = timedelta(days=1)
# A room that opens at all opens within a week, an hour more or less where clocks change.
OPENS_WITHIN = 8 * DAY
When = Literal["today", "tomorrow", "later"]


@dataclass(frozen=True, slots=True)
class Scene:
    """What a display shows of a room from `start` until the next scene's start.

    `order` sorts rooms on a board. `slots` names the parts of the picture, each with the value its template
    macro draws. `night`: nobody is expected there, so the screen may dim.
    `free`: since when the room is free, or from when it will be, on screens that tell the soonest.
    """

    start: datetime
    status: Status
    order: str
    slots: tuple[tuple[str, object], ...]
    night: bool = False
    free: datetime | None = None


class Project(Protocol):
    """How a room becomes scenes, from what is known of it; not every kind of screen tells the messages."""

    def __call__(
        self, room: Room, bookings: Sequence[Booking], now: datetime, messages: Sequence[Message] = (), /
    ) -> tuple[Scene, ...]:
        """Return the scenes of the room's local day of `now` and the next one."""


@dataclass(frozen=True, slots=True)
class Display:
    """A kind of screen: its page, the file with one macro per slot, and how a room becomes scenes.

    `unknown(room, moment)`: the scene that says, from a moment on, that nothing is known of the room.
    """

    name: str
    template: str
    fragments: str
    slots: tuple[str, ...]
    project: Project
    unknown: Callable[[Room, datetime], Scene]

    def scenes(
        self, room: Room, bookings: Sequence[Booking], now: datetime, messages: Sequence[Message] = ()
    ) -> tuple[Scene, ...]:
        """Return a room's scenes, made of no more than its policy lets screens say."""
        level = room.policy.shows
        seen = [privacy.shown(booking, level) for booking in bookings]
        return self.project(room, seen, now, [privacy.told(message, level) for message in messages])


@dataclass(frozen=True, slots=True)
class Until:
    """An end as people say it on a certain local day.

    `day` is the last local day it reaches; `whole` tells that it reaches that day's end, so that no time need
    be said.
    """

    at: datetime
    when: When
    day: date
    whole: bool


@dataclass(frozen=True, slots=True)
class Use:
    """What may be said on a screen about somebody's use of a room."""

    title: str
    owner: str
    private: bool
    own: bool
    tentative: bool
    start: datetime
    end: datetime


Picture = Callable[[datetime, date], Scene]


def window(room: Room, now: datetime) -> Slot:
    """Return the stretch that scenes cover: from the start of the room's local day to the end of its next."""
    today = local_date(room, now)
    return Slot(local_day(today, room.zone).start, local_day(today + DAY, room.zone).end)


def local_date(room: Room, instant: datetime) -> date:
    """Return the date in the room's zone."""
    return instant.astimezone(room.zone).date()


def closed(room: Room, span: Slot) -> tuple[Slot, ...]:
    """Return when the room is closed within a window, each time up to the moment it really opens again."""
    found = shut(room, span.start, span.end + OPENS_WITHIN)
    return tuple(closure for closure in found if closure.start < span.end)


def track(
    room: Room, bookings: Sequence[Booking], now: datetime, picture: Picture, more: Iterable[datetime] = ()
) -> tuple[Scene, ...]:
    """Return the scenes of a room over the window around `now`, equal neighbours made one.

    `picture(moment, day)` makes the scene that begins at `moment`, `day` being its local date. `more`: moments at
    which the picture changes besides those of the schedule. What follows the last scene is unknown: the caller ends
    the track with a scene that says so.
    """
    span, dark = window(room, now), nights(room, window(room, now))
    midnight = local_day(local_date(room, now), room.zone).end
    changes = moments(bookings, span.start, span.end, room.policy, closed(room, span))
    lifted = lifted_at(room) or FOREVER
    edges = (lifted, *(edge for night in dark for edge in (night.start, night.end)))
    cuts = {*changes, midnight, *(moment for moment in (*more, *edges) if span.start < moment < span.end)}
    scenes = [picture(moment, local_date(room, moment)) for moment in sorted(cuts)]
    is_night = [_holds(dark, one) and not _holds(bookings, one) for one in scenes]
    return merged([replace(one, night=True) if dims else one for one, dims in zip(scenes, is_night, strict=True)])


def nights(room: Room, span: Slot) -> tuple[Slot, ...]:
    """Return when the screens of a room may be dimmed within a window."""
    light = room.policy.light
    if light == "always":
        return ()
    bright = light if isinstance(light, Hours) else room.policy.hours
    return closures(bright, room.zone, span.start, span.end)


def until(instant: datetime, day: date, room: Room) -> Until:
    """Return how an end is said on local day `day`."""
    local = instant.astimezone(room.zone)
    whole = local_day(local.date(), room.zone).start == instant
    last = local.date() - DAY if whole else local.date()
    return Until(instant, _when(last, day), last, whole)


def starting(instant: datetime, day: date, room: Room) -> Until:
    """Return how a beginning is said on local day `day`."""
    local = instant.astimezone(room.zone).date()
    return Until(instant, _when(local, day), local, whole=False)


def use(booking: Booking) -> Use:
    """Return what a screen may say about a booking."""
    return Use(
        title=booking.title,
        owner=booking.owner,
        private=booking.private,
        own=booking.own,
        tentative=booking.tentative,
        start=booking.start,
        end=booking.end,
    )


def _when(day: date, today: date) -> When:
    if day <= today:
        return "today"
    return "tomorrow" if day == today + DAY else "later"


def _holds(stretches: Iterable[Slot | Booking], scene: Scene) -> bool:
    return any(one.start <= scene.start < one.end for one in stretches)


def merged(scenes: Sequence[Scene]) -> tuple[Scene, ...]:
    """Return scenes with equal neighbours made one."""
    fresh = [scene for earlier, scene in pairwise(scenes) if not _same(earlier, scene)]
    return (*scenes[:1], *fresh)


def _same(one: Scene, other: Scene) -> bool:
    # Most differ in a part, which is seen without making another scene.
    return one.slots == other.slots and replace(one, start=other.start) == other
