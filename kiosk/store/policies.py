"""What rooms allow: the words of the organisation, those of a room over them, and the policy they make together."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from peewee import Database

from kiosk.errors import NotFound, UsageError
from kiosk.schedule import policy
from kiosk.schedule.model import Policy
from kiosk.store import facts
from kiosk.store.models import RoomRow
from kiosk.store.revisions import touch

log = logging.getLogger(__name__)

FACT = "policy"
NOTHING = "{}"
# How many different texts of words are remembered: more than any organisation has rooms.
REMEMBERED = 4096


@dataclass(frozen=True, slots=True)
class Line:
    """What holds for one word of the policy, and who says so; `help` says what it means."""

    name: str
    value: str
    origin: Literal["default", "organisation", "room"]
    help: str


def organisation(db: Database) -> dict[str, str]:
    """Return the words that hold in every room that says nothing else."""
    return dict(_words(organisation_text(db)))


def of_room(db: Database, room_id: int) -> dict[str, str]:
    """Return a room's own words. Raises NotFound."""
    return dict(_words(_room_text(db, room_id)))


def lines(db: Database, room_id: int | None) -> list[Line]:
    """Return every word with the value that holds in a room, or (None) in rooms that say nothing else.

    Raises NotFound.
    """
    own = NOTHING if room_id is None else _room_text(db, room_id)
    above = organisation_text(db)
    written = policy.write(combined(above, own))
    return [Line(name, value, _origin(name, above, own), policy.WORDS[name].help) for name, value in written.items()]


def _origin(name: str, above: str, own: str) -> Literal["default", "organisation", "room"]:
    if name in _words(own):
        return "room"
    return "organisation" if name in _words(above) else "default"


def organisation_text(db: Database) -> str:
    """Return the organisation's words as they are stored, for `combined`."""
    return facts.read(db, FACT) or NOTHING


@lru_cache(maxsize=REMEMBERED)
def combined(organisation_text: str, room_text: str) -> Policy:
    """Return the policy that stored words make together; each pair of texts is read once.

    Words that cannot be read, perhaps another version's, count as not written: no room is lost to them.
    """
    for own in (room_text, NOTHING):
        try:
            return _read(organisation_text, own)
        except ValueError as error:
            log.warning("The policy %s over %s is not followed: %s", own, organisation_text, error)
    return Policy()


def change(db: Database, room_id: int | None, changes: Mapping[str, str | None]) -> None:
    """Write words of a room, or of the organisation (None); a value of None takes a word away.

    The screens of rooms whose policy becomes another one are drawn anew. Raises UsageError when a name or a value
    is unknown, or when the policy of some room would contradict itself; NotFound.
    """
    for name, value in changes.items():
        _check(name, value)
    above = organisation_text(db)
    before = {number: combined(above, text) for number, _, text in _rooms(db)}
    if room_id is None:
        facts.write(db, FACT, _changed(above, changes))
    else:
        text = _changed(_room_text(db, room_id), changes)
        RoomRow.update(policy=text).where(RoomRow.id == room_id).execute(db)
    _follow(db, before)


def _check(name: str, value: str | None) -> None:
    if name not in policy.WORDS:
        raise UsageError(f"There is no policy {name!r}; there are {', '.join(policy.WORDS)}.")
    try:
        if value is not None:
            policy.check(name, value)
    except ValueError as error:
        raise UsageError(f"{name} cannot be {value!r}; {error}.") from error


def _follow(db: Database, before: Mapping[int, Policy]) -> None:
    above = organisation_text(db)
    _consistent(above, NOTHING, "The policy")
    for number, slug, text in _rooms(db):
        if _consistent(above, text, f"The policy of the room {slug!r}") != before[number]:
            touch(db, number)


def _consistent(above: str, own: str, whose: str) -> Policy:
    try:
        return _read(above, own)
    except ValueError as error:
        raise UsageError(f"{whose} would contradict itself: {error}.") from error


@lru_cache(maxsize=REMEMBERED)
def _read(above: str, own: str) -> Policy:
    """Return the policy of two texts. Raises ValueError when they contradict each other."""
    return policy.read({**_words(above), **_words(own)})


@lru_cache(maxsize=REMEMBERED)
def _words(text: str) -> Mapping[str, str]:
    """Return those stored words that can be read."""
    try:
        stored = {str(name): str(value) for name, value in json.loads(text).items()}
    except (ValueError, AttributeError) as error:
        log.warning("The policy %r cannot be read and is left out: %s", text, error)
        return {}
    return {name: value for name, value in stored.items() if _is_readable(name, value)}


def _is_readable(name: str, value: str) -> bool:
    try:
        policy.check(name, value)
    except ValueError as error:
        log.warning("The policy %s=%s cannot be read and is left out: %s", name, value, error)
        return False
    return True


def _changed(text: str, changes: Mapping[str, str | None]) -> str:
    words = {**_words(text), **changes}
    kept = {name: value.strip() for name, value in words.items() if value is not None}
    return json.dumps(kept, ensure_ascii=False, sort_keys=True)


def _room_text(db: Database, room_id: int) -> str:
    row = RoomRow.select(RoomRow.policy).where(RoomRow.id == room_id).tuples().first(db)
    if row is None:
        raise NotFound("This room is not here any more.")
    return str(row[0])


def _rooms(db: Database) -> list[tuple[int, str, str]]:
    return list(RoomRow.select(RoomRow.id, RoomRow.slug, RoomRow.policy).tuples().execute(db))
