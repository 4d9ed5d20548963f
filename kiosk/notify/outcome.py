"""How one try to tell somebody ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Outcome:
    """`said`: in one line for the log. `again`: another try can help, not before `after` where the receiver says so.

    `gone`: the receiver wants to be told nothing any more.
    """

    ok: bool
    said: str
    again: bool = True
    after: timedelta | None = None
    gone: bool = False
