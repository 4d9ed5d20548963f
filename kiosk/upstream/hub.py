"""A hub as a source: its rooms' bookings by pages, what it says by a long question, and parcels that it does."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from kiosk import clock
from kiosk.errors import Missing, NotOffered, Refused, SourceError, Unreachable
from kiosk.schedule.availability import bookings, runs
from kiosk.schedule.model import Answer as Reply
from kiosk.schedule.model import Event
from kiosk.source import Busy, Calendar, Draft, Outcome, Page, Parcel, Since, Window
from kiosk.upstream import words
from kiosk.upstream.line import ANSWER_SECONDS, Answer, Line, check, strange

FOLLOW = "/api/v1/follow"
# A hub waits no longer than this for something to tell; a little more, and it is taken for gone.
LISTEN_SECONDS = 20
GRACE_SECONDS = 5.0
ELSEWHERE = NotOffered("This is asked of the hub as a parcel.", "parcel")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class News:
    """What a hub has to tell: its sheet where that has changed, and what names the newest state of each room.

    `rooms`: by the hub's numbers, (what names the state, when it was known to be true or None).
    """

    version: str
    pulse: str
    sheet: Mapping[str, Any] | None
    device: Mapping[str, Any]
    rooms: Mapping[int, tuple[str, datetime | None]]


@dataclass(frozen=True, slots=True)
class Hub:
    """The hub at the other end of a line."""

    line: Line

    def page(self, calendar_id: str, query: Window | Since, token: str | None = None) -> Page:
        """Return all of a room's bookings, or with a cursor what differs from what it stands for; always one page.

        A cursor holds what was read: each event's id with a digest. So no hub ever forgets one.
        """
        before = json.loads(query.cursor) if isinstance(query, Since) else {}
        window = query.kept if isinstance(query, Since) else query
        if window is None:
            raise ValueError("A hub is asked for a stretch of time.")
        span = urlencode({"from": clock.iso(window.start), "to": clock.iso(window.end)})
        known = {"If-None-Match": f'"{before["version"]}"'} if before.get("span") == span else {}
        answer = self.line.ask("GET", f"{self._room(calendar_id)}?{span}", headers=known)
        check(answer)
        if answer.status == 304:
            return understood(lambda: _unchanged(answer, before))
        return understood(lambda: _page(answer.json(), span, before.get("have", {})))

    def busy(self, calendar_ids: list[str], start: datetime, end: datetime) -> dict[str, Busy]:
        """Return when rooms are taken; one request for each."""
        return {one: self._busy(one, Window(start, end)) for one in calendar_ids}

    def describe(self, calendar_id: str) -> Calendar:
        """Return what a room is to whoever books in it."""
        now = clock.now()
        zone = self.page(calendar_id, Window(now, now)).zone
        return Calendar(calendar_id, calendar_id, zone, "writer", True, True)

    def get(self, calendar_id: str, event_id: str, person: str = "") -> Event:
        """Return one booking. Raises Missing."""
        said = self.line.say("GET", f"{self._room(calendar_id)}/events/{quote(event_id, safe='')}")
        return understood(lambda: words.event(said))

    def insert(self, calendar_id: str, draft: Draft) -> Event:
        """Refuse: bookings are carried as parcels."""
        raise ELSEWHERE

    def reshape(
        self, calendar_id: str, event: Event, start: datetime, end: datetime, zone: str, person: str = ""
    ) -> Event:
        """Refuse: changes are carried as parcels."""
        raise ELSEWHERE

    def delete(self, calendar_id: str, event_id: str, person: str = "") -> None:
        """Refuse: cancellations are carried as parcels."""
        raise ELSEWHERE

    def answer(self, calendar_id: str, event_id: str, answer: Reply, comment: str = "", etag: str = "") -> Event:
        """Refuse: the hub answers for its rooms."""
        raise ELSEWHERE

    def curtail(self, calendar_id: str, event_id: str) -> None:
        """Refuse: the hub looks after its series."""
        raise ELSEWHERE

    def carry(self, parcel: Parcel) -> Outcome:
        """Have a parcel done, once however often it is carried; one whose answer was lost is asked about by its id."""
        path, said = f"{FOLLOW}/parcels/{parcel.id}", words.parcel_said(parcel)
        try:
            answer = self.line.ask("PUT", path, json.dumps(said).encode(), {"Content-Type": "application/json"})
        except Unreachable:
            return self._lost(path)
        return self._outcome(answer)

    def give_up(self, parcel_id: str, calendar_id: str) -> Outcome:
        """Have a parcel undone, or never done where it has not arrived yet."""
        room = words.room_id(calendar_id)
        return self._outcome(self.line.ask("DELETE", f"{FOLLOW}/parcels/{parcel_id}?room={room}"))

    def listen(self, version: str, pulse: str, seconds: int = LISTEN_SECONDS) -> News:
        """Return what the hub has to tell once it differs from the sheet and pulse of that name, or after a while."""
        query = urlencode({"sheet": version, "pulse": pulse, **({"wait": seconds} if seconds else {})})
        try:
            said = self.line.say("GET", f"{FOLLOW}?{query}", seconds=seconds + GRACE_SECONDS)
        except Missing as error:
            raise strange() from error
        return understood(lambda: _news(said))

    def plan(self, slug: str, version: str) -> tuple[bytes, str]:
        """Return the file of a plan's version, and its type. Raises Unreachable for another, or a part of it."""
        answer = self.line.ask("GET", f"{FOLLOW}/plans/{quote(slug, safe='')}", headers={"Accept": "*/*"}, seconds=30)
        check(answer)
        if not hashlib.sha256(answer.content).hexdigest().startswith(version):
            raise Unreachable("The hub sent another plan, or a part of one.", "plan")
        return answer.content, answer.headers.get("content-type", "")

    def _lost(self, path: str) -> Outcome:
        """Ask what became of a parcel whose answer did not come. Raises Unreachable where nobody knows."""
        try:
            answer = self.line.ask("GET", path, seconds=ANSWER_SECONDS / 2)
            return self._outcome(answer)
        except Missing as error:
            raise Unreachable("The hub has not taken the parcel.") from error

    def _outcome(self, answer: Answer) -> Outcome:
        """Return what an answer says of a parcel; a refusal is one too. Raises SourceError for any other."""
        said = answer.json() if answer.status in {200, 201, 202, 409, 422, 503} else None
        if isinstance(said, dict) and isinstance(said.get("parcel"), dict):
            return understood(lambda: words.outcome(said["parcel"]))
        check(answer)
        raise strange()

    def _busy(self, calendar_id: str, window: Window) -> Busy:
        try:
            found = self.page(calendar_id, window).events
        except Refused as error:
            return Busy(error=error.reason)
        return Busy(runs(bookings(found, set())))

    def _room(self, calendar_id: str) -> str:
        return f"{FOLLOW}/rooms/{words.room_id(calendar_id)}"


def _unchanged(answer: Answer, before: Mapping[str, Any]) -> Page:
    """Return that nothing has changed; half an answer does not say as of when."""
    as_of = answer.headers["kiosk-as-of"]
    return Page(cursor=json.dumps(before), as_of=clock.parse(as_of) if as_of else None)


def _page(said: Mapping[str, Any], span: str, have: Mapping[str, str]) -> Page:
    found = [words.event(one) for one in said["events"]]
    digests = {one["id"]: _digest(one) for one in said["events"]}
    if not said["known"]:
        raise Unreachable("The hub has not read this room's calendar yet.", "unread")
    return Page(
        events=tuple(event for event in found if have.get(event.id) != digests[event.id]),
        gone=tuple(sorted(have.keys() - digests.keys())),
        cursor=json.dumps({"version": said["version"], "span": span, "have": digests}),
        zone=str(said["zone"]),
        as_of=clock.parse(said["as_of"]) if said["as_of"] else None,
        beside=json.dumps(said["beside"]),
    )


def begins(version: str) -> str:
    """Return how the cursor of a room begins whose state of that name was read."""
    return json.dumps({"version": version})[:-1] + ","


def _news(said: Mapping[str, Any]) -> News:
    rooms = {
        int(number): (str(version), clock.parse(as_of) if as_of else None)
        for number, (version, as_of) in said["rooms"].items()
    }
    return News(str(said["version"]), str(said["pulse"]), said["sheet"], dict(said["device"]), rooms)


def _digest(said: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:12]


def understood(read: Callable[[], Result]) -> Result:
    """Read an answer. Raises Unreachable for one that another kind of server gave, or another version."""
    try:
        return read()
    except SourceError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise strange() from error
