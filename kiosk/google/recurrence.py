"""Ending a series before one of its dates, as Google's own pages do for "this and following"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


def ended(lines: Iterable[str], first: Mapping[str, str]) -> list[str]:
    """Return a series' recurrence without the date that was to begin at `first`, and all that follow.

    `first` is the original start of a date as Google gives it: a `dateTime`, or a `date` for whole days. The rule gets
    an UNTIL, which includes its moment: https://developers.google.com/workspace/calendar/api/guides/recurringevents
    """
    kept = (_without_dates(line, _day(first)) if line.startswith("RDATE") else line for line in lines)
    return [f"{_endless(line)};UNTIL={_last(first)}" if line.startswith("RRULE") else line for line in kept if line]


def moment(when: Mapping[str, str]) -> datetime:
    """Return when a date begins; it compares with others of its series only: whole days have no zone."""
    return datetime.fromisoformat(when.get("date") or when["dateTime"])


def _endless(line: str) -> str:
    parts = line.removeprefix("RRULE:").split(";")
    return "RRULE:" + ";".join(part for part in parts if part.partition("=")[0] not in {"UNTIL", "COUNT"})


def _last(first: Mapping[str, str]) -> str:
    if "date" in first:
        return f"{moment(first) - DAY:%Y%m%d}"
    return f"{moment(first).astimezone(UTC) - SECOND:%Y%m%dT%H%M%SZ}"


def _day(first: Mapping[str, str]) -> str:
    return (first.get("date") or first["dateTime"])[:10].replace("-", "")


def _without_dates(line: str, day: str) -> str:
    """Drop single dates from that day on; an earlier one of the same day is not worth a calendar of its own."""
    name, _, values = line.partition(":")
    kept = [value for value in values.split(",") if value[:8] < day]
    return f"{name}:{','.join(kept)}" if kept else ""
