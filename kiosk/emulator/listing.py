"""events.list and events.instances: windows, pages, sync tokens, and what they really return."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from kiosk.emulator.errors import bad_request, full_sync_required
from kiosk.emulator.occupancy import exceptions
from kiosk.emulator.recurrence import EXPANSION, Occurrence, series
from kiosk.emulator.render import View, event_json, tombstone
from kiosk.emulator.store import COLUMNS, Store, entry_of, instance
from kiosk.emulator.times import milliseconds
from kiosk.emulator.values import FOREVER, Calendar, Entry, Json

_LIGHT = "seq, id, status, rule, starts, ends, series, original, detached, updated"
Key = tuple[int, int, str]
# A deleted series leaves tombstones for about six months of its instances only, unless showDeleted is set.
_TOMBSTONES = 183 * 86_400


@dataclass(frozen=True, slots=True)
class Query:
    """The question, its parameters checked. `since`: the change number that a sync token stands for."""

    since: int | None = None
    time_min: int = 0
    time_max: int = FOREVER
    single: bool = False
    show_deleted: bool = False
    order: str = ""
    max_results: int = 250
    updated_min: int | None = None
    event_types: tuple[str, ...] = ()
    text: str = ""
    ical_uid: str = ""
    private: tuple[tuple[str, str], ...] = ()
    shared: tuple[tuple[str, str], ...] = ()
    master: str = ""
    original: str = ""
    page: str = ""
    empty_page: bool = False
    short_page: bool = False
    stray_tombstone: bool = False

    @property
    def incremental(self) -> bool:
        """Whether deletions are part of the answer whatever else was asked."""
        return self.since is not None or self.updated_min is not None

    @property
    def shows_deleted(self) -> bool:
        """Whether cancelled events are part of the answer."""
        return self.incremental or self.show_deleted or self.stray_tombstone

    @property
    def seeds_sync(self) -> bool:
        """Whether the last page carries a sync token."""
        restricted = (self.order, self.text, self.ical_uid, self.private, self.shared, self.master)
        return not any(restricted) and self.updated_min is None


@dataclass(frozen=True, slots=True)
class _Light:
    """A row without its contents."""

    seq: int
    id: str
    status: str
    rule: str
    starts: int
    ends: int
    series: str
    original: str
    detached: int
    updated: int


@dataclass(frozen=True, slots=True)
class _Item:
    """One entry of the answer before it is loaded; `gone`: shown as cancelled whatever its row says."""

    key: Key
    id: str
    occurrence: Occurrence | None = None
    gone: bool = False


def answer(store: Store, view: View, query: Query) -> Json:
    """The Events resource: one page."""
    calendar = view.access.calendar
    start, after = _place(calendar, query, store)
    items = sorted(_unique(_items(store, calendar, query)), key=lambda item: item.key)
    rest = [item for item in items if after is None or item.key > after]
    most = max(1, query.max_results // 2) if query.short_page else query.max_results
    page = [] if query.empty_page and after is None else rest[:most]
    body = _envelope(calendar, view, start)
    body["items"] = [
        shown for item, entry in _load(store, calendar, page) if (shown := _shown(item, entry, view, query))
    ]
    if len(page) < len(rest):
        body["nextPageToken"] = _page_token(calendar, query, start, page[-1].key if page else (-1, -1, ""))
    elif query.seeds_sync:
        body["nextSyncToken"] = sync_token(store, calendar, start)
    return body


def sync_token(store: Store, calendar: Calendar, seq: int) -> str:
    """Opaque to clients: the world, the calendar and the change number, no window."""
    text = f"{store.meta('world')}:{_digest(calendar.id)}:{seq}"
    return base64.urlsafe_b64encode(text.encode()).decode()


def since_token(store: Store, calendar: Calendar, token: str) -> int:
    """The change number of a sync token; 410 when it is unknown or no longer honoured."""
    try:
        world, of_calendar, seq = base64.urlsafe_b64decode(token.encode()).decode().split(":")
        number = int(seq)
    except ValueError:
        raise full_sync_required() from None
    known = (world, of_calendar) == (store.meta("world"), _digest(calendar.id))
    if not known or number > store.seq() or number < calendar.tokens_from:
        raise full_sync_required()
    return number


def _digest(text: str) -> str:
    return base64.b32hexencode(hashlib.sha256(text.encode()).digest()).decode().lower()[:12]


def _page_token(calendar: Calendar, query: Query, start: int, key: Key) -> str:
    return base64.urlsafe_b64encode(json.dumps([_question(calendar, query), start, *key]).encode()).decode()


def _question(calendar: Calendar, query: Query) -> str:
    """What must be the same for all pages: the calendar and every parameter but the length of a page."""
    asked = replace(query, page="", max_results=0, empty_page=False, short_page=False, stray_tombstone=False)
    return _digest(f"{calendar.id} {asked}")


def _place(calendar: Calendar, query: Query, store: Store) -> tuple[int, Key | None]:
    """The change number at the first page, and the last entry of the page before."""
    if not query.page:
        return store.seq(), None
    try:
        question, start, first, second, last = json.loads(base64.urlsafe_b64decode(query.page.encode()))
        place = int(start), (int(first), int(second), str(last))
    except (ValueError, TypeError):
        raise bad_request("Invalid page token value.", "invalid") from None
    if question != _question(calendar, query):
        raise bad_request("Invalid page token value.", "invalid")
    return place


def _envelope(calendar: Calendar, view: View, start: int) -> Json:
    return {
        "kind": "calendar#events",
        "etag": f'"p3{_digest(f"{calendar.id} {start}")}0g"',
        "summary": calendar.summary,
        "description": calendar.description,
        "updated": milliseconds(calendar.updated),
        "timeZone": str(view.zone),
        "accessRole": view.access.role,
        "defaultReminders": [],
    }


def _items(store: Store, calendar: Calendar, query: Query) -> Iterator[_Item]:
    excepted = exceptions(store, calendar.id) if query.single or query.master else {}
    for row in _rows(store, calendar, query):
        if query.master and query.master not in {row.id, row.series}:
            continue
        yield from _of_row(store, calendar, query, row, excepted)


def _rows(store: Store, calendar: Calendar, query: Query) -> Iterator[_Light]:
    sql = f"SELECT {_LIGHT} FROM events WHERE calendar = ? AND seq > ?"
    values: list[Any] = [calendar.id, query.since or 0]
    if query.since is None:
        stray = " OR status = 'cancelled'" if query.stray_tombstone else ""
        sql += f" AND (ends > ? AND starts < ?{stray})"
        values += [query.time_min, query.time_max]
    if query.ical_uid:
        sql += " AND ical_uid = ?"
        values.append(query.ical_uid)
    if query.event_types:
        sql += f" AND kind IN ({','.join('?' * len(query.event_types))})"
        values += query.event_types
    if query.updated_min is not None:
        sql += " AND updated >= ?"
        values.append(query.updated_min)
    return (_Light(*row) for row in store.rows(sql, *values))


def _of_row(
    store: Store, calendar: Calendar, query: Query, row: _Light, excepted: dict[str, set[str]]
) -> Iterator[_Item]:
    own = _Item(_key(query, row, row.starts, row.id), row.id)
    if row.rule and query.single:
        yield from _expanded(store, calendar, query, row, excepted.get(row.id, set()))
    elif row.status != "cancelled":
        yield own
        if query.since is not None and query.single:
            yield from _vanished(store, calendar, query, row, set())
    elif query.shows_deleted or (row.series and not query.single and not row.detached):
        yield replace(own, gone=True)


def _expanded(store: Store, calendar: Calendar, query: Query, row: _Light, excepted: set[str]) -> Iterator[_Item]:
    """A series as instances. Incremental answers hold its whole range: tokens know of no window."""
    cancelled = row.status == "cancelled"
    if cancelled and not (query.incremental or query.show_deleted):
        if query.stray_tombstone:
            yield _Item(_key(query, row, row.starts, row.id), row.id, gone=True)
        return
    low, high = (0, FOREVER) if query.since is not None else (query.time_min, query.time_max)
    if cancelled and query.since is not None and not query.show_deleted:
        high = max(row.starts, row.updated // 1_000_000) + _TOMBSTONES
    limit = EXPANSION if high == FOREVER else EXPANSION * 10
    found = [each for each in series(row.rule).between(low, high, limit) if each.key not in excepted]
    for each in found:
        key = _key(query, row, each.starts, f"{row.id}_{each.key}")
        yield _Item(key, row.id, each, cancelled)
    if query.since is not None:
        yield from _vanished(store, calendar, query, row, {each.key for each in found} | excepted)


def _vanished(store: Store, calendar: Calendar, query: Query, row: _Light, present: set[str]) -> Iterator[_Item]:
    """What the event was when the token was made and is no longer, as tombstones."""
    sql = "SELECT rule FROM past_rules WHERE calendar = ? AND id = ? AND seq > ?"
    for (rule,) in store.rows(sql, calendar.id, row.id, query.since):
        if not rule:
            yield _Item(_key(query, row, row.starts, row.id), row.id, gone=True)
            continue
        for each in series(rule).between(0, FOREVER):
            if each.key not in present:
                present.add(each.key)
                yield _Item(_key(query, row, each.starts, f"{row.id}_{each.key}"), row.id, each, gone=True)


def _unique(items: Iterable[_Item]) -> Iterable[_Item]:
    """One entry for each id: an occurrence that was dropped and lives again is no tombstone."""
    found: dict[str, _Item] = {}
    for item in items:
        if item.key[2] not in found or found[item.key[2]].gone:
            found[item.key[2]] = item
    return found.values()


def _key(query: Query, row: _Light, starts: int, event_id: str) -> Key:
    if query.order == "startTime" or query.master:
        return starts, 0, event_id
    return (row.updated if query.order == "updated" else row.seq), starts, event_id


def _load(store: Store, calendar: Calendar, page: list[_Item]) -> Iterator[tuple[_Item, Entry]]:
    loaded = dict(_entries(store, calendar, {item.id for item in page}))
    for item in page:
        entry = loaded[item.id]
        yield item, instance(entry, item.occurrence) if item.occurrence else entry


def _entries(store: Store, calendar: Calendar, ids: Iterable[str]) -> Iterator[tuple[str, Entry]]:
    wanted = list(ids)
    for at in range(0, len(wanted), 500):
        some = wanted[at : at + 500]
        marks = ",".join("?" * len(some))
        for row in store.rows(
            f"SELECT {COLUMNS} FROM events WHERE calendar = ? AND id IN ({marks})", calendar.id, *some
        ):
            entry = entry_of(row)
            yield entry.id, entry


def _shown(item: _Item, entry: Entry, view: View, query: Query) -> Json | None:
    if not _matches(entry, query):
        return None
    if item.gone:
        detailed = query.show_deleted and not entry.is_copy
        entry = replace(entry, status="cancelled")
        return event_json(entry, view) if detailed else tombstone(entry, view)
    return event_json(entry, view)


def _matches(entry: Entry, query: Query) -> bool:
    properties = entry.data.get("extendedProperties", {})
    for scope, wanted in (("private", query.private), ("shared", query.shared)):
        if any(properties.get(scope, {}).get(key) != value for key, value in wanted):
            return False
    if query.original and entry.original != query.original:
        return False
    return not query.text or query.text.lower() in _words(entry)


def _words(entry: Entry) -> str:
    people = [*entry.data.get("attendees", []), entry.data["organizer"]]
    named = [each.get(key, "") for each in people for key in ("email", "displayName")]
    return " ".join([entry.data.get(key, "") for key in ("summary", "description", "location")] + named).lower()
