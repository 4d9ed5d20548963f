"""What a hub says to servers that follow it, each with the token of the machine whose display it shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Blueprint, Flask, Response, jsonify, request

from kiosk import clock
from kiosk.booking.desk import Desk
from kiosk.booking.parcels import BadParcel, NotNow, Parcels
from kiosk.errors import NotFound
from kiosk.live.gallery import Screen
from kiosk.live.listeners import Listeners
from kiosk.live.notices import Herald
from kiosk.source import Outcome, Parcel
from kiosk.store import plans, reach, rooms, telling
from kiosk.store.database import Store
from kiosk.store.devices import Device
from kiosk.store.journal import Command
from kiosk.store.rooms import StoredRoom
from kiosk.upstream import words
from kiosk.web import fields
from kiosk.web.access import Gate, foreign, from_elsewhere
from kiosk.web.fields import Body, Query
from kiosk.web.outcomes import invalid, refusal
from kiosk.web.problems import Problem
from kiosk.web.wording import gettext as _

LONGEST_WAIT = 25
Sent = TypeVar("Sent", Command, Command | None)
# An event's id has so many signs at most: https://developers.google.com/workspace/calendar/api/v3/reference/events
LONGEST = {"event_id": 1024, "title": 200}
# Before what is asked for is answered, these have their own words.
STATUS = {"confirmed": 200, "held": 202, "pending": 202, "withdrawing": 409, "refused": 409}


@dataclass(frozen=True, slots=True)
class Follow:
    """What answers followers; `speech`: the languages and the clock of this server's displays."""

    store: Store
    gate: Gate
    herald: Herald
    listeners: Listeners
    desk: Desk
    clock: clock.Clock
    speech: Mapping[str, str]

    def asking(self) -> Device:
        """Return the machine that asks. Raises a problem when none does, or a revoked one."""
        found = self.gate.device()
        if found is None:
            raise self.gate.refusal()
        return found

    @property
    def parcels(self) -> Parcels:
        """What does what followers bring."""
        return Parcels(self.desk, self.clock)


def install(app: Flask, follow: Follow) -> None:
    """Add the addresses."""
    routes = Blueprint("follow", __name__, url_prefix="/api/v1/follow")

    @routes.before_request
    def check() -> None:
        follow.asking()
        if request.method != "GET" and from_elsewhere(request):
            raise foreign()

    @routes.get("")
    def news() -> Response:
        return _news(follow, follow.asking())

    @routes.get("/rooms/<int:number>")
    def room(number: int) -> Response:
        return _room(follow, _mine(follow, number))

    @routes.get("/rooms/<int:number>/events/<event_id>")
    def event(number: int, event_id: str) -> Response:
        return _event(follow, _mine(follow, number), event_id)

    @routes.get("/plans/<slug>")
    def plan(slug: str) -> Response:
        return _plan(follow, follow.asking(), slug)

    @routes.put("/parcels/<number>")
    def take(number: str) -> tuple[Response, int]:
        return _take(follow, number)

    @routes.get("/parcels/<number>")
    def find(number: str) -> tuple[Response, int]:
        return _find(follow, number)

    @routes.delete("/parcels/<number>")
    def give_up(number: str) -> tuple[Response, int]:
        stored = _mine(follow, Query().number("room", 10**9) or 0)
        return _told(follow, _sent(lambda: follow.parcels.give_up(number, stored)))

    app.register_blueprint(routes)


def _news(follow: Follow, device: Device) -> Response:
    """Answer at once where something is not as the follower has it, else when it changes, or after a while."""
    wait = min(Query().number("wait", LONGEST_WAIT) or 0, LONGEST_WAIT)
    known = request.args.get("sheet", ""), request.args.get("pulse", "")
    with follow.listeners.ear(frozenset(one.id for one in _rooms(follow, device))) as news:
        said = _said(follow, device)
        if wait and (said["version"], said["pulse"]) == known:
            news.wait(wait)
            said = _said(follow, follow.asking())
    return jsonify(said | ({"sheet": None} if said["version"] == known[0] else {}))


def _said(follow: Follow, device: Device) -> dict[str, Any]:
    now, shown = follow.clock(), _rooms(follow, device)
    hears = follow.herald.hears(Screen(device.display, device.slug))
    with follow.store.read() as db:
        sheet = telling.sheet(db, device.display, device.slug, shown, hears, now)
        states = telling.states(db, shown, now)
    about = {name: getattr(device, name) for name in ("id", "name", "display", "slug", "path")} | {
        **follow.speech,
        "words": dict(device.words),
    }
    return {
        "version": telling.digest([sheet, about]),
        "pulse": telling.digest({str(number): state for number, (state, _as_of) in states.items()}),
        "sheet": sheet,
        "device": about,
        "rooms": {str(number): [state, clock.iso(at) if at else None] for number, (state, at) in states.items()},
        "now": clock.iso(now),
    }


def _room(follow: Follow, stored: StoredRoom) -> Response:
    """Return a room's bookings; nothing where its follower has this state and asks for the same time."""
    now = follow.clock()
    start, end = Query().instant("from", now), Query().instant("to", now)
    with follow.store.read() as db:
        state, as_of = telling.state(db, stored), telling.as_of(db, stored, now)
        if request.if_none_match.contains(state):
            answer = Response(status=304)
        else:
            truth = telling.truth(db, stored, start, end, now)
            events = [words.event_said(one) for one in truth.events]
            said = {"version": state, "known": truth.known, "zone": stored.room.zone.key, "events": events}
            answer = jsonify(said | {"beside": truth.beside, "as_of": clock.iso(as_of) if as_of else None})
    answer.set_etag(state)
    answer.headers["Kiosk-As-Of"] = clock.iso(as_of) if as_of else ""
    return answer


def _event(follow: Follow, stored: StoredRoom, event_id: str) -> Response:
    with follow.store.read() as db:
        found = telling.one_of(db, stored.id, event_id)
    if found is None:
        raise NotFound("This booking is not in the calendar, or not any more.")
    return jsonify(words.event_said(found))


def _plan(follow: Follow, device: Device, slug: str) -> Response:
    with follow.store.read() as db:
        if slug not in reach.plan_slugs(db, device.display, device.slug):
            raise NotFound("This plan is not shown by this machine.")
        data, mime = plans.content(db, plans.find(db, slug))
    return Response(data, mimetype=mime)


def _take(follow: Follow, number: str) -> tuple[Response, int]:
    parcel = _parcel(number)
    stored = _mine(follow, words.room_id(parcel.calendar_id))
    try:
        return _told(follow, _sent(lambda: follow.parcels.do(parcel, stored, follow.asking().name)))
    except NotNow as error:
        waiting = Outcome("pending", str(error))
        return jsonify(parcel=words.outcome_said(waiting)), STATUS[waiting.state]


def _parcel(number: str) -> Parcel:
    said = Body()
    for name, longest in LONGEST.items():
        said.text(name, longest)
    try:
        return words.parcel({**fields.said(), "id": number})
    except (KeyError, TypeError, ValueError) as error:
        raise invalid("body", _("Send a JSON object, with Content-Type: application/json.")) from error


def _find(follow: Follow, number: str) -> tuple[Response, int]:
    found = _sent(lambda: follow.parcels.find(number))
    if found is None or found.room_id not in {one.id for one in _rooms(follow, follow.asking())}:
        raise NotFound("This has not arrived here.")
    return _told(follow, found)


def _told(follow: Follow, command: Command) -> tuple[Response, int]:
    """Answer with what became of something, in the same codes as the API for everybody."""
    outcome = follow.parcels.outcome(command)
    made = outcome.state == "confirmed" and command.kind == "book"
    status = 201 if made else refused(outcome.reason) if outcome.state == "refused" else STATUS[outcome.state]
    return jsonify(parcel=words.outcome_said(outcome)), status


def _sent(act: Callable[[], Sent]) -> Sent:
    """Do something with a parcel. Raises a problem for what is none."""
    try:
        return act()
    except BadParcel as error:
        raise invalid("id", str(error)) from error


def refused(reason: str) -> int:
    """Return the code of a refusal."""
    return refusal(reason).status


def _mine(follow: Follow, number: int) -> StoredRoom:
    """Return a room that the asking machine shows. Raises a problem for any other."""
    found = next((one for one in _rooms(follow, follow.asking()) if one.id == number), None)
    if found is None:
        raise Problem(404, "not_yours", "Not found", _("This screen is not for that."))
    return found


def _rooms(follow: Follow, device: Device) -> list[StoredRoom]:
    with follow.store.read() as db:
        slugs = reach.slugs(db, device.display, device.slug)
        return [one for one in rooms.every(db) if one.room.slug in slugs]
