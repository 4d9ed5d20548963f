"""How the process shares its time: the only file that names eventlet; threads speak the same words.

After `patch("eventlet")` the standard library's threads, locks and sockets are green, so all other code uses
them plainly. What would stop the hub (disk, name look-ups, reports) goes to real threads through `offload`.
"""

from __future__ import annotations

import contextvars
import importlib
import logging
import os
import signal
import socket
import sys
import threading
import time
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any, ParamSpec, TypeVar

from kiosk import clock, memory, settings
from kiosk.errors import DatabaseAway

Params = ParamSpec("Params")
Result = TypeVar("Result")
WsgiApp = Callable[..., Any]

BACKLOG = 4096
MAX_CONNECTIONS = 20_000
REAL_THREADS = 32
LOOKUPS_AT_ONCE = 8
LONGEST_REST_SECONDS = 30.0
AWAY_REST_SECONDS = 1.0

_mode = "threading"
# Where the hub runs; all others are real threads.
_hub_thread = threading.get_ident()


def patch(mode: str) -> None:
    """Make the process eventlet's or leave it as it is; call it before anything else is imported."""
    global _mode, _hub_thread
    _mode, _hub_thread = mode, threading.get_ident()
    memory.share()
    if mode == "eventlet":
        _patch_eventlet()


def offload(fn: Callable[Params, Result], *args: Params.args, **kwargs: Params.kwargs) -> Result:
    """Run `fn` in a real thread and wait for it without stopping the hub; its errors are raised here.

    `fn` must not touch locks or queues that others in this process wait on.
    """
    if _mode != "eventlet":
        return fn(*args, **kwargs)
    from eventlet import tpool

    # What is logged in the real thread is logged for whoever asked.
    result: Result = tpool.execute(contextvars.copy_context().run, fn, *args, **kwargs)
    return result


def carrying(fn: Callable[Params, Result]) -> Callable[Params, Result]:
    """Return `fn` for a thread of its own, in which it is logged for whoever asks now."""
    return partial(contextvars.copy_context().run, fn)


def is_green() -> bool:
    """Tell whether this process shares its time by a hub that nothing may stop."""
    return _mode == "eventlet"


def await_socket(descriptor: int, writable: bool, seconds: float) -> None:
    """Wait until a socket can be read or written, in any thread, without stopping the hub. Raises TimeoutError."""
    if _mode == "eventlet" and _real("threading").get_ident() == _hub_thread:
        from eventlet import hubs

        hubs.trampoline(descriptor, read=not writable, write=writable, timeout=seconds, timeout_exc=TimeoutError)
        return
    select = _real("select")
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT if writable else select.POLLIN)
    if not poll.poll(seconds * 1000):
        raise TimeoutError


def rest(seconds: float) -> None:
    """Stop this real thread for a while."""
    _real("time").sleep(seconds)


def breathe() -> None:
    """Let whoever waits go first: called between the steps of long work."""
    time.sleep(0)


def listen(host: str, port: int) -> socket.socket:
    """Open a listening TCP socket with room for a restart storm."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    listener.listen(BACKLOG)
    return listener


def serve(listener: socket.socket, app: WsgiApp) -> None:
    """Serve the WSGI app on the listener until the process is told to stop."""
    if _mode == "eventlet":
        _serve_eventlet(listener, _frugal(app))
    else:
        _serve_threads(listener, _frugal(app))


class StallWatch:
    """Measures the longest stall that every screen has felt of late: how long the hub was busy, or kept waiting.

    Without a hub that can be heard, it is how late a short sleep returns.
    """

    PERIOD_SECONDS = 0.02
    MEMORY_SECONDS = 60.0

    def __init__(self) -> None:
        self._before = self._now = 0.0
        self._turned = clock.monotonic()

    def longest(self) -> float:
        """Return the longest stall of the last one to two minutes, in seconds."""
        return max(self._before, self._now)

    def start(self) -> None:
        """Start watching, for as long as the process lives."""
        if not (_mode == "eventlet" and _time_turns(self._note)):
            threading.Thread(target=self._loop, name="stalls", daemon=True).start()

    def _note(self, late: float, now: float) -> None:
        self._now = max(self._now, late)
        if now - self._turned > self.MEMORY_SECONDS:
            self._before, self._now, self._turned = self._now, 0.0, now

    def _loop(self) -> None:
        while True:
            started = clock.monotonic()
            time.sleep(self.PERIOD_SECONDS)
            woke = clock.monotonic()
            self._note(woke - started - self.PERIOD_SECONDS, woke)


def repeat(
    step: Callable[[], object],
    wake: threading.Event,
    idle: float | Callable[[], float],
    log: logging.Logger,
    name: str,
) -> None:
    """Run a step for ever: again at once while it returns something true, else when woken or after `idle` seconds.

    `idle` may tell after each step for how long nothing can be due.
    A step that fails is logged once and tried again ever more rarely, and its recovery is logged once.
    """
    failures = 0
    while True:
        try:
            rest = None if step() else idle() if callable(idle) else idle
        except DatabaseAway:  # which the store has logged
            threading.Event().wait(AWAY_REST_SECONDS)
            continue
        except Exception:
            failures += 1
            if failures == 1:
                log.exception("%s fails and is tried again", name)
            threading.Event().wait(min(2.0**failures / 10, LONGEST_REST_SECONDS))
            continue
        if failures:
            log.info("%s works again", name)
        failures = 0
        if rest is not None:
            wake.wait(rest)
            wake.clear()


def begin_again() -> None:
    """Start this program anew in its own process, as it was started: what it was built with has changed."""
    sys.stdout.flush()
    os.execv(sys.executable, sys.orig_argv)


def on_stop(cleanup: Callable[[], None]) -> None:
    """Call `cleanup` in a real thread and end the process, on Ctrl-C, a termination signal or a closed terminal.

    The process ends at once: the journal finishes at the next start what is under way. `cleanup` must not touch
    locks or events that others in this process wait on.
    """

    def end() -> None:
        try:
            cleanup()
        finally:
            sys.stdout.flush()
            os._exit(0)

    def stop(_signal: int, _frame: object) -> None:
        # A signal may arrive inside the hub, where nothing may wait: a real thread does the waiting.
        _real("threading").Thread(target=end, name="stop").start()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, stop)


def _real(name: str) -> Any:
    """Return a module of the standard library as it is without eventlet."""
    if _mode != "eventlet":
        return importlib.import_module(name)
    from eventlet import patcher

    return patcher.original(name)


def _patch_eventlet() -> None:
    # Its resolver stops the hub with every look-up; without it, look-ups go to a real thread below.
    settings.export(EVENTLET_NO_GREENDNS="yes", EVENTLET_THREADPOOL_SIZE=str(REAL_THREADS))
    warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")
    import eventlet

    eventlet.monkey_patch()
    _keep_log_locks_real()
    _thread_lookups()


def _time_turns(note: Callable[[float, float], None]) -> bool:
    """Have `note(seconds, now)` hear of each turn of the hub how long nobody else was served; False where it cannot."""
    from eventlet import hubs

    hub = hubs.get_hub()
    poll = getattr(hub, "do_poll", None)
    if poll is None:
        return False
    began = clock.monotonic()

    def timed(seconds: float) -> Any:
        nonlocal began
        asked = clock.monotonic()
        found = poll(seconds)
        woke = clock.monotonic()
        # Where it slept for as long as it meant to, it may have woken too late as well.
        overslept = 0.0 if found else max(woke - asked - seconds, 0.0)
        note(asked - began + overslept, woke)
        began = woke
        return found

    hub.do_poll = timed
    return True


def _keep_log_locks_real() -> None:
    # Real threads log and import too; a green lock that they hold would never wake the hub again.
    real = _real("threading")
    logging._lock = real.RLock()  # type: ignore[attr-defined]
    logging.threading = real  # type: ignore[attr-defined]


def _thread_lookups() -> None:
    import eventlet.green.socket as green
    from eventlet import semaphore, tpool

    # A dead resolver may take ten seconds: a few look-ups may wait, the other real threads stay free.
    places = semaphore.Semaphore(LOOKUPS_AT_ONCE)
    original = socket.getaddrinfo

    def getaddrinfo(*args: Any, **kwargs: Any) -> Any:
        if _is_address(args[0] if args else kwargs.get("host")):
            return original(*args, **kwargs)
        with places:
            return tpool.execute(original, *args, **kwargs)

    socket.getaddrinfo = getaddrinfo
    green.getaddrinfo = getaddrinfo


def _is_address(host: object) -> bool:
    if host is None or not isinstance(host, str):
        return host is None
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host)
        except OSError:
            continue
        return True
    return False


def _frugal(app: WsgiApp) -> WsgiApp:
    """Let requests take no more memory than they must, and none when they are over.

    Permessage-deflate is refused, which costs three times the memory per screen; and what eventlet has in the
    environment of a request no longer holds it in a circle when it is over.
    """

    def answered(environ: dict[str, Any], start_response: Any) -> Any:
        environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
        try:
            return app(environ, start_response)
        finally:
            environ.pop("eventlet.set_idle", None)

    return answered


def _serve_eventlet(listener: socket.socket, app: WsgiApp) -> None:
    from eventlet import wsgi

    wsgi.server(listener, app, max_size=MAX_CONNECTIONS, log_output=False, debug=False, socket_timeout=60)


def _serve_threads(listener: socket.socket, app: WsgiApp) -> None:
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_request(self, *_: Any) -> None:
            """Leave requests unlogged, as the other server does."""

    host, port = listener.getsockname()[:2]
    server = make_server(host, port, app, threaded=True, request_handler=Quiet, fd=listener.fileno())
    server.serve_forever()
