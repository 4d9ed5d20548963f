"""What webhooks are told, kind by kind."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired, TypedDict

from kiosk.schedule.notice import Level
from kiosk.store import webhooks
from kiosk.store.problems import Kind as ProblemKind
from kiosk.web.openapi.kinds import Day, Moment, about

By = Literal["panel", "server", "admin", "person", "console"]


class AboutBooking(TypedDict):
    """A booking of which something is told; no title and no person."""

    room: str
    booking: Annotated[str, about("Its id in the API.")]
    start: Moment
    end: Moment
    way: NotRequired[str]
    reason: str
    by: By


class AboutService(TypedDict):
    """A service that was asked for with a booking."""

    room: str
    booking: str
    request: int
    service: str
    quantity: int
    state: str
    start: NotRequired[Moment]
    caterers: NotRequired[Annotated[int, about("How many answer for the building; 0 when nobody does yet.")]]
    reason: str
    by: By


class AboutNotice(TypedDict):
    """A notice or an emergency."""

    notice: int
    title: str
    text: str
    level: Level
    start: Moment
    end: Annotated[Moment | None, about("Null for an emergency.")]
    target: Annotated[dict[str, str], about("Where it is for; {} for every screen.")]
    by: By


class AboutProblem(TypedDict):
    """Something that is wrong with a room."""

    room: str
    problem: int
    kind: ProblemKind
    reason: NotRequired[str]
    by: NotRequired[By]


class NamedDevice(TypedDict):
    """A device of which something is told."""

    device: int
    name: str
    display: Annotated[str, about("The address of its display.")]


class AboutDevice(NamedDevice):
    """A device whose state has changed."""

    reasons: Annotated[list[str], about("Why it is unwell, in words for programs.")]
    at: Moment


class AboutDevices(TypedDict):
    """Many devices that vanished, or are well again, together."""

    count: int
    of: Annotated[int, about("How many there are in all.")]
    devices: list[NamedDevice]


Ping = TypedDict("Ping", {"from": str})
Month = TypedDict(
    "Month",
    {
        "from": Day,
        "to": Day,
        "rooms": int,
        "figures": dict[str, int],
        "shares": dict[str, float | None],
        "by_building": list[dict[str, Any]],
        "at_once": dict[str, Any],
        "most_used": list[dict[str, Any]],
        "least_used": list[dict[str, Any]],
        "path": Annotated[str, about("The report's page.")],
    },
)

# By kind: what it says, and when it is sent.
TOLD: dict[str, tuple[Any, str]] = {
    "booking.confirmed": (AboutBooking, "A booking asked for here was made"),
    "booking.refused": (AboutBooking, "A booking asked for here could not be made after all"),
    "booking.changed": (AboutBooking, "A booking was extended, or begun early"),
    "booking.ended": (AboutBooking, "A booking was ended"),
    "booking.cancelled": (AboutBooking, "A booking was taken back"),
    "booking.released": (AboutBooking, "Somebody gave a room back"),
    "booking.no_show": (AboutBooking, "A room was given back because nobody checked in"),
    "service.requested": (AboutService, "A service was asked for"),
    "service.changed": (AboutService, "A request was answered, or moved with its booking"),
    "service.cancelled": (AboutService, "A request was taken back"),
    "notice.started": (AboutNotice, "A notice is to be seen from now on"),
    "notice.ended": (AboutNotice, "A notice is over"),
    "emergency.started": (AboutNotice, "An emergency took the screens"),
    "emergency.ended": (AboutNotice, "An emergency was ended"),
    "problem.reported": (AboutProblem, "Somebody said at a door that something is wrong"),
    "problem.settled": (AboutProblem, "A problem is done"),
    "occupancy.report": (Month, "The month before is closed: its figures"),
    "device.ill": (AboutDevice, "A device is unwell"),
    "device.gone": (AboutDevice, "A device is gone"),
    "device.recovered": (AboutDevice, "A device is well again"),
    "devices.gone": (AboutDevices, "Many devices vanished together"),
    "devices.recovered": (AboutDevices, "They are well again"),
    webhooks.PING: (Ping, "A trial"),
}
HEADERS = {
    "webhook-id": "Stays the same however often a message is sent: remember it.",
    "webhook-timestamp": "Seconds since 1970; refuse one that is more than five minutes off.",
    "webhook-signature": "`v1,` and the base64 of the HMAC-SHA256 of `webhook-id.webhook-timestamp.body`.",
}
EXAMPLE = {
    "room": "oak",
    "booking": "kiosk5f0c",
    "start": "2026-08-10T08:00:00Z",
    "end": "2026-08-10T08:30:00Z",
    "way": "room",
    "reason": "",
    "by": "panel",
}
