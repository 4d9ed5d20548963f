"""Times as Google writes them, to and from seconds of the epoch."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from kiosk.emulator.errors import ApiError, bad_request, invalid_parameter
from kiosk.emulator.values import Json


@lru_cache(maxsize=256)
def zone(name: str) -> ZoneInfo:
    """The zone of that name; ValueError when there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(name) from error


def iso(seconds: int, where: tzinfo) -> str:
    """`2026-08-10T10:00:00+02:00`, or ending in Z where the offset is zero, as Google writes it."""
    text = datetime.fromtimestamp(seconds, where).isoformat()
    return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text


def milliseconds(microseconds: int) -> str:
    """`updated` as Google writes it."""
    moment = datetime.fromtimestamp(microseconds // 1_000_000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{microseconds // 1000 % 1000:03d}Z"


def whole_seconds(microseconds: int) -> str:
    """`created` as Google writes it: always `.000Z`."""
    return f"{datetime.fromtimestamp(microseconds // 1_000_000, UTC):%Y-%m-%dT%H:%M:%S}.000Z"


def bound(name: str, text: str) -> int:
    """A query's time bound, which needs an offset; milliseconds are ignored."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise invalid_parameter(name, text) from None
    if moment.tzinfo is None:
        raise bad_request()
    return int(moment.timestamp())


def midnight(day: str, where: tzinfo) -> int:
    """The second at which that local day begins."""
    return int(datetime.combine(date.fromisoformat(day), datetime.min.time(), where).timestamp())


def seconds_of(value: Json, where: tzinfo) -> int:
    """The instant of a normalised start or end; an all-day one begins at midnight in `where`."""
    if "date" in value:
        return midnight(value["date"], where)
    return int(datetime.fromisoformat(value["dateTime"]).timestamp())


def normalised(value: Json | None, which: str, calendar_zone: str) -> Json:
    """Check a start or end as a client sent it, and bring it into its own zone."""
    value = {key: item for key, item in (value or {}).items() if item is not None}
    if "date" in value and "dateTime" not in value:
        return {"date": _date(str(value["date"]), which)}
    if "dateTime" not in value or "date" in value:
        reason, message = ("invalid", f"Invalid {which} time.") if value.get("date") else (
            "required", f"Missing {which} time.")  # fmt: skip
        raise ApiError(400, reason, message)
    return _date_time(str(value["dateTime"]), value.get("timeZone"), which, calendar_zone)


def _date(text: str, which: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ApiError(400, "invalid", f"Invalid {which} time.") from None


def _date_time(text: str, zone_name: str | None, which: str, calendar_zone: str) -> Json:
    try:
        moment = datetime.fromisoformat(text).replace(microsecond=0)
    except ValueError:
        raise ApiError(400, "invalid", f"Invalid {which} time.") from None
    if moment.tzinfo is None and not zone_name:
        raise ApiError(400, "required", f"Missing time zone definition for {which} time.")
    try:
        where = zone(zone_name or calendar_zone)
    except ValueError:
        raise ApiError(400, "invalid", f"Invalid time zone definition for {which} time.") from None
    local = moment.replace(tzinfo=where) if moment.tzinfo is None else moment.astimezone(where)
    return {"dateTime": iso(int(local.timestamp()), where), "timeZone": zone_name or calendar_zone}


def next_day(day: str) -> str:
    """The day after."""
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()
