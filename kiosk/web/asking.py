"""Who asks: a program with a token, a person who has signed in or typed a PIN, or whoever stands at a panel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from flask import request
from msgspec import Struct

from kiosk import clock
from kiosk.errors import TooSoon
from kiosk.schedule.rights import Who
from kiosk.store import acts, people, pins, rooms, tokens, tries
from kiosk.store.acts import Act
from kiosk.store.database import Store
from kiosk.web.access import bearer
from kiosk.web.identity import Identities
from kiosk.web.openapi.kinds import text
from kiosk.web.problems import Problem, too_soon
from kiosk.web.wording import gettext as _

MOST_NAMES = 20
SHORTEST_SEARCH = 2


class Signed(Struct, frozen=True, kw_only=True):
    """Somebody who says who they are at a door."""

    person: Annotated[str, text(200, "Their address.")] = ""
    pin: Annotated[str, text(20, "Their PIN.")] = ""


@dataclass(frozen=True, slots=True)
class Asking:
    """Finds out who sends the request that is being handled."""

    store: Store
    identities: Identities
    clock: clock.Clock

    def who(self, named: Signed | None, slug: str) -> Who:
        """Return who asks for something in a room. Raises a problem for a name without its PIN."""
        if named:
            return self._by_pin(named, slug)
        program = self._program()
        if program:
            return Who("admin", name=program)
        return self._signed_in(slug)

    def _signed_in(self, slug: str) -> Who:
        """Return who is signed in: an administrator everywhere, a manager as one in the rooms of their scope."""
        found = self.identities.current()
        if found is None:
            return Who("panel")
        manages = found.role == "admin" or (found.role == "manager" and slug in found.scope)
        return Who("admin" if manages else "person", found.email, found.name)

    def people(self, text: str) -> list[tuple[str, str]]:
        """Return (address, name) of people with a PIN whose name or address has a word that begins so."""
        if len(text.strip()) < SHORTEST_SEARCH:
            return []
        with self.store.read() as db:
            if not any(one.room.policy.names for one in rooms.every(db)):
                return []
            return people.search(db, text, MOST_NAMES)

    def _by_pin(self, named: Signed, slug: str) -> Who:
        with self.store.read() as db:
            policy = rooms.by_slug(db, slug).room.policy
        if not policy.names:
            raise Problem(403, "no_names", "Refused", _("Nobody books by name and PIN at this room."))
        email, pin = named.person.lower(), named.pin
        try:
            self.store.write(tries.begin_pin, place(), self.clock())
            right = pins.check(self.store, email, pin, self.clock())
        except TooSoon as error:
            raise self._resting(error.until) from error
        if not right:
            self.store.write(acts.record, self._mistyped(email, slug))
            raise Problem(403, "wrong_pin", "Refused", _("This is not the PIN of that person."))
        self.store.write(tries.forgive_pin, place())
        return Who("person", email)

    def _mistyped(self, email: str, slug: str) -> Act:
        return Act(self.clock(), "panel", place(), "sign", slug, "", "refused", "wrong_pin", {"person": email})

    def _resting(self, until: datetime) -> Problem:
        sentence = _("Too many wrong PINs. Please try again later.")
        return too_soon("pin_resting", "Too many tries", sentence, until, self.clock())

    def _program(self) -> str | None:
        """Return the name of the program whose token the header shows; a screen's makes nobody an administrator."""
        token = bearer(request)
        if not token:
            return None
        with self.store.read() as db:
            return tokens.known(db, token) if tokens.is_kind(db, token, "program") else None


def place() -> str:
    """Return from where the request came."""
    return request.remote_addr or ""
