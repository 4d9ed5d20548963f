"""Google's methods, one function each: from a request to the nouns and back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from flask import request

from kiosk.emulator import acl, calendars, channels, directory, events, freebusy, listing, moving, params
from kiosk.emulator.acl import Access, Caller
from kiosk.emulator.api import Operation, Reply, json_body
from kiosk.emulator.errors import (
    bad_request,
    invalid_parameter,
    not_authorized_for_directory,
    not_found,
    required,
    updated_min_too_long_ago,
)
from kiosk.emulator.render import View, event_json
from kiosk.emulator.times import zone
from kiosk.emulator.values import Calendar, Entry, Json

if TYPE_CHECKING:
    from kiosk.emulator.service import Service

_PREFIX = "https://www.googleapis.com/auth/"
_CCC = "ccc.hosted.frontend.directory.v1"
_EVENT = "/calendar/v3/calendars/<calendar_id>/events"
_LIST = "/calendar/v3/users/me/calendarList"
_RESOURCES = "/admin/directory/v1/customer/<customer>/resources"

# How far back changes are remembered for updatedMin, in microseconds; Google names no figure.
_REMEMBERED = 28 * 86_400 * 1_000_000


def _scopes(text: str) -> frozenset[str]:
    return frozenset(_PREFIX + name for name in text.split())


_READ = _scopes(
    "calendar calendar.readonly calendar.events calendar.events.readonly calendar.events.owned "
    "calendar.events.owned.readonly calendar.events.freebusy calendar.events.public.readonly calendar.app.created"
)
_WRITE = _scopes("calendar calendar.events calendar.events.owned calendar.app.created")
_CALENDAR = _scopes("calendar calendar.readonly calendar.calendars calendar.calendars.readonly calendar.app.created")
_LISTS = _scopes("calendar calendar.readonly calendar.calendarlist calendar.calendarlist.readonly")
_FREEBUSY = _scopes("calendar calendar.readonly calendar.freebusy calendar.events.freebusy")
_RESOURCE = _scopes("admin.directory.resource.calendar admin.directory.resource.calendar.readonly")
_USER = _scopes("admin.directory.user admin.directory.user.readonly")


def get_calendar(service: Service, caller: Caller, calendar_id: str) -> Reply:
    """calendars.get."""
    calendar = acl.access(service.store, calendar_id, caller).calendar
    body = calendars.calendar_json(calendar)
    return Reply(body, body["etag"])


def list_calendars(service: Service, caller: Caller) -> Reply:
    """calendarList.list."""
    page = calendars.listed(
        service.store, caller, token=request.args.get("syncToken", ""), page=request.args.get("pageToken", ""),
        most=params.number(request.args, "maxResults", 100, most=250),
        deleted=params.boolean(request.args, "showDeleted"), least_role=request.args.get("minAccessRole", ""),
    )  # fmt: skip
    return Reply(page)


def get_listed_calendar(service: Service, caller: Caller, calendar_id: str) -> Reply:
    """calendarList.get."""
    body = calendars.entry(service.store, caller, acl.access(service.store, calendar_id, caller).calendar)
    return Reply(body, body["etag"])


def list_events(service: Service, caller: Caller, calendar_id: str) -> Reply:
    """events.list."""
    granted = acl.access(service.store, calendar_id, caller)
    query = params.listing(request.args)
    if "syncToken" in request.args:
        since = listing.since_token(service.store, granted.calendar, request.args["syncToken"])
        query = replace(query, since=since)
    if query.updated_min is not None and query.updated_min < service.clock.microseconds() - _REMEMBERED:
        raise updated_min_too_long_ago()
    query = replace(
        query, empty_page=service.flag("empty_pages"), short_page=service.flag("short_pages"),
        stray_tombstone=service.flag("stray_tombstones"),
    )  # fmt: skip
    return Reply(listing.answer(service.store, _view(service, granted), query))


def list_instances(service: Service, caller: Caller, calendar_id: str, event_id: str) -> Reply:
    """events.instances."""
    granted = acl.access(service.store, calendar_id, caller)
    events.get(service.store, granted.calendar.id, event_id)
    query = params.instances(request.args, event_id)
    return Reply(listing.answer(service.store, _view(service, granted), query))


def get_event(service: Service, caller: Caller, calendar_id: str, event_id: str) -> Reply:
    """events.get."""
    granted = acl.access(service.store, calendar_id, caller)
    return _event(service, granted, events.get(service.store, granted.calendar.id, event_id))


def insert_event(service: Service, caller: Caller, calendar_id: str) -> Reply:
    """events.insert."""
    granted = acl.access(service.store, calendar_id, caller)
    _check_send_updates()
    entry = events.insert(service.store, granted, json_body(), conference=_conference())
    return _settled(service, granted, entry)


def patch_event(service: Service, caller: Caller, calendar_id: str, event_id: str) -> Reply:
    """events.patch."""
    granted = acl.access(service.store, calendar_id, caller)
    _check_send_updates()
    if_match = request.headers.get("If-Match", "")
    entry = events.patch(service.store, granted, event_id, json_body(), if_match, conference=_conference())
    return _settled(service, granted, entry)


def update_event(service: Service, caller: Caller, calendar_id: str, event_id: str) -> Reply:
    """events.update."""
    granted = acl.access(service.store, calendar_id, caller)
    _check_send_updates()
    if_match = request.headers.get("If-Match", "")
    entry = events.put(service.store, granted, event_id, json_body(), if_match, conference=_conference())
    return _settled(service, granted, entry)


def delete_event(service: Service, caller: Caller, calendar_id: str, event_id: str) -> Reply:
    """events.delete."""
    granted = acl.access(service.store, calendar_id, caller)
    _check_send_updates()
    events.delete(service.store, granted, event_id, request.headers.get("If-Match", ""))
    return Reply(None)


def move_event(service: Service, caller: Caller, calendar_id: str, event_id: str) -> Reply:
    """events.move."""
    if not request.args.get("destination"):
        raise required("destination")
    _check_send_updates()
    source = acl.access(service.store, calendar_id, caller)
    destination = acl.access(service.store, request.args["destination"], caller)
    return _settled(service, source, moving.move(service.store, source, destination, event_id))


def watch_events(service: Service, caller: Caller, calendar_id: str) -> Reply:
    """events.watch."""
    granted = acl.access(service.store, calendar_id, caller)
    channel = channels.watch(service.store, granted, json_body(), http=service.pushes.http)
    service.pushes.wake()
    return Reply(channel.as_json())


def stop_channel(service: Service, caller: Caller) -> Reply:
    """channels.stop."""
    channels.stop(service.store, caller, json_body())
    return Reply(None)


def query_freebusy(service: Service, caller: Caller) -> Reply:
    """freebusy.query."""
    return Reply(freebusy.query(service.store, caller, json_body()))


def list_resources(service: Service, caller: Caller, customer: str, collection: str) -> Reply:
    """resources.calendars.list, resources.buildings.list, resources.features.list."""
    kinds = {
        "calendars": ("room", "items", "admin#directory#resources#calendars#calendarResourcesList"),
        "buildings": ("building", "buildings", "admin#directory#resources#buildings#buildingsList"),
        "features": ("feature", "features", "admin#directory#resources#features#featuresList"),
    }
    _check_admin(service, caller, customer)
    if collection not in kinds:
        raise not_found()
    kind, name, list_kind = kinds[collection]
    return Reply(_directory_page(service, kind, name, list_kind, 500, 500))


def get_resource(service: Service, caller: Caller, customer: str, collection: str, resource_id: str) -> Reply:
    """resources.calendars.get (by resourceId, not by address), resources.buildings.get, resources.features.get."""
    _check_admin(service, caller, customer)
    kind = {"calendars": "room", "buildings": "building", "features": "feature"}.get(collection)
    found = directory.find(service.store, kind, resource_id) if kind else None
    if found is None:
        raise not_found()
    return Reply(found)


def list_users(service: Service, caller: Caller) -> Reply:
    """users.list; without administrator's rights only as `domain_public`."""
    if request.args.get("viewType") != "domain_public":
        _check_admin(service, caller, request.args.get("customer", directory.CUSTOMER))
    if not {"customer", "domain"} & request.args.keys():
        raise bad_request("Bad Request")
    return Reply(_directory_page(service, "user", "users", "admin#directory#users", 100, 500))


def get_user(service: Service, caller: Caller, user_key: str) -> Reply:
    """users.get."""
    if request.args.get("viewType") != "domain_public":
        _check_admin(service, caller, directory.CUSTOMER)
    found = directory.find(service.store, "user", user_key)
    if found is None:
        raise not_found()
    return Reply(found)


def _directory_page(service: Service, kind: str, name: str, list_kind: str, default: int, most: int) -> Json:
    return directory.answer(
        service.store, kind, name, list_kind, query=request.args.get("query", ""),
        order=request.args.get("orderBy", ""), page=request.args.get("pageToken", ""),
        most=params.number(request.args, "maxResults", default, most=most),
    )  # fmt: skip


def _check_admin(service: Service, caller: Caller, customer: str) -> None:
    known = customer in {directory.CUSTOMER, service.store.meta("customer")}
    if not known or not acl.is_admin(service.store, caller.email):
        raise not_authorized_for_directory()


def _check_send_updates() -> None:
    wanted = request.args.get("sendUpdates", "none")
    if wanted not in {"all", "externalOnly", "none"}:
        raise invalid_parameter("sendUpdates", wanted)


def _conference() -> bool:
    return request.args.get("conferenceDataVersion") == "1"


def _settled(service: Service, granted: Access, entry: Entry) -> Reply:
    """The event as it is once rooms that answer at once have answered."""
    service.give_due_answers()
    return _event(service, granted, service.store.entry(entry.calendar, entry.id) or entry)


def _event(service: Service, granted: Access, entry: Entry) -> Reply:
    body = event_json(entry, _view(service, granted))
    return Reply(body, body["etag"])


def _view(service: Service, granted: Access) -> View:
    return View(
        granted, _zone(granted.calendar), max_attendees=params.number(request.args, "maxAttendees", 0),
        all_day_dates=service.flag("all_day_dates"), sparse=service.flag("sparse_tombstones"),
    )  # fmt: skip


def _zone(calendar: Calendar) -> ZoneInfo:
    wanted = request.args.get("timeZone")
    try:
        return zone(wanted) if wanted else calendar.zone
    except ValueError:
        raise invalid_parameter("timeZone", str(wanted)) from None


OPERATIONS = [
    Operation("calendar.v3.Calendars.Get", "GET", "/calendar/v3/calendars/<calendar_id>", _CALENDAR, get_calendar),
    Operation("calendar.v3.CalendarList.List", "GET", _LIST, _LISTS, list_calendars),
    Operation("calendar.v3.CalendarList.Get", "GET", f"{_LIST}/<calendar_id>", _LISTS, get_listed_calendar),
    Operation("calendar.v3.Events.List", "GET", _EVENT, _READ, list_events),
    Operation("calendar.v3.Events.Insert", "POST", _EVENT, _WRITE, insert_event),
    Operation("calendar.v3.Events.Get", "GET", f"{_EVENT}/<event_id>", _READ, get_event),
    Operation("calendar.v3.Events.Patch", "PATCH", f"{_EVENT}/<event_id>", _WRITE, patch_event),
    Operation("calendar.v3.Events.Update", "PUT", f"{_EVENT}/<event_id>", _WRITE, update_event),
    Operation("calendar.v3.Events.Delete", "DELETE", f"{_EVENT}/<event_id>", _WRITE, delete_event),
    Operation("calendar.v3.Events.Instances", "GET", f"{_EVENT}/<event_id>/instances", _READ, list_instances),
    Operation("calendar.v3.Events.Move", "POST", f"{_EVENT}/<event_id>/move", _WRITE, move_event),
    Operation("calendar.v3.Events.Watch", "POST", f"{_EVENT}/watch", _READ, watch_events),
    Operation("calendar.v3.Channels.Stop", "POST", "/calendar/v3/channels/stop", _READ | _LISTS, stop_channel),
    Operation("calendar.v3.Freebusy.Query", "POST", "/calendar/v3/freeBusy", _FREEBUSY, query_freebusy),
    Operation(f"{_CCC}.Resources.List", "GET", f"{_RESOURCES}/<collection>", _RESOURCE, list_resources),
    Operation(f"{_CCC}.Resources.Get", "GET", f"{_RESOURCES}/<collection>/<resource_id>", _RESOURCE, get_resource),
    Operation(f"{_CCC}.Users.List", "GET", "/admin/directory/v1/users", _USER, list_users),
    Operation(f"{_CCC}.Users.Get", "GET", "/admin/directory/v1/users/<user_key>", _USER, get_user),
]  # fmt: skip
