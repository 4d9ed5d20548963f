"""Which rooms are why free/busy questions fail: a failed question is asked again in halves, until one room is left."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from kiosk.errors import RateLimited, SourceError
from kiosk.store.gate import Watched
from kiosk.sync.cadence import BATCH

# So many questions in a row that failed are not the rooms' fault.
MANY = 8
FIRST_REST = timedelta(minutes=1)
LONGEST_REST = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Alone:
    """A room that no question can be asked about: since how many tries, why, and when the next one is due."""

    tries: int
    reason: str
    until: datetime


@dataclass
class Doubts:
    """What failed questions have told so far; one that is answered clears the rooms in it."""

    alone: dict[int, Alone] = field(default_factory=dict)
    in_a_row: int = 0
    reason: str = ""
    _together: dict[int, int] = field(default_factory=dict)

    @property
    def down(self) -> bool:
        """Tell whether questions fail whatever rooms they are about."""
        return self.in_a_row >= MANY

    def why(self, room_id: int) -> str:
        """Return why a room is watched by its lists alone, empty when it is not."""
        if self.down:
            return self.reason
        return self.alone[room_id].reason if room_id in self.alone else ""

    def first(self, rooms: list[Watched]) -> list[Watched]:
        """Return those of these rooms that may be asked about together, beginning with the first."""
        if not self._together:
            return rooms
        most = self._together.get(rooms[0].room_id, BATCH)
        return [room for room in rooms if self._together.get(room.room_id, BATCH) == most][:most]

    def answered(self, rooms: list[Watched]) -> None:
        """Note that a question about these rooms was answered."""
        self.in_a_row = 0
        for room in rooms:
            self._together.pop(room.room_id, None)

    def failed(self, rooms: list[Watched], error: SourceError) -> bool:
        """Note that a question about these rooms failed; True when a single room is found to be the reason."""
        self.in_a_row += 1
        self.reason = f"Free/busy questions fail: {error}"
        if isinstance(error, RateLimited) or (len(rooms) == 1 and self.down):
            return False
        self._together.update({room.room_id: (len(rooms) + 1) // 2 for room in rooms})
        return len(rooms) == 1

    def leave_alone(self, room_id: int, reason: str, now: datetime) -> Alone:
        """Note that a room cannot be asked about; it is tried again ever more rarely."""
        tries = self.alone[room_id].tries + 1 if room_id in self.alone else 1
        rest = min(FIRST_REST * 2 ** min(tries - 1, 10), LONGEST_REST)
        self.alone[room_id] = Alone(tries, f"Free/busy questions about it fail: {reason}", now + rest)
        return self.alone[room_id]
