"""The schema; instants are stored as whole milliseconds since 1970 in UTC."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from peewee import (
    AutoField,
    BigIntegerField,
    BooleanField,
    CompositeKey,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
    fn,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


class InstantField(BigIntegerField):
    """An aware instant, kept as milliseconds."""

    def db_value(self, value: datetime | None) -> int | None:
        """Return the milliseconds of an aware instant."""
        return None if value is None else milliseconds(value)

    def python_value(self, value: int | None) -> datetime | None:
        """Return the aware instant in UTC."""
        return None if value is None else instant(value)


class ListField(TextField):
    """A short list of words, kept as JSON."""

    def db_value(self, value: Any) -> str:
        """Return the list as JSON."""
        return json.dumps(list(value or ()), ensure_ascii=False)

    def python_value(self, value: str | None) -> tuple[str, ...]:
        """Return the words."""
        return words(value or "[]")


def words(text: str) -> tuple[str, ...]:
    """Return a list of words that is kept as JSON."""
    return () if text == "[]" else tuple(json.loads(text))


def milliseconds(value: datetime) -> int:
    """Return an aware instant as milliseconds since 1970."""
    return (value - EPOCH) // MILLISECOND


def instant(value: int) -> datetime:
    """Return milliseconds since 1970 as an aware instant in UTC."""
    return EPOCH + value * MILLISECOND


class Meta(Model):
    """Facts about this installation: the version of the schema, its secret."""

    name = TextField(primary_key=True)
    value = TextField()

    class Meta:
        table_name = "meta"


class RoomRow(Model):
    """A place that can be booked; linked when `calendar_id` is set. `revision` grows when its screens must change.

    `push`: changes are to be announced; `push_refusal`: why they were not at `push_refused_at`; `push_due_at`: when
    a channel may be asked for again. `listed_at`: when the Directory first had it; `vanished_at`: since when not.
    `policy`: what this room does otherwise than others, as a JSON object of words. `kept`: properties that were
    written here, over which the Directory no longer writes its own. `reported`: the kinds of problems not settled.
    """

    id = AutoField()
    slug = TextField(unique=True)
    name = TextField()
    building = TextField(default="")
    floor = TextField(default="")
    capacity = IntegerField(default=0)
    equipment = ListField(default=())
    zone = TextField(default="UTC")
    calendar_id = TextField(null=True, unique=True)
    revision = BigIntegerField(default=0, index=True)
    push = BooleanField(default=True)
    push_refusal = TextField(default="")
    push_refused_at = InstantField(null=True)
    push_due_at = InstantField(default=EPOCH)
    listed_at = InstantField(null=True)
    vanished_at = InstantField(null=True)
    policy = TextField(default="{}")
    kept = ListField(default=())
    reported = ListField(default=())
    generation = BigIntegerField(default=0)

    class Meta:
        table_name = "room"


class ChannelRow(Model):
    """A channel through which a calendar's changes are announced; written before the source is asked for it.

    `resource_id`: what names it at the source, None until that has answered. `verified_at`: when its first message
    came. `stopping`: it is to be ended, tried next at `due_at`; `renew_at`: when another must take its place.
    """

    id = TextField(primary_key=True)
    room = ForeignKeyField(RoomRow, null=True, on_delete="SET NULL")
    calendar_id = TextField()
    address = TextField()
    token_hash = TextField()
    resource_id = TextField(null=True)
    created_at = InstantField()
    renew_at = InstantField()
    expires_at = InstantField()
    verified_at = InstantField(null=True)
    stopping = BooleanField(default=False)
    due_at = InstantField()

    class Meta:
        table_name = "channel"


class PersonRow(Model):
    """One address of a person of the organisation, in small letters."""

    email = TextField(primary_key=True)
    name = TextField()

    class Meta:
        table_name = "person"


class PinRow(Model):
    """A person's PIN, known by its hash only; after too many wrong tries it rests until `resting_until`."""

    email = TextField(primary_key=True)
    hash = TextField()
    failures = IntegerField(default=0)
    resting_until = InstantField(null=True)

    class Meta:
        table_name = "pin"


class MirrorRow(Model):
    """How far the mirror of a linked room is: its cursor, its window and its last success or failure.

    `due_at`: when its list is read next; `look_at`: when a free/busy question asks about it; `beat`: seconds
    between two looks at present; `digest`: stands for a free/busy answer that its lists do not bear out;
    `expired_at`: when its cursor last expired, for the `expiries`th time in a row; `touched_at`: when somebody last
    stood before a screen of the room.
    """

    room = ForeignKeyField(RoomRow, primary_key=True, on_delete="CASCADE")
    cursor = TextField(null=True)
    window_start = InstantField(null=True)
    window_end = InstantField(null=True)
    full_at = InstantField(null=True)
    expired_at = InstantField(null=True)
    expiries = IntegerField(default=0)
    checked_at = InstantField(null=True)
    due_at = InstantField(index=True)
    look_at = InstantField(index=True)
    beat = IntegerField(default=0)
    digest = TextField(default="")
    can_write = BooleanField(default=True)
    generation = BigIntegerField(default=0)
    failures = IntegerField(default=0)
    reason = TextField(default="")
    touched_at = InstantField(null=True)

    class Meta:
        table_name = "mirror"


class EventRow(Model):
    """An event of a room's calendar as the calendar gave it."""

    id = AutoField()
    room = ForeignKeyField(RoomRow, on_delete="CASCADE")
    event_id = TextField()
    start = InstantField()
    end = InstantField()
    title = TextField(default="")
    all_day = BooleanField(default=False)
    private = BooleanField(default=False)
    transparent = BooleanField(default=False)
    kind = TextField(default="default")
    answer = TextField(default="accepted")
    organizer_email = TextField(null=True)
    organizer_name = TextField(default="")
    organized_by_room = BooleanField(default=False)
    attendees = IntegerField(default=0)
    series_id = TextField(default="")
    ical_uid = TextField(default="")
    etag = TextField(default="")
    created = InstantField(null=True)
    updated = InstantField(null=True)

    class Meta:
        table_name = "event"
        indexes = ((("room", "event_id"), True), (("room", "end", "start"), False))


# Whose bookings they are is asked in small letters.
EventRow.add_index(EventRow.index(fn.LOWER(EventRow.organizer_email), EventRow.end, name="event_organizer"))


class CommandRow(Model):
    """The journal: what somebody asked for, written before Google is asked.

    `old_start`, `old_end`: of the booking before it was changed. `way`: where it is changed (the room's calendar, its
    organizer's, or only the room's answer); `person`: in whose name. `note`: why, where nobody asked. `held_at`: since
    when it has waited for Google. `actor`, `place`: who asked, and from where.
    """

    id = TextField(primary_key=True)
    room = ForeignKeyField(RoomRow, on_delete="CASCADE")
    kind = TextField()
    event_id = TextField(index=True)
    start = InstantField()
    end = InstantField()
    title = TextField(default="")
    state = TextField(index=True)
    reason = TextField(default="")
    key = TextField(null=True, unique=True)
    request = TextField(default="")
    attempts = IntegerField(default=0)
    due_at = InstantField(index=True)
    created_at = InstantField()
    settled_at = InstantField(null=True)
    old_start = InstantField(null=True)
    old_end = InstantField(null=True)
    way = TextField(default="room")
    person = TextField(default="")
    note = TextField(default="")
    held_at = InstantField(null=True)
    actor = TextField(default="")
    place = TextField(default="")

    class Meta:
        table_name = "command"
        indexes = ((("room", "state", "end"), False), (("person", "end"), False))


class ActRow(Model):
    """The log of acts: who did what, from where, and what became of it. Rows are only ever added.

    `room` is a slug, so that the log outlives the room.
    """

    id = AutoField()
    at = InstantField(index=True)
    actor = TextField()
    place = TextField(default="")
    act = TextField()
    room = TextField(default="", index=True)
    event_id = TextField(default="", index=True)
    result = TextField()
    reason = TextField(default="")
    detail = TextField(default="{}")

    class Meta:
        table_name = "act"


class AttendanceRow(Model):
    """A booking whose check-in has been awaited: "open", then "in", "missed", or "excused" when it was taken back.

    `start` tells a booking that was moved from the one that was awaited. `strike`: which miss in a row of its series.
    """

    room = ForeignKeyField(RoomRow, on_delete="CASCADE")
    event_id = TextField()
    series_id = TextField(default="")
    title = TextField(default="")
    start = InstantField()
    end = InstantField()
    due_at = InstantField()
    state = TextField()
    at = InstantField()
    by = TextField(default="")
    strike = IntegerField(default=0)

    class Meta:
        table_name = "attendance"
        primary_key = CompositeKey("room", "event_id")
        indexes = ((("state", "due_at"), False), (("room", "series_id"), False))


class LeaseRow(Model):
    """Who may act on something until when; `fence` grows with every change of hands."""

    name = TextField(primary_key=True)
    owner = TextField()
    expires_at = InstantField()
    fence = BigIntegerField()

    class Meta:
        table_name = "lease"


class TokenRow(Model):
    """An access token, known by its hash only; `kind`: a program's, which may do everything, or a screen's."""

    id = AutoField()
    name = TextField(unique=True)
    hash = TextField(unique=True)
    kind = TextField(default="program")
    created_at = InstantField()

    class Meta:
        table_name = "token"


TABLES = (
    Meta, RoomRow, ChannelRow, PersonRow, PinRow, MirrorRow, EventRow, CommandRow, ActRow, AttendanceRow, LeaseRow,
    TokenRow,
)  # fmt: skip
