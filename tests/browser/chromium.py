"""The browser of the tests: Chromium without what only people need who browse, since each window would pay for it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Playwright

# Chromium listens to the last list of features only, so the first lines repeat what Playwright turns off.
OFF = (
    *("AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades", "LensOverlay"),
    *("HttpsFirstBalancedModeAutoEnable", "MediaRouter", "PaintHolding", "ThirdPartyStoragePartitioning"),
    *("AvoidCorsURLLoaderRestartOnRedirect", "OptimizationHints", "NetworkTimeServiceQuerying", "AimEnabled"),
    "PreconnectToSearch",
    # Pages of its own beside every window, which cost as much as three of ours, and a process in store for the next.
    *("WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup", "SpareRendererForSitePerProcess"),
)
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--disable-features={','.join(OFF)}",
    # A name that leads here and is no loopback to the browser.
    "--host-resolver-rules=MAP kiosk.test 127.0.0.1",
)


def launch(playwright: Playwright) -> Browser:
    """Start the browser that CHROMIUM names, or the one without windows that lies beside it and does a third less."""
    named = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
    without_windows = named.with_name(f"{named.name}-headless-shell")
    chosen = without_windows if without_windows.exists() else named
    return playwright.chromium.launch(executable_path=chosen, args=list(QUIET))


def window(browser: Browser, keeps: bool = False, **more: Any) -> BrowserContext:
    """Open a window that shares nothing with others.

    Unless it `keeps`, no page stays in it beyond its end, as where the way to the server is not encrypted: that half
    of the work of opening a page is for tests about what is kept.
    """
    return browser.new_context(service_workers="allow" if keeps else "block", **more)
