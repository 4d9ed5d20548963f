"""Many screens in one thread: bare websockets that speak Socket.IO, come back by themselves, and say what they show."""

from __future__ import annotations

import asyncio
import json
import random
import threading
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from kiosk import clock

# A first frame without a mask that changes anything: clients have to mask, nothing says with what.
TEXT, MASKED, MASK = 0x81, 0x80, b"\0\0\0\0"
AGAIN_SECONDS = (0.1, 1.0)
AT_ONCE = 50


@dataclass
class Screen:
    """One door: the version on its glass, and how often it was told of another."""

    slug: str
    word: str
    version: str = ""
    told: int = 0
    here: bool = False
    heard: float = 0.0
    writer: asyncio.StreamWriter | None = None
    way: str = field(default_factory=lambda: uuid.uuid4().hex)

    async def live(self, port: int, gate: asyncio.Semaphore, chance: random.Random, lost: Counter[str]) -> None:
        """Come, and come again, until the loop ends."""
        while True:
            try:
                await self._stay(port, gate)
            except (OSError, asyncio.IncompleteReadError, ValueError) as error:
                lost[type(error).__name__] += 1
            finally:
                self.here = False
                if self.writer:
                    self.writer.close()
            await asyncio.sleep(chance.uniform(*AGAIN_SECONDS))

    async def _stay(self, port: int, gate: asyncio.Semaphore) -> None:
        async with gate:
            reader, self.writer = await asyncio.open_connection("127.0.0.1", port)
            await self._open(reader, port)
            self.here = True
        while True:
            self._hear(await _frame(reader))

    async def _open(self, reader: asyncio.StreamReader, port: int) -> None:
        assert self.writer
        lines = ("GET /socket.io/?EIO=4&transport=websocket HTTP/1.1", f"Host: 127.0.0.1:{port}", "Upgrade: websocket")
        more = ("Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
        self.writer.write("\r\n".join((*lines, *more, f"Cookie: kiosk_way={self.way}", "", "")).encode())
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)
        if b" 101 " not in head.split(b"\r\n")[0]:
            raise ValueError(head.split(b"\r\n")[0])
        await asyncio.wait_for(_frame(reader), 20)
        self._say("40")
        await asyncio.wait_for(_frame(reader), 20)
        self.show()
        while not (answer := await asyncio.wait_for(_frame(reader), 20)).startswith("43"):
            self._hear(answer)
        self._hear(answer)

    def show(self) -> None:
        """Say what is on the glass."""
        said = {"display": "door", "slug": self.slug, "version": self.version, "screen": self.word, "notices": ""}
        self._say("421" + json.dumps(["show", said]))

    def _hear(self, text: str) -> None:
        if text == "2":
            self._say("3")
        elif text.startswith("43"):
            self._answered(json.loads(text[text.index("[") :])[0])
        elif text.startswith("42"):
            self._event(*json.loads(text[2:]))

    def _answered(self, answer: dict[str, Any]) -> None:
        if answer.get("view"):
            self._take(answer["view"]["version"])
            self.show()

    def _event(self, name: str, said: dict[str, Any]) -> None:
        if name == "tracks" and said["previous"] == self.version:
            self._take(said["version"])
        if name in {"tracks", "refresh"}:
            self.show()

    def _take(self, version: str) -> None:
        self.version, self.told, self.heard = version, self.told + 1, clock.monotonic()

    def _say(self, text: str) -> None:
        assert self.writer
        data = text.encode()
        size = bytes([MASKED | len(data)]) if len(data) < 126 else bytes([MASKED | 126]) + len(data).to_bytes(2, "big")
        self.writer.write(bytes([TEXT]) + size + MASK + data)


async def _frame(reader: asyncio.StreamReader) -> str:
    """Return the next text; the end of the connection is an error."""
    first, second = await reader.readexactly(2)
    size = second & 0x7F
    if size > 125:
        size = int.from_bytes(await reader.readexactly(2 if size == 126 else 8), "big")
    data = await reader.readexactly(size)
    if first & 0x0F == 8:
        raise ValueError("closed")
    return data.decode() if first & 0x0F == 1 else ""


class Wall:
    """So many doors at one address; rooms have theirs in turn."""

    def __init__(self, port: int, slugs: list[str], count: int, seed: int = 7) -> None:
        self.screens = [Screen(slugs[number % len(slugs)], f"glass-{number:05}") for number in range(count)]
        self.lost: Counter[str] = Counter()
        self._port, self._chance = port, random.Random(seed)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="wall", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join()

    def here(self) -> int:
        """Return how many screens are connected."""
        return sum(one.here for one in self.screens)

    def of(self, slug: str) -> list[Screen]:
        return [one for one in self.screens if one.slug == slug]

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._task = self._loop.create_task(self._live())
        try:
            self._loop.run_until_complete(self._task)
        except asyncio.CancelledError:
            pass
        finally:
            self._loop.close()

    async def _live(self) -> None:
        gate = asyncio.Semaphore(AT_ONCE)
        tasks = [asyncio.ensure_future(one.live(self._port, gate, self._chance, self.lost)) for one in self.screens]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
