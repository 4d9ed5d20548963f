"""What of a booking may be said to whoever happens to look: all, who only, its title only, or nothing but that it is.

A private booking has neither title nor owner, whatever the level.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from kiosk.schedule.model import Booking, Message, Shows

PARTS: Mapping[Shows, frozenset[str]] = {
    "all": frozenset({"title", "owner"}),
    "people": frozenset({"owner"}),
    "titles": frozenset({"title"}),
    "nothing": frozenset(),
}
LEVELS = {parts: level for level, parts in PARTS.items()}


def strictest(*levels: Shows) -> Shows:
    """Return the level that says only what every one of them says; "all" without any."""
    return LEVELS[PARTS["all"].intersection(*(PARTS[level] for level in levels))]


def shown(booking: Booking, level: Shows) -> Booking:
    """Return the booking without what a level hides; that it is private is not told either where nothing is."""
    parts = PARTS[level]
    return replace(
        booking,
        title=booking.title if "title" in parts else "",
        owner=booking.owner if "owner" in parts else "",
        private=booking.private and bool(parts),
    )


def told(message: Message, level: Shows) -> Message:
    """Return the message without what a level hides."""
    return message if "title" in PARTS[level] else replace(message, title="")
