"""What a process keeps in memory: libraries that it does not use stay out, and what is free goes back."""

from __future__ import annotations

import ctypes
import gc
import importlib
import sys
from _thread import allocate_lock
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

# Our libraries import these where they are installed, for the sake of what we do not use of them.
UNUSED = ("aiohttp", "redis", "requests", "tornado", "valkey", "websocket")
# What they import and hardly ever look into: each is loaded by whoever does first. Nobody does while screens are shown;
# a sign-in, an upload, a letter or a backup needs one, and none takes as long as a screen may be kept waiting.
RARE = (
    "asyncio",
    "backports.zstd",
    "bz2",
    "cryptography.x509",
    "email.policy",
    "google.auth.transport.mtls",
    "httplib2.auth",
    "importlib.metadata",
    "lzma",
    "pdb",
    "smtplib",
    "tarfile",
    "urllib.request",
    "xml.etree.ElementTree",
)
# What only servers need that follow another.
FOLLOWING = ("urllib3",)
# After so many walks through what is neither new nor old, all is walked through; Python's own number is 10.
WHOLE_SELDOM = 100
# M_ARENA_MAX of mallopt(3).
MOST_POOLS = -8


@contextmanager
def left_out(*libraries: str) -> Iterator[None]:
    """Have these libraries not found inside, as if they were not installed, but those that are loaded already."""
    absent = [name for name in libraries if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]


def put_off(*libraries: str) -> None:
    """Have these libraries loaded only when something of them is used, but those that are loaded already.

    It serves those that are imported as modules; `from library import name` uses the library at once.
    """
    sys.meta_path.insert(0, _Finder(name for name in libraries if name not in sys.modules))


def load(*libraries: str) -> None:
    """Load these libraries now, whether they were put off or not: where a real thread can do it for the hub."""
    for name in libraries:
        found = importlib.import_module(name)
        if isinstance(found, _Later):
            _loaded(found)


class _Finder:
    """Finds libraries that are put off, once each."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = set(names)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return how a library is put off, or None where it is loaded as usual."""
        spec = PathFinder.find_spec(name, path) if name in self.names else None
        if spec is not None:
            self.names.discard(name)
            # The base of loaders lies in a module that loads much else.
            spec.loader = _Postponer()  # type: ignore[assignment]
        return spec


class _Postponer:
    """Loads nothing."""

    def create_module(self, _spec: ModuleSpec) -> ModuleType | None:
        """Leave it to Python to make an empty module."""

    def exec_module(self, module: ModuleType) -> None:
        """Leave it to whoever uses the library to load it."""
        module.__class__ = _Later


class _Later(ModuleType):
    """Stands in for a library until something of it is used; then the library is imported as any other."""

    def __getattr__(self, name: str) -> Any:
        return getattr(_loaded(self), name)


def _loaded(library: ModuleType) -> ModuleType:
    with _replacing:
        if sys.modules.get(library.__name__) is library:
            del sys.modules[library.__name__]
    return importlib.import_module(library.__name__)


# Held by real threads too, and never while something is imported.
_replacing = allocate_lock()


def share() -> None:
    """Have all threads take memory from one pool, where the C library is GNU's: pools of their own lie half empty."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(MOST_POOLS, 1)


def freeze() -> None:
    """Never walk again what lives since the start: it halves the pause of a broadcast. Call it before any loop runs.

    What came later is walked through as a whole ten times more seldom than Python does: a thousand screens are hundreds
    of thousands of objects, during which everybody waits, and those that go leave nothing that must be found so.
    """
    gc.collect()
    gc.freeze()
    young, middle, _old = gc.get_threshold()
    gc.set_threshold(young, middle, WHOLE_SELDOM)
    give_back()


def give_back() -> None:
    """Give the system back what is free between what is used, where the C library is GNU's."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
