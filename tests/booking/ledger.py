"""What must be true once nothing moves any more: the journal, the mirror and Google's calendars agree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

from kiosk import clock
from tests.booking.town import LOCAL, Span, Town, answer_of, meetings, overlaps, span_of
from tests.running import wait_for

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
JOURNAL = (
    'SELECT slug, kind, event_id, "start", "end", state, reason, "key", person FROM command'
    " JOIN room ON room.id = room_id ORDER BY event_id, settled_at, created_at"
)
OPEN = "SELECT slug, kind, state, reason, attempts FROM command JOIN room ON room.id = room_id WHERE settled_at IS NULL"
MIRROR = 'SELECT event_id, "start", "end", answer FROM event JOIN room ON room.id = room_id WHERE slug = ?'
Shape = tuple[Span, str]


@dataclass(frozen=True)
class Row:
    """A row of the journal."""

    slug: str
    kind: str
    event_id: str
    span: Span
    state: str
    reason: str
    key: str
    person: str

    @property
    def removes(self) -> bool:
        return self.kind in {"cancel", "release"}


def journal(town: Town) -> list[Row]:
    """Return every command, those of one event together in the order in which they were settled."""
    return [
        Row(
            row["slug"],
            row["kind"],
            row["event_id"],
            span(row),
            row["state"],
            row["reason"],
            row["key"] or "",
            row["person"],
        )
        for row in town.sql(JOURNAL)
    ]


def span(row: Mapping[str, int]) -> Span:
    return Span(instant(row["start"]), instant(row["end"]))


def instant(milliseconds: int) -> datetime:
    return EPOCH + timedelta(milliseconds=milliseconds)


def settled(town: Town, seconds: float = 100) -> None:
    """Wait until every command is settled and every mirror is what Google holds."""
    wait_for(lambda: not town.sql(OPEN), seconds, 0.2)
    wait_for(lambda: is_mirrored(town), 30, 0.5)


def is_mirrored(town: Town) -> bool:
    """Return whether every mirror is what Google holds."""
    now = clock.now()
    return all(mirrored(town, slug, now) == lying(town, slug, now) for slug in town.rooms)


def check(town: Town) -> dict[str, int]:
    """Compare everything; return how much was compared, and fail on the first thing that is not as it must be."""
    found = journal(town)
    assert not [row for row in found if row.state not in {"confirmed", "refused"}]
    for slug in town.rooms:
        assert not overlaps(town.takers(slug)), town.told(slug)
    assert not meetings(kept_here(town))
    assert not strays(town, found)
    kept = [bookings_kept(town, list(rows)) for _, rows in groupby(found, lambda row: row.event_id)]
    now = clock.now()
    for slug in town.rooms:
        assert mirrored(town, slug, now) == lying(town, slug, now)
    return {
        "confirmed bookings compared with Google": sum(kept),
        "refused ones looked for in vain": sum(row.kind == "book" and row.state == "refused" for row in found),
    }


def strays(town: Town, found: Iterable[Row]) -> set[str]:
    """Return events that carry our mark, or an id of ours, and that no confirmed command has made."""
    made = {row.event_id for row in found if row.kind == "book" and row.state == "confirmed"}
    ours = {row.event_id for row in found}
    homes = (*town.rooms.values(), *town.people)
    living = {item["id"]: marked(item) for home in homes for item in town.google.world.events(home)}
    living |= dict.fromkeys(kept_here(town), True)
    return {event_id for event_id, mark in living.items() if (mark or event_id in ours) and event_id not in made}


def marked(item: dict[str, Any]) -> bool:
    return "kiosk" in item.get("extendedProperties", {}).get("private", {})


def bookings_kept(town: Town, rows: list[Row]) -> int:
    """Check that the event of a confirmed booking is there once, as its commands left it."""
    book = next((row for row in rows if row.kind == "book"), None)
    if book is None or book.state != "confirmed":
        return 0
    living = lives(town, book)
    allowed = outcomes(rows) | ({None} if book.event_id in town.taken_back else set())
    assert len(living) <= 1
    assert (living[0] if living else None) in allowed, (rows, living)
    return 1


def lives(town: Town, book: Row) -> list[Span]:
    """Return when a booking is, where it was made."""
    if book.slug == LOCAL:
        return [span for event_id, span in kept_here(town).items() if event_id == book.event_id]
    home = book.person or town.rooms[book.slug]
    return [span_of(item) for item in town.google.world.events(home) if item["id"] == book.event_id]


def kept_here(town: Town) -> dict[str, Span]:
    """Return when the bookings of the room are of which Google knows nothing."""
    return {row["event_id"]: span(row) for row in town.sql(MIRROR, LOCAL)}


def outcomes(rows: Iterable[Row]) -> set[Span | None]:
    """Return what may have become of an event; a change that was given up may have reached Google, and have stayed."""
    possible: set[Span | None] = set()
    for row in rows:
        if row.kind == "check_in":
            continue
        after = None if row.removes else row.span
        if row.state == "confirmed":
            possible = {after}
        elif row.kind in {"end", "cancel", "release"} and row.reason == "unreachable":
            possible |= {after}
    return possible


def mirrored(town: Town, slug: str, now: datetime) -> dict[str, Shape]:
    """Return what our mirror holds of a room from now on."""
    rows = town.sql(MIRROR, slug)
    return coming({row["event_id"]: (span(row), row["answer"]) for row in rows}, now)


def lying(town: Town, slug: str, now: datetime) -> dict[str, Shape]:
    """Return what lies on a room's calendar from now on."""
    found = town.google.world.events(town.rooms[slug])
    return coming({item["id"]: (span_of(item), answer_of(item)) for item in found}, now)


def coming(events: dict[str, Shape], now: datetime) -> dict[str, Shape]:
    return {key: shape for key, shape in events.items() if shape[0].end > now}


def check_answers(town: Town, answers: dict[str, tuple[int, str]]) -> None:
    """Check that what callers were told is what the journal says; whoever was told to wait may have got either."""
    states = {row.key: row.state for row in journal(town) if row.key}
    for key, (status, reason) in answers.items():
        allowed = {200: {"confirmed"}, 201: {"confirmed"}, 202: {"confirmed", "refused"}}.get(status, {"refused", ""})
        assert states.get(key, "") in allowed, (key, status, reason, states.get(key))
