"""The schema of the fleet: devices, the codes that pair them, how they are, and what they are asked to do."""

from __future__ import annotations

from peewee import AutoField, BlobField, BooleanField, ForeignKeyField, IntegerField, Model, TextField

from kiosk.store.models import EPOCH, InstantField


class DeviceRow(Model):
    """A machine that shows one display, known by the hash of its token only.

    `next_hash`: of a token laid down for it, current from its first use; `old_hash`: of the one before, good until
    `old_until`. `token_at`: since when the current one is. `words`: what this device does otherwise than its room, as
    a JSON object of words. `alert`: of what administrators were told and not yet that it is over, since `alert_at`.
    """

    id = AutoField()
    name = TextField()
    display = TextField()
    slug = TextField()
    hash = TextField(unique=True)
    next_hash = TextField(null=True, unique=True)
    old_hash = TextField(null=True, unique=True)
    old_until = InstantField(null=True)
    token_at = InstantField()
    rotating = BooleanField(default=False)
    serial = TextField(null=True, unique=True)
    model = TextField(default="")
    host_key = TextField(default="")
    words = TextField(default="{}")
    created_at = InstantField()
    created_by = TextField(default="")
    revoked_at = InstantField(null=True)
    alert = TextField(default="")
    alert_at = InstantField(null=True)

    class Meta:
        table_name = "device"


class PairingRow(Model):
    """A machine that asks to be paired, known by the hashes of its secret and of the code on its screen.

    `pace`: seconds between two of its questions. `blink_until`: until then its screen shows itself to whoever approves
    it. `approved_at`: when it was given the display, by whom; `taken_at`: when it was told so, once.
    """

    hash = TextField(primary_key=True)
    code_hash = TextField(unique=True)
    name = TextField(default="")
    boot_id = TextField(default="")
    address = TextField(default="", index=True)
    agent = TextField(default="")
    pace = IntegerField(default=5)
    created_at = InstantField()
    expires_at = InstantField(index=True)
    asked_at = InstantField(default=EPOCH)
    blink_until = InstantField(default=EPOCH)
    denied_at = InstantField(null=True)
    approved_at = InstantField(null=True)
    taken_at = InstantField(null=True)
    display = TextField(default="")
    slug = TextField(default="")
    by = TextField(default="")

    class Meta:
        table_name = "pairing"


class HealthRow(Model):
    """How a device was when it last gave a sign; `report` is the JSON of what it said of itself at `reported_at`.

    `boots`: the ids of its last boots with spaces between them, the present one last. `cloned_at`: when two machines
    were last seen to share its token; `crashed_at`: when something on it last had to be started anew.
    """

    device = ForeignKeyField(DeviceRow, primary_key=True, on_delete="CASCADE")
    at = InstantField()
    address = TextField(default="")
    reported_at = InstantField(null=True)
    report = TextField(default="{}")
    boots = TextField(default="")
    cloned_at = InstantField(null=True)
    crashed_at = InstantField(null=True)

    class Meta:
        table_name = "health"


class MinuteRow(Model):
    """One minute of the whole fleet: a few bytes for every device that was heard in it, in the order of their ids."""

    id = AutoField()
    at = InstantField(index=True)
    beats = BlobField()

    class Meta:
        table_name = "minute"


class ErrandRow(Model):
    """Something that a device is asked to do: "queued", then "taken", then "done" or "failed"; or "expired"."""

    id = AutoField()
    device = ForeignKeyField(DeviceRow, on_delete="CASCADE")
    act = TextField()
    value = TextField(default="")
    state = TextField(default="queued", index=True)
    by = TextField(default="")
    place = TextField(default="")
    created_at = InstantField()
    expires_at = InstantField(index=True)
    taken_at = InstantField(null=True)
    ended_at = InstantField(null=True)
    said = TextField(default="")

    class Meta:
        table_name = "errand"


TABLES = (DeviceRow, PairingRow, HealthRow, MinuteRow, ErrandRow)
