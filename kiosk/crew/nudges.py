"""Waking the other processes through Redis when something was committed; without it they look by themselves.

A message says nothing but who has committed: whoever hears it looks into the database. So nothing is wrong while Redis
is away, what others have changed is only seen at the next look.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from kiosk.errors import KioskError

log = logging.getLogger(__name__)

# However many commits there are, others are woken no more often.
PAUSE_SECONDS = 0.1
PATIENCE_SECONDS = 5.0
# A silent connection is asked for a sign of life so often, and tried anew so long after it was lost.
HEALTH_SECONDS, AGAIN_SECONDS = 15, 1.0


@dataclass
class Nudges:
    """Wakes others, and whoever looks here; `channel`: the same for all processes of an installation."""

    url: str
    channel: str
    me: str
    _wakes: Sequence[Callable[[], None]] = ()
    _news: threading.Event = field(default_factory=threading.Event)
    _lost: bool = False

    def start(self, wakes: Sequence[Callable[[], None]]) -> None:
        """Send and hear from now on; `wakes`: what is done when others have committed. Raises KioskError."""
        _library()
        self._wakes = wakes
        for name, step in (("nudges", self._send), ("nudged", self._hear)):
            threading.Thread(target=self._loop, args=(step,), name=name, daemon=True).start()

    def send(self) -> None:
        """Wake the others: something was committed here. Returns at once."""
        self._news.set()

    def trouble(self) -> str:
        """Return a sentence while Redis cannot be used, else nothing."""
        return "Redis does not answer: what other processes change is seen up to 2 seconds later." if self._lost else ""

    def _send(self, redis: Any) -> None:
        pause = threading.Event()
        while True:
            self._news.wait()
            self._news.clear()
            redis.publish(self.channel, self.me)
            self._answers()
            pause.wait(PAUSE_SECONDS)

    def _hear(self, redis: Any) -> None:
        with redis.pubsub(ignore_subscribe_messages=True) as heard:
            heard.subscribe(self.channel)
            heard.get_message(timeout=PATIENCE_SECONDS)
            self._answers()
            # What was missed meanwhile is looked for.
            self._wake()
            while True:
                message = heard.get_message(timeout=PATIENCE_SECONDS)
                if message and message["data"] != self.me:
                    self._wake()

    def _wake(self) -> None:
        for wake in self._wakes:
            wake()

    def _answers(self) -> None:
        if self._lost:
            log.info("Redis answers again")
        self._lost = False

    def _loop(self, step: Callable[[Any], None]) -> None:
        redis = _library()
        rest, client = threading.Event(), _client(self.url)
        while True:
            try:
                step(client)
            except (redis.RedisError, OSError) as error:
                if not self._lost:
                    log.warning("Redis does not answer (%s); other processes' changes are seen a little later.", error)
                self._lost = True
            except Exception:
                log.exception("Waking other processes fails and is tried again")
            client.close()
            rest.wait(AGAIN_SECONDS)


def _library() -> Any:
    """Return the library, which only installations with a Redis have. Raises KioskError."""
    try:
        import redis
    except ImportError as error:
        raise KioskError("KIOSK_REDIS_URL is set: that needs `pip install room-kiosk[redis]`.") from error
    return redis


def _client(url: str) -> Any:
    return _library().Redis.from_url(
        url,
        decode_responses=True,
        socket_connect_timeout=PATIENCE_SECONDS,
        socket_timeout=PATIENCE_SECONDS,
        health_check_interval=HEALTH_SECONDS,
    )
