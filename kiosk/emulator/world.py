"""The world as its people play it: add rooms and persons, book, move, cancel and answer as somebody."""

from __future__ import annotations

import copy
import hashlib
from base64 import b32hexencode
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from kiosk.emulator import acl, answers, bodies, directory, events, series_edit, tokens
from kiosk.emulator.acl import Access, Caller
from kiosk.emulator.errors import not_found
from kiosk.emulator.recurrence import split_id
from kiosk.emulator.render import View, event_json
from kiosk.emulator.service import Service
from kiosk.emulator.times import zone
from kiosk.emulator.values import Calendar, Entry, Json

DOMAIN = "kiosk.example"
When = datetime | date


class World:
    """Acts of people and administrators. Event ids may name a series or, as in Google, one instance.

    Times are aware datetimes, or dates (end exclusive) for all-day events. Unknown ids raise ApiError 404.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._store = service.store

    @property
    def domain(self) -> str:
        """The organisation's domain."""
        return self._store.meta("domain") or DOMAIN

    @property
    def admin(self) -> str:
        """The administrator: the subject for the Directory."""
        return f"admin@{self.domain}"

    @property
    def service_user(self) -> str:
        """The person that may write on every room: the subject for calendars."""
        return f"rooms-service@{self.domain}"

    @property
    def service_account(self) -> str:
        """The service account that keys are made for."""
        return f"room-kiosk@{self.domain.replace('.', '-')}.iam.gserviceaccount.com"

    def found(self, domain: str = DOMAIN, customer: str = "C0kiosk01") -> None:
        """Lay down what every organisation has: its domain, administrator, service user and account."""
        with self._service.changing():
            self._store.set_meta("domain", domain)
            self._store.set_meta("customer", customer)
            client_id = str(int(hashlib.sha256(domain.encode()).hexdigest()[:16], 16)).zfill(21)
            tokens.add_account(self._store, self.service_account, client_id)
            self.add_person(self.admin, "Administrator", admin=True)
            self.add_person(self.service_user, "Rooms Service")

    def add_person(
        self, email: str, name: str, *, admin: bool = False, suspended: bool = False, zone_name: str = "Europe/Berlin",
        domain_role: str = "reader",
    ) -> str:  # fmt: skip
        """A member of the organisation with a calendar; colleagues may read it."""
        given, _, family = name.rpartition(" ")
        names = {"fullName": name, "givenName": given or name, "familyName": family}
        user: Json = {
            "id": str(int(hashlib.sha256(email.encode()).hexdigest()[:15], 16)), "primaryEmail": email,
            "name": names, "isAdmin": admin, "isDelegatedAdmin": False, "suspended": suspended,
            "orgUnitPath": "/", "emails": [{"address": email, "primary": True}],
        }  # fmt: skip
        with self._service.changing():
            directory.add(self._store, "user", email, user)
            self._store.save_calendar(self._calendar(email, "user", name, zone_name, domain_role))
        return email

    def add_building(self, building_id: str, name: str, floors: Iterable[str], **more: object) -> None:
        """A building; `more` are keys of Google's Building, such as address and coordinates."""
        data = {"buildingId": building_id, "buildingName": name, "floorNames": list(floors)} | more
        with self._service.changing():
            directory.add(self._store, "building", building_id, data)

    def add_feature(self, name: str) -> None:
        """A piece of equipment that rooms can have."""
        with self._service.changing():
            directory.add(self._store, "feature", name, {"name": name})

    def add_room(
        self, name: str, *, email: str = "", building: str = "", floor: str = "", capacity: int = 0,
        features: Iterable[str] = (), zone_name: str = "Europe/Berlin", auto_accept: bool = True,
        domain_role: str = "reader", category: str = "CONFERENCE_ROOM",
    ) -> str:  # fmt: skip
        """A room with its resource calendar, on which the service user may write; returns its address."""
        email = email or self._room_email(name, building, floor)
        resource = _resource(name, email, building, floor, capacity, list(features), category)
        label = resource["generatedResourceName"]
        with self._service.changing():
            directory.add(self._store, "room", resource["resourceId"], resource)
            calendar = self._calendar(email, "resource", label, zone_name, domain_role)
            self._store.save_calendar(replace(calendar, auto_accept=auto_accept, location=label))
            acl.set_role(self._store, calendar, self.service_user, "writer")
            self._store.save_calendar(replace(calendar, auto_accept=auto_accept, location=label, tokens_from=0))
        return email

    def remove_room(self, email: str) -> None:
        """Take a room out of the Directory; its calendar is gone for everybody."""
        with self._service.changing():
            for room in directory.everything(self._store, "room"):
                if room["resourceEmail"] == email:
                    directory.remove(self._store, "room", room["resourceId"])
            self._store.save_calendar(replace(self._known(email), kind="external"))

    def share(self, calendar_id: str, subject: str, role: str) -> None:
        """Give somebody a role on a calendar (`none` takes it away); its sync tokens end, as with Google."""
        with self._service.changing():
            acl.set_role(self._store, self._known(calendar_id), subject, role)

    def set_domain_role(self, calendar_id: str, role: str) -> None:
        """What everybody in the organisation may do on a calendar."""
        with self._service.changing():
            self._store.save_calendar(replace(self._known(calendar_id), domain_role=role))
            self._store.drop_tokens(self._known(calendar_id))

    def set_auto_accept(self, room: str, accepts: bool) -> None:
        """Whether the room answers by itself."""
        with self._service.changing():
            self._store.save_calendar(replace(self._known(room), auto_accept=accepts))

    def create(
        self, organizer: str, title: str, start: When, end: When, *, rooms: Iterable[str] = (),
        guests: Iterable[str] = (), recurrence: Iterable[str] = (), private: bool = False, transparent: bool = False,
        event_id: str = "", zone_name: str = "", given: Mapping[str, str] | None = None, **more: object,
    ) -> str:  # fmt: skip
        """Book as a person (one elsewhere gets no calendar here), or as a room: an entry made directly in it.

        `given`: answers laid down without asking, by address. `more`: further keys of Google's Event.
        """
        with self._service.changing():
            calendar = self._store.calendar(organizer) or self._stranger(organizer)
            where = zone_name or self._zone_of(list(rooms), calendar)
            body: Json = {"summary": title, "start": _time(start, where), "end": _time(end, where)} | more
            invited = [*guests, *rooms]
            if invited:
                host = {"email": organizer, "responseStatus": "accepted"}
                body["attendees"] = [host, *({"email": email} for email in invited)]
            body |= {"recurrence": list(recurrence)} if recurrence else {}
            body |= {"visibility": "private"} if private else {}
            body |= {"transparency": "transparent"} if transparent else {}
            return self._insert(calendar, body, event_id, given or {}).id

    def move(
        self, event_id: str, start: When | None = None, end: When | None = None, *,
        rooms: Iterable[str] | None = None, title: str | None = None, organizer: str = "",
    ) -> None:  # fmt: skip
        """Change time, rooms or title at the organizer, for a series or one instance."""
        with self._service.changing():
            origin = self._origin(event_id, organizer)
            where = origin.data["start"].get("timeZone", self._known(origin.home).zone_name)
            changes: Json = {} if title is None else {"summary": title}
            for which, when in (("start", start), ("end", end)):
                if when is not None:
                    changes[which] = {"date": None, "dateTime": None} | _time(when, where)
            if rooms is not None:
                kept = [each for each in origin.data.get("attendees", []) if not each.get("resource")]
                host = [] if kept else [{"email": origin.home, "responseStatus": "accepted"}]
                changes["attendees"] = [*host, *kept, *({"email": room} for room in rooms)]
            events.patch(self._store, self._owner(origin), origin.id, changes, "", conference=False)

    def cancel(self, event_id: str, *, organizer: str = "") -> None:
        """Cancel at the organizer: the event, the series, or one instance."""
        with self._service.changing():
            events.cancel(self._store, self._origin(event_id, organizer))

    def split(self, instance_id: str, start: datetime, end: datetime, *, title: str | None = None) -> str:
        """ "This and following": end the series before that instance, begin another; returns its id."""
        with self._service.changing():
            master_id, key = split_id(instance_id)
            where = self._origin(master_id).data["start"]["timeZone"]
            times = {"start": _time(start, where), "end": _time(end, where)}
            return series_edit.split(self._store, self._origin(master_id), key, times, title).id

    def answer(self, guest: str, event_id: str, status: str, comment: str = "") -> None:
        """A guest (or a room, by its manager) answers: accepted, declined, tentative, needsAction."""
        with self._service.changing():
            entry = self._store.entry(guest, event_id)
            if entry is None:
                raise not_found()
            answers.respond(self._store, entry, status, comment)

    def distort(self, calendar_id: str, event_id: str, **raw: object) -> None:
        """Make an entry odd, as imported ones can be: its answer gets these keys; None leaves a key out."""
        with self._service.changing():
            entry = self._store.entry(calendar_id, event_id)
            if entry is None:
                raise not_found()
            self._store.save(replace(entry, data=copy.deepcopy(entry.data) | {"raw": raw}))

    def event(self, calendar_id: str, event_id: str) -> Json:
        """An event as the owner of that calendar gets it."""
        with self._store.transaction():
            calendar = self._known(calendar_id)
            granted = Access(calendar, "owner", Caller(calendar_id, frozenset()))
            return event_json(events.get(self._store, calendar_id, event_id), View(granted, calendar.zone))

    def events(self, calendar_id: str) -> list[Json]:
        """All that lies on a calendar, as rows: series once, exceptions beside them, no cancelled ones."""
        with self._store.transaction():
            calendar = self._known(calendar_id)
            view = View(Access(calendar, "owner", Caller(calendar_id, frozenset())), calendar.zone)
            rows = self._store.select("calendar = ? AND status != 'cancelled'", calendar_id)
            return [event_json(row, view) for row in rows]

    def drop_tokens(self, calendar_id: str) -> None:
        """Sync tokens of that calendar are answered 410 from here on."""
        with self._service.changing():
            self._store.drop_tokens(self._known(calendar_id))

    def revoke_tokens(self) -> None:
        """All access tokens end."""
        with self._service.changing():
            tokens.revoke_all(self._store)

    def delegate(self, *scopes: str) -> None:
        """What the service account's domain-wide delegation covers from here on; nothing: no delegation."""
        with self._service.changing():
            tokens.set_scopes(self._store, self.service_account, scopes)

    def key(self, root: str) -> Json:
        """A fresh service-account key file for the stand-in that listens at `root`."""
        with self._service.changing():
            return tokens.new_key(self._store, self.service_account, root)

    def rooms(self) -> list[Calendar]:
        """The rooms' calendars, by name."""
        with self._store.transaction():
            return self._store.calendars("resource")

    def people(self) -> list[Calendar]:
        """The members' calendars, by name."""
        with self._store.transaction():
            return self._store.calendars("user")

    def settle(self) -> None:
        """Every room answers now what it has to answer."""
        self._service.settle()

    def _known(self, calendar_id: str) -> Calendar:
        calendar = self._store.calendar(calendar_id)
        if calendar is None:
            raise not_found()
        return calendar

    def _calendar(self, email: str, kind: str, name: str, zone_name: str, domain_role: str) -> Calendar:
        zone(zone_name)
        stamp = self._store.stamp()
        return Calendar(email, kind, name, zone_name, updated=stamp, domain_role=domain_role)

    def _stranger(self, email: str) -> Calendar:
        """Somebody of another organisation: the event needs a home, which nobody here can see."""
        calendar = self._calendar(email, "external", email, "UTC", "none")
        self._store.save_calendar(calendar)
        return calendar

    def _zone_of(self, rooms: list[str], calendar: Calendar) -> str:
        room = self._store.calendar(rooms[0]) if rooms else None
        return (room or calendar).zone_name

    def _insert(self, calendar: Calendar, body: Json, event_id: str, given: Mapping[str, str]) -> Entry:
        event_id = event_id or events.new_id()
        data = bodies.cleaned(self._store, calendar, body, conference=True)
        data = bodies.completed(calendar, data, zone_given=True)
        for attendee in data.get("attendees", []):
            attendee["responseStatus"] = given.get(attendee["email"], attendee["responseStatus"])
        person = bodies.person(self._store, calendar.id)
        data |= {"creator": {"email": person["email"]}, "organizer": person, "sequence": 0, "eventType": "default"}
        entry = Entry(calendar.id, event_id, calendar.id, f"{event_id}@google.com", data)
        return events.publish(self._store, entry)

    def _origin(self, event_id: str, organizer: str = "") -> Entry:
        """The organizer's copy, wherever it lies."""
        master_id, _ = split_id(event_id)
        homes = [organizer] if organizer else [
            str(row[0])
            for row in self._store.rows(
                "SELECT DISTINCT home FROM events WHERE id IN (?, ?) ORDER BY home", event_id, master_id
            )
        ]  # fmt: skip
        for home in homes:
            entry = self._store.entry(home, event_id)
            if entry and not entry.cancelled:
                return entry
        raise not_found()

    def _owner(self, origin: Entry) -> Access:
        return Access(self._known(origin.home), "owner", Caller(origin.home, frozenset()))

    def _room_email(self, name: str, building: str, floor: str) -> str:
        digest = hashlib.sha256(f"{self.domain}/{building}/{floor}/{name}".encode()).digest()
        return f"c_188{b32hexencode(digest).decode().lower()[:26]}@resource.calendar.google.com"


def occurrence_id(event_id: str, start: When) -> str:
    """The id of the instance of that series which (originally) begins at `start`."""
    if isinstance(start, datetime):
        return f"{event_id}_{start.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    return f"{event_id}_{start:%Y%m%d}"


def _time(when: When, zone_name: str) -> Json:
    if isinstance(when, datetime):
        return {"dateTime": when.astimezone(ZoneInfo(zone_name)).isoformat(), "timeZone": zone_name}
    return {"date": when.isoformat()}


def _resource(
    name: str, email: str, building: str, floor: str, capacity: int, features: list[str], category: str
) -> Json:
    place = "-".join(part for part in (building, floor, name) if part)
    size = f" ({capacity})" if capacity else ""
    equipment = f" [{', '.join(features)}]" if features else ""
    data: Json = {
        "resourceId": str(int(hashlib.sha256(email.encode()).hexdigest()[:10], 16)),
        "resourceName": name, "generatedResourceName": f"{place}{size}{equipment}", "resourceEmail": email,
        "resourceCategory": category,
    }  # fmt: skip
    data |= {key: value for key, value in (("buildingId", building), ("floorName", floor)) if value}
    data |= {"capacity": capacity} if capacity else {}
    named = [{"feature": {"kind": "admin#directory#resources#features#Feature", "name": each}} for each in features]
    return data | ({"featureInstances": named} if named else {})
