"""A server of two languages sends each screen both of them, and one of one language nothing more than that."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from kiosk import app, assembly, clock, settings
from kiosk.schedule.model import Room
from kiosk.store import rooms

Serve = Callable[..., FlaskClient]
HTML, JSON = {"Accept": "text/html"}, {"Accept": "application/json"}


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Serve a room in languages."""
    with ExitStack() as opened:

        def made(**languages: str) -> FlaskClient:
            given = {"database_url": f"sqlite:///{tmp_path / 'kiosk.db'}", "secrets": str(tmp_path / "secrets")}
            parts = assembly.open_parts(
                settings.load({}, **given, **languages, open_displays="1", async_mode="threading")
            )
            opened.callback(parts.store.close)
            parts.store.write(rooms.add, Room("oak", "Oak", clock.zone("Europe/Berlin")))
            return app.build(parts).web.test_client()

        yield made


@pytest.mark.parametrize(
    ("path", "first", "second"), [("door/oak", "إلغاء", "取消"), ("lobby/all", "كل القاعات", "所有会议室")]
)
def test_a_page_brings_its_fixed_words_in_both_languages(serve: Serve, path: str, first: str, second: str) -> None:
    page = serve(language="ar", second_language="zh-CN").get(path, headers=HTML).text
    shown, other = page.split('<template id="second" lang="zh-CN" dir="ltr">')
    assert '<html lang="ar" dir="rtl">' in shown
    assert (first in shown, second in shown) == (True, False)
    assert (first in other, second in other) == (False, True)


def test_the_scenes_come_in_both_languages_and_in_one_version(serve: Serve) -> None:
    client = serve(language="pt-BR", second_language="ja")
    view = client.get("door/oak", headers=JSON).get_json()
    track = view["tracks"]["oak"]
    assert (view["language"], track["parts"].keys()) == ("pt-BR", track["other"].keys())
    assert "Sem dados" in str(track["parts"])
    assert "不明" in str(track["other"])


def test_one_language_brings_no_other(serve: Serve) -> None:
    client = serve(language="de")
    assert 'id="second"' not in client.get("door/oak", headers=HTML).text
    assert "other" not in client.get("door/oak", headers=JSON).get_json()["tracks"]["oak"]
