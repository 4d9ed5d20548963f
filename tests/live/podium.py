"""A server that only tells: the seam `publish` and a socket server as the product has them, and a word from outside.

usage: python -m tests.live.podium MODE SENDER PING_SECONDS PATIENCE_SECONDS [strange]

`POST /tell` says events to a channel, `POST /dismiss` ends a connection, `GET /clients` counts them, `POST /database`
says whether the database is "away". "strange" makes the installed libraries look like others than the direct sender
knows.
"""

from __future__ import annotations

import sys


def main(mode: str, sender: str, ping: float, patience: float, is_strange: bool) -> None:
    from kiosk import runtime

    runtime.patch(mode)
    from flask import Flask, request
    from flask_socketio import SocketIO, join_room, leave_room

    from kiosk import trace
    from kiosk.errors import DatabaseAway
    from kiosk.live import direct, senders, sockets

    trace.log_to_stderr("info", "text")
    if is_strange:
        direct.SHAPE["Socket.send"] = "another"
    web = Flask("podium")
    wires = SocketIO(web, async_mode=mode, serve_client=False, ping_interval=ping, ping_timeout=patience)
    publish, dismiss = senders.publisher(wires, sender), sockets.dismisser(wires)
    away = False

    def look(said: object = None) -> object:
        if away:
            raise DatabaseAway("It is away.")
        return said

    sockets.outlive_the_database(wires)
    wires.on_event("connect", look)
    wires.on_event("join", join_room)
    wires.on_event("leave", leave_room)
    wires.on_event("echo", look)

    def tell() -> str:
        for payload in request.get_json()["payloads"]:
            publish(request.get_json()["channel"], "told", payload)
        return ""

    def end() -> str:
        dismiss(request.get_json()["connection"])
        return ""

    def lose() -> str:
        nonlocal away
        away = request.get_json()["away"]
        return ""

    web.add_url_rule("/database", view_func=lose, methods=["POST"])
    web.add_url_rule("/tell", view_func=tell, methods=["POST"])
    web.add_url_rule("/dismiss", view_func=end, methods=["POST"])
    web.add_url_rule("/clients", view_func=lambda: str(len(wires.server.eio.sockets)))
    listener = runtime.listen("127.0.0.1", 0)
    print(f"Serving http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    runtime.serve(listener, web)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]), float(sys.argv[4]), "strange" in sys.argv)
