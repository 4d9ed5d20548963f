"""A process keeps in memory what it uses, and not what its libraries would like to have at hand."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from kiosk import memory
from tests.running import ROOT, clean_environment

LOADED = """
import sys
from pathlib import Path
from kiosk import settings
from kiosk.__main__ import _server
_server(settings.load({"KIOSK_DATABASE_URL": sys.argv[1]}))
print(*sys.modules)
"""


def loaded(database: str) -> set[str]:
    """Return the modules of a server that is about to serve."""
    command = [sys.executable, "-W", "ignore", "-c", LOADED, database]
    done = subprocess.run(command, cwd=ROOT, env=clean_environment(), capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_server_on_sqlite_loads_no_library_that_only_others_need() -> None:
    found = loaded("sqlite:///kiosk.db")
    assert "socketio" in found
    assert (
        found & {*memory.UNUSED, "psycopg2", "googleapiclient", "google.auth", "cryptography", "kiosk.emulator"}
        == set()
    )


def test_server_on_postgresql_loads_its_library_too() -> None:
    assert "psycopg2" in loaded("postgresql://kiosk@127.0.0.1/kiosk")


def test_what_was_left_out_can_be_loaded_afterwards() -> None:
    with memory.left_out("plistlib"), pytest.raises(ImportError):
        import plistlib
    import plistlib

    assert plistlib.loads(plistlib.dumps({})) == {}


def test_what_is_loaded_already_is_not_left_out() -> None:
    with memory.left_out("json"):
        import json
    assert json.loads("1") == 1


def run(program: str, *words: str) -> list[str]:
    """Return what a program says in a process of its own, word by word."""
    command = [sys.executable, "-W", "ignore", "-c", program, *words]
    done = subprocess.run(command, cwd=ROOT, env=clean_environment(), capture_output=True, text=True, check=True)
    return done.stdout.split()


CLIENT = (
    LOADED.replace("print(*sys.modules)", "")
    + """
from kiosk import memory
from kiosk.google import access, client
account = access.by_file(sys.argv[2])
try:
    client.Client("calendar", "v3", "", account, client.CALENDAR_SCOPES).session()
except Exception as error:
    assert "cannot be used" in str(error), error
import kiosk.google.credentials
print(*(name for name, library in sys.modules.items() if type(library) is not memory._Later))
"""
)


def test_what_is_hardly_used_is_not_loaded_with_googles_library_either(tmp_path: Path) -> None:
    found = set(run(CLIENT, "sqlite:///kiosk.db", str(tmp_path / "none.json")))
    assert {"googleapiclient.discovery", "cryptography", "httplib2"} <= found
    unused = {"asyncio", "argon2", "cryptography.x509", "email.policy", "pdb", "pyparsing", "urllib3.response"}
    assert found & {*unused, "google.oauth2.credentials"} == set()


PUT_OFF = """
import sys
from pathlib import Path
from kiosk import memory
memory.put_off("plistlib", "json")
import json, plistlib
late = sys.modules["plistlib"]
print("json.decoder" in sys.modules, "xml.parsers.expat" in sys.modules)
print(plistlib.loads(plistlib.dumps({})), sys.modules["plistlib"] is late, late.dumps is sys.modules["plistlib"].dumps)
"""


def test_what_is_put_off_is_loaded_when_it_is_used() -> None:
    assert run(PUT_OFF) == ["False", "False", "{}", "False", "True"]


AT_ONCE = """
import sys, threading
from kiosk import memory
memory.put_off("plistlib")
import plistlib
barrier, found = threading.Barrier(8), []

def use():
    barrier.wait()
    found.append(plistlib.dumps({}))

threads = [threading.Thread(target=use) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(found), type(sys.modules["plistlib"]).__name__)
"""


def test_threads_that_use_at_once_what_was_put_off_all_find_it_whole() -> None:
    assert run(AT_ONCE) == ["8", "module"]


def test_what_was_put_off_can_be_loaded_beforehand() -> None:
    loaded_now = "import sys; from kiosk import memory; memory.put_off('plistlib'); memory.load('plistlib')"
    assert run(f"{loaded_now}; print(type(sys.modules['plistlib']).__name__)") == ["module"]


def test_all_is_walked_through_seldom() -> None:
    program = (
        "import gc; from kiosk import memory; memory.freeze(); print(*gc.get_threshold(), gc.get_freeze_count() > 0)"
    )
    assert run(program) == ["700", "10", str(memory.WHOLE_SELDOM), "True"]
