"""The schema of the history: how rooms were used, kept when the mirror has long forgotten the bookings.

Days are numbered as `date.toordinal` does; minutes are whole minutes since 1970 in UTC. Nothing here names anybody.
"""

from __future__ import annotations

from peewee import (
    AutoField,
    BigIntegerField,
    BlobField,
    BooleanField,
    CompositeKey,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
)

from kiosk.schedule.occupancy import FIGURES
from kiosk.store.models import EPOCH, InstantField, RoomRow


class PastRoomRow(Model):
    """A room as the history knows it, which goes on when the room is removed; `room` is empty then.

    `calendar`: the calendar whose past was last asked for, and `calendar_before` the one that was taken away, by which
    a room that was removed is known when it comes back. `first_day`: the first day that counts, None
    before there is any. `closed_day`: the last that is closed. `read_from`, `read_to`: the days that are still to be
    read from Google, None when there are none; the next try is made at `due_at`, after `failures` in a row.
    """

    id = AutoField()
    room = ForeignKeyField(RoomRow, null=True, unique=True, on_delete="SET NULL")
    slug = TextField()
    name = TextField()
    building = TextField(default="")
    floor = TextField(default="")
    capacity = IntegerField(default=0)
    zone = TextField(default="UTC")
    calendar = TextField(default="")
    calendar_before = TextField(default="")
    first_day = IntegerField(null=True)
    closed_day = IntegerField()
    read_from = IntegerField(null=True)
    read_to = IntegerField(null=True)
    due_at = InstantField(default=EPOCH)
    failures = IntegerField(default=0)
    reason = TextField(default="")

    class Meta:
        table_name = "past_room"


class StayRow(Model):
    """A single booking, kept for a while so that what Google changes in the past can be followed.

    `key`, `series`, `person` stand for the event's id, its series' and its organizer's address: keyed hashes, of which
    nobody can tell these without this installation's secret; None once they are forgotten.
    """

    id = AutoField()
    past_room = ForeignKeyField(PastRoomRow, on_delete="CASCADE", index=False)
    key = BigIntegerField(null=True, index=True)
    series = BigIntegerField(null=True, index=True)
    person = BigIntegerField(null=True, index=True)
    start = BigIntegerField()
    end = BigIntegerField()
    planned = BigIntegerField()
    lead = IntegerField(null=True)
    people = IntegerField(default=0)
    checked_in = TextField(default="")
    here = BooleanField(default=False)
    released = BooleanField(default=False)

    class Meta:
        table_name = "stay"
        indexes = ((("past_room", "start"), False),)


class PastDayRow(Model):
    """What is counted of a room's local day; the figures are columns of their own."""

    past_room = ForeignKeyField(PastRoomRow, on_delete="CASCADE", index=False)
    day = IntegerField()

    class Meta:
        table_name = "past_day"
        primary_key = CompositeKey("past_room", "day")


class PastMonthRow(Model):
    """The sum of a room's days of one month, `month` being twelve times the year and the month from 0."""

    past_room = ForeignKeyField(PastRoomRow, on_delete="CASCADE", index=False)
    month = IntegerField()

    class Meta:
        table_name = "past_month"
        primary_key = CompositeKey("past_room", "month")


class PastMinutesRow(Model):
    """The minutes of a month (in UTC, unlike the others) in which a room was held, and was open; packed sets."""

    past_room = ForeignKeyField(PastRoomRow, on_delete="CASCADE", index=False)
    month = IntegerField()
    held = BlobField()
    opened = BlobField()

    class Meta:
        table_name = "past_minutes"
        primary_key = CompositeKey("month", "past_room")


for _table in (PastDayRow, PastMonthRow):
    for _name in FIGURES:
        _table._meta.add_field(_name, IntegerField(default=0))


TABLES = (PastRoomRow, StayRow, PastDayRow, PastMonthRow, PastMinutesRow)
