"""Query parameters of events.list and events.instances, checked as Google checks them."""

from __future__ import annotations

from werkzeug.datastructures import MultiDict

from kiosk.emulator.errors import ApiError, bad_request, invalid_parameter, time_range_empty
from kiosk.emulator.listing import Query
from kiosk.emulator.times import bound
from kiosk.emulator.values import FOREVER

Parameters = MultiDict[str, str]

_EVENT_TYPES = {"birthday", "default", "focusTime", "fromGmail", "outOfOffice", "workingLocation"}
_NOT_WITH_TOKEN = (
    "iCalUID", "orderBy", "privateExtendedProperty", "q", "sharedExtendedProperty", "timeMin", "timeMax",
    "updatedMin",
)  # fmt: skip
_MOST_RESULTS = 2500


def boolean(parameters: Parameters, name: str, default: bool = False) -> bool:
    """true or false."""
    text = parameters.get(name, "true" if default else "false")
    if text.lower() not in {"true", "false"}:
        raise invalid_parameter(name, text)
    return text.lower() == "true"


def number(parameters: Parameters, name: str, default: int, least: int = 1, most: int = _MOST_RESULTS) -> int:
    """A whole number, cut at the most that Google gives."""
    text = parameters.get(name)
    if text is None:
        return default
    if not text.lstrip("-").isdigit() or int(text) < least:
        raise invalid_parameter(name, text)
    return min(int(text), most)


def listing(parameters: Parameters) -> Query:
    """The question of events.list; `syncToken` is left to the caller."""
    low, high = window(parameters)
    single = boolean(parameters, "singleEvents")
    order = parameters.get("orderBy", "")
    if order not in {"", "startTime", "updated"}:
        raise invalid_parameter("orderBy", order)
    if order == "startTime" and not single:
        raise bad_request("The requested ordering is not available for the particular query.")
    _check_token(parameters)
    return Query(
        time_min=low, time_max=high, single=single, order=order,
        show_deleted=boolean(parameters, "showDeleted"), max_results=number(parameters, "maxResults", 250),
        updated_min=_updated_min(parameters), event_types=_event_types(parameters),
        text=parameters.get("q", ""), ical_uid=parameters.get("iCalUID", ""),
        private=_pairs(parameters, "privateExtendedProperty"),
        shared=_pairs(parameters, "sharedExtendedProperty"), page=parameters.get("pageToken", ""),
    )  # fmt: skip


def instances(parameters: Parameters, master: str) -> Query:
    """The question of events.instances."""
    low, high = window(parameters)
    return Query(
        time_min=low, time_max=high, single=True, master=master,
        show_deleted=boolean(parameters, "showDeleted"), max_results=number(parameters, "maxResults", 250),
        page=parameters.get("pageToken", ""),
    )  # fmt: skip


def window(parameters: Parameters) -> tuple[int, int]:
    """Both bounds; -FOREVER and FOREVER where none is given."""
    low = bound("timeMin", parameters["timeMin"]) if "timeMin" in parameters else -FOREVER
    high = bound("timeMax", parameters["timeMax"]) if "timeMax" in parameters else FOREVER
    if low >= high:
        raise time_range_empty()
    return low, high


def _check_token(parameters: Parameters) -> None:
    """A sync token goes with no other restriction, and deletions cannot be left out."""
    if "syncToken" not in parameters:
        return
    if "orderBy" in parameters:
        raise bad_request("Sync token cannot be used with non-default ordering.")
    hides = "showDeleted" in parameters and not boolean(parameters, "showDeleted")
    if hides or any(name in parameters for name in _NOT_WITH_TOKEN):
        raise bad_request("Sync token cannot be used with other request restrictions.")


def _updated_min(parameters: Parameters) -> int | None:
    if "updatedMin" not in parameters:
        return None
    return bound("updatedMin", parameters["updatedMin"]) * 1_000_000


def _event_types(parameters: Parameters) -> tuple[str, ...]:
    wanted = tuple(parameters.getlist("eventTypes"))
    for each in wanted:
        if each not in _EVENT_TYPES:
            raise invalid_parameter("eventTypes", each)
    return wanted


def _pairs(parameters: Parameters, name: str) -> tuple[tuple[str, str], ...]:
    pairs = []
    for text in parameters.getlist(name):
        key, equals, value = text.partition("=")
        if not equals:
            raise ApiError(400, "invalid", f"Invalid value for {name}", location=name)
        pairs.append((key, value))
    return tuple(pairs)
