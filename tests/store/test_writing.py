"""The store says when somebody writes, so that what can wait lets them go first."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.store.database import Store


def test_store_says_while_somebody_writes_and_not_after(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'kiosk.db'}")
    assert store.write(lambda _db: store.is_writing())
    assert not store.is_writing()
    with pytest.raises(ValueError, match="twelve"):
        store.write(lambda _db: int("twelve"))
    assert not store.is_writing()
    store.close()
