"""Who gets in: everybody where the displays are open, else who shows a token that this server knows."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import Request, request

from kiosk.store import tokens
from kiosk.store.database import Store
from kiosk.web.problems import Problem
from kiosk.web.wording import gettext as _

COOKIE = "kiosk_token"
COOKIE_DAYS = 400


@dataclass(frozen=True, slots=True)
class Gate:
    """Decides about the request that is being handled, a page's, a script's or a socket's."""

    store: Store
    open_displays: bool

    def allowed(self) -> bool:
        """Tell whether this request may see displays and book."""
        return self.open_displays or self.knows(_presented(request))

    def knows(self, token: str) -> bool:
        """Tell whether a token is one of ours."""
        if not token:
            return False
        with self.store.read() as db:
            return tokens.known(db, token) is not None


def from_elsewhere(asked: Request) -> bool:
    """Tell whether another site's page sent this request; scripts and our own pages do not count."""
    origin = asked.headers.get("Origin")
    return bool(origin) and urlsplit(origin or "").netloc != asked.host


def stranger() -> Problem:
    """Return the answer to somebody this server does not know."""
    problem = Problem(401, "unknown", "Not signed in", _("This server answers only devices and people it knows."))
    problem.headers["WWW-Authenticate"] = "Bearer"
    return problem


def foreign() -> Problem:
    """Return the answer to a page of another site."""
    return Problem(403, "foreign_page", "Refused", _("Another site's page may not act here."))


def _presented(asked: Request) -> str:
    scheme, _, token = asked.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return token.strip()
    return asked.cookies.get(COOKIE, "")
