"""What telling screens costs, with the direct sender and with the stock one: real websockets from a process beside.

The last of many screens that show the same for one message, the three screens of one room among a thousand, memory and
idle CPU, all screens back after a restart, and whether pages are still answered. Best of five; the loop of plain Python
that stands beside each figure was run right before it.

usage: python -m bench.sockets [MOST_SCREENS]
"""

from __future__ import annotations

import sys
import time

from bench import _machine
from bench._stand import Stand, standing

SENDERS = ("stock", "direct")
MANY, MOST = 1000, 5000
ROOMS = 334
FEW = 8
TIMES = 5
QUIET = 200
IDLE_SECONDS = 20
REST_SECONDS = 8
LOBBY = [("lobby", "all")]


def main(most: int) -> None:
    for sender in SENDERS:
        measure_many(sender)
        measure_rooms(sender)
        measure_most(sender, most)


def measure_many(sender: str) -> None:
    """A thousand screens of one board: memory, the last of them for one message, and all back after a restart."""
    with standing(FEW, sender) as stand:
        empty = warm(stand)
        taken = stand.join(MANY, LOBBY)
        stand.settle()
        size = (_machine.resident(stand.host.process.pid) - empty) / MANY
        _machine.record("memory for each screen", sender, kB=size / 1000, seconds_to_come=taken)
        report_last(stand, f"one message to {MANY} screens, last", MANY, sender)
        loop = _machine.calibrate()
        back = min(storm(stand) for _ in range(3))
        _machine.record(f"{MANY} screens back after a restart", sender, loop, s=back)


def warm(stand: Stand) -> int:
    """Have a screen come, be told and go; return the bytes that the host has in memory then."""
    stand.join(20, LOBBY)
    stand.act("tell?channel=lobby/all")
    stand.heard(20)
    stand.crowd.ask("leave")
    stand.settle()
    return _machine.resident(stand.host.process.pid)


def report_last(stand: Stand, name: str, count: int, sender: str) -> None:
    loop = _machine.calibrate()
    took = [last(stand, count) for _ in range(TIMES)]
    _machine.record(name, sender, loop, ms=min(took), worst_ms=max(took))


def last(stand: Stand, count: int) -> float:
    """Return the milliseconds from telling a board to the moment at which the last of its screens has it."""
    began, _ = stand.act("tell?channel=lobby/all")
    took = (max(stand.heard(count)) - began) / 1e6
    time.sleep(0.3)
    return took


def storm(stand: Stand) -> float:
    """Kill the host and start it again; return the seconds from its first answer until all screens show something."""
    stand.host.stop()
    stand.crowd.send("storm")
    stand.session.close()
    stand.open()
    back = float(stand.crowd.said())
    stand.settle()
    return back


def measure_rooms(sender: str) -> None:
    """Three screens at each of many doors: idle CPU, and how soon the three of one room are told."""
    with standing(ROOMS, sender) as stand:
        stand.join(MANY, [("door", f"room-{number}") for number in range(ROOMS)])
        time.sleep(REST_SECONDS)
        idle = idle_share(stand)
        _machine.record(f"idle CPU with {MANY} screens", sender, percent=idle * 100)
        tell_three(stand, sender, "tell?channel=door/room-1", f"3 screens of one room among {MANY}, told")
        tell_three(stand, sender, "change?room=room-1", "change stored to the 3 screens of its room, quiet")


def idle_share(stand: Stand) -> float:
    before = _machine.spent(stand.host.process.pid)
    time.sleep(IDLE_SECONDS)
    return (_machine.spent(stand.host.process.pid) - before) / IDLE_SECONDS


def tell_three(stand: Stand, sender: str, what: str, name: str) -> None:
    loop = _machine.calibrate()
    found = [one for _ in range(QUIET) for one in three(stand, what)]
    _machine.record(name, sender, loop, p50_ms=_machine.middle(found), p99_ms=_machine.quantile(found, 0.99))


def three(stand: Stand, what: str) -> list[float]:
    """Return the milliseconds until each of three screens was told; of a change, from the moment it was stored."""
    began, done = stand.act(what)
    since = done if what.startswith("change") else began
    heard = stand.heard(3)
    time.sleep(0.01)
    return [(moment - since) / 1e6 for moment in heard]


def measure_most(sender: str, most: int) -> None:
    """As many screens as one server is to have: the last of them, and pages answered meanwhile."""
    with standing(FEW, sender) as stand:
        taken = stand.join(most, LOBBY)
        stand.settle()
        _machine.record(f"{most} screens come", sender, s=taken)
        report_last(stand, f"one message to {most} screens, last", most, sender)
        loop = _machine.calibrate()
        pages = [_machine.timed(lambda: stand.get("/door/room-1")) * 1000 for _ in range(50)]
        _machine.record(
            f"a door's page with {most} screens", sender, loop, p50_ms=_machine.middle(pages), worst_ms=max(pages)
        )


if __name__ == "__main__":
    main(int((sys.argv[1:] or [str(MOST)])[0]))
