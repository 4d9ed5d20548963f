"""World files: a whole organisation as JSON, in and out."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from kiosk.emulator import directory
from kiosk.emulator.service import Service
from kiosk.emulator.times import zone
from kiosk.emulator.values import Json
from kiosk.emulator.world import DOMAIN, When, World, occurrence_id

_NOW = re.compile(r"now(?:(?P<sign>[+-])(?P<amount>\d+)(?P<unit>[mhd]))?")
_TODAY = re.compile(r"today(?P<days>[+-]\d+)?(?: (?P<hour>\d\d):(?P<minute>\d\d))?")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


def load(service: Service, content: Json) -> World:
    """Build the world of that file in an empty store; ValueError names what cannot be understood."""
    world = World(service)
    with service.store.transaction():
        world.found(str(content.get("domain", DOMAIN)))
        for building in content.get("buildings", []):
            more = {key: building[key] for key in ("address", "coordinates", "description") if key in building}
            world.add_building(building["id"], building.get("name", building["id"]), building["floors"], **more)
        for feature in content.get("features", []):
            world.add_feature(feature)
        _load_people(world, content)
        rooms = _load_rooms(world, content)
        for rule in content.get("acl", []):
            calendar = rooms.get(rule["calendar"], rule["calendar"])
            world.share(calendar, rule["subject"], rule["role"])
        for event in content.get("events", []):
            _load_event(service, world, event, rooms)
        service.settle()
    return world


def when(text: str, now: datetime, where: tzinfo) -> When:
    """A time of a world file: ISO 8601, a date, `now+15m`, `today 09:30`, `today+1 14:00`, `today+3`."""
    if found := _NOW.fullmatch(text):
        shift = _UNITS[found["unit"]] * int(found["amount"]) if found["unit"] else timedelta(0)
        return now.replace(second=0, microsecond=0) + (-shift if found["sign"] == "-" else shift)
    if found := _TODAY.fullmatch(text):
        day = now.astimezone(where).date() + timedelta(days=int(found["days"] or 0))
        return datetime.combine(day, time(int(found["hour"]), int(found["minute"])), where) if found["hour"] else day
    if len(text) == 10:
        return date.fromisoformat(text)
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=where)


def dump(service: Service) -> Json:
    """The world as a file that `load` understands; answers are laid down as they are."""
    store = service.store
    with store.transaction():
        content: Json = {"domain": store.meta("domain")}
        content["buildings"] = [_dumped_building(each) for each in directory.everything(store, "building")]
        content["features"] = [each["name"] for each in directory.everything(store, "feature")]
        content["people"] = [
            {
                "email": each["primaryEmail"],
                "name": each["name"]["fullName"],
                "admin": each["isAdmin"],
                "suspended": each["suspended"],
            }
            for each in directory.everything(store, "user")
        ]
        content["rooms"] = [_dumped_room(service, each) for each in directory.everything(store, "room")]
        rules = store.rows("SELECT calendar, subject, role FROM acl ORDER BY calendar, subject")
        content["acl"] = [dict(zip(("calendar", "subject", "role"), rule, strict=True)) for rule in rules]
        content["events"] = _dumped_events(service)
    return content


def _load_people(world: World, content: Json) -> None:
    for person in content.get("people", []):
        world.add_person(
            person["email"], person.get("name", person["email"]), admin=person.get("admin", False),
            suspended=person.get("suspended", False), zone_name=person.get("timeZone", "Europe/Berlin"),
            domain_role=person.get("domainRole", "reader"),
        )  # fmt: skip


def _load_rooms(world: World, content: Json) -> dict[str, str]:
    """Add the rooms; returns their addresses by name."""
    return {
        room["name"]: world.add_room(
            room["name"], email=room.get("email", ""), building=room.get("building", ""),
            floor=room.get("floor", ""), capacity=room.get("capacity", 0), features=room.get("features", ()),
            zone_name=room.get("timeZone", "Europe/Berlin"), auto_accept=room.get("autoAccept", True),
            domain_role=room.get("domainRole", "reader"), category=room.get("category", "CONFERENCE_ROOM"),
        )
        for room in content.get("rooms", [])
    }  # fmt: skip


def _load_event(service: Service, world: World, event: Json, names: dict[str, str]) -> None:
    organizer = str(names.get(event["organizer"], event["organizer"]))
    rooms = [names.get(room, room) for room in event.get("rooms", [])]
    calendar = service.store.calendar(rooms[0] if rooms else organizer)
    where = zone(event.get("timeZone") or (calendar.zone_name if calendar else "UTC"))
    now = service.clock.now().astimezone(UTC)
    event_id = world.create(
        organizer, event.get("title", ""), when(event["start"], now, where), when(event["end"], now, where),
        rooms=rooms, guests=event.get("guests", ()), recurrence=event.get("recurrence", ()),
        private=event.get("private", False), transparent=event.get("transparent", False),
        event_id=event.get("id", ""), zone_name=str(where),
        given={names.get(who, who): answer for who, answer in event.get("answers", {}).items()},
    )  # fmt: skip
    for exception in event.get("exceptions", []):
        instance = occurrence_id(event_id, when(exception["original"], now, where))
        if exception.get("cancelled"):
            world.cancel(instance, organizer=organizer)
        else:
            start, end = (when(exception[which], now, where) for which in ("start", "end"))
            world.move(instance, start, end, title=exception.get("title"), organizer=organizer)


def _dumped_building(building: Json) -> Json:
    kept = {key: building[key] for key in ("address", "coordinates", "description") if key in building}
    names = {"id": building["buildingId"], "name": building["buildingName"], "floors": building["floorNames"]}
    return names | kept


def _dumped_room(service: Service, room: Json) -> Json:
    calendar = service.store.calendar(room["resourceEmail"])
    assert calendar is not None
    return {
        "name": room["resourceName"], "email": calendar.id, "building": room.get("buildingId", ""),
        "floor": room.get("floorName", ""), "capacity": room.get("capacity", 0), "timeZone": calendar.zone_name,
        "features": [each["feature"]["name"] for each in room.get("featureInstances", [])],
        "autoAccept": calendar.auto_accept, "domainRole": calendar.domain_role,
        "category": room["resourceCategory"],
    }  # fmt: skip


def _dumped_events(service: Service) -> list[Json]:
    where = "calendar = home AND series = '' AND status != 'cancelled'"
    return [
        _dumped_event(entry.data, entry.id, entry.calendar) | _dumped_exceptions(service, entry.calendar, entry.id)
        for entry in service.store.select(where)
    ]


def _dumped_event(data: Json, event_id: str, organizer: str) -> Json:
    attendees = data.get("attendees", [])
    event: Json = {"id": event_id, "organizer": organizer, "title": data.get("summary", "")}
    event |= {which: _dumped_time(data[which]) for which in ("start", "end")}
    event["rooms"] = [each["email"] for each in attendees if each.get("resource")]
    others = [each["email"] for each in attendees if not each.get("resource")]
    event["guests"] = [email for email in others if email != organizer]
    event["answers"] = {each["email"]: each["responseStatus"] for each in attendees}
    event |= {"recurrence": data["recurrence"]} if "recurrence" in data else {}
    event |= {"private": True} if data.get("visibility") == "private" else {}
    event |= {"transparent": True} if data.get("transparency") == "transparent" else {}
    return event | ({"timeZone": data["start"]["timeZone"]} if "timeZone" in data["start"] else {})


def _dumped_time(value: Json) -> str:
    return str(value.get("dateTime") or value["date"])


def _dumped_exceptions(service: Service, calendar_id: str, event_id: str) -> Json:
    where = "calendar = ? AND series = ? AND detached = 0"
    found = []
    for entry in service.store.select(where, calendar_id, event_id):
        original = entry.data["originalStartTime"]
        exception: Json = {"original": _dumped_time(original)}
        if entry.cancelled:
            exception["cancelled"] = True
        else:
            exception |= {which: _dumped_time(entry.data[which]) for which in ("start", "end")}
            exception["title"] = entry.data.get("summary", "")
        found.append(exception)
    return {"exceptions": found} if found else {}
