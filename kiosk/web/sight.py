"""What whoever asks may read of bookings: all of it, or what the screens of their rooms say."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app

from kiosk.schedule import privacy
from kiosk.schedule.model import Booking
from kiosk.schedule.rights import Who
from kiosk.store.journal import Command
from kiosk.store.rooms import StoredRoom
from kiosk.web.identity import Identities, may_see


@dataclass(frozen=True, slots=True)
class Sight:
    """What `who` may read of a room's bookings; `whole`: all of it, whoever's they are."""

    stored: StoredRoom
    who: Who
    whole: bool

    def of(self, booking: Booking) -> Booking:
        """Return a booking as far as it may be read: one's own as a whole."""
        own = bool(self.who.email) and self.who.email == booking.person
        return booking if self.whole or own else privacy.shown(booking, self.stored.room.policy.shows)

    def title(self, command: Command) -> str:
        """Return the title of a booking that was made or changed; whoever makes one has said it."""
        if command.kind == "book" and not command.note:
            return command.title
        booking = Booking(command.event_id, command.start, command.end, command.title, person=command.person)
        return self.of(booking).title


def sight(who: Who, stored: StoredRoom) -> Sight:
    """Return what `who`, who sends the request that is being handled, may read of a room's bookings.

    Programs, administrators, viewers and the room's managers read all; screens and everybody else what is on the glass.
    """
    signed_in: Identities = current_app.extensions["identities"]
    return Sight(stored, who, who.kind == "admin" or may_see(signed_in.current(), stored))
