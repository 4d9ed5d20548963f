"""Running the server: listening, saying where, and ending on a signal."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable

from kiosk import app, assembly, clock, runtime, trace
from kiosk.errors import KioskError, SourceError
from kiosk.measures import Complaints, Measures
from kiosk.settings import Settings, supervision
from kiosk.store import accounts, rooms
from kiosk.store.processes import Role
from kiosk.watchdog import Watchdog

log = logging.getLogger(__name__)

OPEN_WARNING = (
    "Every display is open: everybody who reaches this address can see the rooms' bookings and book. "
    "Unset KIOSK_OPEN_DISPLAYS to let in only those with a token (kiosk admin token)."
)


def serve(
    settings: Settings,
    announce: Callable[[str, assembly.Parts], None] | None = None,
    cleanup: Callable[[], None] = lambda: None,
    only: Role | None = None,
) -> int:
    """Serve until a signal; `announce(address, parts)` tells people where, `cleanup` runs at the end.

    `only`: what this process does of it, where several do it together.
    """
    measures = Measures()
    trace.log_to_stderr(settings.log_level, settings.log_format, Complaints(measures))
    if only and settings.hub_url:
        raise KioskError("KIOSK_HUB_URL is set: a machine that follows a hub is one process, without --only.")
    listener = _listen(settings)
    parts = assembly.open_parts(settings, measures=measures, several=bool(only))
    server = app.build(parts, only=only, port=_own(listener)[1])
    runtime.on_stop(cleanup)
    server.start()
    if server.shadow is None and server.parts.connecting.accesses.connected():
        threading.Thread(target=_check_google, args=(server.parts,), name="check", daemon=True).start()
    where = address(listener)
    (announce or _announce)(where, server.parts)
    if only == "work":
        print("It works for others that serve; here it tells only how it is.", flush=True)
    if server.shadow is None and only is None:
        _invite(settings.public_url or where, server.parts)
    Watchdog(_own(listener), supervision()).start()
    runtime.serve(listener, server.web)
    return 0


def _invite(where: str, parts: assembly.Parts) -> None:
    """While there is no administrator, let whoever reads the server's output become the first."""
    word = parts.store.write(accounts.first_link, clock.now())
    if word:
        print(f"No administrator yet: open {where}/admin/first/{word}", flush=True)


def address(listener: socket.socket) -> str:
    """Return the address people can open on this machine."""
    host, port = _own(listener)
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _own(listener: socket.socket) -> tuple[str, int]:
    """Return host and port at which this machine itself reaches the listener."""
    host, port = listener.getsockname()[:2]
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port


def _check_google(parts: assembly.Parts) -> None:
    """Say at the start, not with the first tap, that the credentials do not work."""
    try:
        parts.calendars.check()
    except SourceError as error:
        log.warning("%s", error)


def _listen(settings: Settings) -> socket.socket:
    try:
        return runtime.listen(settings.host, settings.port)
    except socket.gaierror as error:
        raise KioskError(
            f"KIOSK_HOST is {settings.host!r}: this machine has no such address ({error.strerror})."
        ) from error
    except OSError as error:
        raise KioskError(
            f"Cannot listen on {settings.host}:{settings.port} ({error.strerror}). "
            "Set KIOSK_PORT to another port, or stop what uses this one."
        ) from error


def _announce(where: str, parts: assembly.Parts) -> None:
    with parts.store.read() as db:
        known = rooms.every(db)
    print(f"Serving {len(known)} rooms on {where}", flush=True)
    if parts.settings.open_displays:
        print(OPEN_WARNING, flush=True)
    if parts.hub:
        print(f"Following {parts.settings.hub_url}: this machine shows what it says.", flush=True)
    elif not known:
        print("There are no rooms yet: add them with `kiosk rooms import` or `kiosk rooms add NAME`.", flush=True)
