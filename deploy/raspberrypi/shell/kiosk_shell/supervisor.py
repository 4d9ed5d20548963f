"""The unit's main process: brings the picture up, keeps it, and speaks for this machine."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from kiosk_shell import body, hours
from kiosk_shell.agent import Agent, Deeds, forever
from kiosk_shell.glass import Glass, GlassError
from kiosk_shell.helper import Helper
from kiosk_shell.keeper import Keeper, Lost
from kiosk_shell.notify import Notifier
from kiosk_shell.page import Page
from kiosk_shell.pipe import Pipe, PipeError
from kiosk_shell.place import Place, here
from kiosk_shell.screen import Screen
from kiosk_shell.wire import Wire

log = logging.getLogger(__name__)

STEP_SECONDS = 0.25
BROWSER_WITHIN = 60.0
FEED_EVERY = 5.0


@dataclass
class Supervisor:
    """Everything between the first program's start and the last one's end."""

    place: Place
    glass: Glass
    body: body.Body
    wire: Wire
    screen: Screen
    notifier: Notifier
    helper: Helper
    restart: threading.Event = field(default_factory=threading.Event)
    keeper: Keeper = field(init=False)
    agent: Agent = field(init=False)
    _lit: bool = True
    _fed: float = 0.0
    _written: str = ""

    def begin(self, pipe: Pipe) -> None:
        """Take hold of the browser and start what goes on beside it."""
        page = Page(pipe)
        self._attach(page)
        page.introduce(self.place.token, self.place.url)
        self.keeper = Keeper(page, self.place.url, self.wire.alive, self.touched, self.shade)
        self.agent = Agent(self.wire, self._deeds(page), self.readings)
        for name, step in (("heartbeat", self.agent.beat), ("acts", self.agent.take)) if self.place.token else ():
            threading.Thread(target=forever, args=(step,), name=name, daemon=True).start()
        threading.Thread(target=self._listen, args=(_bell(self.place),), name="motion", daemon=True).start()
        self.notifier.ready("the screen is up")

    def step(self) -> None:
        """Do what is due. Raises Lost when only a new start helps."""
        if ended := self.glass.ended():
            raise Lost(ended)
        now = time.monotonic()
        self.keeper.step(now)
        self._set_screen(now)
        self._write_status()
        if now - self._fed > FEED_EVERY:
            self._fed = now
            self.notifier.alive(f"page: {self.keeper.status}")

    def touched(self) -> None:
        """Somebody touched the screen, or stands before it."""
        self.screen.touched(time.monotonic())

    def switch(self, on: bool) -> None:
        """Light the screen or make it dark."""
        self.screen.switch(on)

    def brighten(self, percent: int) -> None:
        """Set how bright the panel is: its own light where it has one, else the page is drawn darker."""
        self.screen.brightness = percent
        self._show_brightness()

    def shade(self) -> None:
        """Give a page that was just loaded the shade and the brightness it must have."""
        self._show_brightness()
        if not self._lit:
            self.keeper.page.dark()

    def readings(self) -> dict[str, Any]:
        """Return what the heartbeat says."""
        said = {
            "version": self.place.version,
            "page_status": self.keeper.status,
            "page_crashes": self.keeper.crashes,
            "unit_restarts": _restarts(),
            "screen_on": self._lit,
            "brightness": self.screen.brightness,
            "rotation": 0 if self.place.rotate == "normal" else int(self.place.rotate),
            "release_prev": _linked("/opt/kiosk/previous"),
            "output_mode": _mode(self.glass.run("wlr-randr")),
            "watchdog": body.run("systemctl", "show", "-P", "RuntimeWatchdogUSec"),
        }
        return self.body.readings() | {name: value for name, value in said.items() if value not in ("", None)}

    def _attach(self, page: Page) -> None:
        give_up = time.monotonic() + BROWSER_WITHIN
        while True:
            try:
                page.attach()
                return
            except PipeError as error:
                if self.glass.ended() or time.monotonic() > give_up:
                    raise GlassError(self.glass.ended() or str(error)) from error
                time.sleep(0.2)

    def _deeds(self, page: Page) -> Deeds:
        return Deeds(
            identify=page.identify,
            reload=page.reload,
            picture=page.picture,
            switch=self.switch,
            brightness=self.brighten,
            restart=self.restart.set,
            helper=self.helper,
        )

    def _set_screen(self, now: float) -> None:
        local = datetime.now().astimezone() if self.body.clock_known() else None
        self.screen.spans = self._spans()
        lit = self.screen.lit(now, local)
        if lit == self._lit:
            return
        self._lit = lit
        log.info("the screen is %s", "lit" if lit else "dark")
        self._light() if lit else self._darken()

    def _spans(self) -> tuple[hours.Span, ...]:
        """The server's word goes before the machine's own, "" is always; words that cannot be read are no hours."""
        given = self.agent.facts.get("hours")
        try:
            return hours.parse(given if isinstance(given, str) else self.place.hours)
        except ValueError:
            return ()

    def _light(self) -> None:
        if self.place.dark == "power":
            self.glass.power(on=True)
        self._show_brightness()
        self._try_page(self.keeper.page.light)

    def _darken(self) -> None:
        self._try_page(self.keeper.page.dark)
        self.helper.backlight(1)
        if self.place.dark == "power":
            self.glass.power(on=False)

    def _show_brightness(self) -> None:
        percent = self.screen.brightness
        if any(self.place.root.glob("sys/class/backlight/*")):
            self.helper.backlight(percent if self._lit else 1)
        else:
            self._try_page(lambda: self.keeper.page.dim(percent))

    def _try_page(self, act: Callable[[], None]) -> None:
        try:
            act()
        except (PipeError, OSError) as error:
            log.warning("%s", error)

    def _listen(self, bell: socket.socket) -> None:
        """Wake whenever the motion sensor rings; root, looking after this machine, may ask for a picture."""
        while word := bell.recv(16):
            if word == b"picture":
                self._try_page(self._keep_picture)
            else:
                self.touched()

    def _keep_picture(self) -> None:
        hidden = self.place.runtime / ".picture"
        hidden.write_bytes(self.keeper.page.picture())
        os.replace(hidden, self.place.runtime / "picture.jpg")

    def _write_status(self) -> None:
        """Leave a word for provisioning and for the status light."""
        said = self.keeper.said
        status = json.dumps(
            {
                "page": self.keeper.status,
                "display": said.get("display", ""),
                "room": said.get("status", ""),
                "crashes": self.keeper.crashes,
                "lit": self._lit,
                "version": self.place.version,
                "revoked": self.agent.revoked,
            }
        )
        if status != self._written:
            hidden = self.place.runtime / ".status"
            hidden.write_text(status, encoding="utf-8")
            os.replace(hidden, self.place.runtime / "status.json")
            self._written = status


def make(place: Place) -> Supervisor:
    """Build the supervisor of this place. Raises ValueError for hours that cannot be read."""
    return Supervisor(
        place,
        Glass(place),
        body.Body(place.root, place.runtime),
        Wire(*place.origin, place.token),
        Screen(hours.parse(place.hours)),
        Notifier(place.notify_socket),
        Helper(place.asks, place.told),
    )


def main() -> int:
    """Run until something is lost or somebody stops us; systemd starts us anew."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(levelname)s %(message)s")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        supervisor = make(here())
    except ValueError as error:
        print(f"kiosk-shell: {error}", file=sys.stderr)
        return 2
    try:
        supervisor.begin(supervisor.glass.start())
        while not supervisor.restart.wait(STEP_SECONDS):
            supervisor.step()
    except (Lost, GlassError, PipeError) as error:
        log.warning("starting anew: %s", error)
        return 1
    finally:
        supervisor.glass.stop()
    return 0


def _bell(place: Place) -> socket.socket:
    """Return the socket on which motion is rung."""
    path = place.runtime / "motion"
    path.unlink(missing_ok=True)
    bell = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    bell.bind(str(path))
    path.chmod(0o660)
    return bell


def _restarts() -> int | None:
    found = body.run("systemctl", "show", "-P", "NRestarts", "kiosk-display")
    return int(found) if found.isdigit() else None


def _linked(path: str) -> str:
    """Return the name of what a link points to, "" where there is none."""
    return Path(os.readlink(path)).name if os.path.islink(path) else ""


def _mode(listed: str) -> str:
    """Return the mode that wlr-randr calls current: 1280x720."""
    current = [line.split()[0] for line in listed.splitlines() if "current" in line]
    return current[0] if current else ""
