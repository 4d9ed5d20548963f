"""Everybody who may come to a server: strangers, screens, programs, people and accounts of every role."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from kiosk import app, assembly, clock
from kiosk.store import accounts, devices, sessions, tokens
from kiosk.store.devices import Described
from kiosk.web.access import COOKIE, DEVICE_COOKIES
from kiosk.web.links import Links

HTML = "text/html,application/xhtml+xml"
SCOPES = {"manager": ("oak",), "caterer": ("Berlin",)}


@dataclass
class Visitor:
    """A browser (or a program): it keeps its cookie, and sends with its forms what a page of ours would."""

    client: FlaskClient
    csrf: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.client.get(path, **self._with(more))

    def post(self, path: str, **form: Any) -> TestResponse:
        """Send a form, as a page of ours would."""
        return self.client.post(path, data={"csrf": self.csrf} | form, **self._with({}))

    def post_json(self, path: str, body: Any) -> TestResponse:
        return self.client.post(path, json=body, **self._with({"headers": {"X-CSRF-Token": self.csrf}}))

    def ask(self, method: str, path: str, **more: Any) -> TestResponse:
        return self.client.open(path, method=method, **self._with(more))

    def _with(self, more: dict[str, Any]) -> dict[str, Any]:
        return more | {"headers": {"Accept": HTML} | self.headers | more.get("headers", {})}


@dataclass
class Reception:
    """A server in this process, and whoever comes to it."""

    parts: assembly.Parts
    server: app.Server

    def stranger(self) -> Visitor:
        """Return somebody who is not signed in; their forms show what the cookie of the way in says."""
        visitor = Visitor(self.server.web.test_client())
        visitor.client.get("/admin/log-in")
        with visitor.client.session_transaction() as kept:
            visitor.csrf = kept.get("form", "")
        return visitor

    def phone(self, slug: str = "oak") -> Visitor:
        """Return a phone that has scanned the code at a room's door, and whose owner has not signed in."""
        visitor = self.stranger()
        key = Links(str(self.server.web.secret_key)).key(slug)
        assert visitor.client.get(f"/phone/{slug}?k={key}").status_code == 303
        return visitor

    def screen(self) -> Visitor:
        """Return a screen that was let in with a token."""
        visitor = self.stranger()
        visitor.client.set_cookie(COOKIE, self._token("screen", "screen"))
        return visitor

    def device(self, display: str = "door", slug: str = "oak") -> Visitor:
        """Return the browser of a machine that was paired, and shows that display."""
        visitor = self.stranger()
        visitor.client.set_cookie(DEVICE_COOKIES[1], self.token_of(display, slug))
        return visitor

    def token_of(self, display: str = "door", slug: str = "oak") -> str:
        """Return the token of a new device."""
        token = devices.new_token()
        wanted = Described(f"The {display} of {slug}", display, slug)
        self.parts.store.write(devices.enrol, wanted, tokens.digest(token), "boss", clock.now())
        return token

    def program(self) -> Visitor:
        """Return a program that shows a token."""
        headers = {"Authorization": f"Bearer {self._token('program')}", "Accept": "application/json"}
        return Visitor(self.server.web.test_client(), headers=headers)

    def person(self, email: str = "paul@kiosk.example", name: str = "Paul") -> Visitor:
        """Return somebody who has signed in and has no account."""
        visitor, store = Visitor(self.server.web.test_client()), self.parts.store
        key = store.write(sessions.open_, email, name, "google", clock.now())
        with visitor.client.session_transaction() as kept:
            kept["id"] = key
        with store.read() as db:
            found = sessions.find(db, key, clock.now())
        assert found
        visitor.csrf = found.csrf
        return visitor

    def account(self, role: str, *scope: str, email: str = "") -> Visitor:
        """Return somebody signed in whose account has that role; managers are for "oak", caterers for "Berlin"."""
        address = email or f"{role}@kiosk.example"
        with self.parts.store.read() as db:
            known = accounts.find(db, address)
        if known is None:
            where = scope or SCOPES.get(role, ())
            self.parts.store.write(accounts.add, address, role.title(), role, where, clock.now())
        return self.person(address, role.title())

    def _token(self, name: str, kind: tokens.Kind = "program") -> str:
        with self.parts.store.read() as db:
            number = len(tokens.every(db))
        return self.parts.store.write(tokens.create, f"{name} {number}", clock.now(), kind)
