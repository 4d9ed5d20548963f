"""How long a calendar is left alone whose cursors keep expiring: full passes in a row would only feed the storm."""

from __future__ import annotations

from datetime import datetime, timedelta

from kiosk import clock
from kiosk.errors import RateLimited
from kiosk.store.mirror import Progress

QUIET = timedelta(hours=1)
FIRST_REST = timedelta(minutes=1)
LONGEST_REST = timedelta(minutes=60)


class Resting(RateLimited):
    """The room is not read before `until`; nothing was asked."""

    def __init__(self, until: datetime) -> None:
        super().__init__(
            f"Google keeps forgetting what this room has read; it is read anew at {clock.iso(until)}.", "cursorExpired"
        )
        self.until = until


def following(progress: Progress, now: datetime) -> int:
    """Return which expiry in a row one at `now` is: 1 when a quiet hour has passed since the last was over."""
    over = reads_at(progress)
    return 1 if over is None or now - over > QUIET else progress.expiries + 1


def reads_at(progress: Progress) -> datetime | None:
    """Return from when on the room may be read anew after its last expiry, None when there was none."""
    return progress.expired_at + rest(progress.expiries) if progress.expired_at else None


def rest(expiries: int) -> timedelta:
    """Return how long to wait after that many expiries in a row: not at all, then 1, 2, 4 … 60 minutes."""
    return min(FIRST_REST * 2 ** min(expiries - 2, 10), LONGEST_REST) if expiries > 1 else timedelta(0)


def wait_out(progress: Progress, now: datetime) -> None:
    """Raise Resting while a room without a cursor has to wait."""
    until = reads_at(progress)
    if not progress.cursor and until and now < until:
        raise Resting(until)
