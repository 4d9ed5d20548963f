"""Which acts are told outside, and in which words: they are written with the act itself, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from peewee import Database

from kiosk import clock
from kiosk.store import deliveries
from kiosk.store.models import instant

if TYPE_CHECKING:
    from kiosk.store.acts import Act

TOLD = {
    ("book", "confirmed"): "booking.confirmed",
    ("book", "refused"): "booking.refused",
    ("extend", "confirmed"): "booking.changed",
    ("start", "confirmed"): "booking.changed",
    ("end", "confirmed"): "booking.ended",
    ("cancel", "confirmed"): "booking.cancelled",
    ("release", "confirmed"): "booking.released",
    ("request_service", "done"): "service.requested",
    ("change_service", "done"): "service.changed",
    ("cancel_service", "done"): "service.cancelled",
    ("settle_problem", "done"): "problem.settled",
}
INSTANTS = ("start", "end")
# The refusal of a hold that somebody took back, who knows of it.
TAKEN_BACK = "taken_back"


def tell(db: Database, act: Act) -> None:
    """Write what webhooks are to be told of an act: the room, the booking and its times, no title and no person."""
    event = event_of(act)
    if event:
        deliveries.announce(db, event, _data(act), act.at)


def event_of(act: Act) -> str:
    """Return the kind of an act as webhooks know it, empty for one that is not told."""
    if act.act == "release" and str(act.detail.get("note", "")).startswith("missed"):
        return "booking.no_show" if act.result == "confirmed" else ""
    if act.reason == TAKEN_BACK:
        return ""
    return TOLD.get((act.act, act.result), "")


def _data(act: Act) -> dict[str, Any]:
    detail = {name: value for name, value in act.detail.items() if name not in {*INSTANTS, "note"}}
    times = {name: clock.iso(instant(int(act.detail[name]))) for name in INSTANTS if name in act.detail}
    by = act.actor.partition(":")[0]
    booking = {"booking": act.event_id} if act.event_id else {}
    told = {"room": act.room, **booking, **times, **detail, "reason": act.reason}
    return told | {"by": by if by in {"panel", "server", "admin", "person", "console"} else "person"}
