"""The schema of the office: accounts, who is signed in, and what administrators set going."""

from __future__ import annotations

from peewee import (
    AutoField,
    BlobField,
    BooleanField,
    CompositeKey,
    DoubleField,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
)

from kiosk.store.models import InstantField, ListField, RoomRow


class AccountRow(Model):
    """Somebody who may use the administration.

    `password`: its hash, empty for who signs in with Google only. `scope`: the slugs of a manager's rooms, or a
    caterer's buildings. `reset`: the hash of a link with which a password may be chosen until `reset_until`.
    """

    email = TextField(primary_key=True)
    name = TextField(default="")
    password = TextField(default="")
    role = TextField()
    scope = ListField(default=())
    created_at = InstantField()
    reset = TextField(default="", index=True)
    reset_until = InstantField(null=True)

    class Meta:
        table_name = "account"


class SessionRow(Model):
    """Somebody signed in with one browser, known by the hash of what its cookie holds; `how`: password or google."""

    hash = TextField(primary_key=True)
    email = TextField(index=True)
    name = TextField(default="")
    csrf = TextField()
    how = TextField()
    created_at = InstantField()
    seen_at = InstantField()
    expires_at = InstantField(index=True)

    class Meta:
        table_name = "session"


class TryRow(Model):
    """Wrong tries to sign in with one account, or from one address; `name` is a hash of which."""

    name = TextField(primary_key=True)
    failures = IntegerField(default=0)
    at = InstantField(index=True)
    resting_until = InstantField(null=True)

    class Meta:
        table_name = "try"


class LevelRow(Model):
    """What all rooms of the organisation, a building or a floor do otherwise than others, as a JSON object of words.

    `name` is empty for the organisation; a floor's is its building's, a line break, and its own.
    """

    level = TextField()
    name = TextField(default="")
    words = TextField(default="{}")

    class Meta:
        table_name = "level"
        primary_key = CompositeKey("level", "name")


class TaskRow(Model):
    """Long work that somebody asked for, so that every page and process sees how far it is.

    `state`: running, done or failed; `done` of `of` parts; `seen_at`: when whoever does it last gave a sign of life.
    `about`: what was typed when it was asked for.
    """

    id = TextField(primary_key=True)
    name = TextField(index=True)
    state = TextField(default="running")
    done = IntegerField(default=0)
    of = IntegerField(default=0)
    says = TextField(default="")
    started_at = InstantField(index=True)
    seen_at = InstantField()
    ended_at = InstantField(null=True)
    about = TextField(default="")

    class Meta:
        table_name = "task"


class HookRow(Model):
    """An address that is told what happens; `secret` signs what is sent and must therefore be kept readable.

    `events`: the kinds it wants, none for all. `said`: how its last delivery ended, at `said_at`; `failing_since`:
    when the first of those began that have all failed. `active` ends by hand, or when the address says it is gone.
    """

    id = AutoField()
    url = TextField()
    secret = TextField()
    events = ListField(default=())
    active = BooleanField(default=True)
    created_at = InstantField()
    said = TextField(default="")
    said_at = InstantField(null=True)
    failing_since = InstantField(null=True)

    class Meta:
        table_name = "hook"


class DeliveryRow(Model):
    """One message for one receiver outside, written before anything is sent: "waiting", "delivered" or "given_up".

    `way`: "webhook" to `hook`, or "mail" to the address in `target`. `due_at`: when it is tried next; `said`: how the
    last try ended.
    """

    id = TextField(primary_key=True)
    way = TextField()
    hook = ForeignKeyField(HookRow, null=True, on_delete="CASCADE")
    target = TextField(default="")
    event = TextField()
    body = TextField()
    state = TextField(default="waiting")
    attempts = IntegerField(default=0)
    created_at = InstantField(index=True)
    due_at = InstantField()
    tried_at = InstantField(null=True)
    said = TextField(default="")

    class Meta:
        table_name = "delivery"
        indexes = ((("state", "due_at"), False),)


class ServiceRow(Model):
    """Something that a building offers with a booking; asked for at least `lead_minutes` before it begins."""

    id = AutoField()
    building = TextField(default="", index=True)
    name = TextField()
    detail = TextField(default="")
    lead_minutes = IntegerField(default=0)
    active = BooleanField(default=True)

    class Meta:
        table_name = "service"


class RequestRow(Model):
    """A service asked for with a booking: "requested", then "accepted" or "declined", "done", or "cancelled".

    `start` is the booking's as the caterers were told it; `missing_at`: since when the booking cannot be found; `key`:
    with which whoever asked makes a repeated request the same request.
    """

    id = AutoField()
    service = ForeignKeyField(ServiceRow, on_delete="CASCADE")
    room = ForeignKeyField(RoomRow, on_delete="CASCADE")
    event_id = TextField(index=True)
    start = InstantField(index=True)
    quantity = IntegerField(default=1)
    note = TextField(default="")
    state = TextField(default="requested", index=True)
    by = TextField(default="")
    created_at = InstantField()
    answered_at = InstantField(null=True)
    answered_by = TextField(default="")
    answer = TextField(default="")
    missing_at = InstantField(null=True)
    key = TextField(null=True, unique=True)

    class Meta:
        table_name = "request"


class BoardRow(Model):
    """A board of rooms: those of its buildings and floors (a building, a line break, a floor), and those it names.

    One that chooses nothing shows every room. `least_minutes`: for how long a room must be free to count as free.
    `building` and `floor`: where the board hangs. `place` sorts boards.
    """

    slug = TextField(primary_key=True)
    name = TextField(default="")
    buildings = ListField(default=())
    floors = ListField(default=())
    grouped = BooleanField(default=True)
    free_first = BooleanField(default=False)
    least_minutes = IntegerField(default=0)
    shows = TextField(default="all")
    building = TextField(default="")
    floor = TextField(default="")
    place = IntegerField(default=0)

    class Meta:
        table_name = "board"


class BoardRoomRow(Model):
    """A room that a board names."""

    board = ForeignKeyField(BoardRow, on_delete="CASCADE")
    room = ForeignKeyField(RoomRow, on_delete="CASCADE")

    class Meta:
        table_name = "board_room"
        primary_key = CompositeKey("board", "room")


class ProblemRow(Model):
    """Something that is wrong with a room, as somebody said: "open", then "seen", "done"; or "withdrawn" at once.

    `place`: from where it was said; `by`: who answered last, at `changed_at`. `told`: the messages that tell of it.
    """

    id = AutoField()
    room = ForeignKeyField(RoomRow, on_delete="CASCADE")
    kind = TextField()
    state = TextField(default="open", index=True)
    key = TextField(null=True, unique=True)
    reported_at = InstantField(index=True)
    place = TextField(default="")
    by = TextField(default="")
    note = TextField(default="")
    changed_at = InstantField(null=True)
    told = ListField(default=())

    class Meta:
        table_name = "problem"


class PlanRow(Model):
    """A floor's plan: the cleaned upload, its size in its own units, and where screens stand on it by default.

    `kind`: svg or picture. `here_x` and `here_y` are parts of its width and height, 0 to 1, or null. `version`: a
    digest of the content.
    """

    id = AutoField()
    slug = TextField(unique=True)
    name = TextField()
    building = TextField(default="", index=True)
    floor = TextField(default="")
    kind = TextField()
    mime = TextField()
    content = BlobField()
    box = TextField()
    width = DoubleField()
    height = DoubleField()
    here_x = DoubleField(null=True)
    here_y = DoubleField(null=True)
    version = TextField()

    class Meta:
        table_name = "plan"


class PlaceRow(Model):
    """Where a room is on a plan: an element of the drawing, or a point, parts of its width and height, 0 to 1.

    `outline`: the element's shape as SVG; empty where the plan has no such element any more.
    """

    plan = ForeignKeyField(PlanRow, on_delete="CASCADE")
    room = ForeignKeyField(RoomRow, on_delete="CASCADE")
    element = TextField(default="")
    outline = TextField(default="")
    x = DoubleField(null=True)
    y = DoubleField(null=True)

    class Meta:
        table_name = "place"
        primary_key = CompositeKey("plan", "room")


TABLES = (
    AccountRow, SessionRow, TryRow, LevelRow, TaskRow, HookRow, DeliveryRow, ServiceRow, RequestRow, BoardRow,
    BoardRoomRow, ProblemRow, PlanRow, PlaceRow,
)  # fmt: skip
