"""Everybody who may ask a running server, each as a session of their own, and what is there for them to ask about."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import requests
import schemathesis
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi import checks as held

from kiosk import clock
from kiosk.store import accounts, devices, rooms, schema, services, sessions, tokens
from kiosk.store.database import Store
from kiosk.store.devices import Described
from kiosk.web.access import COOKIE
from kiosk.web.links import Links
from kiosk.web.openapi.roles import ROLES, Role
from tests.running import Server

CHECKS = (
    held.status_code_conformance,
    held.content_type_conformance,
    held.response_headers_conformance,
    held.response_schema_conformance,
)
ACCOUNTS: tuple[Role, ...] = ("viewer", "caterer", "manager", "admin")
# The device that asks is not one of those that are found by small numbers, and revoked.
FAR = 4_242_424_242
# So often something is asked about that is there, and so often one of the fields is left as it was made up.
KNOWN = 0.7


@dataclass
class Guests:
    """Whoever comes to a server: by role, what they show; used before it starts. `slugs`: its rooms.

    `member`: somebody whom its Directory knows; nobody else stays signed in without an account.
    """

    store: Store
    member: str
    shown: dict[Role, requests.Session] = field(default_factory=dict)
    slugs: list[str] = field(default_factory=list)
    secret: str = ""

    def enter(self) -> None:
        """Give everybody what they show, and put something there to ask about."""
        self.shown = {role: requests.Session() for role in ROLES}
        with self.store.read() as db:
            self.slugs = [one.room.slug for one in rooms.every(db)]
            building = rooms.every(db)[0].room.building
            self.secret = schema.secret(db)
        self.store.write(services.add, building, "Coffee", "", 0)
        self._tokens()
        self._sign_in("person")
        for role in ACCOUNTS:
            scope = {"manager": self.slugs[:1], "caterer": [building]}.get(role, [])
            self.store.write(accounts.add, f"{role}@kiosk.example", role, role, scope, clock.now())
            self._sign_in(role)

    def scan(self, server: Server) -> None:
        """Let the phone scan the code at a door."""
        door = self.slugs[0]
        key = Links(self.secret).key(door)
        assert self.shown["phone"].get(f"{server.url}/phone/{door}?k={key}", allow_redirects=False).ok

    def _tokens(self) -> None:
        made = self.store.write(tokens.create, "program", clock.now(), "program")
        self.shown["program"].headers["Authorization"] = f"Bearer {made}"
        self.shown["screen"].cookies.set(COOKIE, self.store.write(tokens.create, "screen", clock.now(), "screen"))
        for name in ("first", "asking"):
            token = devices.new_token()
            wanted = Described(name, "door", self.slugs[0])
            self.store.write(devices.enrol, wanted, tokens.digest(token), "boss", clock.now())
        self.store.write(lambda db: db.execute_sql("UPDATE device SET id = ? WHERE name = 'asking'", (FAR,)))
        self.shown["device"].headers["Authorization"] = f"Bearer {token}"

    def _sign_in(self, role: Role) -> None:
        email = f"{role}@kiosk.example" if role in ACCOUNTS else self.member
        key = self.store.write(sessions.open_, email, role, "google", clock.now())
        web = Flask("cookies")
        web.secret_key = self.secret
        serializer = SecureCookieSessionInterface().get_signing_serializer(web)
        assert serializer
        self.shown[role].cookies.set("kiosk_session", serializer.dumps({"id": key, "_permanent": True}))


@dataclass
class Fuzzer:
    """Asks everything of a server as everybody; `counts`: by operation, role and status; `faults`: what was wrong."""

    server: Server
    guests: Guests
    counts: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    faults: dict[str, str] = field(default_factory=dict)
    bookings: list[str] = field(default_factory=list)

    def operations(self) -> Iterator[Any]:
        """Return everything that can be asked, as the server's own document says."""
        said = self.server.get("/api/v1/openapi.json").json()
        for one in (one for methods in said["paths"].values() for one in methods.values()):
            del one["security"]  # or it makes up who asks
        every = [found.ok() for found in schemathesis.openapi.from_dict(said).get_all_operations()]
        # Bookings come first, so that there are some to ask about.
        yield from sorted(every, key=lambda one: not one.label.endswith("/bookings"))

    def table(self) -> str:
        """Return what was counted: a line for each operation, with statuses by role."""
        said: dict[str, dict[str, list[str]]] = {}
        for (name, role, status), count in sorted(self.counts.items()):
            said.setdefault(name, {}).setdefault(role, []).append(f"{status}×{count}")
        return "\n    ".join(
            f"{name}: " + "; ".join(f"{role} {' '.join(found)}" for role, found in by.items())
            for name, by in said.items()
        )

    def ask(self, one: Any, role: Role, mode: GenerationMode, examples: int, seeded: int) -> None:
        """Ask an operation as a role so often, with requests as they should be or as they should not."""
        chance = random.Random(f"{seeded} {one.label} {role} {mode.value}")

        @seed(seeded)
        @settings(
            max_examples=examples,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=one.as_strategy(generation_mode=mode))
        def once(case: Any) -> None:
            self._send(case, one, role, chance)

        with suppress(Unsatisfiable):  # nothing about it can be said wrongly
            once()

    def _send(self, case: Any, one: Any, role: Role, chance: random.Random) -> None:
        self._settle(case, chance)
        answer = case.call(base_url=self.server.url, session=self.guests.shown[role], timeout=60)
        self.counts[one.label, role, answer.status_code] += 1
        if answer.status_code in {200, 201} and one.label.endswith("/bookings"):
            self.bookings.append(answer.json()["id"])
        try:
            case.validate_response(answer, checks=list(CHECKS))
        except (BaseExceptionGroup, AssertionError) as error:
            found = error.exceptions if isinstance(error, BaseExceptionGroup) else [error]
            said = " | ".join(f"{type(each).__name__}: {each}"[:700] for each in found)
            where = f"{answer.request.method} {answer.request.path_url} {str(answer.request.body)[:200]}"
            self.faults.setdefault(f"{one.label} as {role}: {answer.status_code}", f"{where}: {said}")

    def _settle(self, case: Any, chance: random.Random) -> None:
        """Have a request ask mostly about what is there, and never wait for long."""
        known = {"slug": self.guests.slugs, "event_id": self.bookings, "number": ["1", "2"]}
        for name, values in known.items():
            if name in (case.path_parameters or {}) and values and chance.random() < KNOWN:
                case.path_parameters[name] = chance.choice(values)
        if isinstance(case.query, dict) and str(case.query.get("wait", "")).isdecimal():
            case.query["wait"] = "1" if chance.random() < 0.1 else "0"
        if case.path.endswith("/bookings") and isinstance(case.body, dict) and chance.random() < KNOWN:
            case.body = {"title": case.body.get("title", ""), "minutes": 15}
        for part in (case.query, case.body):
            if isinstance(part, dict) and "room" in part and isinstance(part["room"], str) and chance.random() < KNOWN:
                part["room"] = chance.choice(self.guests.slugs)
