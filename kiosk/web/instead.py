"""Other rooms as the API and the doors tell of them: where they are from here, and what can be booked there now."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import ngettext

from kiosk import clock
from kiosk.schedule import rules
from kiosk.schedule.closing import shut
from kiosk.schedule.model import Booking, Offer, Room
from kiosk.schedule.nearby import Candidate, way
from kiosk.web.wording import gettext as _


def told(one: Candidate, wanted: Room, offers: tuple[Offer, ...]) -> dict[str, Any]:
    """Return what is told of a room that may be had in place of `wanted`."""
    room = one.room
    direction, _floors = way(room, wanted)
    return {
        "room": room.slug,
        "name": room.name,
        "building": room.building,
        "floor": room.floor,
        "capacity": room.capacity,
        "equipment": list(room.equipment),
        "until": clock.iso(one.free_until) if one.free_until else None,
        "direction": direction,
        "where": where(room, wanted),
        "offers": [_offer(offer) for offer in offers],
    }


def offers_now(room: Room, taken: tuple[Booking, ...], now: datetime) -> tuple[Offer, ...]:
    """Return what can be booked in a room at this moment, from what is known of it until `now` and its longest."""
    return rules.offers(taken, now, room.policy, shut(room, now, now + room.policy.longest))


def where(room: Room, wanted: Room) -> str:
    """Return where a room is for somebody who stands before `wanted`, in words; empty where nobody has said."""
    direction, floors = way(room, wanted)
    if direction == "same":
        return _("same floor")
    if direction == "up":
        return f"{ngettext('%(num)s floor up', '%(num)s floors up', floors)} ↑"
    if direction == "down":
        return f"{ngettext('%(num)s floor down', '%(num)s floors down', floors)} ↓"
    parts = (room.building, room.floor) if direction == "building" else (room.floor,)
    return " · ".join(part for part in parts if part)


def _offer(offer: Offer) -> dict[str, int | str]:
    return {"until": clock.iso(offer.end)} if offer.minutes is None else {"minutes": offer.minutes}
