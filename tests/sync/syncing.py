"""A program that mirrors and books without a pause until it is killed: `python -m tests.sync.syncing FOLDER ENDPOINT`.

Everything is imported once; each line on standard input starts a process of its own, whose number is printed.
"""

from __future__ import annotations

import os
import random
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import google_auth_httplib2  # noqa: F401 - loaded here so that no process has to
import googleapiclient.discovery  # noqa: F401

from kiosk import clock
from kiosk.booking.counter import Asked, Wish
from kiosk.booking.desk import Desk
from kiosk.booking.driver import Driver
from kiosk.errors import KioskError
from kiosk.google.access import by_file
from kiosk.google.calendars import GoogleCalendars
from kiosk.store import rooms
from kiosk.store.database import Store
from kiosk.sync.passes import Pass, refresh
from tests.running import SERVICE_USER

DAYS = 7


def main(folder: Path, endpoint: str) -> None:
    """Start a process for each line of input, and wait for its end."""
    for _ in sys.stdin:
        child = os.fork()
        if not child:
            live(folder, endpoint)
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print("killed" if os.WIFSIGNALED(status) else f"ended with {status}", flush=True)


def live(folder: Path, endpoint: str) -> None:
    """Mirror and book for ever."""
    store = Store(f"sqlite:///{folder / 'kiosk.db'}")
    source = GoogleCalendars(by_file(str(folder / "key.json"), SERVICE_USER, endpoint))
    desk = Desk(Driver(store, source, clock.now))
    with store.read() as db:
        linked = rooms.every(db)
    desk.start()
    threading.Thread(target=forever, args=(lambda: tap(desk, random.choice(linked).room.slug),), daemon=True).start()
    forever(lambda: refresh(Pass(source, store, DAYS), random.choice(linked).id))


def tap(desk: Desk, slug: str) -> None:
    """Book for a while from some later time on, and perhaps take it back."""
    later = clock.now() + timedelta(minutes=random.randint(1, 2 * 24 * 60 - 1))
    made = desk.book(Wish(slug, later, None, 15, "Ad hoc"))
    if random.random() < 0.5:
        desk.change(Asked("cancel", made.event_id))


def forever(act: Callable[[], object]) -> None:
    while True:
        try:
            act()
        except KioskError:
            continue


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
