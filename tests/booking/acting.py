"""What tests of changes and check-ins do to a room and its calendar, and ask of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from kiosk.booking.attendant import Attendant
from kiosk.booking.desk import Desk
from kiosk.errors import AccessDenied, Unreachable
from kiosk.schedule.model import Booking, Person
from kiosk.schedule.rights import Who
from kiosk.store import attendance, diary, policies, rooms
from kiosk.store.rooms import StoredRoom
from tests.conftest import OAK
from tests.fakes import FakeCalendars, StillClock, meeting

ANNA = Who("person", "anna@example.org", "Anna")
ADMIN = Who("admin", name="office")


def allow(desk: Desk, oak: StoredRoom, **words: str) -> None:
    named = {name.replace("_", "-"): value for name, value in words.items()}
    desk.driver.store.write(policies.change, oak.id, named)


def on_screen(desk: Desk, oak: StoredRoom) -> list[Booking]:
    with desk.driver.store.read() as db:
        stored = rooms.by_id(db, oak.id)
        now = desk.driver.clock()
        return list(diary.between(db, stored, now - timedelta(hours=1), now + timedelta(hours=12)))


def messages(desk: Desk, oak: StoredRoom) -> list[str]:
    with desk.driver.store.read() as db:
        return [one.kind for one in diary.messages(db, rooms.by_id(db, oak.id), desk.driver.clock())]


def invite(calendars: FakeCalendars, start: datetime, minutes: int = 30, number: int = 1, **more: object) -> str:
    event = meeting(number, start, minutes, organizer=Person("anna@example.org", "Anna"), **more)
    return calendars.invite(OAK, event).id


def put_series(calendars: FakeCalendars, first: datetime, every: timedelta) -> list[str]:
    """Put four dates of a series into the room's calendar that the room itself organizes; return their ids."""
    dates = [meeting(number, first + number * every, 60, series_id="s", organized_by_room=True) for number in range(4)]
    return [calendars.put(OAK, date).id for date in dates]


def came(desk: Desk, oak: StoredRoom, event_id: str) -> tuple[str, int]:
    """Return what became of a check-in, and which miss in a row it was."""
    with desk.driver.store.read() as db:
        known = attendance.find(db, oak.id, event_id)
    assert known
    return known.state, known.strike


def time_passes(attendant: Attendant, still: StillClock, minutes: int) -> None:
    for _ in range(minutes * 6):
        still.advance(seconds=10)
        attendant.step()


def unreachable(_request: str) -> None:
    raise Unreachable("Google cannot be reached.")


def denied(_request: str) -> None:
    raise AccessDenied("You need to have writer access.", "requiredAccessLevel")


class Killed(BaseException):
    """The process has ended."""


def kill(*_about: object) -> None:
    raise Killed


@dataclass
class Once:
    """Does something at the first request of that kind."""

    request: str
    act: Callable[[], object]
    done: bool = False

    def __call__(self, request: str) -> None:
        if request == self.request and not self.done:
            self.done = True
            self.act()


def cut_off_after(calendars: FakeCalendars, request: str) -> None:
    """Lose the answer to the next request of that kind, and whatever is asked from then on."""

    def cut() -> None:
        calendars.before.append(unreachable)
        raise Unreachable("cut off")

    calendars.after.append(Once(request, cut))


def connect(calendars: FakeCalendars) -> None:
    calendars.before.clear()
    calendars.after.clear()


def move_onto(calendars: FakeCalendars, event_id: str, other: str) -> None:
    """Act as the organizer: move a meeting onto the time of another."""
    origin, there = calendars.events["anna@example.org"][event_id], calendars.events[OAK][other]
    calendars.invite(OAK, replace(origin, start=there.start, end=there.end))


def accepted(calendars: FakeCalendars) -> list[str]:
    return [event.id for event in calendars.living(OAK) if event.answer == "accepted"]


def only(calendars: FakeCalendars) -> tuple[datetime, datetime]:
    [event] = calendars.living(OAK)
    return event.start, event.end
