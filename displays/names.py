"""In whose name whoever stands at a door may book."""

from __future__ import annotations

from typing import Literal

from kiosk.schedule.model import Policy
from kiosk.schedule.rights import Who, may_book

# The room's; either the room's or one's own; one's own only.
Names = Literal["room", "either", "person"]

# Whoever stands before the panel and has not said who they are.
ANYBODY = Who("panel")


def names(policy: Policy) -> Names | None:
    """Return in whose name one may book at the door; None when nobody may there. One's own takes a PIN."""
    if may_book(ANYBODY, policy) is None:
        return "either" if policy.names else "room"
    return "person" if policy.names and may_book(Who("person"), policy) is None else None


def elsewhere(policy: Policy) -> bool:
    """Tell whether people may book the room, but not at its door."""
    return names(policy) is None and may_book(Who("person"), policy) is None
