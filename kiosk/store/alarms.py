"""Telling administrators of machines: webhooks and mails, written with what is remembered of having told."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from peewee import Database

from kiosk import clock
from kiosk.store import accounts, deliveries, devices
from kiosk.store.devices import Device

Event = Literal["device.ill", "device.gone", "device.recovered", "devices.gone", "devices.recovered"]
# As many names as somebody reads in a mail.
MOST_NAMES = 30


@dataclass(frozen=True, slots=True)
class Alarm:
    """What is told of machines; `reasons`: (what is wrong, what mends it). `of`: how many there are in all.

    `told`: what is remembered of these machines from now on, empty when it is over.
    """

    event: Event
    devices: tuple[Device, ...]
    told: str
    reasons: tuple[tuple[str, str, str], ...] = ()
    of: int = 0


def tell(db: Database, alarms: Collection[Alarm], quietly: Collection[int], now: datetime) -> None:
    """Write what is told, and remember of which machines; of those told `quietly` it is only remembered."""
    administrators = [one.email for one in accounts.every(db) if one.role == "admin"]
    for alarm in alarms:
        deliveries.announce(db, alarm.event, _data(alarm, now), now)
        for address in administrators:
            deliveries.mail(db, address, alarm.event, _letter(alarm, now), now)
        for one in alarm.devices:
            devices.set_alert(db, one.id, alarm.told, now if alarm.told else None)
    for number in quietly:
        devices.set_alert(db, number, "gone", now)


def _data(alarm: Alarm, now: datetime) -> dict[str, Any]:
    if alarm.event.startswith("devices."):
        return {"count": len(alarm.devices), "of": alarm.of, "devices": [_named(one) for one in alarm.devices]}
    [one] = alarm.devices
    return _named(one) | {"reasons": [word for word, _says, _repair in alarm.reasons], "at": clock.iso(now)}


def _letter(alarm: Alarm, now: datetime) -> dict[str, Any]:
    many = alarm.event.startswith("devices.")
    return {
        "names": [f"{one.name} ({one.path})" for one in alarm.devices[:MOST_NAMES]],
        "count": len(alarm.devices),
        "of": alarm.of,
        "reasons": [[says, repair] for _word, says, repair in alarm.reasons],
        "at": clock.iso(now),
        "path": "/admin/devices" if many else f"/admin/devices/{alarm.devices[0].id}",
    }


def _named(one: Device) -> dict[str, Any]:
    return {"device": one.id, "name": one.name, "display": one.path}
