"""A screen's way out: frames are whole and in order, what waits is bounded, and the end comes behind it."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from kiosk.live import direct
from kiosk.live.wire import CLOSING, MOST_WAITING, Wire


@dataclass
class Narrow:
    """A socket that takes so many bytes at once, and what it took. `fails`: how it is broken."""

    room: int
    fails: OSError | None = None
    took: bytearray = field(default_factory=bytearray)
    shut: list[int] = field(default_factory=list)
    beside: list[Callable[[], None]] = field(default_factory=list)

    def wire(self) -> Wire:
        return Wire(self.offer, self.press, self.shut.append, self.beside.append)

    def offer(self, frame: bytes) -> int:
        if self.fails:
            raise self.fails
        taken = frame[: self.room - len(self.took)]
        self.took += taken
        return len(taken)

    def press(self, piece: memoryview) -> None:
        if self.fails:
            raise self.fails
        self.took += piece

    def drain(self) -> None:
        self.beside.pop()()


def test_frames_go_at_once_where_there_is_room() -> None:
    narrow = Narrow(100)
    wire = narrow.wire()
    wire.send(b"one")
    wire.send(b"two")
    assert (bytes(narrow.took), narrow.beside) == (b"onetwo", [])


def test_what_is_not_taken_waits_in_order() -> None:
    narrow = Narrow(4)
    wire = narrow.wire()
    for frame in (b"one", b"two", b"three"):
        wire.send(frame)
    assert (bytes(narrow.took), wire.waits) == (b"onet", 5)
    narrow.drain()
    assert (bytes(narrow.took), wire.waits) == (b"onetwothree", 0)


def test_a_socket_that_takes_nothing_now_is_waited_for() -> None:
    narrow = Narrow(0, BlockingIOError())
    wire = narrow.wire()
    wire.send(b"one")
    narrow.fails = None
    narrow.drain()
    narrow.room = 100
    wire.send(b"two")
    assert bytes(narrow.took) == b"onetwo"


def test_a_frame_may_be_larger_than_what_may_wait() -> None:
    narrow = Narrow(1)
    wire = narrow.wire()
    wire.send(b"x" * (MOST_WAITING * 2))
    wire.send(b"y")
    narrow.drain()
    assert bytes(narrow.took) == b"x" * (MOST_WAITING * 2) + b"y"


def test_who_does_not_read_is_cut_off_and_told_nothing_more() -> None:
    narrow = Narrow(0)
    wire = narrow.wire()
    for _ in range(4):
        wire.send(b"x" * MOST_WAITING)
    assert narrow.shut == [socket.SHUT_RDWR]
    narrow.drain()
    wire.send(b"late")
    assert (bytes(narrow.took), wire.waits) == (b"", 0)


def test_the_end_comes_behind_what_waits() -> None:
    narrow = Narrow(1)
    wire = narrow.wire()
    wire.send(b"one")
    wire.end()
    wire.send(b"late")
    assert narrow.shut == []
    narrow.drain()
    assert (bytes(narrow.took), narrow.shut) == (b"one" + CLOSING, [socket.SHUT_WR])


@pytest.mark.parametrize("error", [BrokenPipeError(), ConnectionResetError(), TimeoutError()])
def test_a_broken_socket_is_given_up_without_a_word(error: OSError) -> None:
    broken = Narrow(0, error)
    broken.wire().send(b"one")
    slow = Narrow(0)
    slow.wire().send(b"one")
    slow.fails = error
    slow.drain()
    assert broken.shut == [socket.SHUT_RDWR]
    assert slow.shut[0] == socket.SHUT_RDWR


@pytest.mark.parametrize(
    ("length", "head"),
    [(0, "8100"), (125, "817d"), (126, "817e007e"), (65_535, "817effff"), (65_536, "817f0000000000010000")],
)
def test_frames_say_their_length_as_the_standard_wants_it(length: int, head: str) -> None:
    assert direct.frame("x" * length) == bytes.fromhex(head) + b"x" * length
    assert direct.frame(b"x" * length)[:1] == b"\x82"


def test_the_direct_sender_knows_the_installed_libraries() -> None:
    assert direct.shape() == direct.SHAPE
