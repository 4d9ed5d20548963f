"""The store is tested on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from kiosk.store.database import Store
from tests import databases
from tests.cluster import Cluster


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    databases.on_both(metafunc, {"store"})


@pytest.fixture
def shaken(weak: Cluster, tmp_path: Path) -> Iterator[Store]:
    """A store on the server of PostgreSQL that a file's tests may kill, which that file calls `weak`."""
    with closing(Store(weak.fresh(tmp_path))) as store:
        yield store
    weak.clear()
