"""What a hub and its followers say to each other, as it is declared."""

from __future__ import annotations

from typing import Annotated, Any, TypedDict

from msgspec import Struct, field

from kiosk.source import ParcelAct, ParcelState
from kiosk.web.openapi.kinds import Instant, Moment, about, number, text

Version = Annotated[str, about("Names a state; only whether it is the same counts.")]
Event = Annotated[dict[str, Any], about("A booking as the room's calendar has it, without what is as with most.")]


class NewsOf(TypedDict):
    """Everything that the follower's screen needs beside bookings, and what names the newest state of each room."""

    version: Version
    pulse: Version
    sheet: Annotated[dict[str, Any] | None, about("Null where the follower has it.")]
    device: dict[str, Any]
    rooms: Annotated[dict[str, list[str | None]], about("By room: what names its state, and how old that is.")]
    now: Moment


class RoomTruth(TypedDict):
    """A room's bookings as its follower may know them."""

    version: Version
    known: bool
    zone: str
    events: list[Event]
    beside: dict[str, Any]
    as_of: Moment | None


class ParcelOutcome(TypedDict):
    """What became of a parcel."""

    state: ParcelState
    reason: str
    events: list[Event]
    gone: list[str]


class ToldParcel(TypedDict):
    """A parcel that the hub has."""

    parcel: ParcelOutcome


class Listening(Struct, frozen=True, kw_only=True):
    """What the follower has, and how long it waits for something else."""

    sheet: Annotated[str, text(100, "The `version` it has.")] = ""
    pulse: Annotated[str, text(100, "The `pulse` it has.")] = ""
    wait: Annotated[int, number(25, "Seconds.")] | None = None


class Span(Struct, frozen=True, kw_only=True):
    """A stretch of time; this moment where nothing is said."""

    from_: Instant | None = field(default=None, name="from")
    to: Instant | None = None


class OfRoomNumber(Struct, frozen=True, kw_only=True):
    """Which room a parcel is for."""

    room: Annotated[int, number(10**9, "The hub's number of the room.")] | None = None


class CarriedParcel(Struct, frozen=True, kw_only=True):
    """Something that was asked for at the follower and is done by the hub, once however often it is sent."""

    room: Annotated[int, number(10**9, "The hub's number of the room.")]
    act: ParcelAct
    # So long an event's id is at most: https://developers.google.com/workspace/calendar/api/v3/reference/events
    event_id: Annotated[str, text(1024)]
    asked_at: Instant
    start: Instant | None
    end: Instant | None
    title: Annotated[str, text(200)]
    series: bool
