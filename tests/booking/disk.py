"""A disk as a pulled plug leaves it: what was synced is there, of the rest nothing, a beginning, or any part."""

from __future__ import annotations

import marshal
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

SECTOR = 512
Luck = Literal["nothing", "a beginning", "any part"]
LUCKS: tuple[Luck, ...] = ("nothing", "a beginning", "any part")


class Record(NamedTuple):
    """What was noted: `write`, `truncate`, `sync`, `delete` of the file `name`, or that something `leaves`."""

    kind: str
    name: str
    number: int
    data: bytes


def records(log: Path) -> Iterator[Record]:
    """Read what the server has noted, in order; a record that a kill cut short is the end."""
    noted, place = log.read_bytes(), 0
    while place + 4 <= len(noted):
        length = int.from_bytes(noted[place : place + 4], "little")
        if place + 4 + length > len(noted):
            return
        yield Record(*marshal.loads(noted[place + 4 : place + 4 + length]))
        place += 4 + length


@dataclass
class Disk:
    """Files by name: `safe` as they were last synced, and in order what was asked of them since."""

    safe: dict[str, bytearray] = field(default_factory=dict)
    waiting: list[Record] = field(default_factory=list)

    @classmethod
    def of(cls, folder: Path) -> Disk:
        """Begin with the databases of a folder, long synced."""
        found = (path for path in folder.glob("*.db*") if not path.name.endswith("-shm"))
        return cls({path.name: bytearray(path.read_bytes()) for path in found})

    def do(self, record: Record) -> None:
        if record.kind == "sync":
            mine = [one for one in self.waiting if one.name == record.name]
            self.waiting = [one for one in self.waiting if one.name != record.name]
            self.safe.setdefault(record.name, bytearray())
            for one in mine:
                put(self.safe, one)
        elif record.kind == "delete":
            self.waiting = [one for one in self.waiting if one.name != record.name]
            self.safe.pop(record.name, None)
        elif record.kind in {"write", "truncate"}:
            self.waiting.append(record)

    def left(self, luck: Luck, chance: random.Random) -> dict[str, bytearray]:
        """Return the files as they are found when power comes back."""
        files = {name: bytearray(content) for name, content in self.safe.items()}
        for one in self.lucky(luck, chance):
            put(files, one)
        return files

    def lucky(self, luck: Luck, chance: random.Random) -> list[Record]:
        if luck == "nothing":
            return []
        if luck == "a beginning":
            return self.waiting[: chance.randint(0, len(self.waiting))]
        return [torn(one, chance) for one in self.waiting if chance.random() < 0.5]


def torn(one: Record, chance: random.Random) -> Record:
    """Return a write of which perhaps only some sectors reached the disk."""
    if one.kind != "write" or chance.random() < 0.7:
        return one
    return one._replace(data=one.data[: SECTOR * chance.randint(0, len(one.data) // SECTOR)])


def put(files: dict[str, bytearray], one: Record) -> None:
    """Do what was asked of a file."""
    content = files.setdefault(one.name, bytearray())
    if one.kind == "truncate":
        del content[one.number :]
        return
    content.extend(bytes(max(0, one.number - len(content))))
    content[one.number : one.number + len(one.data)] = one.data


def lay(files: dict[str, bytearray], folder: Path) -> Path:
    """Write files into an empty folder and return it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder
