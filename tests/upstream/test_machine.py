"""The token of a machine: what provisioning left, what pairing made, and which of the two the hub wants."""

from __future__ import annotations

import hashlib
from pathlib import Path

from kiosk.store.vault import Vault
from kiosk.sync.machine import MachineToken


def test_a_paired_machine_shows_its_new_token_and_the_old_one_where_that_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "device.token"
    file.write_text("from provisioning\n", encoding="utf-8")
    token = MachineToken(Vault(tmp_path / "secrets"), str(file))
    assert token.current() == "from provisioning"
    hashed = token.make_once()
    assert token.make_once() == hashed
    assert token.current() == "from provisioning"
    token.take()
    assert hashlib.sha256(token.current().encode()).hexdigest() == hashed
    assert token.refused()
    assert token.current() == "from provisioning"
    assert not token.refused() or token.current() != "from provisioning"


def test_a_machine_without_any_token_shows_none(tmp_path: Path) -> None:
    token = MachineToken(Vault(tmp_path / "secrets"), str(tmp_path / "none"))
    assert token.current() == ""
    assert not token.refused()
