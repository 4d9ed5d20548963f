"""The organisation and what its administrators do: people, rooms, access, programs, push."""

from __future__ import annotations

import hashlib
from base64 import b32hexencode
from collections.abc import Iterable
from dataclasses import replace

from kiosk.emulator import acl, channels, consents, directory, tokens
from kiosk.emulator.channels import Channel
from kiosk.emulator.consents import Client
from kiosk.emulator.errors import not_found
from kiosk.emulator.service import Service
from kiosk.emulator.times import zone
from kiosk.emulator.values import Calendar, Json

DOMAIN = "kiosk.example"


class Organisation:
    """Acts of administrators. Unknown calendars raise ApiError 404."""

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

    def drop_tokens(self, calendar_id: str) -> None:
        """Sync tokens of that calendar are answered 410 from here on."""
        with self._service.changing():
            self._store.drop_tokens(self._known(calendar_id))

    def revoke_tokens(self) -> None:
        """All access tokens end."""
        with self._service.changing():
            tokens.revoke_all(self._store)

    def revoke_consents(self, email: str = "") -> None:
        """A person (everybody, when none is named) takes back what it allowed to programs."""
        with self._service.changing():
            consents.revoke_person(self._store, email)

    def add_client(self, name: str, redirects: Iterable[str] = ()) -> Client:
        """A program that people can sign in to; without `redirects` it may send them back anywhere."""
        with self._service.changing():
            return consents.add_client(self._store, name, tuple(redirects))

    def clients(self) -> list[Client]:
        """The programs that people can sign in to."""
        with self._store.transaction():
            return consents.clients(self._store)

    def authorized_user(self, root: str, client: Client, person: str, scopes: list[str]) -> Json:
        """A person lets a program act in its absence; gives the credentials file for the stand-in at `root`."""
        with self._service.changing():
            refresh = consents.consent(self._store, client, person, scopes)
        return {
            "type": "authorized_user", "client_id": client.id, "client_secret": client.secret,
            "refresh_token": refresh, "token_uri": f"{root}/token", "account": person,
            "universe_domain": "googleapis.com",
        }  # fmt: skip

    def refuse_push(self, calendar_id: str, refused: bool = True) -> None:
        """Whether Google offers no push messages for that calendar."""
        with self._service.changing():
            channels.refuse(self._store, self._known(calendar_id).id, refused)

    def channels(self) -> list[Channel]:
        """The push channels that are open."""
        with self._store.transaction():
            return channels.living(self._store)

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

    def _known(self, calendar_id: str) -> Calendar:
        calendar = self._store.calendar(calendar_id)
        if calendar is None:
            raise not_found()
        return calendar

    def _calendar(self, email: str, kind: str, name: str, zone_name: str, domain_role: str) -> Calendar:
        zone(zone_name)
        stamp = self._store.stamp()
        return Calendar(email, kind, name, zone_name, updated=stamp, domain_role=domain_role)

    def _room_email(self, name: str, building: str, floor: str) -> str:
        digest = hashlib.sha256(f"{self.domain}/{building}/{floor}/{name}".encode()).digest()
        return f"c_188{b32hexencode(digest).decode().lower()[:26]}@resource.calendar.google.com"


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
