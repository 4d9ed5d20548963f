"""The control address's switches: faults, tokens, quota, push, programs to sign in to, and settings."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta

from flask import Blueprint, Flask, request

from kiosk.emulator.control import Act, answered, given_body
from kiosk.emulator.faults import Fault
from kiosk.emulator.quota import DEFAULTS
from kiosk.emulator.service import FLAGS, Service
from kiosk.emulator.values import Json
from kiosk.emulator.world import World

_SETTINGS = ("answer_delay", "clock_offset", "http_push", "push_retry_seconds", "fault_seed", *DEFAULTS, *FLAGS)


def register(app: Flask, service: Service) -> None:
    """Serve the switches."""
    switches = _Switches(service)
    blueprint = Blueprint("switches", __name__, url_prefix="/control")
    for method, rule, act in switches.routes():
        blueprint.add_url_rule(rule, f"{method} {rule}", answered(act), methods=[method])
    app.register_blueprint(blueprint)


class _Switches:
    """One method per route."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._world = World(service)

    def routes(self) -> list[tuple[str, str, Act]]:
        """Method, address and act of everything served here."""
        return [
            ("POST", "/revoke-tokens", self.revoke_tokens), ("POST", "/revoke-consents", self.revoke_consents),
            ("POST", "/delegation", self.delegate), ("POST", "/clients", self.add_client),
            ("GET", "/clients", self.clients), ("POST", "/authorized-user", self.authorized_user),
            ("POST", "/faults", self.order_fault), ("DELETE", "/faults", self.clear_faults),
            ("POST", "/calendars/<calendar>/push", self.refuse_push), ("GET", "/pushes", self.pushes),
            ("GET", "/settings", self.settings), ("PATCH", "/settings", self.change_settings),
        ]  # fmt: skip

    def revoke_tokens(self) -> Json:
        """All access tokens end."""
        self._world.revoke_tokens()
        return {}

    def revoke_consents(self) -> Json:
        """A person takes back what it allowed: person; everybody without."""
        self._world.revoke_consents(str(given_body().get("person") or ""))
        return {}

    def delegate(self) -> Json:
        """What the domain-wide delegation covers: scopes."""
        self._world.delegate(*given_body()["scopes"])
        return {}

    def add_client(self) -> Json:
        """A program to sign in to: name, redirects; answers its client file."""
        given = given_body()
        client = self._world.add_client(str(given["name"]), given.get("redirects", ()))
        return client.as_file(self._root())

    def clients(self) -> Json:
        """All programs, as client files."""
        return {"clients": [each.as_file(self._root()) for each in self._world.clients()]}

    def authorized_user(self) -> Json:
        """An authorized-user file: person, scopes."""
        given = given_body()
        (client, *_) = self._world.clients()
        return self._world.authorized_user(self._root(), client, given["person"], list(given["scopes"]))

    def order_fault(self) -> Json:
        """A fault: kind, and any of operation, path, times, status, reason, seconds, probability."""
        self._service.faults.order(Fault(**given_body()))
        return {}

    def clear_faults(self) -> Json:
        """Everything works again."""
        self._service.faults.clear()
        return {}

    def refuse_push(self, calendar: str) -> Json:
        """Whether the calendar offers no push: refused."""
        self._world.refuse_push(calendar, bool(given_body()["refused"]))
        return {}

    def pushes(self) -> Json:
        """Open channels, and every attempt to deliver a message."""
        return {"channels": [asdict(each) for each in self._world.channels()]} | self._service.pushes.as_json()

    def settings(self) -> Json:
        """The present settings."""
        service = self._service
        return {
            "answer_delay": float(service.store.meta("answer_delay") or 0),
            "clock_offset": service.clock.offset.total_seconds(), "http_push": service.pushes.http,
            "push_retry_seconds": service.pushes.retry_seconds,
        } | service.quota.limits | {flag: service.flag(flag) for flag in FLAGS}  # fmt: skip

    def change_settings(self) -> Json:
        """Any of the settings; a fault_seed begins chance anew, without faults."""
        given = given_body()
        if unknown := given.keys() - set(_SETTINGS):
            raise ValueError(f"unknown settings: {', '.join(sorted(unknown))}")
        self._set_machinery(given)
        with self._service.changing():
            if "answer_delay" in given:
                self._service.store.set_meta("answer_delay", str(float(given["answer_delay"])))
            for flag in given.keys() & set(FLAGS):
                self._service.set_flag(flag, bool(given[flag]))
        self._service.wake()
        return {}

    def _set_machinery(self, given: Json) -> None:
        service = self._service
        if "clock_offset" in given:
            service.clock.offset = timedelta(seconds=float(given["clock_offset"]))
        if "http_push" in given:
            service.pushes.http = bool(given["http_push"])
        if "push_retry_seconds" in given:
            service.pushes.retry_seconds = float(given["push_retry_seconds"])
        if "fault_seed" in given:
            service.faults.clear(given["fault_seed"])
        if limits := {name: int(given[name]) for name in given.keys() & DEFAULTS.keys()}:
            service.quota.limit(**limits)

    def _root(self) -> str:
        return request.host_url.rstrip("/")
