"""Whether the screen is lit: hours, wishes from afar, and touches; a value of `now` in, what to do out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from kiosk_shell import hours

AWAKE_SECONDS = 120.0
FORCED_ON, FORCED_OFF, BY_HOURS = "on", "off", ""


@dataclass
class Screen:
    """What is wished of the screen; times are monotonic seconds."""

    spans: tuple[hours.Span, ...] = ()
    wish: str = BY_HOURS
    awake_until: float = float("-inf")
    brightness: int = 100
    _were_open: bool = True

    def lit(self, now: float, local: datetime | None) -> bool:
        """Say whether the screen is to be lit; `local` is None while nobody knows what time it is."""
        self._follow(local)
        if self.wish == FORCED_OFF:
            return False
        return self.wish == FORCED_ON or self._open(local) or now < self.awake_until

    def touched(self, now: float) -> None:
        """Wake: somebody stands before it."""
        self.awake_until = now + AWAKE_SECONDS
        if self.wish == FORCED_OFF:
            self.wish = BY_HOURS

    def switch(self, on: bool) -> None:
        """Light it or make it dark until the hours next change."""
        self.wish = FORCED_ON if on else FORCED_OFF
        self.awake_until = float("-inf")

    def _open(self, local: datetime | None) -> bool:
        return local is None or hours.are_open(self.spans, local)

    def _follow(self, local: datetime | None) -> None:
        """A wish ends when the hours begin or end."""
        now_open = self._open(local)
        if now_open != self._were_open:
            self.wish = BY_HOURS
        self._were_open = now_open
