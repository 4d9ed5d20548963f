"""Whoever answers for a room that does not answer by itself: soon, late, or over our heads."""

from __future__ import annotations

import random
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from kiosk import clock
from tests.booking.town import BY_HAND, Span, Town, answer_of, span_of

# How long an invitation waits for its answer; a server's patience ends after 15 seconds.
PROMPT = (0.1, 0.5, 1.0)
MOODS = (*PROMPT, 2.0, 4.0, 17.0)
# A booking this young may not be confirmed yet beside an invitation that was there before it.
YOUNG = 8.0
LOOK = 0.02
# An invitation for a time: one that is moved is a new one.
Invitation = tuple[str, Span]


@dataclass
class Caretaker:
    """Accepts what is free, and also what nothing contests but a booking of ours that came later, a moment ago.

    `due`: when each invitation is answered; `first`: those that were there when nothing contested them; `met`: when
    an event was first seen beside another.
    """

    town: Town
    chance: random.Random
    moods: tuple[float, ...]
    counts: Counter[str] = field(default_factory=Counter)
    over: threading.Event = field(default_factory=threading.Event)
    due: dict[Invitation, float] = field(default_factory=dict)
    first: set[Invitation] = field(default_factory=set)
    met: dict[str, float] = field(default_factory=dict)

    def run(self) -> None:
        while not self.over.wait(LOOK):
            with self.town.google.service.changing():
                self.look(self.town.google.world.events(self.town.rooms[BY_HAND]))

    def look(self, items: list[dict[str, Any]]) -> None:
        """Answer what is due; nothing else happens in Google meanwhile."""
        takers = [item for item in items if answer_of(item) == "accepted"]
        for item in items:
            if answer_of(item) == "needsAction":
                invitation = item["id"], span_of(item)
                rivals = [one["id"] for one in takers if span_of(one).meets(span_of(item))]
                self.note(invitation, rivals)
                if clock.monotonic() > self.due[invitation] and self.accepts(invitation, rivals):
                    takers.append(item)

    def note(self, invitation: Invitation, rivals: list[str]) -> None:
        now = clock.monotonic()
        self.due.setdefault(invitation, now + self.chance.choice(self.moods))
        if not rivals:
            self.first.add(invitation)
        for rival in rivals:
            self.met.setdefault(rival, now)

    def accepts(self, invitation: Invitation, rivals: list[str]) -> bool:
        bold = bool(rivals) and invitation in self.first and all(self.is_young_and_ours(rival) for rival in rivals)
        status = "accepted" if bold or not rivals else "declined"
        self.town.google.world.answer(self.town.rooms[BY_HAND], invitation[0], status)
        self.counts[f"invitations {status} by hand{' over our heads' if bold else ''}"] += 1
        return status == "accepted"

    def is_young_and_ours(self, event_id: str) -> bool:
        ours = "SELECT 1 FROM command WHERE event_id = ?"
        return clock.monotonic() < self.met[event_id] + YOUNG and bool(self.town.sql(ours, event_id))
