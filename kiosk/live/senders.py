"""The one seam through which everything is sent to screens, and the choice of what stands behind it."""

from __future__ import annotations

import logging
from typing import Any

from flask_socketio import SocketIO

from kiosk.live.pulse import Publish

log = logging.getLogger(__name__)


def publisher(sockets: SocketIO, sender: str) -> Publish:
    """Return what sends to all screens of a channel: the `sender` "direct" or "stock".

    Stock too where threads share the time, and where the installed libraries are not those that the direct one knows.
    """
    mode = sockets.server.eio.async_mode
    if sender == "stock" or mode != "eventlet":
        log.info("Screens are told by the stock sender (%s, %s)", sender, mode)
        return _stock(sockets)
    try:
        from kiosk.live import direct

        publish: Publish = direct.install(sockets.server)
    except (ImportError, AttributeError, NotImplementedError) as error:
        log.warning("Screens are told by the stock sender, which is slower: %s", error)
        return _stock(sockets)
    log.info("Screens are told by the direct sender")
    return publish


def _stock(sockets: SocketIO) -> Publish:
    def publish(channel: str, event: str, payload: dict[str, Any]) -> None:
        sockets.emit(event, payload, to=channel)

    return publish
