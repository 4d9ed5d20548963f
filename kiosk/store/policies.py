"""What rooms allow: the words of organisation, building, floor and room, and the policy they make together."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from peewee import Database

from kiosk.errors import NotFound, UsageError
from kiosk.schedule import policy
from kiosk.schedule.model import Policy
from kiosk.store import levels
from kiosk.store.levels import NOTHING, ORGANISATION, Level, Texts
from kiosk.store.models import RoomRow
from kiosk.store.revisions import touch

log = logging.getLogger(__name__)

# How many different texts of words are remembered: more than any organisation has rooms.
REMEMBERED = 4096
EXEMPT = "exempt-people"
Origin = Literal["default", "organisation", "building", "floor", "room"]
ABOVE: tuple[Origin, ...] = ("organisation", "building", "floor")
# Whose policy is meant: a room's by its number, or a level's; nobody's in particular is the organisation's.
Whose = int | Level | None


@dataclass(frozen=True, slots=True)
class Line:
    """What holds for one word of the policy, and who says so; `help` says what it means."""

    name: str
    value: str
    origin: Origin
    help: str


def organisation(db: Database) -> dict[str, str]:
    """Return the words that hold in every room that says nothing else."""
    return of_level(db, ORGANISATION)


def of_level(db: Database, level: Level) -> dict[str, str]:
    """Return the own words of the organisation, a building or a floor."""
    return dict(_words(levels.texts(db).of(level)))


def of_room(db: Database, room_id: int) -> dict[str, str]:
    """Return a room's own words. Raises NotFound."""
    return dict(_words(_row(db, room_id).text))


def own(db: Database, whose: Whose) -> dict[str, str]:
    """Return the own words of a room, or of a level. Raises NotFound."""
    return of_room(db, whose) if isinstance(whose, int) else of_level(db, whose or ORGANISATION)


def lines(db: Database, whose: Whose) -> list[Line]:
    """Return every word with the value that holds in a room, or in rooms of a level that say nothing else.

    Raises NotFound.
    """
    chain = _chain(levels.texts(db), whose if not isinstance(whose, int) else _row(db, whose))
    written = policy.write(combined(*chain))
    return [Line(name, value, _origin(name, chain), policy.WORDS[name].help) for name, value in written.items()]


def _origin(name: str, chain: tuple[str, ...]) -> Origin:
    origins = zip((*ABOVE, "room"), chain, strict=True)
    return next((origin for origin, text in reversed([*origins]) if name in _words(text)), "default")


@lru_cache(maxsize=REMEMBERED)
def combined(organisation: str, building: str = NOTHING, floor: str = NOTHING, room: str = NOTHING) -> Policy:
    """Return the policy that stored words make together, the later over the earlier; the same texts are read once.

    Words that cannot be read, perhaps another version's, count as not written: no room is lost to them.
    """
    chain = [text for text in (organisation, building, floor, room) if text != NOTHING]
    while chain:
        try:
            return _read(*chain)
        except ValueError as error:
            log.warning("The policy %s over %s is not followed: %s", chain.pop(), chain, error)
    return Policy()


def change(db: Database, whose: Whose, changes: Mapping[str, str | None]) -> None:
    """Write words of a room or of a level; a value of None takes a word away.

    The screens of rooms whose policy becomes another one are drawn anew. Raises UsageError when a name or a value
    is unknown, or when the policy of some room would contradict itself; NotFound.
    """
    for name, value in changes.items():
        _check(name, value)
    before = _policies(db)
    if isinstance(whose, int):
        text = _changed(_row(db, whose).text, changes)
        RoomRow.update(policy=text).where(RoomRow.id == whose).execute(db)
    else:
        level = whose or ORGANISATION
        levels.write(db, level, _changed(levels.texts(db).of(level), changes))
    _follow(db, before)


def exempting(db: Database, person: str) -> list[Whose]:
    """Return the levels and rooms whose own words say that a person need not check in."""
    texts = levels.texts(db)
    above: list[Whose] = [level for level in texts.levels() if person in _exempt(texts.of(level))]
    return [*above, *(row.id for row in _rows(db) if person in _exempt(row.text))]


def stop_exempting(db: Database, whose: Whose, person: str) -> None:
    """Take a person out of those who need not check in; where nobody is left, it is still said that nobody is."""
    text = _row(db, whose).text if isinstance(whose, int) else levels.texts(db).of(whose or ORGANISATION)
    left = [one for one in _exempt(text) if one != person]
    change(db, whose, {EXEMPT: ",".join(left) or policy.NONE})


def carry(db: Database, old: str, new: str) -> None:
    """Let a building that has another name now, and its floors, keep their words, where the new name has none.

    Raises UsageError when the policy of some room would contradict itself.
    """
    before, texts = _policies(db), levels.texts(db)
    for level in texts.levels():
        if level.building == old:
            renamed = replace(level, building=new)
            levels.write(db, renamed, texts.of(level) if texts.of(renamed) == NOTHING else texts.of(renamed))
            levels.write(db, level, NOTHING)
    _follow(db, before)


def _exempt(text: str) -> tuple[str, ...]:
    return tuple(one.strip().lower() for one in _words(text).get(EXEMPT, "").split(",") if "@" in one)


def _check(name: str, value: str | None) -> None:
    if name not in policy.WORDS:
        raise UsageError(f"There is no policy {name!r}; there are {', '.join(policy.WORDS)}.")
    try:
        if value is not None:
            policy.check(name, value)
    except ValueError as error:
        raise UsageError(f"{name} cannot be {value!r}; {error}.") from error


def _policies(db: Database) -> dict[int, Policy]:
    texts = levels.texts(db)
    return {row.id: combined(*_chain(texts, row)) for row in _rows(db)}


def _follow(db: Database, before: Mapping[int, Policy]) -> None:
    texts = levels.texts(db)
    for level in texts.levels():
        _consistent(_chain(texts, level), f"The policy of {level}")
    for row in _rows(db):
        if _consistent(_chain(texts, row), f"The policy of the room {row.slug!r}") != before[row.id]:
            touch(db, row.id)


def _consistent(chain: tuple[str, ...], whose: str) -> Policy:
    try:
        return _read(*(text for text in chain if text != NOTHING))
    except ValueError as error:
        raise UsageError(f"{whose} would contradict itself: {error}.") from error


@lru_cache(maxsize=REMEMBERED)
def _read(*chain: str) -> Policy:
    """Return the policy of texts, the later over the earlier. Raises ValueError when they contradict each other."""
    return policy.read({name: value for text in chain for name, value in _words(text).items()})


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


@dataclass(frozen=True, slots=True)
class _Row:
    """Of a room what its policy is made of."""

    id: int
    slug: str
    building: str
    floor: str
    text: str


def _chain(texts: Texts, whose: _Row | Level | None) -> tuple[str, str, str, str]:
    """Return the texts that make a policy, the organisation's first."""
    found = whose or ORGANISATION
    return (*texts.above(found.building, found.floor), found.text if isinstance(found, _Row) else NOTHING)


def _row(db: Database, room_id: int) -> _Row:
    found = _rows(db, RoomRow.id == room_id)
    if not found:
        raise NotFound("This room is not here any more.")
    return found[0]


def _rows(db: Database, where: object = True) -> list[_Row]:
    columns = (RoomRow.id, RoomRow.slug, RoomRow.building, RoomRow.floor, RoomRow.policy)
    query = RoomRow.select(*columns) if where is True else RoomRow.select(*columns).where(where)
    return [_Row(*row) for row in query.tuples().execute(db)]
