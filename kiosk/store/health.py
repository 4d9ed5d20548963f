"""How machines were when they were last heard, and a day of their minutes, in few bytes."""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from peewee import Database

from kiosk.schedule.model import Room
from kiosk.store import devices, reach, rooms
from kiosk.store.devices import Device
from kiosk.store.machines import MinuteRow
from kiosk.store.models import instant, milliseconds
from kiosk.store.plain import rows as found_rows
from kiosk.store.plain import run

KEPT = timedelta(hours=24)
# A machine's minute: its number, its state, its temperature in °C, its free memory in UNIT_MIB, its wireless in dBm.
MINUTE = struct.Struct("<IBbBb")
UNKNOWN_C, UNKNOWN_MEMORY, UNIT_MIB = -128, 255, 16
SAID = ("reported_at", "report", "boots", "cloned_at", "crashed_at")
COLUMNS = ("device_id", "at", "address", *SAID)
LATER = "COALESCE(excluded.reported_at, 0) >= COALESCE(health.reported_at, 0)"


@dataclass(frozen=True, slots=True)
class Heard:
    """The last sign of a machine, as it is stored; `report` is JSON."""

    device: int
    at: datetime
    address: str
    reported_at: datetime | None
    report: str
    boots: tuple[str, ...]
    cloned_at: datetime | None
    crashed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Minute:
    """A minute of a machine; `state` is a small number, the others None where they are not known."""

    device: int
    state: int
    temp_c: int | None = None
    mem_mib: int | None = None
    rssi_dbm: int | None = None


def last_signs(db: Database, since: datetime) -> tuple[list[Heard], dict[int, datetime]]:
    """Return the last sign of every machine, and by machine the last minute since then in which it was heard."""
    return every(db), heard_since(db, since)


def shown(db: Database) -> list[tuple[Device, tuple[Room, ...]]]:
    """Return every machine that is let in, and the rooms that it shows."""
    by_slug = {one.room.slug: one.room for one in rooms.every(db)}
    known: dict[str, tuple[Room, ...]] = {}
    found = []
    for one in devices.every(db):
        if one.revoked_at is None:
            if one.path not in known:
                slugs = sorted(reach.slugs(db, one.display, one.slug))
                known[one.path] = tuple(by_slug[slug] for slug in slugs if slug in by_slug)
            found.append((one, known[one.path]))
    return found


def every(db: Database) -> list[Heard]:
    """Return the last sign of every machine."""
    return [_heard(*row) for row in found_rows(db, f"SELECT {', '.join(COLUMNS)} FROM health")]


def write(db: Database, heard: Collection[Heard]) -> None:
    """Write down the last signs of machines; those of devices that are forgotten meanwhile are left out.

    What another process has written from a later report stays, though this sign be younger.
    """
    said = ", ".join(f"{name} = CASE WHEN {LATER} THEN excluded.{name} ELSE health.{name} END" for name in SAID)
    names = f"at = excluded.at, address = excluded.address, {said}"
    sql = f"""
        INSERT INTO health ({", ".join(COLUMNS)}) SELECT ?, ?, ?, ?, ?, ?, ?, ?
        WHERE EXISTS (SELECT 1 FROM device WHERE id = ?) ON CONFLICT (device_id) DO UPDATE SET {names}
    """
    for one in heard:
        run(db, sql, *_values(one), one.device)


def write_minute(db: Database, at: datetime, minutes: Collection[Minute]) -> None:
    """Write down one minute of the whole fleet, and forget the minutes of more than a day ago."""
    packed = b"".join(_packed(one) for one in sorted(minutes, key=lambda one: one.device))
    MinuteRow.insert(at=at, beats=packed).execute(db)
    run(db, "DELETE FROM minute WHERE at < ?", milliseconds(at - KEPT))


def heard_since(db: Database, since: datetime) -> dict[int, datetime]:
    """Return by machine the last minute in which it was heard, of those since then."""
    found = run(db, "SELECT at, beats FROM minute WHERE at >= ? ORDER BY at, id", milliseconds(since))
    return {one[0]: instant(at) for at, beats in found for one in MINUTE.iter_unpack(beats)}


def history(db: Database, device: int, since: datetime) -> list[tuple[datetime, Minute]]:
    """Return the minutes of a machine in which it was heard, oldest first."""
    found = run(db, "SELECT at, beats FROM minute WHERE at >= ? ORDER BY at, id", milliseconds(since))
    return [(instant(at), minute) for at, beats in found for minute in _of(device, beats)]


def _of(device: int, beats: bytes) -> Iterator[Minute]:
    """Look a machine up in a minute of the fleet, which is in the order of the machines' numbers."""
    low, high = 0, len(beats) // MINUTE.size
    while low < high:
        middle = (low + high) // 2
        number, *rest = MINUTE.unpack_from(beats, middle * MINUTE.size)
        if number == device:
            yield _minute(number, *rest)
            return
        low, high = (middle + 1, high) if number < device else (low, middle)


def _packed(one: Minute) -> bytes:
    temperature = UNKNOWN_C if one.temp_c is None else max(-127, min(127, one.temp_c))
    memory = UNKNOWN_MEMORY if one.mem_mib is None else max(0, min(254, one.mem_mib // UNIT_MIB))
    return MINUTE.pack(one.device, one.state, temperature, memory, max(-127, min(0, one.rssi_dbm or 0)))


def _minute(device: int, state: int, temperature: int, memory: int, rssi: int) -> Minute:
    return Minute(
        device,
        state,
        None if temperature == UNKNOWN_C else temperature,
        None if memory == UNKNOWN_MEMORY else memory * UNIT_MIB,
        rssi or None,
    )


def _values(one: Heard) -> tuple[Any, ...]:
    moments = (one.reported_at, one.cloned_at, one.crashed_at)
    reported, cloned, crashed = (None if moment is None else milliseconds(moment) for moment in moments)
    boots = " ".join(one.boots)
    return one.device, milliseconds(one.at), one.address, reported, one.report, boots, cloned, crashed


def _heard(
    device: int,
    at: int,
    address: str,
    reported: int | None,
    report: str,
    boots: str,
    cloned: int | None,
    crashed: int | None,
) -> Heard:
    moments = (None if moment is None else instant(moment) for moment in (reported, cloned, crashed))
    reported_at, cloned_at, crashed_at = moments
    return Heard(device, instant(at), address, reported_at, report, tuple(boots.split()), cloned_at, crashed_at)
