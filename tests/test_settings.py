"""Settings: where they come from, which one wins, and what is said about a wrong one."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk import settings
from kiosk.errors import SettingError


def test_shared_variables_are_known_by_each_of_their_names(tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.touch()
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        assert settings.load({name: str(bundle)}).ca_bundle == str(bundle)
    for name in ("HTTPS_PROXY", "https_proxy"):
        assert settings.load({name: "proxy.example:3128"}).https_proxy == "http://proxy.example:3128"


def test_empty_shared_variable_is_none_at_all(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").touch()
    given = {"SSL_CERT_FILE": "", "CURL_CA_BUNDLE": str(tmp_path / "ca.pem"), "HTTPS_PROXY": "", "no_proxy": "a, b"}
    loaded = settings.load(given)
    assert (loaded.ca_bundle, loaded.https_proxy, loaded.no_proxy) == (str(tmp_path / "ca.pem"), "", "a, b")


def test_environment_wins_over_the_file_under_whatever_name(tmp_path: Path) -> None:
    file = tmp_path / "kiosk.env"
    file.write_text("HTTPS_PROXY=http://file:1\nKIOSK_PUBLIC_URL=https://file.example/\n")
    loaded = settings.load({"KIOSK_CONFIG": str(file), "https_proxy": "http://environment:2"})
    assert loaded.https_proxy == "http://environment:2"
    assert loaded.public_url == "https://file.example"


def test_variables_of_others_are_left_alone_but_misspelt_ones_of_ours_are_not(tmp_path: Path) -> None:
    settings.load({"HOME": "/root", "HTTP_PROXY": "nonsense"})
    (tmp_path / "kiosk.env").write_text("HTTPS_PROXXY=http://proxy\n")
    for given in ({"KIOSK_PUBLIC_ULR": "x"}, {"KIOSK_CONFIG": str(tmp_path / "kiosk.env")}):
        with pytest.raises(SettingError, match="Did you mean"):
            settings.load(given)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HTTPS_PROXY", "https://proxy.example"),
        ("HTTPS_PROXY", "socks5://proxy.example:1080"),
        ("HTTPS_PROXY", "http://:3128"),
        ("HTTPS_PROXY", "http://proxy.example:99999"),
        ("SSL_CERT_FILE", "/no/such/file.pem"),
        ("KIOSK_PUBLIC_URL", "rooms.example"),
        ("KIOSK_PUBLIC_URL", "ftp://rooms.example"),
        ("KIOSK_PUBLIC_URL", "https://rooms.example/?x=1"),
        ("KIOSK_LANGUAGE", "tlh"),
        ("KIOSK_LANGUAGE", ""),
        ("KIOSK_SECOND_LANGUAGE", "en"),
    ],
)
def test_wrong_value_stops_with_its_name_and_what_is_allowed(name: str, value: str) -> None:
    with pytest.raises(SettingError, match=f"^{name}.* is '.*'") as wrong:
        settings.load({name: value})
    assert value in str(wrong.value)


@pytest.mark.parametrize(
    ("given", "tag"),
    [
        ("pt-BR", "pt-BR"),
        ("pt_BR", "pt-BR"),
        ("PT_br", "pt-BR"),
        ("zh_CN", "zh-CN"),
        ("zh_Hans_CN", "zh-CN"),
        (" ja ", "ja"),
    ],
)
def test_a_language_is_known_by_each_way_to_write_it(given: str, tag: str) -> None:
    assert settings.load({"KIOSK_LANGUAGE": given}).language == tag


def test_a_second_language_is_another_one_however_it_is_written() -> None:
    assert settings.load({}).second_language == ""
    assert settings.load({"KIOSK_SECOND_LANGUAGE": "zh_CN"}).second_language == "zh-CN"
    with pytest.raises(SettingError, match="another one than KIOSK_LANGUAGE"):
        settings.load({"KIOSK_LANGUAGE": "pt-BR", "KIOSK_SECOND_LANGUAGE": "pt_BR"})
