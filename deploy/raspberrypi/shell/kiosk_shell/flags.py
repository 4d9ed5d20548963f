"""What Chromium is started with."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

SPLASH = (
    "<!doctype html><meta name=viewport content='width=device-width'><title>…</title>"
    "<style>*{cursor:none}html{background:#000;height:100%}"
    "i{position:fixed;inset:50% auto auto 50%;width:12px;height:12px;margin:-6px;border-radius:6px;"
    "background:#777;animation:b 2s infinite alternate}@keyframes b{to{opacity:.2}}</style><i></i>"
)
# `about:blank` would show the browser's own page of new tabs.
SPLASH_URL = "data:text/html," + quote(SPLASH)
OFF = ("Translate", "MediaRouter", "OptimizationHints", "InterestFeedContentSuggestions", "GlobalMediaControls")


def command(browser: str, profile: Path) -> list[str]:
    """Return the browser's command line; its profile lies in memory, so nothing of it is written to the card."""
    return [
        browser,
        "--remote-debugging-pipe",
        "--ozone-platform=wayland",
        "--kiosk",
        f"--app={SPLASH_URL}",
        f"--user-data-dir={profile}",
        "--disk-cache-size=33554432",
        "--no-first-run",
        "--noerrdialogs",
        "--disable-session-crashed-bubble",
        "--hide-crash-restore-bubble",
        "--disable-pinch",
        "--overscroll-history-navigation=0",
        f"--disable-features={','.join(OFF)}",
        "--disable-component-update",
        "--disable-background-networking",
        "--disable-sync",
        "--disable-breakpad",
        "--log-level=3",
        "--password-store=basic",
        "--autoplay-policy=no-user-gesture-required",
    ]
