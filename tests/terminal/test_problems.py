"""Problems on the command line: listed until they are settled."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kiosk.store import problems
from kiosk.store.database import Store
from kiosk.store.rooms import StoredRoom
from tests.fakes import StillClock
from tests.running import Server


@pytest.fixture
def kiosk(tmp_path: Path) -> Server:
    """The command line on the database of the store."""
    return Server(tmp_path, {})


def test_problem_is_listed_until_it_is_done(kiosk: Server, store: Store, oak: StoredRoom, still: StillClock) -> None:
    assert kiosk.run("problems", "list").stdout == "Nothing is reported that is not settled.\n"
    store.write(problems.report, oak, "screen", None, "10.0.0.7", still())
    [listed] = json.loads(kiosk.run("problems", "list", "--json").stdout)
    assert (listed["room"], listed["kind"], listed["state"]) == ("oak", "screen", "open")
    assert kiosk.run("problems", "done", "1", "new lamp").stdout == "Problem 1, screen: done.\n"
    assert json.loads(kiosk.run("problems", "list", "--json").stdout) == []
    [settled] = json.loads(kiosk.run("problems", "list", "--all", "--json").stdout)
    assert (settled["state"], settled["note"], settled["by"]) == ("done", "new lamp", "console")
    refused = kiosk.run("problems", "seen", "1")
    assert (refused.returncode, refused.stderr) == (1, "kiosk: This problem is done already.\n")
