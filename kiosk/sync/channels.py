"""Push channels kept open: asked for, verified by their token, renewed before they end, stopped when not wanted.

They only shorten the wait for a change: polling goes on underneath, slower while a channel is live.
"""

from __future__ import annotations

import hmac
import logging
import random
import secrets
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from kiosk import clock
from kiosk.errors import NotOffered, RateLimited, Refused, SourceError
from kiosk.source import ChannelSource
from kiosk.store import channels, tokens
from kiosk.store.channels import Channel, Wanting
from kiosk.store.database import Store
from kiosk.store.glance import Glance

log = logging.getLogger(__name__)

PATH = "/hooks/google"
# https://developers.google.com/workspace/calendar/api/guides/push: a week is the most; nothing renews by itself.
LIFE = timedelta(days=7)
RENEW_AFTER = 0.8
JITTER = 0.1
HEARD_WITHIN = timedelta(minutes=5)
CLAIM = timedelta(minutes=10)
# A calendar for which none is offered rarely gets one later; any other refusal may be mended any time.
NOT_OFFERED_REST = timedelta(days=7)
REFUSED_REST = timedelta(hours=1)
SHORT_REST = timedelta(minutes=1)
IDLE_SECONDS = 3.0
HUSH_SECONDS = 30.0
PACE_SECONDS = 0.2
NOT_HEARD = "Google's first message did not arrive: KIOSK_PUBLIC_URL must be reachable from the internet by https."


def hook_address(public_url: str, endpoint: str) -> str:
    """Return where changes are announced, empty where that must not be.

    Google insists on https. Plain http is taken only for a stand-in for Google, which `endpoint` names.
    """
    if public_url.startswith("https://") or (public_url and endpoint):
        return public_url + PATH
    return ""


@dataclass
class Push:
    """Keeps a channel open for every linked room that wants one; with an empty `address` it only stops old ones.

    `spend` counts a request that is about to leave. Raises RateLimited when there are none left.
    """

    source: ChannelSource
    store: Store
    address: str
    clock: clock.Clock = clock.now
    spend: Callable[[datetime], None] = lambda _now: None
    life: timedelta = LIFE
    chance: random.Random = field(default_factory=random.Random)

    def __post_init__(self) -> None:
        """Look at channels only where there are some, or shall be."""
        self._any = Glance(self.store, channels.is_any)

    def start(self) -> None:
        """Start the loop; channels that announce at an address of the past are stopped."""
        self.store.write(channels.abandon_elsewhere, self.address)
        threading.Thread(target=self._loop, name="push", daemon=True).start()

    def heard(self, channel_id: str, token: str, resource_id: str) -> int | None:
        """Return the room whose change a message announces; None when channel and token are not ours.

        The first message of a channel verifies it; it may come before the answer to our request.
        """
        with self.store.read() as db:
            channel = channels.find(db, channel_id)
        expected = channel.token_hash if channel else ""
        if not hmac.compare_digest(tokens.digest(token), expected or tokens.digest("")) or channel is None:
            return None
        if channel.verified_at is None:
            self.store.write(channels.verified, channel, resource_id, self.clock())
        return channel.room_id

    def step(self, now: datetime) -> bool:
        """Do one thing that is due: give up a silent channel, stop one, or open one; False when nothing was."""
        if not self.address and not self._any.value():
            return False
        return self._give_up(now) or self._stop(now) or self._open(now)

    def hush(self) -> None:
        """Stop at once what is to end, as long as the source may still be asked; what cannot be ends by itself."""
        give_up = clock.monotonic() + HUSH_SECONDS
        while self._stop(self.clock()) and clock.monotonic() < give_up:
            pass

    def _give_up(self, now: datetime) -> bool:
        with self.store.read() as db:
            silent = channels.unheard(db, now - HEARD_WITHIN)
        if silent is None:
            return False
        self.store.write(channels.stop, silent.id, now)
        if silent.room_id and silent.resource_id:
            self._refused(silent.room_id, NOT_HEARD, now, now + REFUSED_REST)
        return True

    def _stop(self, now: datetime) -> bool:
        with self.store.read() as db:
            channel = channels.ending(db, now)
        if channel is None:
            return False
        if channel.expires_at <= now or self._stopped(channel, now):
            self.store.write(channels.forget, channel.id)
        return True

    def _stopped(self, channel: Channel, now: datetime) -> bool:
        """Stop a channel at the source; False when that must be tried again."""
        if channel.resource_id is None:
            return self._nameless(channel, now)
        try:
            self.spend(now)
            self.source.stop(channel.id, channel.resource_id)
        except Refused as error:
            log.info("A push channel cannot be stopped and ends by itself: %s", error)
        except SourceError:
            self.store.write(channels.stop, channel.id, now + SHORT_REST)
            return False
        return True

    def _nameless(self, channel: Channel, now: datetime) -> bool:
        """Wait for the message that names a channel whose request got no answer; without it nobody can stop it."""
        over = channel.created_at + HEARD_WITHIN
        if over > now:
            self.store.write(channels.stop, channel.id, over)
        return over <= now

    def _open(self, now: datetime) -> bool:
        if not self.address:
            return False
        with self.store.read() as db:
            wanted = channels.wanting(db, self.address, now)
        if wanted is None:
            return False
        token = secrets.token_urlsafe(32)
        channel = self._drafted(wanted, token, now)
        if self.store.write(channels.begin, wanted, channel, CLAIM):
            self._ask(wanted, channel, token, now)
        return True

    def _drafted(self, wanted: Wanting, token: str, now: datetime) -> Channel:
        return Channel(
            id=uuid.uuid4().hex,
            room_id=wanted.room_id,
            calendar_id=wanted.calendar_id,
            address=self.address,
            token_hash=tokens.digest(token),
            resource_id=None,
            created_at=now,
            renew_at=self._renew_at(now, now + self.life),
            expires_at=now + self.life,
        )

    def _ask(self, wanted: Wanting, channel: Channel, token: str, now: datetime) -> None:
        try:
            self.spend(now)
            made = self.source.watch(channel.calendar_id, channel.id, token, channel.address, self.life)
        except RateLimited:
            self.store.write(channels.forget, channel.id)
            self.store.write(channels.postpone, wanted.room_id, now + SHORT_REST)
        except Refused as error:
            self.store.write(channels.forget, channel.id)
            rest = NOT_OFFERED_REST if isinstance(error, NotOffered) else REFUSED_REST
            self._refused(wanted.room_id, str(error), now, now + rest)
        except SourceError as error:
            # It may be open all the same: then its first message says so.
            log.info("%s: no answer to the request for a push channel: %s", wanted.slug, error)
        else:
            renew_at = self._renew_at(now, made.expires_at)
            self.store.write(channels.opened, channel, made.resource_id, renew_at, made.expires_at)

    def _refused(self, room_id: int, reason: str, now: datetime, again_at: datetime) -> None:
        slug = self.store.write(channels.refused, room_id, reason, now, again_at)
        if slug:
            log.info("%s: changes are not announced: %s", slug, reason)

    def _renew_at(self, now: datetime, expires_at: datetime) -> datetime:
        return now + (expires_at - now) * (RENEW_AFTER - JITTER * self.chance.random())

    def _loop(self) -> None:
        pause = threading.Event()
        while True:
            pause.wait(PACE_SECONDS if self._step_safely() else IDLE_SECONDS)

    def _step_safely(self) -> bool:
        try:
            return self.step(self.clock())
        except Exception:
            log.exception("The push channels stumbled and go on")
            return False
