"""When a calendar is taken: the blocks that count for a room's answer and for free/busy."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.emulator.recurrence import series
from kiosk.emulator.store import Store

_BLOCKS = """
    SELECT id, series, rule, starts, ends, answer FROM events
    WHERE calendar = ? AND ends > ? AND starts < ? AND status != 'cancelled' AND opaque
    AND answer != 'declined' AND kind NOT IN ('workingLocation', 'birthday')
"""


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of time that an event takes; `answer` is the calendar's own."""

    starts: int
    ends: int
    id: str
    series: str
    answer: str


def blocks(store: Store, calendar_id: str, low: int, high: int) -> list[Block]:
    """All blocks that touch `[low, high)`, by start."""
    found: list[Block] = []
    excepted = exceptions(store, calendar_id)
    for event_id, master, rule, starts, ends, answer in store.rows(_BLOCKS, calendar_id, low, high):
        if not rule:
            found.append(Block(starts, ends, event_id, master, answer))
            continue
        found += [
            Block(each.starts, each.ends, f"{event_id}_{each.key}", event_id, answer)
            for each in series(rule).between(low, high)
            if each.key not in excepted.get(event_id, ())
        ]
    return sorted(found, key=lambda block: (block.starts, block.ends, block.id))


def exceptions(store: Store, calendar_id: str) -> dict[str, set[str]]:
    """By series, the occurrences that have a row of their own."""
    keys: dict[str, set[str]] = {}
    sql = "SELECT series, original FROM events WHERE calendar = ? AND series > '' AND detached = 0"
    for master, original in store.rows(sql, calendar_id):
        keys.setdefault(master, set()).add(original)
    return keys


def merged(found: list[Block], low: int, high: int) -> list[tuple[int, int]]:
    """The blocks as free/busy answers show them: clipped to the question, touching ones as one."""
    busy: list[tuple[int, int]] = []
    for block in found:
        starts, ends = max(block.starts, low), min(block.ends, high)
        if starts >= ends:
            continue
        if busy and starts <= busy[-1][1]:
            busy[-1] = (busy[-1][0], max(busy[-1][1], ends))
        else:
            busy.append((starts, ends))
    return busy
