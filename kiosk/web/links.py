"""The way from a door to a phone: short-lived signed links, drawn as a code, and the short sessions that they open."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import segno
from flask import request
from itsdangerous import BadSignature, TimestampSigner
from markupsafe import Markup

from kiosk import clock
from kiosk.schedule.model import Room

# How long a code on a door opens its room, and how long the room then stays open on that phone.
LINK_LIFE = timedelta(minutes=10)
VISIT_LIFE = timedelta(minutes=30)
# What scanners need round a code, in its own squares.
QUIET = 4
# A phone would look for these in itself.
NOWHERE = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True, slots=True)
class Code:
    """A link to a room and its picture, an SVG; it opens the room until `until` (UTC)."""

    url: str
    until: datetime
    picture: Markup


class _Signer(TimestampSigner):
    """Signs for one purpose, by the product's clock; what is signed is compared in constant time."""

    def __init__(self, secret: str, purpose: str, now: clock.Clock) -> None:
        super().__init__(secret, salt=purpose)
        self._now = now

    def get_timestamp(self) -> int:
        """Return the second that it is."""
        return int(self._now().timestamp())


@dataclass(frozen=True, slots=True)
class Links:
    """Makes and knows links and visits; `secret` is the installation's, `public_url` its address outside or empty."""

    secret: str
    clock: clock.Clock = clock.now
    public_url: str = ""

    def code(self, room: Room) -> Code | None:
        """Return a fresh code for a room's door, under the name by which the door asks.

        None where the room wants none, and where no phone could follow it: a screen on the server's own machine
        asks by a name that leads nowhere else.
        """
        root = self.public_url or request.host_url.rstrip("/")
        if not room.policy.qr or (not self.public_url and urlsplit(root).hostname in NOWHERE):
            return None
        url = f"{root}/phone/{room.slug}?k={self.key(room.slug)}"
        return Code(url, self.clock().replace(microsecond=0) + LINK_LIFE, drawn(url))

    def key(self, slug: str) -> str:
        """Return what a link to a room must carry for the next minutes."""
        return self._links().sign(slug).decode().removeprefix(f"{slug}.")

    def fits(self, slug: str, key: str) -> bool:
        """Tell whether a link to a room was made here, and not too long ago."""
        return self._reads(self._links(), f"{slug}.{key}", LINK_LIFE) == slug

    def visit(self, slug: str) -> str:
        """Return what a phone's browser keeps so that a room stays open for a while."""
        return self._visits().sign(f"{slug}/{secrets.token_urlsafe(9)}").decode()

    def room_of(self, visit: str) -> str:
        """Return the slug of the room that a visit is for, empty when it has ended or was not made here."""
        return self._reads(self._visits(), visit, VISIT_LIFE).partition("/")[0]

    def _links(self) -> _Signer:
        return _Signer(self.secret, "phone link", self.clock)

    def _visits(self) -> _Signer:
        return _Signer(self.secret, "phone visit", self.clock)

    def _reads(self, signer: _Signer, signed: str, life: timedelta) -> str:
        try:
            return signer.unsign(signed, max_age=int(life.total_seconds())).decode()
        except (BadSignature, UnicodeError):
            return ""


def drawn(text: str) -> Markup:
    """Return a QR code as SVG, error level M at least, as large as its box and in the colours of the style sheet."""
    code = segno.make_qr(text, error="m")
    return Markup(code.svg_inline(border=QUIET, omitsize=True, svgclass=None, lineclass=None))
