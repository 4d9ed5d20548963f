"""The supervisor with a real browser: a page shown with its cookie, dark and woken, healed, ended without a trace."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from kiosk_shell.glass import Glass, GlassError
from kiosk_shell.keeper import Keeper
from kiosk_shell.page import Page
from kiosk_shell.pipe import PipeError
from kiosk_shell.place import Place

from kiosk import clock
from kiosk.resources import resource
from tests.running import wait_for

TOKEN = "t" * 43
SHELL = resource("deploy/raspberrypi") / "shell"
DOOR = b"""<!doctype html><meta charset=utf-8><style>html{background:#9f9}button{position:fixed;inset:0}</style>
<main data-display=door data-link=live data-status=free>
<button onclick="fetch('/tapped?'+document.cookie)">Book</button>
"""
# Instead of a compositor: something that says where it is and stays.
COMPOSITOR = '#!/bin/sh\ntouch "$XDG_RUNTIME_DIR/wayland-0"\nexec sleep 600\n'
# The browser draws for nobody; its sandbox is not for root, as whom tests may run.
BROWSER = """#!/bin/bash
for word; do [ "$word" = --ozone-platform=wayland ] || words+=("$word"); done
exec {chromium} --headless=new --no-sandbox --disable-gpu "${{words[@]}}"
"""


@dataclass
class House:
    """A server of one door; it remembers what was asked for, and with which cookies."""

    seen: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        house = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                house.seen.append((self.path, self.headers.get("Cookie", "")))
                self.send_response(404 if self.path.startswith("/api") else 200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(DOOR)))
                self.end_headers()
                self.wfile.write(DOOR)

            def log_message(self, *_: Any) -> None:
                """Leave the tests' output alone."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://localhost:{self.server.server_port}/"

    def asked(self, path: str) -> list[str]:
        """Return the cookies of every request of a path."""
        return [cookies for each, cookies in list(self.seen) if each.partition("?")[0] == path]


@pytest.fixture
def house() -> Iterator[House]:
    made = House()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def place(house: House, tmp_path: Path) -> Place:
    """A machine's place with a browser that draws for nobody."""
    for name, text in (("compositor", COMPOSITOR), ("browser", BROWSER.format(chromium=os.environ["CHROMIUM"]))):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    (tmp_path / "run").mkdir()
    programs = {"compositor": str(tmp_path / "compositor"), "browser": str(tmp_path / "browser")}
    return Place(house.url, tmp_path / "run", tmp_path, TOKEN, output="HDMI-A-1", **programs)


@dataclass
class Screen:
    """A page on a browser of its own, its keeper taking steps as the supervisor's loop does."""

    keeper: Keeper
    touches: list[str]

    @property
    def page(self) -> Page:
        return self.keeper.page

    def live(self) -> bool:
        self.keeper.step(clock.monotonic())
        return self.keeper.status == "live"

    def shaded(self) -> bool:
        found = self.page.pipe.call(
            "Runtime.evaluate",
            self.page.session,
            expression="!!document.querySelector('#kiosk-dark')",
            returnByValue=True,
        )
        return bool(found["result"]["value"])

    def tap(self) -> None:
        for kind in ("mousePressed", "mouseReleased"):
            at = {"x": 100, "y": 100, "button": "left", "clickCount": 1}
            self.page.pipe.call("Input.dispatchMouseEvent", self.page.session, type=kind, **at)


@pytest.fixture
def screen(place: Place, house: House) -> Iterator[Screen]:
    glass = Glass(place)
    page = Page(glass.start())
    wait_for(lambda: attached(page))
    page.introduce(TOKEN, house.url)
    touches: list[str] = []
    made = Screen(Keeper(page, house.url, lambda: True, lambda: touches.append("touch")), touches)
    wait_for(made.live)
    yield made
    glass.stop()
    wait_for(lambda: page.pipe.closed)
    page.pipe.close()


def attached(page: Page) -> bool:
    try:
        page.attach()
    except PipeError:
        return False
    return True


def test_the_first_request_carries_the_token_and_no_script_reads_it(screen: Screen, house: House) -> None:
    assert house.asked("/") == [f"kiosk_device={TOKEN}"]
    screen.tap()
    wait_for(lambda: house.asked("/tapped"))
    assert [path for path, _ in house.seen if path.startswith("/tapped")] == ["/tapped?"]


def test_a_page_that_crashed_comes_back(screen: Screen, house: House) -> None:
    screen.page.kill()
    wait_for(lambda: screen.live() and screen.keeper.crashes == 1)
    assert len(house.asked("/")) == 2


def test_the_tap_that_wakes_presses_nothing(screen: Screen, house: House) -> None:
    wait_for(lambda: screen.live() and (screen.page.dark() or screen.shaded()))
    screen.tap()
    wait_for(lambda: not screen.shaded())
    wait_for(lambda: screen.live() and screen.touches)
    assert house.asked("/tapped") == []
    screen.tap()
    wait_for(lambda: house.asked("/tapped"))


def test_waking_from_afar_does_not_shorten_the_shield(screen: Screen, house: House) -> None:
    wait_for(lambda: screen.live() and (screen.page.dark() or screen.shaded()))
    screen.page.light()
    assert not screen.shaded()
    assert house.asked("/tapped") == []


def test_a_picture_is_a_jpeg_of_what_is_shown_and_black_in_the_dark(screen: Screen) -> None:
    lit = screen.page.picture()
    wait_for(lambda: screen.live() and (screen.page.dark() or screen.shaded()))
    assert lit.startswith(b"\xff\xd8")
    assert len(screen.page.picture()) < len(lit)


def test_a_compositor_that_does_not_come_up_is_a_sentence(place: Place) -> None:
    Path(place.compositor).write_text("#!/bin/sh\nexit 3\n")
    with pytest.raises(GlassError, match="compositor ended with 3"):
        Glass(place).start()


def test_the_whole_program_shows_the_door_heals_and_leaves_nothing_behind(
    place: Place, house: House, tmp_path: Path
) -> None:
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials" / "device.token").write_text(TOKEN + "\n")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(60)
        program = start(place, tmp_path)
        try:
            assert systemd.recv(100).startswith(b"READY=1")
            wait_for(lambda: said(place).get("page") == "live")
            assert house.asked("/") == [f"kiosk_device={TOKEN}"]
            assert systemd.recv(100).startswith(b"WATCHDOG=1")
        finally:
            program.send_signal(signal.SIGTERM)
            assert program.wait(30) == 0
    wait_for(lambda: not children_of(place))


def start(place: Place, folder: Path) -> subprocess.Popen[bytes]:
    """Start the program as its unit does."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(place.runtime),
        "XDG_RUNTIME_DIR": str(place.runtime),
        "SCREEN_URL": place.url,
        "SCREEN_OUTPUT": place.output,
        "SCREEN_COMPOSITOR": place.compositor,
        "SCREEN_BROWSER": place.browser,
        "CREDENTIALS_DIRECTORY": str(folder / "credentials"),
        "NOTIFY_SOCKET": str(folder / "notify"),
        "WATCHDOG_USEC": "45000000",
    }
    return subprocess.Popen([sys.executable, "-I", "-B", str(SHELL)], env=environment)


def said(place: Place) -> dict[str, Any]:
    file = place.runtime / "status.json"
    return dict(json.loads(file.read_text())) if file.exists() else {}


def children_of(place: Place) -> list[str]:
    """Return the command lines of programs that have this place's profile in them."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = file.read_bytes().decode(errors="replace")
        except OSError:
            continue
        if str(place.runtime) in words:
            found.append(words)
    return found
