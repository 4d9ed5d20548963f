"""My bookings: what somebody who is signed in has booked in all rooms, and what they may do about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby

from flask import Blueprint, Flask, flash, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from kiosk import clock
from kiosk.booking.counter import Asked, Declined
from kiosk.booking.desk import Desk
from kiosk.errors import Busy, NotFound
from kiosk.schedule import rights
from kiosk.schedule.model import Booking
from kiosk.schedule.rights import Act, Who
from kiosk.store import mine, orders, rooms, services
from kiosk.store.database import Store
from kiosk.store.orders import Request
from kiosk.store.rooms import StoredRoom
from kiosk.store.services import Service
from kiosk.web import outcomes
from kiosk.web.asking import place
from kiosk.web.catering import Catering, Wanted, written
from kiosk.web.identity import Identities, Identity, check_csrf
from kiosk.web.problems import Problem
from kiosk.web.wording import gettext as _
from kiosk.web.wording import zone_name

PAGE = "/my"
ACTS: dict[str, Act] = {"end": "end", "cancel": "cancel", "release": "release", "check-in": "check_in"}


@dataclass(frozen=True, slots=True)
class My:
    """What the page needs; `sign_in`: people can sign in with Google here."""

    store: Store
    desk: Desk
    identities: Identities
    catering: Catering
    clock: clock.Clock
    sign_in: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One booking of the list; `acts`: what may be done about it now, as the page's addresses say it.

    `external`: it carries Google's mark and is changed there. `day`, `begins`, `ends`: as people write them.
    `last_day`: the day on which it ends, where that is another. `late`: what can no longer be asked for with it.
    """

    stored: StoredRoom
    booking: Booking
    acts: tuple[str, ...]
    external: bool
    under_way: bool
    day: str
    begins: str
    last_day: str
    ends: str
    requests: tuple[Request, ...]
    offered: tuple[Service, ...]
    late: tuple[Service, ...]
    zone: str = ""


def install(app: Flask, my: My) -> None:
    """Add the page to the app."""
    routes = Blueprint("my", __name__, url_prefix=PAGE)
    routes.before_request(check_csrf)
    routes.after_request(_keep_private)

    @routes.get("")
    def everything() -> str | tuple[str, int]:
        found = my.identities.current()
        if found is None:
            return render_template("my_stranger.html", sign_in=my.sign_in), 401
        return render_template("my.html", person=found, days=_days(my, found), now=my.clock())

    @routes.post("/sign-out-everywhere")
    def leave_everywhere() -> AnyResponse:
        my.identities.leave_everywhere()
        return redirect(PAGE, 303)

    @routes.post("/bookings/<event_id>/<act>")
    def change(event_id: str, act: str) -> AnyResponse:
        return _told(my, lambda who: _change(my, event_id, act, who))

    @routes.post("/bookings/<event_id>/services")
    def ask(event_id: str) -> AnyResponse:
        return _told(my, lambda who: _ask(my, event_id, who))

    @routes.post("/bookings/<event_id>/services/<int:number>/cancel")
    def take_back(event_id: str, number: int) -> AnyResponse:
        return _told(my, lambda who: _take_back(my, event_id, number, who))

    app.register_blueprint(routes)


def _days(my: My, person: Identity) -> list[tuple[str, list[Entry]]]:
    """Return the bookings of somebody by the day on which they begin, or today where they have begun."""
    now = my.clock()
    with my.store.read() as db:
        found = mine.upcoming(db, person.email, now)
        requests = orders.of_bookings(db, [(stored.id, booking.id) for stored, booking in found])
        offered = services.every(db)
    by_building: dict[str, list[Service]] = {}
    for one in offered:
        by_building.setdefault(one.building, []).append(one)
    entries = [
        entry(stored, booking, person, now, requests[stored.id, booking.id], by_building.get(stored.room.building, []))
        for stored, booking in found
    ]
    return [(day, list(group)) for day, group in groupby(_zoned(entries), key=lambda one: one.day)]


def _zoned(entries: list[Entry]) -> list[Entry]:
    """Name the zones where the clocks of somebody's rooms do not agree."""
    if len({one.booking.start.astimezone(one.stored.room.zone).utcoffset() for one in entries}) < 2:
        return entries
    return [replace(one, zone=zone_name(one.booking.start, one.stored.room.zone)) for one in entries]


def entry(
    stored: StoredRoom,
    booking: Booking,
    person: Identity,
    now: datetime,
    requests: Sequence[Request] = (),
    offered: Sequence[Service] = (),
) -> Entry:
    """Return a booking as somebody whose it is sees it."""
    room, under_way = stored.room, booking.start <= now
    day, begins = written(max(booking.start, now), room)[0], written(booking.start, room)[1]
    last_day, ends = written(booking.end, room)
    offering = [one for one in offered if one.active and not under_way]
    return Entry(
        stored,
        booking,
        _acts(stored, booking, person, now),
        not (booking.own and not booking.person),
        under_way,
        day,
        begins,
        last_day if _date(booking.end, stored) != _date(max(booking.start, now), stored) else "",
        ends,
        tuple(requests),
        tuple(one for one in offering if one.until(booking.start) >= now),
        tuple(one for one in offering if one.until(booking.start) < now),
    )


def _date(instant: datetime, stored: StoredRoom) -> date:
    return instant.astimezone(stored.room.zone).date()


def _acts(stored: StoredRoom, booking: Booking, person: Identity, now: datetime) -> tuple[str, ...]:
    """Return what may be done: a check-in that is awaited, and the best way to give the room back."""
    who, policy = _who(person), stored.room.policy
    awaited = booking.check_in is not None and booking.check_in.opens_at <= now < booking.check_in.due_at
    wishes: tuple[Act, ...] = ("end", "release") if booking.start <= now else ("cancel", "release")
    back = next((act for act in wishes if rights.ways(act, booking, who, policy)), None)
    return (*(("check-in",) if awaited else ()), *((back,) if back else ()))


def _who(person: Identity) -> Who:
    return Who("person", person.email, person.name)


def _told(my: My, act: Callable[[Who], str]) -> AnyResponse:
    """Do something for who is signed in, and go back to the list, which says what became of it."""
    person = my.identities.current()
    if person is None:
        return redirect(PAGE, 303)
    try:
        said = act(_who(person))
    except Problem as error:
        flash(error.detail, "bad")
    except Declined as error:
        flash(outcomes.refusal(error.reason).detail, "bad")
    except Busy:
        flash(outcomes.refusal("being_booked").detail, "bad")
    except NotFound:
        flash(outcomes.refusal("gone").detail, "bad")
    else:
        flash(said, "good")
    return redirect(PAGE, 303)


def _change(my: My, event_id: str, act: str, who: Who) -> str:
    if act not in ACTS:
        raise NotFound("There is no such page.")
    asked = Asked(ACTS[act], event_id, request.form.get("room", ""), who=who, place=place())
    command = my.desk.change(asked)
    if command.state not in {"confirmed", "held", "pending"}:
        raise outcomes.refusal(command.reason)
    with my.store.read() as db:
        return outcomes.message(command, rooms.by_id(db, command.room_id).room)


def _ask(my: My, event_id: str, who: Who) -> str:
    form = request.form
    number, quantity = _number(form.get("service", "")), _number(form.get("quantity", ""))
    note = form.get("note", "").strip()[: orders.LONGEST_NOTE]
    made = my.catering.ask(Wanted(event_id, form.get("room", ""), number, quantity, note), who)
    return _("%(service)s is asked for.", service=made.service.name)


def _take_back(my: My, event_id: str, number: int, who: Who) -> str:
    return _("%(service)s is taken back.", service=my.catering.take_back(number, event_id, who).service.name)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


def _keep_private(answer: AnyResponse) -> AnyResponse:
    answer.headers.setdefault("Cache-Control", "no-store")
    return answer
