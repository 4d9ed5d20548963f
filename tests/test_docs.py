"""The docs name every setting and policy with its default, and every link in them leads somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kiosk import settings
from kiosk.schedule import policy
from kiosk.schedule.model import Policy

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]


def settings_table() -> str:
    rows = [f"| `{name}` | {f'`{default}`' if default else ''} | {text} |" for name, default, text in settings.table()]
    return "\n".join(["| setting | default | what it is |", "|---|---|---|", *rows])


def policies_table() -> str:
    written = policy.write(Policy())
    rows = [f"| `{name}` | `{value}` | {policy.WORDS[name].help} |" for name, value in written.items()]
    return "\n".join(["| word | unless you say otherwise | what it is |", "|---|---|---|", *rows])


def test_policies_shows_the_table_of_words() -> None:
    page = (ROOT / "docs" / "policies.md").read_text()
    shown = page.partition("<!-- policies -->\n")[2].partition("\n<!-- /policies -->")[0]
    assert shown == policies_table(), f"put this between the marks:\n{policies_table()}"


def test_operations_shows_the_table_of_settings() -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    shown = page.partition("<!-- settings -->\n")[2].partition("\n<!-- /settings -->")[0]
    assert shown == settings_table(), f"put this between the marks:\n{settings_table()}"


def test_help_of_serve_shows_every_setting(capsys: pytest.CaptureFixture[str]) -> None:
    from kiosk.__main__ import main

    with pytest.raises(SystemExit):
        main(["serve", "--help"])
    shown = capsys.readouterr().out
    assert all(name in shown for name, _, _ in settings.table())


def test_every_setting_named_in_the_docs_exists() -> None:
    known = {name for name, _, _ in settings.table()}
    for page in PAGES:
        assert set(re.findall(r"KIOSK_[A-Z_]+", page.read_text())) <= known, page.name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text()):
        assert link.startswith("http") or (page.parent / link).exists(), link
