"""What the doctor finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["pass", "warn", "fail"]
VERDICTS: tuple[Verdict, ...] = ("fail", "warn", "pass")
ORGANISATION = "Google"
# The checks, in words.
TITLES = {
    "connection": "Credentials",
    "reach": "The way to Google",
    "clock": "This machine's clock",
    "token": "Access tokens",
    "scopes": "Rights granted",
    "directory": "Rooms in the Directory",
    "people": "People in the Directory",
    "delegation": "Bookings in people's names",
    "push": "Announced changes",
    "quota": "Requests left",
    "calendar": "Its calendar",
    "role": "Right to book",
    "private": "Private meetings",
    "answers": "Answers invitations",
    "zone": "Time zone",
}


@dataclass(frozen=True, slots=True)
class Remedy:
    """What is wrong, in a sentence; the way to mend it; and the values to paste on that way, in their order."""

    says: str
    repair: str = ""
    paste: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was looked at (a room's word in addresses, or Google), by which check, with which verdict."""

    subject: str
    check: str
    verdict: Verdict
    says: str
    repair: str = ""
    paste: tuple[str, ...] = ()


def passed(subject: str, check: str, says: str) -> Finding:
    """Return a line about something that is as it should be."""
    return Finding(subject, check, "pass", says)


def warned(subject: str, check: str, remedy: Remedy) -> Finding:
    """Return a line about something that works less well than it could."""
    return Finding(subject, check, "warn", remedy.says, remedy.repair, remedy.paste)


def failed(subject: str, check: str, remedy: Remedy) -> Finding:
    """Return a line about something that does not work."""
    return Finding(subject, check, "fail", remedy.says, remedy.repair, remedy.paste)


def worst(findings: list[Finding]) -> Verdict:
    """Return the worst verdict of some lines."""
    return min((one.verdict for one in findings), key=VERDICTS.index, default="pass")
