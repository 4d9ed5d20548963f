"""Services that were asked for with a booking: each change is told to those it concerns, in the same transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from peewee import Database

from kiosk import clock
from kiosk.errors import NotFound, UsageError
from kiosk.schedule.model import Booking
from kiosk.store import acts, deliveries, people, rooms, services
from kiosk.store.acts import Act
from kiosk.store.office import RequestRow, ServiceRow
from kiosk.store.rooms import StoredRoom
from kiosk.store.services import Service

State = Literal["requested", "accepted", "declined", "done", "cancelled"]
Answer = Literal["accepted", "declined", "done"]
ANSWERS: tuple[Answer, ...] = get_args(Answer)
LIVING: tuple[State, ...] = ("requested", "accepted")
# The reason of a request whose booking is in another building now.
MOVED_AWAY = "moved"
# The reason of one whose booking is not there any more.
GONE = "gone"
WITH_BOOKING = (MOVED_AWAY, GONE)
MOST, LONGEST_NOTE = 999, 500
# Which answers may follow which state.
FOLLOWS: dict[State, tuple[Answer, ...]] = {"requested": ("accepted", "declined"), "accepted": ("done", "declined")}


class TooLate(UsageError):
    """A service cannot be asked for any more; it could be until `until`."""

    def __init__(self, service: Service, until: datetime) -> None:
        super().__init__(f"{service.name} is asked for {service.lead_minutes} minutes before at the latest.")
        self.service, self.until = service, until


class KeyReused(UsageError):
    """The same idempotency key came with something else."""


@dataclass(frozen=True, slots=True)
class Request:
    """One service asked for with a booking of a room; `start`: of the booking, as those who answer were told it.

    `by`: address of who asked. `missing_at`: since when the booking cannot be found.
    """

    id: int
    service: Service
    room_id: int
    event_id: str
    start: datetime
    quantity: int
    note: str
    state: State
    by: str
    created_at: datetime
    answered_at: datetime | None
    answered_by: str
    answer: str
    missing_at: datetime | None

    @property
    def answers(self) -> tuple[Answer, ...]:
        """What those who serve may answer now."""
        return FOLLOWS.get(self.state, ())


def ask(
    db: Database,
    stored: StoredRoom,
    booking: Booking,
    service: Service,
    quantity: int,
    note: str,
    by: str,
    now: datetime,
    place: str = "",
    key: str | None = None,
) -> Request:
    """Ask for a service with a booking; asking again with the same key asks for nothing more.

    Raises TooLate, UsageError, KeyReused when that key came with something else.
    """
    note = note.strip()
    earlier = by_key(db, key, (booking.id, service.id, quantity, note, by))
    if earlier:
        return earlier
    if not service.active or service.building != stored.room.building:
        raise UsageError(f"{service.name} is not offered at {stored.room.name}.")
    if service.until(booking.start) < now:
        raise TooLate(service, service.until(booking.start))
    if not 1 <= quantity <= MOST or len(note) > LONGEST_NOTE:
        raise UsageError(f"Say how many, 1 to {MOST}, and a note of {LONGEST_NOTE} characters at most.")
    values = {"service": service.id, "room": stored.id, "event_id": booking.id, "start": booking.start}
    more = {"quantity": quantity, "note": note, "by": by, "created_at": now, "key": key}
    one = find(db, int(RequestRow.insert(values | more).execute(db)))
    _record(db, one, stored, "request_service", by, now, place)
    _tell_caterers(db, one, stored, "service.requested", now)
    return one


def by_key(db: Database, key: str | None, asked: tuple[str, int, int, str, str]) -> Request | None:
    """Return what was asked for with a key before. Raises KeyReused when that was something else.

    `asked`: the event's id, the service's number, how many, the note, and who asks.
    """
    found = _list(db, RequestRow.key == key) if key else []
    for one in found:
        if (one.event_id, one.service.id, one.quantity, one.note, one.by) != asked:
            raise KeyReused("This Idempotency-Key came with another request before: use a new one.")
    return found[0] if found else None


def answer(db: Database, number: int, state: Answer, said: str, by: str, now: datetime, place: str = "") -> Request:
    """Answer a request, and tell who asked. Raises UsageError when its state does not allow that; NotFound."""
    before = find(db, number)
    if state not in before.answers:
        raise UsageError(f"This request is {before.state} and cannot be {state} any more.")
    changes = {"state": state, "answer": said.strip()[:LONGEST_NOTE], "answered_by": by, "answered_at": now}
    one, stored = _change(db, before, **changes), rooms.by_id(db, before.room_id)
    _record(db, one, stored, "change_service", by, now, place)
    _tell_asker(db, one, stored, "service.changed", now)
    return one


def cancel(db: Database, number: int, by: str, now: datetime, place: str = "", reason: str = "") -> Request:
    """Take a request back, and tell those who answer for the building. Raises UsageError, NotFound."""
    before = find(db, number)
    if before.state not in LIVING:
        raise UsageError(f"This request is {before.state} already.")
    one, stored = _change(db, before, state="cancelled", answered_at=now), rooms.by_id(db, before.room_id)
    _record(db, one, stored, "cancel_service", by, now, place, reason)
    _tell_caterers(db, one, stored, "service.cancelled", now)
    if reason in WITH_BOOKING:
        # Whoever moved or cancelled the booking may be another, or not know what that means for its services.
        _tell_asker(db, one, stored, "service.cancelled", now, lost=reason)
    return one


def remove_room(db: Database, room_id: int, now: datetime) -> None:
    """Delete a room, after taking back what was asked for with its bookings. Raises UsageError, NotFound."""
    for one in _list(db, RequestRow.state.in_(LIVING) & (RequestRow.room == room_id)):
        cancel(db, one.id, "server", now, reason=GONE)
    rooms.remove(db, room_id)


def move(db: Database, before: Request, stored: StoredRoom, start: datetime, now: datetime) -> Request:
    """Let a request follow its booking to another time or room; whoever serves it has to answer anew."""
    changes = {"room": stored.id, "start": start, "state": "requested", "missing_at": None}
    one = _change(db, before, **changes)
    _record(db, one, stored, "change_service", "server", now, "", "moved")
    _tell_caterers(db, one, stored, "service.changed", now, was=clock.iso(before.start))
    return one


def miss(db: Database, one: Request, since: datetime | None) -> None:
    """Remember since when a request's booking cannot be found; None when it is there again."""
    RequestRow.update(missing_at=since).where(RequestRow.id == one.id).execute(db)


def find(db: Database, number: int) -> Request:
    """Return one request. Raises NotFound."""
    found = _list(db, RequestRow.id == number)
    if not found:
        raise NotFound("There is no such request.")
    return found[0]


def living(db: Database, after: datetime) -> list[Request]:
    """Return what is asked for and not settled, of bookings that begin after an instant."""
    return _list(db, RequestRow.state.in_(LIVING) & (RequestRow.start > after))


def of_bookings(db: Database, bookings: Collection[tuple[int, str]]) -> dict[tuple[int, str], list[Request]]:
    """Return the requests of bookings, given as (room's number, event's id), each with its own, oldest first."""
    found: dict[tuple[int, str], list[Request]] = {key: [] for key in bookings}
    ids = sorted({event_id for _, event_id in bookings})
    for one in _list(db, RequestRow.event_id.in_(ids)) if ids else ():
        if (one.room_id, one.event_id) in found:
            found[one.room_id, one.event_id].append(one)
    return found


def between(
    db: Database, start: datetime, end: datetime, buildings: Collection[str] | None = None
) -> list[tuple[Request, StoredRoom]]:
    """Return what is asked for with bookings that begin in [start, end), of some buildings or of all (None)."""
    known = {one.id: one for one in rooms.every(db)}
    found = _list(db, (RequestRow.start >= start) & (RequestRow.start < end))
    wanted = (one for one in found if buildings is None or one.service.building in buildings)
    return [(one, known[one.room_id]) for one in wanted if one.room_id in known]


def _tell_caterers(db: Database, one: Request, stored: StoredRoom, event: str, now: datetime, **more: str) -> None:
    building = one.service.building
    unserved = {} if services.caterers(db, building) else {"unserved": "yes"}
    data = _letter(db, one, stored, "/admin/services", **more, **unserved)
    for address in services.told(db, building):
        deliveries.mail(db, address, event, data, now)


def _tell_asker(db: Database, one: Request, stored: StoredRoom, event: str, now: datetime, **more: str) -> None:
    # A program that asked has a name and no address.
    if "@" in one.by:
        deliveries.mail(db, one.by, event, _letter(db, one, stored, "/my", **more), now)


def _letter(db: Database, one: Request, stored: StoredRoom, path: str, **more: str) -> dict[str, Any]:
    names = people.names(db, [one.by]) or {}
    room = stored.room
    return {
        "service": one.service.name,
        "quantity": one.quantity,
        "room_name": room.name,
        "floor": room.floor,
        "building": room.building,
        "zone": room.zone.key,
        "start": clock.iso(one.start),
        "state": one.state,
        "by": names.get(one.by, one.by),
        # By these addresses a mail is found when somebody is to be forgotten.
        "asked_by": one.by,
        "answered_by": one.answered_by,
        "note": one.note,
        "answer": one.answer,
        "path": path,
        **more,
    }


def _record(
    db: Database, one: Request, stored: StoredRoom, act: str, by: str, now: datetime, place: str, reason: str = ""
) -> None:
    detail: dict[str, str | int] = {
        "start": int(one.start.timestamp() * 1000),
        "request": one.id,
        "service": one.service.name,
        "quantity": one.quantity,
        "state": one.state,
    }
    if act == "request_service":
        detail["caterers"] = len(services.caterers(db, one.service.building))
    actor = f"person:{by}" if act in {"request_service", "cancel_service"} and "@" in by else by
    acts.record(db, Act(now, actor, place, act, stored.room.slug, one.event_id, "done", reason, detail))


def _change(db: Database, one: Request, **changes: object) -> Request:
    RequestRow.update(**changes).where(RequestRow.id == one.id).execute(db)
    return find(db, one.id)


def _list(db: Database, where: object) -> list[Request]:
    plain = [name for name in Request.__slots__ if name not in {"service", "room_id"}]
    columns = [RequestRow.room, *(getattr(RequestRow, name) for name in plain)]
    offered = [getattr(ServiceRow, name) for name in Service.__slots__]
    query = RequestRow.select(*columns, *offered).join(ServiceRow).where(where)
    rows: Iterable[tuple[Any, ...]] = query.order_by(RequestRow.start, RequestRow.id).tuples().execute(db)
    return [_request(plain, row) for row in rows]


def _request(plain: list[str], row: tuple[Any, ...]) -> Request:
    values = dict(zip(plain, row[1:], strict=False))
    return Request(service=Service(*row[1 + len(plain) :]), room_id=row[0], **values)
