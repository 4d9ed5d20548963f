"""One rig for all tests of machines; whatever happens, every container is stopped at the end."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.machines import releases
from tests.machines.rig import Rig

FOLDER = Path(__file__).resolve().parents[2] / "var" / "fleet"


@pytest.fixture(scope="session")
def rig() -> Iterator[Rig]:
    """A base, a key and a network."""
    made = Rig(FOLDER)
    made.prepare()
    yield made
    made.close()


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This checkout as a release; KIOSK_TESTS_WHEELS names one that was made before."""
    given = os.environ.get("KIOSK_TESTS_WHEELS")
    return Path(given) if given else releases.wheelhouse(tmp_path_factory.mktemp("release") / "wheels")
