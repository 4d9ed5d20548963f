"""One notifier for everything that tells the outside: rows are written first, and delivered until they arrive."""

from __future__ import annotations

import logging
import random
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from kiosk import clock, runtime
from kiosk.clock import DAWN
from kiosk.errors import NotFound
from kiosk.notify import addresses
from kiosk.notify.mailing import Mail
from kiosk.notify.outcome import Outcome
from kiosk.notify.posting import Post
from kiosk.store import deliveries, webhooks
from kiosk.store.database import Store
from kiosk.store.deliveries import KEPT, Delivery
from kiosk.store.glance import Due, is_due

log = logging.getLogger(__name__)

# As https://www.standardwebhooks.com proposes, over about three days; the first try is made at once.
PAUSES = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
# A crowd that fell out together does not come back together.
SPREAD = 0.2
IDLE_SECONDS = 1.0
WORKERS = 4
LOOK_AT = 200
CLEAR_EVERY = timedelta(hours=6)


@dataclass
class Notifier:
    """Delivers what waits: some at a time, and never two to the same receiver, so that one slow one stops no other."""

    store: Store
    post: Post
    mail: Mail
    clock: clock.Clock
    _busy: set[str] = field(default_factory=set)
    _choosing: threading.Lock = field(default_factory=threading.Lock)
    _cleared_at: datetime = DAWN
    _wake: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        """Look for messages only where something was committed since the last look."""
        self._next = Due(self.store, deliveries.next_due)

    def start(self) -> None:
        """Start the loops."""
        for number in range(WORKERS):
            threading.Thread(target=self._loop, name=f"notifier-{number}", daemon=True).start()

    def wake(self) -> None:
        """Look for messages, where one is to be sent sooner than before: something was committed."""
        if self._next.is_sooner():
            self._wake.set()

    def step(self) -> bool:
        """Try one message whose time has come; tell whether there was one."""
        self._clear()
        one = self._claim()
        if one is None:
            return False
        try:
            self._settle(one, self._send(one))
        finally:
            with self._choosing:
                self._busy.discard(one.receiver)
        return True

    def try_now(self, number: str) -> Delivery:
        """Try one message here and now, unless another process is at it already; return it as it is then."""
        with self.store.read() as db:
            one = deliveries.find(db, number)
        claimed = self.store.write(deliveries.claim, one, self.clock())
        if claimed:
            self._settle(claimed, self._send(claimed))
        else:
            self._await(number)
        with self.store.read() as db:
            return deliveries.find(db, number)

    def check(self, url: str) -> None:
        """Say at once that no webhook may lead to an address. Raises UsageError."""
        addresses.check(url.strip(), self.post.private)

    def _claim(self) -> Delivery | None:
        now = self.clock()
        if not is_due(self._next.value(), now):
            return None
        with self._choosing:
            with self.store.read() as db:
                found = deliveries.due(db, now, LOOK_AT)
            free = next((one for one in found if one.receiver not in self._busy), None)
            claimed = self.store.write(deliveries.claim, free, now) if free else None
            if claimed:
                self._busy.add(claimed.receiver)
            return claimed

    def _await(self, number: str) -> None:
        """Wait until another process has tried a message."""
        pause, give_up = threading.Event(), clock.monotonic() + self.post.deadline
        while clock.monotonic() < give_up:
            with self.store.read() as db:
                if deliveries.find(db, number).said:
                    return
            pause.wait(0.1)

    def _send(self, one: Delivery) -> Outcome:
        try:
            return self._try(one)
        except Exception as error:
            log.exception("%s to %s fails and is tried again", one.event, one.receiver)
            return Outcome(False, f"it cannot be sent ({type(error).__name__}): see the server's log")

    def _try(self, one: Delivery) -> Outcome:
        if one.way == "mail":
            return self.mail.send(one)
        try:
            with self.store.read() as db:
                hook = webhooks.find(db, one.hook_id or 0)
                secret = webhooks.secret_of(db, hook.id)
        except NotFound as error:
            return Outcome(False, str(error), again=False)
        if not hook.active:
            return Outcome(False, "the webhook is switched off", again=False)
        return self.post.send(one, hook.url, secret)

    def _settle(self, one: Delivery, outcome: Outcome) -> None:
        now = self.clock()
        pause = pause_after(one.attempts) if outcome.again else None
        if outcome.ok:
            self.store.write(deliveries.arrived, one, outcome.said, now)
        elif pause is None:
            log.warning("%s to %s is given up: %s", one.event, one.receiver, outcome.said)
            self.store.write(deliveries.give_up, one, outcome.said, now)
        else:
            if one.attempts == 1:
                log.info("%s to %s waits: %s", one.event, one.receiver, outcome.said)
            due_at = now + max(pause, outcome.after or pause)
            self.store.write(deliveries.postpone, one, outcome.said, due_at, now)
        if one.hook_id is not None:
            self.store.write(webhooks.answered, one.hook_id, outcome.ok, outcome.said, now, outcome.gone)

    def _clear(self) -> None:
        now = self.clock()
        if abs(now - self._cleared_at) >= CLEAR_EVERY:
            self._cleared_at = now
            self.store.write(deliveries.clear, now - KEPT)

    def _loop(self) -> None:
        runtime.repeat(self.step, self._wake, self._rest, log, "The notifier")

    def _rest(self) -> float:
        return self._next.rest(self.clock(), IDLE_SECONDS)


def pause_after(attempts: int) -> timedelta | None:
    """Return how long to wait after that many tries, None when there are to be no more."""
    if attempts > len(PAUSES):
        return None
    return PAUSES[attempts - 1] * random.uniform(1, 1 + SPREAD)
