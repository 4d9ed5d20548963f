"""What the command line says and does about the organisation's look."""

from __future__ import annotations

import json
from pathlib import Path

from tests.running import Server

LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 1"><path d="M0 0H4V1"/></svg>'


def test_a_look_is_set_kept_part_by_part_and_taken_away(tmp_path: Path) -> None:
    kiosk, file = Server(tmp_path, {}), tmp_path / "logo.svg"
    file.write_text(LOGO)
    assert kiosk.run("look", "--accent", "#00613a", "--logo", str(file)).returncode == 0
    changed = json.loads(kiosk.run("look", "--plate", "dark", "--json").stdout)
    assert (changed["accent"], changed["night"][0], changed["plate"]) == ("#00613a", "#", "dark")
    assert changed["logo"].startswith("svg, ")
    cleared = json.loads(kiosk.run("look", "--clear", "--json").stdout)
    assert cleared == {"accent": "ours", "night": "ours", "logo": "none", "plate": "light"}


def test_a_colour_that_is_hard_to_read_is_refused_with_the_nearest(tmp_path: Path) -> None:
    refused = Server(tmp_path, {}).run("look", "--accent", "#ff6600")
    assert refused.returncode == 1
    assert "#c64d00" in refused.stderr


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    refused = Server(tmp_path, {}).run("look", "--logo", "/nowhere/logo.svg")
    assert (refused.returncode, "'/nowhere/logo.svg' cannot be read" in refused.stderr) == (1, True)
