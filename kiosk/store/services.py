"""What buildings offer with a booking: the catalogue, and who answers for a building."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from peewee import Database, fn

from kiosk.errors import NotFound, UsageError
from kiosk.store import accounts
from kiosk.store.office import RequestRow, ServiceRow

LONGEST_NAME, LONGEST_DETAIL = 80, 500
LONGEST_LEAD = 30 * 24 * 60


@dataclass(frozen=True, slots=True)
class Service:
    """Something that a building offers, to be asked for `lead_minutes` before the booking begins at the latest.

    An empty `building` is that of the rooms that name none.
    """

    id: int
    building: str
    name: str
    detail: str
    lead_minutes: int
    active: bool

    def until(self, start: datetime) -> datetime:
        """Return until when it can be asked for with a booking that begins at `start`."""
        return start - timedelta(minutes=self.lead_minutes)


def every(db: Database) -> list[Service]:
    """Return all services by building and name, those no longer offered too."""
    order = (ServiceRow.building, fn.LOWER(ServiceRow.name), ServiceRow.id)
    return [_service(row) for row in ServiceRow.select().order_by(*order).execute(db)]


def offered(db: Database, building: str) -> list[Service]:
    """Return what a building offers, by name."""
    return [one for one in every(db) if one.active and one.building == building]


def find(db: Database, number: int) -> Service:
    """Return one service. Raises NotFound."""
    row = ServiceRow.select().where(ServiceRow.id == number).first(db)
    if row is None:
        raise NotFound(f"There is no service {number}. `kiosk services list` shows them all.")
    return _service(row)


def add(db: Database, building: str, name: str, detail: str = "", lead_minutes: int = 0) -> Service:
    """Add a service. Raises UsageError when the building has one of that name, or something cannot be used."""
    values = _values(building, name, detail, lead_minutes)
    _be_the_only_one(db, str(values["building"]), str(values["name"]), 0)
    return find(db, int(ServiceRow.insert(**values).execute(db)))


def change(
    db: Database, number: int, building: str, name: str, detail: str, lead_minutes: int, active: bool
) -> Service:
    """Change a service; one that is not `active` is offered no longer, and what was asked for stays.

    Raises NotFound, UsageError.
    """
    values = _values(building, name, detail, lead_minutes)
    _be_the_only_one(db, str(values["building"]), str(values["name"]), find(db, number).id)
    ServiceRow.update(**values, active=active).where(ServiceRow.id == number).execute(db)
    return find(db, number)


def caterers(db: Database, building: str) -> list[str]:
    """Return the addresses of those who answer requests in a building."""
    return [one.email for one in accounts.every(db) if one.role == "caterer" and building in one.scope]


def told(db: Database, building: str) -> list[str]:
    """Return the addresses of those who are told of requests: caterers, or the administrators where nobody is one."""
    admins = [one.email for one in accounts.every(db) if one.role == "admin"]
    return caterers(db, building) or admins


def unserved(db: Database) -> set[str]:
    """Return the buildings that offer something, and in which nobody answers requests."""
    return {one.building for one in every(db) if one.active and not caterers(db, one.building)}


def carry(db: Database, old: str, new: str) -> None:
    """Let a building that has another name now keep its services; of two of one name the new one's stays."""
    here = {one.name: one.id for one in every(db) if one.building == new}
    for one in every(db):
        if one.building == old and one.name in here:
            RequestRow.update(service=here[one.name]).where(RequestRow.service == one.id).execute(db)
            ServiceRow.delete().where(ServiceRow.id == one.id).execute(db)
        elif one.building == old:
            ServiceRow.update(building=new).where(ServiceRow.id == one.id).execute(db)


def _values(building: str, name: str, detail: str, lead_minutes: int) -> dict[str, str | int]:
    name = " ".join(name.split())
    if not 1 <= len(name) <= LONGEST_NAME:
        raise UsageError(f"A service has a name of 1 to {LONGEST_NAME} characters.")
    if len(detail) > LONGEST_DETAIL:
        raise UsageError(f"What a service is takes {LONGEST_DETAIL} characters at most.")
    if not 0 <= lead_minutes <= LONGEST_LEAD:
        raise UsageError(f"A lead time is 0 to {LONGEST_LEAD} minutes.")
    return {"building": building.strip(), "name": name, "detail": detail.strip(), "lead_minutes": lead_minutes}


def _be_the_only_one(db: Database, building: str, name: str, besides: int) -> None:
    if any(one.building == building and one.name == name and one.id != besides for one in every(db)):
        raise UsageError(f"There is a service {name!r} in {building or 'no building'} already.")


def _service(row: ServiceRow) -> Service:
    return Service(*(getattr(row, name) for name in Service.__slots__))
