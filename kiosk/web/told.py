"""What the API tells of rooms and bookings."""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired, TypedDict

from msgspec import Meta

from kiosk import clock
from kiosk.schedule import model
from kiosk.schedule.model import Situation, Status
from kiosk.schedule.nearby import Direction
from kiosk.schedule.rights import Way
from kiosk.store import journal
from kiosk.store.journal import Command
from kiosk.store.rooms import StoredRoom
from kiosk.web.openapi.kinds import Moment, about
from kiosk.web.sight import Sight

Id = Annotated[str, about("The id of the calendar's event.")]
Slug = Annotated[str, about("The word for a room in addresses.")]
Awaited = TypedDict("Awaited", {"from": Moment, "until": Moment})
Spoken = Annotated[str, about("A sentence fit to show, in the language of Accept-Language.")]


class Booking(TypedDict):
    """A use of a room by somebody."""

    id: Id
    start: Moment
    end: Moment
    title: Annotated[str, about("As far as you may read it; empty where it is hidden.")]
    owner: Annotated[str, about("A name or an address fit to show; empty where it is hidden or nobody is known.")]
    private: bool
    own: Annotated[bool, about("It was made with this server.")]
    held: Annotated[bool, about("Google does not have it yet.")]
    tentative: Annotated[bool, about("The room has not answered the invitation yet.")]
    attended: Annotated[bool, about("Somebody has checked in.")]
    check_in: Annotated[Awaited | None, about("When a check-in may be given; null where none is awaited.")]


class Room(TypedDict):
    """A room as it is now."""

    slug: Slug
    name: str
    building: str
    floor: str
    capacity: Annotated[int, Meta(ge=0, description="Seats; 0 where nobody has said.")]
    equipment: list[str]
    zone: Annotated[str, about("Its time zone, by the IANA database.")]
    reported: Annotated[list[str], about("The kinds of problems that are reported and not settled.")]
    out_of_order: bool
    linked: Annotated[bool, about("It has a calendar of Google's.")]
    as_of: Annotated[Moment | None, about("How old all this is; null where it is not known.")]
    status: Status
    until: Annotated[Moment | None, about("When it stops being free, or taken; null where nothing known ends that.")]
    current: Booking | None
    next: Booking | None


class Rooms(TypedDict):
    """All rooms."""

    rooms: list[Room]


class Schedule(TypedDict):
    """A room's bookings that overlap a stretch of time."""

    room: Slug
    zone: str
    bookings: list[Booking]


class Offer(TypedDict):
    """What can be booked at once: for some minutes, or until then."""

    minutes: NotRequired[int]
    until: NotRequired[Moment]


class Alternative(TypedDict):
    """Another room that may do."""

    room: Slug
    name: str
    building: str
    floor: str
    capacity: int
    equipment: list[str]
    until: Annotated[Moment | None, about("When it stops being free; null where nothing known ends that.")]
    direction: Direction
    where: Annotated[str, about("Where it is from here, in words.")]
    offers: Annotated[list[Offer], about("What can be booked there at once, where that is asked for.")]


class Alternatives(TypedDict):
    """Other rooms, the best first."""

    alternatives: list[Alternative]


class DoorLink(TypedDict):
    """What the code at a door leads to."""

    url: str
    until: Moment
    picture: Annotated[str, about("The code as SVG.")]


class DoorLinked(TypedDict):
    """The link of a door's code; null where the door shows none."""

    link: DoorLink | None


class Done(TypedDict):
    """What became of a booking."""

    id: Id
    room: Slug
    status: Annotated[
        Literal["confirmed", "held", "pending"],
        about("`held`: Google cannot be reached; done as soon as it can be. `pending`: the room has not answered."),
    ]
    done: journal.Kind
    way: Annotated[Way, about("`release`: the room is free, and the meeting is still in its organizer's calendar.")]
    start: Moment
    end: Moment
    title: str
    message: Spoken


class Present(TypedDict):
    """What a sign of somebody in the room has done."""

    checked_in: Annotated[Id | None, about("The booking that was checked in; null where none waited for it.")]


class Person(TypedDict):
    """Somebody who can book with a PIN."""

    email: str
    name: str


class People(TypedDict):
    """People with a PIN."""

    people: list[Person]


class Act(TypedDict):
    """A line of the log of acts."""

    at: Moment
    actor: str
    place: Annotated[str, about("From which address.")]
    act: str
    room: str
    booking: str
    result: str
    reason: str
    detail: dict[str, str | int]


class Acts(TypedDict):
    """Lines of the log of acts, newest first."""

    acts: list[Act]


def room(stored: StoredRoom, present: Situation, as_of: Moment | None, reader: Sight, is_out: bool) -> Room:
    """Return what is told of a room to a reader."""
    one = stored.room
    return {
        "slug": one.slug,
        "name": one.name,
        "building": one.building,
        "floor": one.floor,
        "capacity": one.capacity,
        "equipment": list(one.equipment),
        "zone": one.zone.key,
        "reported": list(one.reported),
        "out_of_order": is_out,
        "linked": stored.calendar_id is not None,
        "as_of": as_of,
        "status": present.status,
        "until": clock.iso(present.until) if present.until else None,
        "current": booking(reader.of(present.current)) if present.current else None,
        "next": booking(reader.of(present.next)) if present.next else None,
    }


def booking(one: model.Booking) -> Booking:
    """Return what is told of a booking, as far as it is to be read."""
    return {
        "id": one.id,
        "start": clock.iso(one.start),
        "end": clock.iso(one.end),
        "title": one.title,
        "owner": one.owner,
        "private": one.private,
        "own": one.own,
        "held": one.held,
        "tentative": one.tentative,
        "attended": one.attended,
        "check_in": _check_in(one.check_in) if one.check_in else None,
    }


def done(command: Command, stored: StoredRoom, title: str, message: str) -> Done:
    """Return what is told of a command that was done, is held, or is under way."""
    assert command.state in {"confirmed", "held", "pending"}
    return {
        "id": command.event_id,
        "room": stored.room.slug,
        "status": command.state,
        "done": command.kind,
        "way": command.way,
        "start": clock.iso(command.start),
        "end": clock.iso(command.end),
        "title": title,
        "message": message,
    }


def _check_in(awaited: model.CheckIn) -> Awaited:
    return {"from": clock.iso(awaited.opens_at), "until": clock.iso(awaited.due_at)}
