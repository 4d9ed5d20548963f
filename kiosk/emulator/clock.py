"""The stand-in's own clock, which a test or a fault may set apart from the machine's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Clock:
    """The machine's time plus an offset."""

    def __init__(self, offset: timedelta = timedelta(0)) -> None:
        self.offset = offset

    def advance(self, by: timedelta) -> None:
        """Set it forward."""
        self.offset += by

    def now(self) -> datetime:
        """The present moment, aware and in UTC."""
        return datetime.now(UTC) + self.offset

    def microseconds(self) -> int:
        """The present moment in microseconds of the epoch."""
        return (self.now() - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


class StillClock(Clock):
    """A clock that stands until it is advanced."""

    def __init__(self, moment: datetime) -> None:
        super().__init__()
        self._moment = moment.astimezone(UTC)

    def now(self) -> datetime:
        """The moment at which it stands."""
        return self._moment + self.offset
