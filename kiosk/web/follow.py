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
from kiosk.web import carried, fields
from kiosk.web.access import Gate, foreign, from_elsewhere
from kiosk.web.openapi.operation import File, operation
from kiosk.web.openapi.roles import MACHINES
from kiosk.web.outcomes import invalid, refusal
from kiosk.web.problems import Problem
from kiosk.web.wording import gettext as _

Sent = TypeVar("Sent", Command, Command | None)
# Before what is asked for is answered, these have their own words.
PARCELS = dict.fromkeys((200, 202, 409, 503), carried.ToldParcel)
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
    @operation("What is new, as soon as something is", MACHINES, {200: carried.NewsOf})
    def news(query: carried.Listening) -> Response:
        return _news(follow, follow.asking(), query)

    @routes.get("/rooms/<int:number>")
    @operation(
        "The bookings of a room",
        MACHINES,
        {200: carried.RoomTruth, 304: None},
        sends={"If-None-Match": "The ETag of the state that the follower has."},
        headers={"ETag": "Names the room's state.", "Kiosk-As-Of": "How old that is, empty where it is not known."},
    )
    def room(number: int, query: carried.Span) -> Response:
        return _room(follow, _mine(follow, number), query)

    @routes.get("/rooms/<int:number>/events/<event_id>")
    @operation("One booking of a room", MACHINES, {200: carried.Event})
    def event(number: int, event_id: str) -> Response:
        return _event(follow, _mine(follow, number), event_id)

    @routes.get("/plans/<slug>")
    @operation("The file of a plan", MACHINES, {200: File("image/*", "The drawing, as SVG or a picture.")})
    def plan(slug: str) -> Response:
        return _plan(follow, follow.asking(), slug)

    @routes.put("/parcels/<number>")
    @operation(
        "Have something done",
        MACHINES,
        PARCELS | {201: carried.ToldParcel},
        refusals=(409, 503),
        example={
            "room": 1,
            "act": "book",
            "event_id": "",
            "asked_at": "2026-08-10T08:00:00Z",
            "start": "2026-08-10T08:00:00Z",
            "end": "2026-08-10T08:30:00Z",
            "title": "Stand-up",
            "series": False,
        },
    )
    def take(number: str, body: carried.CarriedParcel) -> tuple[Response, int]:
        return _take(follow, number)

    @routes.get("/parcels/<number>")
    @operation("What became of it", MACHINES, PARCELS | {201: carried.ToldParcel}, refusals=(409, 503))
    def find(number: str) -> tuple[Response, int]:
        return _find(follow, number)

    @routes.delete("/parcels/<number>")
    @operation("Have it undone, or never done", MACHINES, PARCELS | {201: carried.ToldParcel}, refusals=(409, 503))
    def give_up(number: str, query: carried.OfRoomNumber) -> tuple[Response, int]:
        stored = _mine(follow, query.room or 0)
        return _told(follow, _sent(lambda: follow.parcels.give_up(number, stored)))

    app.register_blueprint(routes)


def _news(follow: Follow, device: Device, query: carried.Listening) -> Response:
    """Answer at once where something is not as the follower has it, else when it changes, or after a while."""
    wait, known = query.wait or 0, (query.sheet, query.pulse)
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


def _room(follow: Follow, stored: StoredRoom, query: carried.Span) -> Response:
    """Return a room's bookings; nothing where its follower has this state and asks for the same time."""
    now = follow.clock()
    start, end = query.from_ or now, query.to or now
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
    try:
        return words.parcel({**fields.said(), "id": number})
    except (KeyError, TypeError, ValueError) as error:
        raise invalid("body", _("Send a JSON object, with Content-Type: application/json.")) from error


def _find(follow: Follow, number: str) -> tuple[Response, int]:
    try:
        found = follow.parcels.find(number)
    except BadParcel:
        found = None
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
