"""The section Bookings: those of a room, a day or a person; found, sorted, paged, rejected and deleted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, cast
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import Flask, request
from werkzeug.wrappers import Response as AnyResponse

from kiosk import clock
from kiosk.booking.counter import Asked, Declined
from kiosk.errors import Busy, NotFound
from kiosk.schedule import rights
from kiosk.schedule.rights import Who
from kiosk.store import register, rooms
from kiosk.store.register import KINDS, ORDERS, Entry, Kind, Order, Search
from kiosk.store.rooms import StoredRoom
from kiosk.web import outcomes
from kiosk.web.admin import frame
from kiosk.web.admin.frame import Admin, Section
from kiosk.web.admin.rooms import visible
from kiosk.web.asking import place
from kiosk.web.identity import check_room, inside, may_act, me, needs

PATH = "/admin/bookings"
PAGE = 50
MOST_DAYS = 31
DAYS = (1, 7, 31)
MADE: dict[Kind, str] = {
    "all": "anywhere", "own": "here", "external": "in Google Calendar", "anonymous": "by nobody known",
    "held": "here, and not yet in Google",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a page of the list was asked for."""

    day: date
    days: int
    room: str
    person: str
    words: str
    kind: Kind
    order: Order
    descending: bool
    page: int

    def address(self, **changes: Any) -> str:
        """Return the address of the same list, changed in something."""
        found = replace(self, **changes)
        values = {name: getattr(found, name) for name in Wanted.__slots__}
        plain = values | {"day": found.day.isoformat(), "descending": "1" if found.descending else ""}
        return f"{PATH}?{urlencode({name: value for name, value in plain.items() if value})}"


@dataclass(frozen=True, slots=True)
class Row:
    """A booking in the list; `act`: what may be done about it here, a word of the rights, or nothing."""

    entry: Entry
    act: str


def install(app: Flask, admin: Admin) -> None:
    """Add the section."""
    admin.add(Section("bookings", "Bookings", PATH, ("manager", "viewer"), order=30))
    app.jinja_env.filters["span"] = _span(clock.zone(admin.settings.timezone))
    routes = frame.blueprint("bookings")

    @routes.get("/bookings")
    @needs("manager", "viewer")
    def every() -> AnyResponse:
        return _page(admin, _wanted(admin))

    @routes.post("/bookings/<act>")
    @needs("manager")
    def change(act: str) -> AnyResponse:
        if act not in {"release", "cancel"}:
            raise NotFound("There is no such act.")
        return _change(admin, cast("rights.Act", act))

    app.register_blueprint(routes)


def _page(admin: Admin, wanted: Wanted) -> AnyResponse:
    seen = visible(admin)
    found = _search(admin, wanted, seen)
    pages = max(1, -(-found.total // PAGE))
    return frame.page(
        "admin/bookings.html",
        here="bookings",
        wanted=wanted,
        rooms=seen,
        days=DAYS,
        kinds=MADE,
        rows=[Row(entry, _allowed(entry)) for entry in found.entries],
        total=found.total,
        pages=pages,
        now=admin.clock(),
        today=admin.clock().astimezone(clock.zone(admin.settings.timezone)).date(),
        several=wanted.days > 1,
        step=timedelta(days=wanted.days),
    )


def _search(admin: Admin, wanted: Wanted, seen: list[StoredRoom]) -> register.Found:
    """Find the bookings of a stretch of days; a room's days are its own, else the organisation's."""
    chosen = [one for one in seen if one.room.slug == wanted.room] if wanted.room else seen
    zone = chosen[0].room.zone if wanted.room and chosen else clock.zone(admin.settings.timezone)
    start, end = (clock.local_midnight(day, zone) for day in (wanted.day, wanted.day + timedelta(days=wanted.days)))
    everything = me().role in {"admin", "viewer"} and not wanted.room
    numbers = None if everything else [one.id for one in chosen]
    asked = Search(start, end, numbers, wanted.person, wanted.words, wanted.kind, wanted.order, wanted.descending)
    return admin.store.report(register.search, asked, (wanted.page - 1) * PAGE, PAGE)


def _wanted(admin: Admin) -> Wanted:
    given = request.args
    kind, order = given.get("kind", "all"), given.get("order", "start")
    return Wanted(
        _day(given.get("day", ""), admin),
        min(max(given.get("days", 1, type=int), 1), MOST_DAYS),
        given.get("room", ""),
        given.get("person", "").strip(),
        given.get("words", "").strip(),
        kind if kind in KINDS else "all",
        order if order in ORDERS else "start",
        bool(given.get("descending")),
        min(max(given.get("page", 1, type=int), 1), 100_000),
    )


def _day(text: str, admin: Admin) -> date:
    today = admin.clock().astimezone(clock.zone(admin.settings.timezone)).date()
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return today
    return day if abs(day - today) < timedelta(days=3660) else today


def _allowed(entry: Entry) -> str:
    """Return what may be done about a booking: cancel what was made here, else release the room; or nothing."""
    if not may_act(me(), entry.stored):
        return ""
    who, policy = _who(), entry.stored.room.policy
    if rights.ways("cancel", entry.booking, who, policy):
        return "cancel"
    return "release" if rights.ways("release", entry.booking, who, policy) else ""


def _who() -> Who:
    return Who("admin", me().email, me().name)


def _change(admin: Admin, act: rights.Act) -> AnyResponse:
    form = request.form
    slug, event_id, back = form.get("room", ""), form.get("booking", ""), inside(form.get("back", PATH), PATH)
    with admin.store.read() as db:
        stored = rooms.by_slug(db, slug)
    check_room(stored)
    try:
        done = admin.desk.change(Asked(act, event_id, slug, who=_who(), place=place()))
    except Declined as error:
        return frame.in_vain(outcomes.sentence(error.reason), back)
    except Busy:
        return frame.in_vain(outcomes.sentence("being_booked"), back)
    if done.state == "refused":
        return frame.in_vain(outcomes.sentence(done.reason), back)
    return frame.done(outcomes.message(done, stored.room), back)


def _span(home: ZoneInfo) -> Callable[[datetime, datetime, ZoneInfo, bool], str]:
    def write(start: datetime, end: datetime, zone: ZoneInfo, dated: bool) -> str:
        """Write a stretch of time in a room's zone: 10:00–11:30, with its days, or its zone, where not plain."""
        first, last = start.astimezone(zone), end.astimezone(zone)
        one_day = first.date() == last.date()
        begins = f"{first:%H:%M}" if one_day and not dated else _dated(first)
        ends = f"{last:%H:%M}" if one_day else _dated(last)
        elsewhere = "" if first.utcoffset() == start.astimezone(home).utcoffset() else f" {first:%Z}"
        return f"{begins}–{ends}{elsewhere}"

    return write


def _dated(local: datetime) -> str:
    return f"{local:%a} {local.day} {local:%b, %H:%M}"
