"""Templates are compiled once, and not with every start."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from flask import Flask, render_template

from kiosk.web import compiled


def page(folder: Path, monkeypatch: pytest.MonkeyPatch, *, may_compile: bool = True) -> str:
    """Return what a server says that was just started on this folder."""
    web = Flask("kiosk", template_folder=str(folder))
    compiled.install(web, str(folder))
    if not may_compile:
        monkeypatch.setattr(web.jinja_env, "_generate", lambda *_, **__: pytest.fail("It was compiled again."))
    with web.app_context():
        return render_template("page.html")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    (tmp_path / "page.html").write_text("{{ 1 + 1 }}")
    (tmp_path / compiled.FOLDER).mkdir()
    return tmp_path


def test_template_is_compiled_once_and_anew_when_it_has_changed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert page(folder, monkeypatch) == "2"
    assert page(folder, monkeypatch, may_compile=False) == "2"
    (folder / "page.html").write_text("{{ 1 + 2 }}")
    assert page(folder, monkeypatch) == "3"


def test_where_nothing_can_be_kept_pages_are_made_all_the_same(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert page(folder, monkeypatch) == "2"
    assert list((folder / compiled.FOLDER).iterdir()) == []
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    (folder / compiled.FOLDER).rmdir()
    assert page(folder, monkeypatch) == "2"
