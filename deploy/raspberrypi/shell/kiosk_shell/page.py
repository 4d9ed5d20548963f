"""The one page on the glass, driven over the pipe."""

from __future__ import annotations

import base64
import json
import os
import signal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from kiosk_shell.pipe import Event, Pipe, PipeError

WORLD = "kiosk"
BINDING = "kioskTouch"
COOKIE = "kiosk_device"
INJECTED = Path(__file__).with_name("inject.js")
LOOK_WITHIN = 5.0
BIGGEST_PICTURE = 100_000
QUALITIES = (70, 50, 30, 15, 5)
# What the page says of itself; a page that is none of ours says nothing.
LOOK = """(() => {
  const main = document.querySelector("main");
  return JSON.stringify({
    url: location.href.slice(0, 200), link: main?.dataset.link ?? "", status: main?.dataset.status ?? "",
    display: main?.dataset.display ?? "", ready: document.readyState,
  });
})()"""


class Page:
    """The browser's only page; calls raise PipeError."""

    def __init__(self, pipe: Pipe) -> None:
        self.pipe = pipe
        self.session = ""
        self._world = 0

    def attach(self) -> None:
        """Take hold of the page and have our script run in whatever it shows."""
        self.pipe.call("Target.setDiscoverTargets", discover=True)
        targets = self.pipe.call("Target.getTargets")["targetInfos"]
        pages = [one["targetId"] for one in targets if one["type"] == "page"]
        if not pages:
            raise PipeError("the browser has no page yet")
        self.session = self.pipe.call("Target.attachToTarget", targetId=pages[0], flatten=True)["sessionId"]
        for domain in ("Page", "Inspector", "Runtime", "Network"):
            self._call(f"{domain}.enable")
        self._call("Runtime.addBinding", name=BINDING, executionContextName=WORLD)
        source = INJECTED.read_text(encoding="utf-8")
        self._call("Page.addScriptToEvaluateOnNewDocument", source=source, worldName=WORLD)

    def introduce(self, token: str, url: str) -> None:
        """Give the browser the device's token as a cookie that no script can read."""
        if not token:
            return
        secure = urlsplit(url).scheme == "https"
        name = f"__Host-{COOKIE}" if secure else COOKIE
        self._call(
            "Network.setCookie",
            name=name,
            value=token,
            url=url,
            path="/",
            httpOnly=True,
            sameSite="Strict",
            secure=secure,
        )

    def open(self, url: str) -> bool:
        """Show an address; False when the browser could not load it."""
        return not self._call("Page.navigate", timeout=20.0, url=url).get("errorText")

    def reload(self) -> None:
        """Load the page anew, past the browser's cache."""
        self._call("Page.reload", ignoreCache=True)

    def kill(self) -> None:
        """End the page's process, whatever it is doing; the browser itself lives on."""
        for process in self.pipe.call("SystemInfo.getProcessInfo")["processInfo"]:
            if process["type"] == "renderer":
                os.kill(int(process["id"]), signal.SIGKILL)

    def look(self) -> dict[str, str]:
        """Return what the page says of itself: url, link, status, display, ready."""
        answer = self._call("Runtime.evaluate", timeout=LOOK_WITHIN, expression=LOOK, returnByValue=True)
        return dict(json.loads(answer["result"].get("value") or "{}"))

    def picture(self) -> bytes:
        """Return what is on the glass as JPEG of at most 100 kB; works, and stays dark, while the screen is off."""
        for quality in QUALITIES:
            answer = self._call("Page.captureScreenshot", timeout=20.0, format="jpeg", quality=quality)
            found = base64.b64decode(answer["data"])
            if len(found) <= BIGGEST_PICTURE:
                return found
        raise PipeError(f"the picture is larger than {BIGGEST_PICTURE} bytes")

    def identify(self, seconds: int = 5) -> None:
        """Blink, so that somebody in the building finds this screen."""
        self._ours(f"kioskIdentify({seconds})")

    def dark(self) -> None:
        """Lay the black shade over the page; the first tap on it wakes and presses nothing."""
        self._ours("kioskDark()")

    def light(self) -> None:
        """Take the shade away."""
        self._ours("kioskLight()")

    def dim(self, percent: int) -> None:
        """Draw the page darker, for panels whose own light cannot be set."""
        self._ours(f"kioskDim({percent})")

    def remember(self, event: Event) -> None:
        """Keep in which world our script lives, from what the browser reports."""
        context = event.params.get("context", {})
        if event.name == "Runtime.executionContextCreated" and context.get("name") == WORLD:
            self._world = context["id"]
        elif event.name == "Runtime.executionContextsCleared":
            self._world = 0

    def _ours(self, expression: str) -> None:
        """Run a word of our own script."""
        if not self._world:
            return
        self._call(
            "Runtime.evaluate", timeout=LOOK_WITHIN, expression=f"globalThis.{expression}", contextId=self._world
        )

    def _call(self, method: str, timeout: float = 10.0, **params: Any) -> dict[str, Any]:
        return self.pipe.call(method, self.session, timeout, **params)
