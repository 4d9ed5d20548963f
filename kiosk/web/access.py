"""Who gets in: everybody where the displays are open, else who is signed in or shows a token that this server knows.

A device gets in to the display that it shows, and to nothing else.
"""

from __future__ import annotations

import ipaddress
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Request, Response, request

from kiosk import clock
from kiosk.errors import DatabaseAway, NotFound
from kiosk.resources import resource
from kiosk.store import devices, reach, rooms, sessions, tokens
from kiosk.store.database import Store
from kiosk.store.devices import Device
from kiosk.web.problems import Problem
from kiosk.web.wording import gettext as _

WsgiApp = Callable[..., Any]

COOKIE = "kiosk_token"
COOKIE_DAYS = 400
# Before the key of a session, where a token may be shown as well; no token of ours begins so.
SESSION = "session "
# The same before what a phone keeps that has scanned a door's code.
PHONE = "phone "
PHONE_COOKIE = "kiosk_phone"
# The same before a device's token, with the path of its display between the two: it is no longer good for another one.
DEVICE = "device "
# What stands there for the screen of a machine that follows a hub; nobody can show it from elsewhere.
HERE = "here"
# Under this name the environment of a live connection has what it came in with; no header can have it.
CAME_WITH = "kiosk.came_with"
DEVICE_COOKIES = ("__Host-kiosk_device", "kiosk_device")


@dataclass(frozen=True, slots=True)
class Gate:
    """Decides about a request, a page's, a script's or a socket's; `public_host` is this server's name outside.

    `key_of`: returns the key of the session that a request's cookie names, or nothing. `visits`: returns the slug of
    the room for which a phone's visit is good, or nothing. `follows`: of a server that follows a hub: tells whether
    the hub lets this machine show something; then its own screen needs nothing else.
    """

    store: Store
    open_displays: bool
    public_host: str = ""
    key_of: Callable[[Request], str] = lambda _asked: ""
    clock: clock.Clock = clock.now
    visits: Callable[[str], str] = lambda _visit: ""
    follows: Callable[[], bool] | None = None

    def allowed(self) -> bool:
        """Tell whether the request that is being handled may see displays and book."""
        return self.admits(self.presented(request))

    def allowed_at(self, slug: str) -> bool:
        """Tell whether the request that is being handled may see a room on a phone: anybody's who is let in, and a
        phone's that has scanned the code at that room's door.
        """
        shown = self.presented(request)
        return self.admits(shown) or (bool(slug) and self.room_of(shown) == slug)

    def sees(self, display: str, slug: str) -> bool:
        """Tell whether the request that is being handled may see a display: a device only its own."""
        shown = self.presented(request)
        if self.admits(shown):
            return True
        device = self.device_of(shown)
        return device is not None and (device.display, device.slug) == (display, slug)

    def refusal(self) -> Problem:
        """Return the answer to a request for what it may not see."""
        if self.is_revoked():
            return revoked()
        return not_yours() if self.device() else stranger()

    def admits(self, shown: str) -> bool:
        """Tell whether whoever shows this, or nothing, may see all displays and book."""
        if shown == HERE:
            return self.follows is not None and self.follows()
        if shown.startswith(DEVICE):
            return self.open_displays and self.device_of(shown) is not None
        return self.open_displays or self.knows(shown) or self._is_signed_in(shown)

    def lets_in(self, shown: str) -> bool:
        """Tell whether whoever shows this may see displays, or at least their own, or a room on their phone."""
        return self.admits(shown) or self.device_of(shown) is not None or bool(self.room_of(shown))

    def device(self) -> Device | None:
        """Return the device that sends the request that is being handled, None where none does, or a revoked one."""
        return self.device_of(self._machine(request))

    def is_revoked(self) -> bool:
        """Tell whether the request that is being handled shows the token of a device that is let in no more."""
        found = self._owner(machine_token(request))
        return found is not None and found.revoked_at is not None

    def device_of(self, shown: str) -> Device | None:
        """Return the device that shows this, None when it is revoked, or shows another display by now."""
        path, _, token = shown.removeprefix(DEVICE).partition(" ") if shown.startswith(DEVICE) else ("", "", "")
        found = self._owner(token)
        return found if found and found.revoked_at is None and found.path == path else None

    def reaches(self, device: Device) -> frozenset[str]:
        """Return the slugs of the rooms that a device shows."""
        with self.store.read() as db:
            return reach.slugs(db, device.display, device.slug)

    def room_of(self, shown: str) -> str:
        """Return the slug of the one room that a phone's visit opens, empty when it has ended or is none."""
        slug = self.visits(shown.removeprefix(PHONE)) if shown.startswith(PHONE) else ""
        return slug if slug and self.welcomes_phones(slug) else ""

    def welcomes_phones(self, slug: str) -> bool:
        """Tell whether there is such a room, and its door shows a code."""
        try:
            with self.store.read() as db:
                return rooms.by_slug(db, slug).room.policy.qr
        except NotFound:
            return False

    def presented(self, asked: Request) -> str:
        """Return what lets a request in: a token, its session, its device, or a phone's visit; empty when none does.

        A live connection goes on showing what it came in with: whether that still lets in is asked each time.
        """
        kept = asked.environ.get(CAME_WITH)
        return self._shown(asked) if kept is None else str(kept)

    def _shown(self, asked: Request) -> str:
        key, visit = self.key_of(asked), asked.cookies.get(PHONE_COOKIE, "")
        session = f"{SESSION}{key}" if key else ""
        token = self._token(asked)
        if token or self._is_signed_in(session):
            return token or session
        machine, phone = self._machine(asked), f"{PHONE}{visit}" if visit else ""
        return machine or (phone if self.room_of(phone) else "") or (HERE if self.is_here(asked) else "")

    def is_here(self, asked: Request) -> bool:
        """Tell whether a request comes from the screen of this machine, which follows a hub."""
        return self.follows is not None and _is_loopback(asked.remote_addr or "")

    def _token(self, asked: Request) -> str:
        """Return the access token that a request shows; a program's is none in a cookie, which may be stolen."""
        shown, kept = bearer(asked), asked.cookies.get(COOKIE, "")
        if shown and self.knows(shown):
            return shown
        return kept if kept and self.is_screen(kept) else ""

    def _machine(self, asked: Request) -> str:
        """Return what a device shows, revoked or not; empty where none asks."""
        token = machine_token(asked)
        found = self._owner(token)
        return f"{DEVICE}{found.path} {token}" if found else ""

    def _owner(self, token: str) -> Device | None:
        if not token:
            return None
        with self.store.read() as db:
            return devices.by_token(db, token, self.clock())

    def named(self) -> tuple[str, str]:
        """Return the name of the token that lets the request in that is being handled, if any, and its address."""
        shown = self.presented(request)
        device = self.device_of(shown)
        if device or shown in {"", HERE} or shown.startswith(SESSION):
            return device.name if device else "", request.remote_addr or ""
        with self.store.read() as db:
            return tokens.known(db, shown) or "", request.remote_addr or ""

    def _is_signed_in(self, shown: str) -> bool:
        if not shown.startswith(SESSION):
            return False
        with self.store.read() as db:
            return sessions.find(db, shown.removeprefix(SESSION), self.clock()) is not None

    def knows(self, token: str) -> bool:
        """Tell whether a token is one of ours."""
        if not token:
            return False
        with self.store.read() as db:
            return tokens.known(db, token) is not None

    def is_screen(self, token: str) -> bool:
        """Tell whether a token is one of ours that a browser may keep."""
        with self.store.read() as db:
            return tokens.is_kind(db, token, "screen")

    def is_our_name(self, host: str) -> bool:
        """Tell whether a request's Host may be this server's name.

        Where everybody is let in, another site could point a name of its own at this server and act as our pages
        do. Names that no stranger can own are safe: addresses, names without a dot, .local, and our public one.
        """
        if not self.open_displays and self.follows is None:
            return True
        name = _name(host)
        local = "." not in name or name.endswith((".local", ".localhost")) or _is_address(name)
        return bool(name) and (local or name == self.public_host)


# Nothing a page of ours needs comes from elsewhere, and no other site may frame it. One script stands in the pages.
POLICY = (
    "default-src 'self'; script-src 'self' {again}; connect-src 'self' ws: wss:; img-src 'self' data:; "
    "frame-ancestors 'self'"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
}


def install(app: Flask, gate: Gate) -> None:
    """Answer only under our own name, and tell browsers what our pages may do."""
    headers = HEADERS | {"Content-Security-Policy": POLICY.format(again=_hash_of("again.js"))}

    def check_name() -> None:
        if not gate.is_our_name(request.host):
            raise misnamed(request.host)

    def add_headers(answer: Response) -> Response:
        for name, value in headers.items():
            answer.headers.setdefault(name, value)
        return answer

    app.before_request(check_name)
    app.after_request(add_headers)


def _hash_of(script: str) -> str:
    """Return how a policy names a script that stands in the page itself, as templates include it."""
    text = (resource("templates") / script).read_text(encoding="utf-8").removesuffix("\n")
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def guarded(app: WsgiApp, gate: Gate) -> WsgiApp:
    """Keep strangers, and pages of other sites, from opening live connections at all."""

    def entry(environ: dict[str, Any], start_response: Any) -> Any:
        refusal = (
            _why_not(gate, Request(environ, populate_request=False))
            if environ.get("PATH_INFO", "").startswith("/socket.io")
            else ""
        )
        if refusal:
            start_response(refusal, [("Content-Length", "0")])
            return []
        return app(environ, start_response)

    return entry


def _why_not(gate: Gate, asked: Request) -> str:
    """Return the status with which a live connection is refused, empty where it is not."""
    try:
        shown = asked.environ[CAME_WITH] = gate.presented(asked)
        is_let_in = gate.lets_in(shown) and gate.is_our_name(asked.host)
    except DatabaseAway:  # which the store has logged
        return "503 Service Unavailable"
    return "" if is_let_in else "401 Unauthorized"


def _name(host: str) -> str:
    """Return the name in a Host, without its port; empty when it makes no sense."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def _is_loopback(address: str) -> bool:
    return _is_address(address) and ipaddress.ip_address(address).is_loopback


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def from_elsewhere(asked: Request) -> bool:
    """Tell whether another site's page sent this request; scripts and our own pages do not count."""
    origin = asked.headers.get("Origin")
    return bool(origin) and (origin or "").partition("://")[2] != asked.host


def stranger() -> Problem:
    """Return the answer to somebody this server does not know."""
    problem = Problem(401, "unknown", "Not signed in", _("This server answers only devices and people it knows."))
    problem.headers["WWW-Authenticate"] = "Bearer"
    return problem


def revoked() -> Problem:
    """Return the answer to a device that is let in no more."""
    problem = Problem(401, "revoked", "Revoked", _("This screen is not let in any more. Pair it again."))
    problem.headers["WWW-Authenticate"] = "Bearer"
    return problem


def not_yours() -> Problem:
    """Return the answer to a device that asks for what it does not show."""
    return Problem(403, "not_yours", "Refused", _("This screen is not for that."))


def misnamed(host: str) -> Problem:
    """Return the answer to a request for a server of another name."""
    sentence = _(
        "This server does not know itself as %(host)s. Its administrator can name it in KIOSK_PUBLIC_URL.", host=host
    )
    return Problem(421, "misnamed", "Misdirected request", sentence)


def foreign() -> Problem:
    """Return the answer to a page of another site."""
    return Problem(403, "foreign_page", "Refused", _("Another site's page may not act here."))


def bearer(asked: Request) -> str:
    """Return the token in a request's Authorization header, empty when there is none."""
    scheme, _, token = asked.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def machine_token(asked: Request) -> str:
    """Return the token that a device shows with a request, in its header or its cookie; empty when there is none."""
    return bearer(asked) or next((asked.cookies[name] for name in DEVICE_COOKIES if asked.cookies.get(name)), "")
