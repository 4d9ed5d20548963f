"""Socket.IO: screens say what they show, and are told when that changes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any, NoReturn

from flask import Flask, request
from flask_socketio import SocketIO, disconnect, emit, join_room, leave_room

from kiosk.errors import DatabaseAway, NotFound
from kiosk.live.gallery import Gallery, Screen
from kiosk.live.lines import Lines, Machine, channel
from kiosk.live.members import TOUCHED, Census
from kiosk.live.pulse import Pulse
from kiosk.live.roll import Hello, Roll
from kiosk.live.tickets import Tickets
from kiosk.live.turns import Turns

ADDRESS = "/socket.io/"


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whoever sends the request that is being handled: `allowed` is the gate that pages pass too.

    `may_see`: a phone that has scanned a door's code sees one room, and nothing else.
    `named`: the name of the token that lets them in, if any, and their address.
    """

    allowed: Callable[[], bool]
    presented: Callable[[], str]
    may_see: Callable[[Screen], bool]
    named: Callable[[], tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Doorway:
    """What the handlers need; `touched` hears of rooms before whose screen somebody stands.

    `lines`: whose pages are connected, and `machine` what is done about that.
    """

    gallery: Gallery
    pulse: Pulse
    roll: Roll
    tickets: Tickets
    visitor: Visitor
    touched: Callable[[int], None]
    lines: Lines
    machine: Machine


def route(web: Flask) -> None:
    """Let Flask know where live connections are, which it never serves itself.

    At an unknown address it makes an error for each thing that a page says, which holds all there was to it in a circle
    until the collector of garbage walks by: hundreds of objects for each screen that comes.
    """
    for is_websocket in (True, False):
        web.add_url_rule(ADDRESS, "live", _nothing, websocket=is_websocket)


def _nothing() -> NoReturn:
    raise NotFound("Live connections are answered elsewhere.")


def dismisser(sockets: SocketIO) -> Callable[[str], None]:
    """Return what ends a connection from outside of its own requests."""

    def dismiss(connection: str) -> None:
        sockets.server.disconnect(connection, namespace="/")

    return dismiss


def register(sockets: SocketIO, doorway: Doorway) -> None:
    """Attach the handlers."""

    turns = Turns[dict[str, Any]]()

    def enter(*_auth: object) -> bool:
        is_in = False
        try:
            # Who has gone while they waited will not go once more.
            is_in = turns.come(partial(_enter, doorway)) and sockets.server.get_environ(_connection()) is not None
        finally:
            if not is_in:
                leave()
        return is_in

    def leave(*_reason: object) -> None:
        doorway.tickets.drop(_connection())
        doorway.lines.drop(_connection())
        doorway.pulse.audience.left(_connection())
        doorway.roll.left(_connection())

    def show(message: object) -> dict[str, Any] | None:
        return turns.take(_connection(), message, partial(_show, doorway))

    def touch(*_message: object) -> None:
        if doorway.visitor.allowed():
            _touch(doorway)

    def noticed(message: object) -> None:
        if doorway.visitor.allowed():
            _noticed(doorway, message)

    def did(message: object) -> None:
        if doorway.visitor.allowed():
            _did(doorway, message)

    outlive_the_database(sockets)
    sockets.on_event("connect", enter)
    sockets.on_event("did", did)
    sockets.on_event("disconnect", leave)
    sockets.on_event("show", show)
    sockets.on_event("touch", touch)
    sockets.on_event("noticed", noticed)


def outlive_the_database(sockets: SocketIO) -> None:
    """Answer while the database is away, which the store has logged, so that all try again in a while."""

    def stumbled(error: Exception) -> dict[str, Any]:
        if not isinstance(error, DatabaseAway):
            raise error
        if request.event["message"] == "connect":  # type: ignore[attr-defined]
            # Who is only refused never comes again, but whose connection breaks does.
            sockets.server.eio.disconnect(sockets.server.manager.eio_sid_from_sid(_connection(), "/"))
            raise ConnectionRefusedError from error
        return {"error": str(error)}

    sockets.on_error_default(stumbled)


def _enter(doorway: Doorway) -> bool:
    if not doorway.visitor.allowed():
        return False
    doorway.tickets.hold(_connection(), doorway.visitor.presented())
    _welcome(doorway)
    return True


def _welcome(doorway: Doorway) -> None:
    """Let the page of a machine be told what the machine is asked to do."""
    device = doorway.machine.number()
    if device:
        doorway.lines.hold(_connection(), device)
        join_room(channel(device))
        doorway.machine.seen(device)


def _did(doorway: Doorway, message: object) -> None:
    device, told = doorway.lines.of(_connection()), _told(message)
    number = told.get("id", "")
    if device and number.isascii() and number.isdigit() and len(number) < 16:
        doorway.machine.did(device, int(number), told.get("done") == "True")


def _touch(doorway: Doorway) -> None:
    viewer = doorway.pulse.audience.viewers.get(_connection())
    if viewer is None or viewer.screen.display not in TOUCHED:
        return
    for stored in doorway.gallery.rooms_of(viewer.screen):
        doorway.touched(stored.id)


def _noticed(doorway: Doorway, message: object) -> None:
    """A screen has what it was told on the glass; only what it has shown itself to be before counts."""
    viewer, told = doorway.pulse.audience.viewers.get(_connection()), _told(message)
    if viewer is not None:
        doorway.roll.noticed(Hello(viewer.screen, told.get("screen", ""), told.get("notices", "")))


def _show(doorway: Doorway, message: object) -> dict[str, Any]:
    told = _told(message)
    screen = Screen(told.get("display", ""), told.get("slug", ""))
    may_see = doorway.visitor.may_see(screen)
    if not may_see and not doorway.visitor.allowed():
        disconnect()
        return {}
    device = doorway.lines.of(_connection())
    if device:
        doorway.machine.seen(device)
    if not may_see:
        return {"error": "This is not for you."}
    # Whoever joins before it is answered what there is to be told misses nothing that is told from now on.
    if not _join(doorway, screen, told.get("version", "")):
        return {}
    # One look for all that is read of few rooms; of many, others may read in between.
    with doorway.gallery.store.read() if screen.display in TOUCHED else nullcontext():
        return _now(doorway, screen, told)


def _now(doorway: Doorway, screen: Screen, told: dict[str, str]) -> dict[str, Any]:
    census = Census(doorway.gallery.store)
    try:
        answer = doorway.gallery.answer(screen, told.get("version", ""), census)
    except NotFound as error:
        _part(doorway, screen)
        return {"error": str(error)}
    hello = Hello(screen, told.get("screen", ""), told.get("notices", ""))
    bulletin = doorway.roll.heard(hello, doorway.visitor.named, _connection(), census)
    if _connection() not in doorway.pulse.audience.viewers:
        # It has gone while this was looked up, and will not go once more.
        doorway.roll.left(_connection())
    if not doorway.pulse.joined(screen, answer):
        emit("refresh", {})
    if answer.view is None:
        doorway.pulse.audience.is_right(_connection(), doorway.gallery.clock())
    is_old = told.get("build", doorway.gallery.build) != doorway.gallery.build
    return {"notices": bulletin, "stamp": answer.stamp, "view": answer.view, "reload": is_old}


def _join(doorway: Doorway, screen: Screen, shown: str) -> bool:
    """Let a connection hear what its screen is told; False where it has gone while it waited for its turn."""
    try:
        join_room(screen.channel)
    except (KeyError, ValueError):
        return False
    before = doorway.pulse.audience.shows(_connection(), screen, shown, doorway.gallery.clock())
    if before:
        leave_room(before.channel)
    doorway.pulse.freshness.shown(shown, doorway.gallery.clock())
    return True


def _part(doorway: Doorway, screen: Screen) -> None:
    """Let a connection hear no more of what is not here."""
    leave_room(screen.channel)
    doorway.pulse.audience.left(_connection())


def _told(message: object) -> dict[str, str]:
    return {str(key): str(value) for key, value in message.items()} if isinstance(message, dict) else {}


def _connection() -> str:
    return str(request.sid)  # type: ignore[attr-defined]
