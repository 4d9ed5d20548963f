"""The laws of the house, read from the source: who may import whom, and what only one module may do."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# Each imports those to its left.
SHARED = ("kiosk", "errors", "memory", "resources", "clock", "measures", "trace", "settings", "runtime")
TO_THE_LEFT = {
    "schedule": (),
    "displays": ("schedule",),
    "source": ("schedule",),
    "store": ("schedule", "source"),
    "google": ("schedule", "source"),
    "upstream": ("schedule", "source"),
    "sync": ("schedule", "source", "store", "google", "upstream"),
    "booking": ("schedule", "source", "store", "google", "upstream"),
    "fleet": ("schedule", "source", "store", "google", "upstream"),
    "crew": ("schedule", "source", "store"),
    "doctor": ("schedule", "source", "store", "google", "upstream", "fleet"),
    "notify": ("schedule", "source", "store"),
    "live": ("schedule", "source", "store", "google", "upstream", "displays"),
    "watchdog": (),
}
TO_THE_LEFT["web"] = (*TO_THE_LEFT["live"], "sync", "booking", "doctor", "fleet", "notify", "crew", "live")
TO_THE_LEFT["assembly"] = tuple(room for room in TO_THE_LEFT["web"] if room not in {"live", "displays"})
TO_THE_LEFT["app"] = (*TO_THE_LEFT["web"], "web", "assembly")
TO_THE_LEFT["terminal"] = (*TO_THE_LEFT["assembly"], "assembly")
TO_THE_LEFT["serving"] = (*TO_THE_LEFT["app"], "app", "watchdog")
TO_THE_LEFT["demo"] = (*TO_THE_LEFT["serving"], "serving")
MAY_IMPORT: dict[str, Collection[str]] = {
    "emulator": (),
    "deploy": (),
    **{name: SHARED[:place] for place, name in enumerate(SHARED)},
    **{room: (*left, *SHARED) for room, left in TO_THE_LEFT.items()},
    # A setting's value may be one of the rules' own values.
    "settings": ("schedule", *SHARED[: SHARED.index("settings")]),
    "schedule": TO_THE_LEFT["schedule"],
    "displays": TO_THE_LEFT["displays"],
    "__main__": (*TO_THE_LEFT["demo"], "demo", "terminal", "emulator", *SHARED),
}

PURE = ("schedule", "displays")
OWNERS = {
    "peewee": ("store",),
    "playhouse": ("store",),
    "argon2": ("store",),
    "segno": ("web",),
    "prometheus_client": ("web",),
    "itsdangerous": ("web",),
    "msgspec": ("web",),
    "PIL": ("store",),
    "cryptography": ("store", "emulator"),
    "urllib3": ("upstream",),
    "googleapiclient": ("google",),
    "google": ("google",),
    "google_auth_httplib2": ("google",),
    "httplib2": ("google",),
    "flask": ("web", "live", "app", "emulator"),
    "flask_babel": ("web", "live", "app"),
    "flask_socketio": ("live", "app"),
    "socketio": ("live",),
    "engineio": ("live",),
    "eventlet": ("runtime",),
    "greenlet": ("runtime",),
    "pyinfra": ("deploy",),
    "redis": ("crew",),
}
ENVIRONMENT = ("os.environ", "os.environb", "os.getenv", "os.getenvb", "os.putenv", "os.unsetenv")
# Durations are measured with `clock.monotonic` as well, so that a test can see every reading of any clock.
CLOCKS = (
    *("datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today", "datetime.date.today"),
    *("time.time", "time.time_ns", "time.localtime", "time.gmtime", "time.ctime", "time.clock_gettime"),
    *("time.monotonic", "time.monotonic_ns", "time.perf_counter", "time.perf_counter_ns"),
)
UNFINISHED = tuple(first + last for first, last in (("TO", "DO"), ("FIX", "ME"), ("X", "XX"), ("HA", "CK")))
WRITTEN = ("kiosk", "displays", "deploy", "templates", "static", "script", "tests", "bench", "docs", ".ci")
WRITTEN_AS = ("", ".py", ".html", ".css", ".js", ".md", ".sh", ".service", ".po")


@dataclass(frozen=True)
class Module:
    """A module of ours: its dotted name, the room it stands in, and its source."""

    name: str
    room: str
    tree: ast.Module
    is_package: bool = False


def test_each_room_imports_only_from_its_left() -> None:
    assert offences(arrows) == []


def test_rules_and_displays_need_nothing_but_the_standard_library() -> None:
    assert offences(purity) == []


def test_each_library_has_one_owner() -> None:
    assert offences(ownership) == []


def test_only_the_settings_read_the_environment() -> None:
    assert offences(environment) == []


def test_only_the_clock_reads_the_clock() -> None:
    assert offences(clock_reading) == []


def test_the_command_line_imports_the_runtime_first() -> None:
    assert offences(runtime_first) == []


def test_no_file_carries_a_word_for_unfinished_work() -> None:
    assert [f"{path.relative_to(ROOT)}: {word}" for path in written() for word in unfinished(path)] == []


def test_importing_any_module_does_nothing() -> None:
    names = [module.name for module in modules() if module.room != "deploy"]
    assert acts_while_importing(ROOT, names) == []


def test_the_laws_are_read_from_the_whole_house() -> None:
    assert {"kiosk.schedule.model", "kiosk.runtime", "displays"} <= {module.name for module in modules()}
    assert {ROOT / "kiosk" / "runtime.py", ROOT / "script" / "demo"} <= set(written())


@pytest.mark.parametrize(
    ("where", "source"),
    [
        ("kiosk.schedule.rules", "from kiosk import clock"),
        ("kiosk.schedule.rules", "def f():\n    from kiosk.store import rooms"),
        ("kiosk.schedule.rules", "import displays.door"),
        ("displays.door", "from kiosk.store.rooms import Record"),
        ("displays.door", "import kiosk.clock"),
        ("kiosk.store.rooms", "from kiosk.sync import loop"),
        ("kiosk.store.rooms", "from ..google import calendar"),
        ("kiosk.sync.loop", "from kiosk.booking import journal"),
        ("kiosk.sync.loop", "import displays"),
        ("kiosk.google.calendar", "from kiosk.store import rooms"),
        ("kiosk.live.hub", "from kiosk.web import pages"),
        ("kiosk.web.pages", "import kiosk.app"),
        ("kiosk.clock", "from kiosk import settings"),
        ("kiosk.emulator.server", "from kiosk import clock"),
        ("kiosk.emulator.server", "from kiosk import __version__"),
        ("kiosk.app", "from kiosk.emulator import server"),
        ("kiosk.demo", "from kiosk.emulator import world"),
        ("kiosk.serving", "from kiosk import demo"),
        ("kiosk", "from kiosk import errors"),
        ("kiosk.cellar", "import json"),
    ],
)
def test_a_wrong_arrow_is_found(where: str, source: str) -> None:
    assert arrows(sample(where, source))


@pytest.mark.parametrize(
    ("where", "source"),
    [
        ("displays.door", "from kiosk.schedule.model import Room"),
        ("kiosk.store.rooms", "from . import models"),
        ("kiosk.web.pages", "from kiosk import clock, live"),
        ("kiosk.__main__", "from kiosk.emulator import server"),
    ],
)
def test_a_right_arrow_is_left_alone(where: str, source: str) -> None:
    assert not arrows(sample(where, source))


@pytest.mark.parametrize("source", ["import peewee", "from babel.dates import format_time"])
def test_a_library_in_the_rules_is_found(source: str) -> None:
    assert purity(sample("kiosk.schedule.rules", source))


@pytest.mark.parametrize(
    ("where", "source"),
    [
        ("kiosk.web.pages", "import peewee"),
        ("kiosk.sync.loop", "from google.auth import default"),
        ("kiosk.sync.loop", "from google import auth"),
        ("kiosk.web.pages", "import flask_socketio"),
        ("kiosk.app", "import socketio"),
        ("kiosk.live.hub", "def f():\n    from eventlet import tpool"),
        ("kiosk.store.rooms", "from flask import current_app"),
        ("kiosk.fleet.devices", "import pyinfra.api"),
        ("kiosk.web.pages", "import importlib\nimportlib.import_module('peewee')"),
    ],
)
def test_a_library_outside_its_room_is_found(where: str, source: str) -> None:
    assert ownership(sample(where, source))


@pytest.mark.parametrize(
    "source",
    [
        "import os\nos.environ['HOME']",
        "from os import environ",
        "import os as system\nsystem.getenv('HOME')",
        "import os.path\nos.environ.get('HOME')",
    ],
)
def test_a_reading_of_the_environment_is_found(source: str) -> None:
    assert environment(sample("kiosk.web.pages", source))
    assert not environment(sample("kiosk.settings", source))


@pytest.mark.parametrize(
    "source",
    [
        "from datetime import UTC, datetime\ndatetime.now(UTC)",
        "import datetime as dt\ndt.date.today()",
        "import time\nf = time.time",
        "from time import monotonic",
        "from datetime import datetime as moment\nmoment.utcnow()",
    ],
)
def test_a_reading_of_the_clock_is_found(source: str) -> None:
    assert clock_reading(sample("kiosk.sync.loop", source))
    assert not clock_reading(sample("kiosk.clock", source))
    assert not clock_reading(sample("kiosk.emulator.clock", source))


@pytest.mark.parametrize("source", ["import kiosk.app\nfrom kiosk import runtime", "import sys", "'A sentence.'"])
def test_a_late_runtime_is_found(source: str) -> None:
    assert runtime_first(sample("kiosk.__main__", source))


def test_an_unfinished_word_is_found(tmp_path: Path) -> None:
    (tmp_path / "door.py").write_text(f"# {UNFINISHED[0]}: the other half\n", encoding="utf-8")
    assert unfinished(tmp_path / "door.py") == [UNFINISHED[0]]


@pytest.mark.parametrize(
    "source",
    [
        "import threading\nthreading.Thread(target=int).start()",
        "import sqlite3\nsqlite3.connect(':memory:')",
        "import socket\nsocket.create_server(('127.0.0.1', 0)).close()",
        "import socket\nPAIR = socket.socketpair()",
        "from pathlib import Path\nTEXT = Path(__file__).read_text()",
        "from tempfile import mkdtemp\nFOLDER = mkdtemp()",
        "import subprocess\nsubprocess.run(['true'])",
        "import os\nPIPE = os.pipe()",
    ],
)
def test_an_act_while_importing_is_found(source: str, tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text(source, encoding="utf-8")
    assert acts_while_importing(tmp_path, ["bad"])


def test_a_quiet_import_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "quiet.py").write_text(
        "import sqlite3, threading, urllib3\nLOCK = threading.Lock()\n", encoding="utf-8"
    )
    assert acts_while_importing(tmp_path, ["quiet"]) == []


# The checkers: each takes a module and returns its offences as sentences.


def arrows(module: Module) -> list[str]:
    """Law 4 and 6: a room imports only from its left, and nobody but the command line the emulator."""
    if module.room not in MAY_IMPORT:
        return [f"{module.name}: the house has no room {module.room}; give it a place among the arrows"]
    allowed = {module.room, *MAY_IMPORT[module.room]}
    return [f"{module.name} imports {target}" for target in our_imports(module) if room_of(target) not in allowed]


def purity(module: Module) -> list[str]:
    """Law 1: rules and displays import the standard library and ours, nothing else."""
    if module.room not in PURE:
        return []
    known = {*sys.stdlib_module_names, "kiosk", "displays"}
    return [f"{module.name} imports {name}" for name in imports(module) if name.partition(".")[0] not in known]


def ownership(module: Module) -> list[str]:
    """Law 2: a library is imported in its owner's room only."""
    strangers = [library for library, rooms in OWNERS.items() if module.room not in rooms]
    return [f"{module.name} imports {name}" for name in imports(module) if any(within(name, s) for s in strangers)]


def environment(module: Module) -> list[str]:
    """Law 2: the environment is the settings' alone; what runs beside the server on a machine has its own."""
    return [] if module.room in ("settings", "deploy") else uses(module, ENVIRONMENT)


def clock_reading(module: Module) -> list[str]:
    """Law 3: the system clock is read in `clock`; programs of their own, as the emulator is one, have their own."""
    own_clock = module.name in ("kiosk.clock", "kiosk.emulator.clock") or module.room == "deploy"
    return [] if own_clock else uses(module, CLOCKS)


def runtime_first(module: Module) -> list[str]:
    """Law of the runtime: nothing is imported before it had the chance to make the process green."""
    if module.name != "kiosk.__main__":
        return []
    first = next((name for name in imports(module) if not name.startswith("__future__")), "nothing")
    return [] if first == "kiosk.runtime" else [f"{module.name} imports {first} before kiosk.runtime"]


def unfinished(path: Path) -> list[str]:
    """Return the words for unfinished work that a text file contains."""
    return re.findall(rf"\b(?:{'|'.join(UNFINISHED)})\b", path.read_text(encoding="utf-8"))


def acts_while_importing(root: Path, names: Collection[str]) -> list[str]:
    """Law 5: return what modules below `root` do to the outside when a fresh process imports them."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("KIOSK_")}
    child = [sys.executable, "-B", "-W", "ignore", "-c", WATCH_IMPORTS, str(root), *names]
    done = subprocess.run(child, env=environ, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    acts: list[str] = json.loads(done.stdout.splitlines()[-1])
    return acts


# Python reports each such act to an audit hook; the frames tell whether a module of ours caused it, or the
# import system and other people's modules did, which we cannot change. Pipes and the like have no report,
# so the descriptors and threads that stay are compared as well.
WATCH_IMPORTS = """
import importlib, json, os, sqlite3, sys, threading

root, *names = sys.argv[1:]
sys.path.insert(0, root)
acts = []
watched = (
    "open", "os.mkdir", "os.remove", "os.rename", "os.listdir", "os.scandir", "os.putenv", "os.system", "os.fork",
    "os.posix_spawn", "subprocess.Popen", "sqlite3.connect", "socket.__new__", "socket.connect", "socket.bind",
    "socket.getaddrinfo", "socket.gethostbyname", "threading.Thread.start", "time.sleep",
)

def culprit(frame):
    while frame:
        path = frame.f_code.co_filename
        if path.startswith("<frozen importlib"):
            return None
        if path.startswith(root + os.sep) and not path.startswith(sys.prefix + os.sep):
            return f"{os.path.relpath(path, root)}:{frame.f_lineno}"
        if frame.f_code.co_name == "<module>":
            return None
        frame = frame.f_back

def hook(event, args):
    if event in watched and (where := culprit(sys._getframe(1))):
        acts.append(f"{where} does {event} while it is imported")

def start(self, begin=threading.Thread.start):  # Python 3.11 reports no start of a thread by itself
    hook("threading.Thread.start", ())
    begin(self)

threading.Thread.start = start
descriptors = set(os.listdir("/dev/fd"))
sys.addaudithook(hook)
for name in names:
    importlib.import_module(name)
watched = ()
acts += [f"descriptor {each} stays open" for each in sorted(set(os.listdir("/dev/fd")) - descriptors)]
acts += [f"thread {each.name} stays alive" for each in threading.enumerate() if each is not threading.main_thread()]
print()
print(json.dumps(acts))
"""


# Reading files and modules.


def written() -> list[Path]:
    """Return the files that we wrote ourselves, as text."""
    files = [path for folder in WRITTEN for path in sorted((ROOT / folder).rglob("*")) if path.is_file()]
    return [path for path in files if path.suffix in WRITTEN_AS and "vendor" not in path.parts]


def offences(law: Callable[[Module], list[str]]) -> list[str]:
    return [offence for module in modules() for offence in law(module)]


@cache
def modules() -> tuple[Module, ...]:
    paths = [path for package in ("kiosk", "displays", "deploy") for path in sorted((ROOT / package).rglob("*.py"))]
    return tuple(module_at(path.relative_to(ROOT), path.read_text(encoding="utf-8")) for path in paths)


def module_at(path: Path, source: str) -> Module:
    is_package = path.name == "__init__.py"
    name = ".".join((path.parent if is_package else path.with_suffix("")).parts)
    return Module(name, room_of(name), ast.parse(source, str(path)), is_package)


def sample(name: str, source: str) -> Module:
    return module_at(Path(*name.split(".")).with_suffix(".py"), source)


def room_of(name: str) -> str:
    """Return the room of a dotted name: `store` of `kiosk.store.rooms`, `displays` of `displays.door`."""
    package, *rest = name.split(".")
    return rest[0] if package == "kiosk" and rest and rest[0] != "__version__" else package


def our_imports(module: Module) -> list[str]:
    return [name for name in imports(module) if name.partition(".")[0] in ("kiosk", "displays", "deploy")]


def imports(module: Module) -> list[str]:
    """Return the dotted names that a module imports anywhere, inside functions and for type checks too."""
    return list(imported_names(module).values())


def imported_names(module: Module) -> dict[tuple[int, str], str]:
    """Return what each imported name stands for, by its line and the name it has in the module."""
    found: dict[tuple[int, str], str] = {}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            found |= {(node.lineno, n.asname or n.name): n.name for n in node.names}
        elif isinstance(node, ast.ImportFrom):
            origin = absolute(module, node)
            found |= {(node.lineno, n.asname or n.name): f"{origin}.{n.name}" for n in node.names}
        elif isinstance(node, ast.Call) and (name := named_in_call(node)):
            found[node.lineno, name] = name
    return dict(sorted(found.items()))


def named_in_call(call: ast.Call) -> str:
    """Return the module that `import_module("…")` or `__import__("…")` names; "" for other calls."""
    function = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if function not in ("import_module", "__import__") or not call.args:
        return ""
    argument = call.args[0]
    return str(argument.value) if isinstance(argument, ast.Constant) else ""


def absolute(module: Module, node: ast.ImportFrom) -> str:
    """Return the dotted name of the module that `from … import` names, relative ones counted from here."""
    if not node.level:
        return node.module or ""
    parts = module.name.split(".")
    above = parts[: len(parts) - node.level + module.is_package]
    return ".".join([*above, *([node.module] if node.module else [])])


def uses(module: Module, forbidden: Collection[str]) -> list[str]:
    """Return where a module imports or names one of the forbidden things, under whatever alias."""
    meanings = {}
    for (_, local), name in imported_names(module).items():
        meanings[local.partition(".")[0]] = name if local != name else name.partition(".")[0]
    named = [(node.lineno, dotted(node, meanings)) for node in ast.walk(module.tree) if isinstance(node, ast.Attribute)]
    brought = [(line, name) for (line, _), name in imported_names(module).items()]
    return [f"{module.name}:{line} uses {name}" for line, name in (*named, *brought) if name in forbidden]


def dotted(node: ast.expr, meanings: dict[str, str]) -> str:
    """Return the full name of an attribute chain, its first part resolved by the imports; "" for others."""
    if isinstance(node, ast.Name):
        return meanings.get(node.id, "")
    if isinstance(node, ast.Attribute):
        owner = dotted(node.value, meanings)
        return f"{owner}.{node.attr}" if owner else ""
    return ""


def within(name: str, library: str) -> bool:
    return name == library or name.startswith(f"{library}.")
