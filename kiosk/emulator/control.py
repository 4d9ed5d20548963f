"""The control address: plays people and changes the world, as JSON under /control/."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC
from functools import wraps
from typing import Any

from flask import Blueprint, Flask, Response, jsonify, request

from kiosk.emulator import worldfile
from kiosk.emulator.errors import ApiError, not_found
from kiosk.emulator.service import Service
from kiosk.emulator.values import Json
from kiosk.emulator.world import When, World

Act = Callable[..., Json]


def register(app: Flask, service: Service) -> None:
    """Serve the control address."""
    control = _Control(service)
    blueprint = Blueprint("control", __name__, url_prefix="/control")
    for method, rule, act in control.routes():
        view = answered(act)
        blueprint.add_url_rule(rule, f"{method} {rule}", view, methods=[method])
    app.register_blueprint(blueprint)


def answered(act: Act) -> Callable[..., Response]:
    """The view of an act: its answer as JSON, or what is wrong with the request."""

    @wraps(act)
    def view(**ids: str) -> Response:
        try:
            return jsonify(act(**ids))
        except ApiError as error:
            return _refused(error.status, str(error))
        except (ValueError, KeyError, TypeError) as error:
            return _refused(400, f"{type(error).__name__}: {error}")

    return view


def _refused(status: int, message: str) -> Response:
    response = jsonify({"error": message})
    response.status_code = status
    return response


class _Control:
    """One method per route; times are written as in world files."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._world = World(service)

    def routes(self) -> list[tuple[str, str, Act]]:
        """Method, address and act of everything served here."""
        return [
            ("GET", "/state", self.state), ("GET", "/world", self.dump), ("GET", "/credentials", self.credentials),
            ("GET", "/requests", self.requests), ("DELETE", "/requests", self.forget_requests),
            ("GET", "/calendars/<calendar>/events", self.events), ("POST", "/settle", self.settle),
            ("POST", "/calendars/<calendar>/drop-tokens", self.drop_tokens), ("POST", "/acl", self.share),
            ("POST", "/events", self.create), ("PATCH", "/events/<event>", self.move),
            ("DELETE", "/events/<event>", self.cancel), ("POST", "/events/<event>/answer", self.answer),
            ("POST", "/events/<event>/split", self.split), ("POST", "/events/<event>/distort", self.distort),
            ("POST", "/rooms", self.add_room), ("PATCH", "/rooms/<room>", self.change_room),
            ("DELETE", "/rooms/<room>", self.remove_room), ("POST", "/people", self.add_person),
        ]  # fmt: skip

    def state(self) -> Json:
        """Who and what there is."""
        world = self._world
        names = ("domain", "admin", "service_user", "service_account")
        return {name: getattr(world, name) for name in names} | {
            "now": self._service.clock.now().isoformat(),
            "rooms": [asdict(each) for each in world.rooms()],
            "people": [asdict(each) for each in world.people()],
        }

    def dump(self) -> Json:
        """The world as a world file."""
        return worldfile.dump(self._service)

    def credentials(self) -> Json:
        """A fresh service-account key."""
        return self._world.key(request.host_url.rstrip("/"))

    def requests(self) -> Json:
        """What was asked of Google's addresses."""
        return self._service.traffic.as_json()

    def forget_requests(self) -> Json:
        """Count from zero."""
        self._service.traffic.reset()
        return {}

    def events(self, calendar: str) -> Json:
        """Everything on a calendar, as its owner sees it."""
        return {"items": self._world.events(calendar)}

    def settle(self) -> Json:
        """Every room answers now."""
        self._world.settle()
        return {}

    def drop_tokens(self, calendar: str) -> Json:
        """Sync tokens of the calendar end."""
        self._world.drop_tokens(calendar)
        return {}

    def share(self) -> Json:
        """Give a role: calendar, subject, role."""
        given = given_body()
        self._world.share(given["calendar"], given["subject"], given["role"])
        return {}

    def create(self) -> Json:
        """Book: organizer, title, start, end, and what a world file's event may have."""
        given = given_body()
        keys = {"rooms": "rooms", "guests": "guests", "recurrence": "recurrence", "private": "private",
                "transparent": "transparent", "id": "event_id", "timeZone": "zone_name", "answers": "given",
                "description": "description"}  # fmt: skip
        more: dict[str, Any] = {name: given[key] for key, name in keys.items() if key in given}
        calendar = (given.get("rooms") or [given["organizer"]])[0]
        start, end = (self._when(given[which], calendar) for which in ("start", "end"))
        return {"id": self._world.create(given["organizer"], given.get("title", ""), start, end, **more)}

    def move(self, event: str) -> Json:
        """Change start, end, rooms, title at the organizer."""
        given = given_body()
        calendar = self._home(event)
        start, end = (self._when(given[which], calendar) if which in given else None for which in ("start", "end"))
        self._world.move(
            event, start, end, rooms=given.get("rooms"), title=given.get("title"),
            organizer=given.get("organizer", ""),
        )  # fmt: skip
        return {}

    def cancel(self, event: str) -> Json:
        """Cancel for all."""
        self._world.cancel(event, organizer=request.args.get("organizer", ""))
        return {}

    def answer(self, event: str) -> Json:
        """A guest or a room's manager answers: guest, status, comment."""
        given = given_body()
        self._world.answer(given["guest"], event, given["status"], given.get("comment", ""))
        return {}

    def split(self, event: str) -> Json:
        """This and following, from an instance on: start, end, title."""
        given = given_body()
        start, end = (self._when(given[which], self._home(event)) for which in ("start", "end"))
        return {"id": self._world.split(event, start, end, title=given.get("title"))}

    def distort(self, event: str) -> Json:
        """Overlay keys of an answer: calendar, raw."""
        given = given_body()
        self._world.distort(given["calendar"], event, **given["raw"])
        return {}

    def add_room(self) -> Json:
        """A room: name, and what a world file's room may have."""
        given = given_body()
        keys = {"email": "email", "building": "building", "floor": "floor", "capacity": "capacity",
                "features": "features", "timeZone": "zone_name", "autoAccept": "auto_accept",
                "domainRole": "domain_role", "category": "category"}  # fmt: skip
        more: dict[str, Any] = {name: given[key] for key, name in keys.items() if key in given}
        return {"email": self._world.add_room(given["name"], **more)}

    def change_room(self, room: str) -> Json:
        """autoAccept, domainRole."""
        given = given_body()
        if "autoAccept" in given:
            self._world.set_auto_accept(room, given["autoAccept"])
        if "domainRole" in given:
            self._world.set_domain_role(room, given["domainRole"])
        return {}

    def remove_room(self, room: str) -> Json:
        """Take a room away."""
        self._world.remove_room(room)
        return {}

    def add_person(self) -> Json:
        """A member: email, name, admin, suspended."""
        given = given_body()
        name = str(given.get("name") or given["email"])
        email = self._world.add_person(
            str(given["email"]), name, admin=bool(given.get("admin")), suspended=bool(given.get("suspended"))
        )
        return {"email": email}

    def _when(self, text: str, calendar_id: str) -> When:
        store = self._service.store
        with store.transaction():
            calendar = store.calendar(calendar_id)
        return worldfile.when(text, self._service.clock.now().astimezone(UTC), calendar.zone if calendar else UTC)

    def _home(self, event_id: str) -> str:
        store = self._service.store
        with store.transaction():
            found = store.row("SELECT home FROM events WHERE id IN (?, ?)", event_id, event_id.rpartition("_")[0])
        if found is None:
            raise not_found()
        return str(found[0])


def given_body() -> Json:
    """The JSON object that was sent."""
    body = request.get_json()
    if not isinstance(body, dict):
        raise TypeError("a JSON object is needed")
    return body
