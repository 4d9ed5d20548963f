"""The schema of what screens are told beside their rooms, which screens there are, and which of them have shown it."""

from __future__ import annotations

from peewee import AutoField, BooleanField, CompositeKey, ForeignKeyField, Model, TextField

from kiosk.store.models import InstantField, ListField


class NoticeRow(Model):
    """A notice or an emergency; `end` is empty until somebody ends it, `ended_at` and `ended_by` say who did.

    `place`, `value`: for which screens. `told`: what webhooks know of it: "", "started" or "ended". `key`, `request`:
    of the request that made it, so that the same one makes no second.
    """

    id = AutoField()
    kind = TextField()
    level = TextField(default="info")
    title = TextField()
    text = TextField(default="")
    start = InstantField()
    end = InstantField(null=True)
    place = TextField(default="organisation")
    value = TextField(default="")
    created_by = TextField(default="")
    created_at = InstantField()
    ended_at = InstantField(null=True)
    ended_by = TextField(default="")
    told = TextField(default="", index=True)
    key = TextField(null=True, unique=True)
    request = TextField(default="")

    class Meta:
        table_name = "notice"


class ScreenRow(Model):
    """A screen that has shown itself: a browser with one display on its glass.

    `machine`: the word that the browser's page made for itself; `hears`: the targets it is part of; `token`: the name
    of the access token it got in with, if any; `home`: the process that it is connected to, where there are several.
    """

    id = TextField(primary_key=True)
    machine = TextField(index=True)
    display = TextField()
    slug = TextField()
    hears = ListField(default=())
    token = TextField(default="")
    address = TextField(default="")
    first_at = InstantField()
    seen_at = InstantField(index=True)
    connected = BooleanField(default=True)
    home = TextField(default="")

    class Meta:
        table_name = "screen"


class AckRow(Model):
    """A screen has a notice on its glass, or is ready to show it when its time comes."""

    notice = ForeignKeyField(NoticeRow, on_delete="CASCADE")
    screen = ForeignKeyField(ScreenRow, on_delete="CASCADE")
    at = InstantField()

    class Meta:
        table_name = "ack"
        primary_key = CompositeKey("notice", "screen")


TABLES = (NoticeRow, ScreenRow, AckRow)
