"""A process keeps in memory what it uses, and not what its libraries would like to have at hand."""

from __future__ import annotations

import subprocess
import sys

import pytest

from kiosk import memory
from tests.running import ROOT, clean_environment

LOADED = """
import sys
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
