"""The values the stand-in passes around: calendars and the entries that lie on them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

Json = dict[str, Any]

# Ends of endless series; small enough for a double, far enough for any window.
FOREVER = 1 << 50


@dataclass(frozen=True, slots=True)
class Calendar:
    """One calendar; `kind` is user, resource or external (a guest's calendar elsewhere, never served).

    `tokens_from`: sync tokens made before this change number are no longer honoured.
    """

    id: str
    kind: str
    summary: str
    zone_name: str
    description: str = ""
    location: str = ""
    auto_accept: bool = True
    domain_role: str = "none"
    updated: int = 0
    tokens_from: int = 0

    @property
    def zone(self) -> ZoneInfo:
        """The calendar's time zone."""
        return ZoneInfo(self.zone_name)


@dataclass(slots=True)
class Entry:
    """An event as it lies on one calendar: the organizer's (`home` is `calendar`) or a guest's copy.

    `data` is what Google calls the Event resource without what depends on the reader (self flags, etag,
    links). `series` and `original` name the master and the occurrence (as in instance ids) of an exception.
    `detached`: an exception whose occurrence its series no longer has. `created` and `updated` are
    microseconds of the epoch; `starts` and `ends` seconds.
    """

    calendar: str
    id: str
    home: str
    ical_uid: str
    data: Json = field(default_factory=dict)
    status: str = "confirmed"
    series: str = ""
    original: str = ""
    detached: bool = False
    rule: str = ""
    starts: int = 0
    ends: int = 0
    created: int = 0
    updated: int = 0
    seq: int = 0

    @property
    def is_copy(self) -> bool:
        """Whether this lies on a guest's calendar."""
        return self.home != self.calendar

    @property
    def cancelled(self) -> bool:
        """Whether the event was deleted, here or by its organizer."""
        return self.status == "cancelled"

    @property
    def etag(self) -> str:
        """Google's etags are twice the microseconds of `updated`, in quotes."""
        return f'"{2 * self.updated}"'

    def guest(self, email: str) -> Json | None:
        """The attendee entry of that address."""
        for attendee in self.data.get("attendees", []):
            if attendee["email"] == email:
                return dict(attendee)
        return None
