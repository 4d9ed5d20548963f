"""The server on a disk that writes down what was asked of it: `python -m tests.booking.plug serve`.

SQLite's own file system layer is asked for everything; writes, syncs and the like are noted in the file PLUG_LOG
beside it, and so is every request to Google before it leaves and every answer to a caller before it is sent. From
that, `tests.booking.disk` finds what a pulled plug would have left at any instant. With PLUG_CARELESS=1, what
should be written durably is written like anything else.
"""

from __future__ import annotations

import _sqlite3
import ctypes
import marshal
import os
import posix
import sys
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_int, c_int64, c_void_p
from typing import Any

APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND
KEPT = 0x100 | 0x800 | 0x80000  # a database, its journal, its write-ahead log


class Vfs(Structure):
    """sqlite3_vfs, https://sqlite.org/c3ref/vfs.html; what is not changed here is only carried along."""


Open = CFUNCTYPE(c_int, POINTER(Vfs), c_void_p, c_void_p, c_int, POINTER(c_int))
Delete = CFUNCTYPE(c_int, POINTER(Vfs), c_char_p, c_int)
Vfs._fields_ = [
    ("version", c_int), ("file_size", c_int), ("longest_path", c_int), ("next", c_void_p), ("name", c_char_p),
    ("data", c_void_p), ("open", Open), ("delete", Delete), ("rest", c_void_p * 14),
]  # fmt: skip

Close = CFUNCTYPE(c_int, c_void_p)
Write = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_int64)
Truncate = CFUNCTYPE(c_int, c_void_p, c_int64)
Sync = CFUNCTYPE(c_int, c_void_p, c_int)


class Methods(Structure):
    """sqlite3_io_methods, https://sqlite.org/c3ref/io_methods.html."""

    _fields_ = [
        ("version", c_int), ("close", Close), ("read", c_void_p), ("write", Write), ("truncate", Truncate),
        ("sync", Sync), ("rest", c_void_p * 13),
    ]  # fmt: skip


class Notes:
    """The log; every record stands behind all earlier ones, whichever thread it comes from."""

    def __init__(self, path: str) -> None:
        self.file = os.open(path, APPEND, 0o600)

    def add(self, kind: str, name: str, number: int = 0, data: bytes = b"") -> None:
        record = marshal.dumps((kind, name, number, data))
        posix.write(self.file, len(record).to_bytes(4, "little") + record)  # the one that eventlet leaves alone


class Recorder:
    """Notes what SQLite asks of its files, and passes it on; must live as long as the process."""

    def __init__(self, notes: Notes) -> None:
        self.notes = notes
        library = ctypes.CDLL(getattr(_sqlite3, "__file__", None))
        library.sqlite3_vfs_find.restype = POINTER(Vfs)
        library.sqlite3_vfs_find.argtypes = [c_char_p]
        self.real = library.sqlite3_vfs_find(None)
        self.paths: dict[int, str] = {}
        self.originals: dict[int, Methods] = {}
        self.replaced: dict[int, Methods] = {}
        self.mine = Vfs()
        ctypes.pointer(self.mine)[0] = self.real.contents
        self.mine.name, self.mine.open, self.mine.delete = b"plug", Open(self.open), Delete(self.delete)
        library.sqlite3_vfs_register.argtypes = [POINTER(Vfs), c_int]
        if library.sqlite3_vfs_register(ctypes.byref(self.mine), 1):
            raise OSError("SQLite does not take another file system layer.")

    def open(self, _vfs: Any, path: int, file: int, flags: int, given: Any) -> int:
        result = int(self.real.contents.open(self.real, path, file, flags, given))
        if not result and path and flags & KEPT:
            self.paths[file] = os.path.basename(ctypes.string_at(path).decode())
            methods = c_void_p.from_address(file)
            methods.value = ctypes.addressof(self.overlay(int(methods.value or 0)))
        return result

    def overlay(self, address: int) -> Methods:
        """Return a file's methods with ours instead of those that change something."""
        if address not in self.replaced:
            original = self.originals[address] = Methods.from_address(address)
            ours = self.replaced[address] = Methods.from_buffer_copy(original)
            ours.close, ours.write = Close(self.closer(original)), Write(self.writer(original))
            ours.truncate, ours.sync = Truncate(self.truncater(original)), Sync(self.syncer(original))
        return self.replaced[address]

    def closer(self, original: Methods) -> Any:
        def close(file: int) -> int:
            self.paths.pop(file, None)
            return int(original.close(file))

        return close

    def writer(self, original: Methods) -> Any:
        def write(file: int, data: int, length: int, offset: int) -> int:
            self.notes.add("write", self.paths[file], offset, ctypes.string_at(data, length))
            return int(original.write(file, data, length, offset))

        return write

    def truncater(self, original: Methods) -> Any:
        def truncate(file: int, size: int) -> int:
            self.notes.add("truncate", self.paths[file], size)
            return int(original.truncate(file, size))

        return truncate

    def syncer(self, original: Methods) -> Any:
        def sync(file: int, flags: int) -> int:
            result = int(original.sync(file, flags))
            if not result:
                self.notes.add("sync", self.paths[file])
            return result

        return sync

    def delete(self, _vfs: Any, path: bytes, sync: int) -> int:
        self.notes.add("delete", os.path.basename(path.decode()))
        return int(self.real.contents.delete(self.real, path, sync))


def watch_requests(notes: Notes) -> None:
    """Note every request to Google before it leaves."""
    from kiosk.google.transport import Http

    plain = Http.request

    def request(self: Any, uri: str, method: str = "GET", body: Any = None, **more: Any) -> Any:
        if method != "GET":
            notes.add("leaves", method, 0, f"{uri} {body}".encode())
        return plain(self, uri, method, body=body, **more)

    Http.request = request  # type: ignore[method-assign]


def watch_answers(app: Any, notes: Notes) -> Any:
    """Note what a caller is told before it is sent."""

    def answering(environ: dict[str, Any], start_response: Any) -> Any:
        def start(status: str, *more: Any) -> Any:
            key = environ.get("HTTP_IDEMPOTENCY_KEY")
            if key:
                notes.add("answers", key, int(status[:3]))
            return start_response(status, *more)

        return app(environ, start)

    return answering


def main(notes: Notes) -> int:
    """Run the command line with a server that notes what it asks and answers."""
    from kiosk import __main__, runtime

    serve = runtime.serve

    def watched(listener: Any, app: Any) -> None:
        watch_requests(notes)
        if os.environ.get("PLUG_CARELESS") == "1":
            from kiosk.store.database import Store

            Store.write_durably = Store.write  # type: ignore[method-assign]
        serve(listener, watch_answers(app, notes))

    runtime.serve = watched
    return __main__.main()


if __name__ == "__main__":
    NOTES = Notes(os.environ["PLUG_LOG"])
    RECORDER = Recorder(NOTES)
    sys.exit(main(NOTES))
