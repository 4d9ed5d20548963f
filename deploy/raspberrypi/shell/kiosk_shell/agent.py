"""What this machine tells its server of itself, and what it does when asked from afar."""

from __future__ import annotations

import hashlib
import logging
import random
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from kiosk_shell.helper import Helper, HelperError
from kiosk_shell.pipe import PipeError
from kiosk_shell.wire import Revoked, Wire, WireError

log = logging.getLogger(__name__)

DEVICE = "/api/v1/device"
INTERVAL = 60.0
JITTER = 0.1
POLL_SECONDS = 25
# How long to leave a server in peace that does not know us, does not answer, or has no such address.
REST_SECONDS = 20.0


@dataclass(frozen=True)
class Act:
    """Something that an administrator asked this machine to do; `value` is "" for most."""

    id: str
    name: str
    value: str = ""


@dataclass
class Deeds:
    """What can be asked of this machine; each raises when it cannot be done."""

    identify: Callable[[], None]
    reload: Callable[[], None]
    picture: Callable[[], bytes]
    switch: Callable[[bool], None]
    brightness: Callable[[int], None]
    restart: Callable[[], None]
    helper: Helper


@dataclass
class Agent:
    """Heartbeats and acts over one wire; failures are logged once, and so is their end."""

    wire: Wire
    deeds: Deeds
    readings: Callable[[], dict[str, Any]]
    facts: dict[str, Any] = field(default_factory=dict)
    revoked: bool = False
    _said: dict[str, str] = field(default_factory=dict)

    def beat(self) -> float:
        """Say how this machine is and return after how many seconds to say it again."""
        try:
            answer = self.wire.post(f"{DEVICE}/heartbeat", self.readings())
            self.facts = self.wire.get(DEVICE)
            if answer.get("rotate"):
                self.rotate()
        except (WireError, HelperError, OSError) as error:
            self._failed("heartbeat", error)
            return INTERVAL
        self._works("heartbeat")
        interval = min(max(float(answer.get("interval", INTERVAL)), 5.0), 3600.0)
        return interval * random.uniform(1 - JITTER, 1 + JITTER)

    def take(self) -> float:
        """Wait for acts, do them, and return how many seconds to rest before asking again."""
        try:
            acts = self.wire.get(f"{DEVICE}/acts?wait={POLL_SECONDS}", timeout=POLL_SECONDS + 10).get("acts", [])
        except WireError as error:
            self._failed("acts", error)
            return REST_SECONDS
        self._works("acts")
        for one in acts:
            self._answer(Act(str(one["id"]), str(one["act"]), str(one.get("value") or "")))
        return 0.0 if acts else 0.2

    def rotate(self) -> None:
        """Take another token: the server learns its hash first, then the machine keeps it."""
        token = secrets.token_urlsafe(32)
        self.wire.post(f"{DEVICE}/token", {"next_sha256": hashlib.sha256(token.encode()).hexdigest()})
        self.deeds.helper.token(token)
        log.info("this machine has another token")

    def _answer(self, act: Act) -> None:
        """Do one act and say how it went; what ends this program is answered first."""
        last = {"restart_display": self.deeds.restart, "reboot": self.deeds.helper.reboot}.get(act.name)
        if last:
            self._report(act, "done", "")
            last()
            return
        try:
            self._do(act)
        except (PipeError, HelperError, WireError, ValueError, OSError) as error:
            self._report(act, "failed", str(error))
        else:
            self._report(act, "done", "")

    def _do(self, act: Act) -> None:
        match act.name:
            case "identify":
                self.deeds.identify()
            case "reload":
                self.deeds.reload()
            case "screenshot":
                self.wire.put(f"{DEVICE}/acts/{act.id}/picture", self.deeds.picture(), "image/jpeg")
            case "collect_logs":
                self.wire.put(f"{DEVICE}/acts/{act.id}/logs", self.deeds.helper.logs(), "text/plain")
            case "screen_on" | "screen_off":
                self.deeds.switch(act.name == "screen_on")
            case "brightness":
                self.deeds.brightness(_percent(act.value))
            case _:
                raise ValueError(f"this machine does not know how to {act.name}")

    def _report(self, act: Act, state: str, said: str) -> None:
        log.info("%s: %s %s", act.name, state, said)
        try:
            self.wire.post(f"{DEVICE}/acts/{act.id}", {"state": state, "said": said[:500]})
        except WireError as error:
            self._failed("acts", error)

    def _failed(self, what: str, error: Exception) -> None:
        self.revoked = isinstance(error, Revoked)
        if self._said.get(what) != str(error):
            self._said[what] = str(error)
            log.warning("%s: %s", what, error)

    def _works(self, what: str) -> None:
        """Note that the server answers; a machine that it knows again leaves the page that asks to be paired."""
        if self.revoked:
            self.revoked = False
            self.deeds.reload()
        if self._said.pop(what, ""):
            log.info("%s works again", what)


def forever(step: Callable[[], float], sleep: Callable[[float], None] = time.sleep) -> None:
    """Run a step for ever, resting as long as it says; one that breaks is logged and tried again."""
    while True:
        try:
            rest = step()
        except Exception:
            log.exception("a step failed and is tried again")
            rest = REST_SECONDS
        sleep(rest)


def _percent(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 100:
        raise ValueError(f"brightness is {text!r}: allowed: 1 to 100")
    return int(text)
