"""The store is tested on both databases."""

from __future__ import annotations

import pytest

from tests import databases


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    databases.on_both(metafunc, {"store"})
