"""The schema of what several processes of one installation know of each other, and keep for each other for a while."""

from __future__ import annotations

from peewee import BlobField, CompositeKey, ForeignKeyField, IntegerField, Model, TextField

from kiosk.store.machines import DeviceRow, ErrandRow
from kiosk.store.models import InstantField


class ProcessRow(Model):
    """A process that serves ("web") or works ("work"); `screens`: how many are connected to it."""

    id = TextField(primary_key=True)
    role = TextField()
    place = TextField(default="")
    version = TextField(default="")
    started_at = InstantField()
    seen_at = InstantField(index=True)
    screens = IntegerField(default=0)

    class Meta:
        table_name = "process"


class OfferRow(Model):
    """A room that a device's door offered, or a booking that was made from there, on which it may act for a while."""

    device = ForeignKeyField(DeviceRow, on_delete="CASCADE")
    name = TextField()
    until = InstantField(index=True)

    class Meta:
        table_name = "offer"
        primary_key = CompositeKey("device", "name")


class FindRow(Model):
    """A picture or a text that a device has sent for an errand; only where several processes run, and for minutes."""

    errand = ForeignKeyField(ErrandRow, primary_key=True, on_delete="CASCADE")
    kind = TextField()
    content = BlobField()
    at = InstantField()
    until = InstantField(index=True)

    class Meta:
        table_name = "find"


TABLES = (ProcessRow, OfferRow, FindRow)
