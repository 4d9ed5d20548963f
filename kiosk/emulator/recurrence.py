"""Series: from RRULE, EXDATE and RDATE lines to occurrences with Google's instance keys."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import islice

from dateutil.rrule import rruleset, rrulestr

from kiosk.emulator.times import iso, midnight, zone
from kiosk.emulator.values import FOREVER, Json

# Google expands an endless series to about this many instances when nothing bounds the question.
EXPANSION = 730
_SAFETY = 20_000

ToLocal = Callable[[datetime], datetime]


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One date of a series; `key` is the suffix of its instance id, from the original start."""

    key: str
    starts: int
    ends: int
    start: Json
    end: Json


def rule_text(start: Json, end: Json, recurrence: list[str], calendar_zone: str) -> str:
    """All that the dates of a series depend on, as one text that copies of it share."""
    name = calendar_zone if "date" in start else start.get("timeZone", calendar_zone)
    return json.dumps({"zone": name, "start": start, "end": end, "recurrence": recurrence}, sort_keys=True)


@lru_cache(maxsize=8192)
def series(rule: str) -> Series:
    """The series of that rule text; ValueError when a line cannot be understood."""
    return Series(rule)


class Series:
    """The dates of one series, computed as far as anybody has asked."""

    def __init__(self, rule: str) -> None:
        spec = json.loads(rule)
        self._zone = zone(spec["zone"])
        self._zone_name = spec["zone"]
        self._all_day = "date" in spec["start"]
        self._first = self._local(spec["start"])
        self._length = self._length_of(spec)
        lines = [str(line) for line in spec["recurrence"]]
        self.endless = any("RRULE" in line and "UNTIL" not in line and "COUNT" not in line for line in lines)
        self._dates: Iterator[datetime] = iter(_ruleset(lines, self._first, self._to_local, self._all_day))
        self._found: list[Occurrence] = []
        self._done = False

    def between(self, low: int, high: int, limit: int = EXPANSION) -> list[Occurrence]:
        """The first `limit` occurrences that end after `low` and start before `high`."""
        self._reach(min(low, high))
        index = bisect_left(self._found, low - self._longest, key=lambda found: found.starts)
        self._reach(high, index + limit + 2)
        hits = (found for found in islice(self._found, index, None) if found.ends > low)
        return list(islice(_until(hits, high), limit))

    def find(self, key: str) -> Occurrence | None:
        """The occurrence with that key, if the series has it."""
        at = self._seconds_of_key(key)
        self._reach(at + 1)
        index = bisect_left(self._found, at, key=lambda found: found.starts)
        for found in self._found[max(0, index - 1) : index + 2]:
            if found.key == key:
                return found
        return None

    def last_end(self) -> int:
        """The end of the last occurrence, FOREVER when there is none."""
        if self.endless:
            return FOREVER
        self._reach(FOREVER)
        return max((found.ends for found in self._found), default=0)

    def _reach(self, high: int, limit: int = _SAFETY) -> None:
        most = min(limit, _SAFETY)
        while not self._done and len(self._found) < most:
            if self._found and self._found[-1].starts >= high:
                return
            following = next(self._dates, None)
            if following is None:
                self._done = True
            else:
                self._found.append(self._occurrence(following))

    @property
    def _longest(self) -> int:
        return int(self._length.total_seconds()) + 7200

    def _occurrence(self, local: datetime) -> Occurrence:
        if self._all_day:
            return self._day(local)
        starts = int(local.replace(tzinfo=self._zone).timestamp())
        ends = starts + int(self._length.total_seconds())
        key = f"{datetime.fromtimestamp(starts, UTC):%Y%m%dT%H%M%SZ}"
        return Occurrence(key, starts, ends, self._timed(starts), self._timed(ends))

    def _day(self, local: datetime) -> Occurrence:
        last = local + self._length
        starts, ends = (int(day.replace(tzinfo=self._zone).timestamp()) for day in (local, last))
        dates = ({"date": local.date().isoformat()}, {"date": last.date().isoformat()})
        return Occurrence(f"{local:%Y%m%d}", starts, ends, *dates)

    def _timed(self, seconds: int) -> Json:
        return {"dateTime": iso(seconds, self._zone), "timeZone": self._zone_name}

    def _local(self, value: Json) -> datetime:
        if self._all_day:
            return datetime.combine(date.fromisoformat(value["date"]), datetime.min.time())
        return self._to_local(datetime.fromisoformat(value["dateTime"]))

    def _length_of(self, spec: Json) -> timedelta:
        if self._all_day:
            return self._local(spec["end"]) - self._first
        end, start = (datetime.fromisoformat(spec[which]["dateTime"]) for which in ("end", "start"))
        return end - start

    def _to_local(self, moment: datetime) -> datetime:
        return moment.astimezone(self._zone).replace(tzinfo=None)

    def _seconds_of_key(self, key: str) -> int:
        if len(key) == 8:
            return midnight(date.fromisoformat(key).isoformat(), self._zone)
        return int(datetime.fromisoformat(key).timestamp())


def _until(found: Iterator[Occurrence], high: int) -> Iterator[Occurrence]:
    for occurrence in found:
        if occurrence.starts >= high:
            return
        yield occurrence


def _ruleset(lines: list[str], first: datetime, to_local: ToLocal, all_day: bool) -> rruleset:
    dates = rruleset()
    dates.rdate(first)  # RFC 5545: DTSTART is the first occurrence, whatever the rule says
    for line in lines:
        name, _, value = line.partition(":")
        kind, *parameters = name.split(";")
        if kind == "RRULE":
            dates.rrule(rrulestr(_local_until(value, to_local, all_day), dtstart=first))  # type: ignore[arg-type]
        elif kind in {"EXDATE", "RDATE"}:
            add = dates.exdate if kind == "EXDATE" else dates.rdate
            for text in value.split(","):
                add(_date_of(text, parameters, first, to_local))
        else:
            raise ValueError(line)
    return dates


def _local_until(rule: str, to_local: ToLocal, all_day: bool) -> str:
    """UNTIL comes in UTC, or as a date that still counts in full; the rule runs on local time."""
    parts = dict(part.split("=", 1) for part in rule.split(";") if part)
    until = parts.get("UNTIL")
    if until is None:
        return rule
    if len(until) == 8:
        parts["UNTIL"] = until if all_day else until + "T235959"
    else:
        moment = datetime.fromisoformat(until.rstrip("Z"))
        local = to_local(moment.replace(tzinfo=UTC)) if until.endswith("Z") and not all_day else moment
        parts["UNTIL"] = f"{local:%Y%m%dT%H%M%S}"
    return ";".join(f"{name}={value}" for name, value in parts.items())


def _date_of(text: str, parameters: list[str], first: datetime, to_local: ToLocal) -> datetime:
    if len(text) == 8:
        return datetime.combine(date.fromisoformat(text), first.time())
    moment = datetime.fromisoformat(text.rstrip("Z"))
    if text.endswith("Z"):
        return to_local(moment.replace(tzinfo=UTC))
    named = [part.partition("=")[2] for part in parameters if part.startswith("TZID=")]
    return to_local(moment.replace(tzinfo=zone(named[0]))) if named else moment


def split_id(event_id: str) -> tuple[str, str]:
    """The master's id and the occurrence key of an instance id; the key is empty for any other id.

    Ids of "this and following" hold `_R…` themselves, so only the last underscore counts.
    """
    master, _, key = event_id.rpartition("_")
    digits = key.removesuffix("Z").replace("T", "", 1)
    shaped = len(key) == 8 or (len(key) == 16 and key[8] == "T" and key.endswith("Z"))
    return (master, key) if master and shaped and digits.isdigit() else (event_id, "")
