"""The way to Google through an organisation's proxy and with its private authority, over real TLS."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from kiosk.emulator.server import Emulator
from kiosk.errors import Unreachable
from kiosk.google.access import by_file
from kiosk.google.calendars import GoogleCalendars
from kiosk.google.route import Route
from tests.google import wires
from tests.google.wires import HOST, Authority, Proxy
from tests.running import ADMIN, SERVICE_USER, Server, wait_for

STANDARD = (
    "HTTPS_PROXY",
    "https_proxy",
    "NO_PROXY",
    "no_proxy",
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
)


@dataclass
class Abroad:
    """Google behind TLS with a private authority's certificate, reached through a proxy only."""

    google: Emulator
    authority: Authority
    proxy: Proxy
    front: int
    key: Path

    @property
    def endpoint(self) -> str:
        return f"https://{HOST}:{self.front}"

    def describe(self, route: Route) -> str:
        """Ask Google for a room's name on that route."""
        source = GoogleCalendars(by_file(str(self.key), SERVICE_USER, self.endpoint, route))
        try:
            return source.describe(self.google.world.rooms()[0].id).name
        finally:
            source.close()


@pytest.fixture
def abroad(google: Emulator, tmp_path: Path) -> Iterator[Abroad]:
    authority, key = wires.make_authority(tmp_path), tmp_path / "key.json"
    with wires.tls_front(urlsplit(google.url).port or 0, authority.host_file) as front, wires.proxy(front) as proxy:
        abroad = Abroad(google, authority, proxy, front, key)
        key.write_text(json.dumps(google.credentials() | {"token_uri": f"{abroad.endpoint}/token"}))
        yield abroad


def test_tokens_and_answers_come_through_the_proxy(abroad: Abroad) -> None:
    route = Route(f"http://127.0.0.1:{abroad.proxy.port}", ca_file=str(abroad.authority.ca_file))
    assert abroad.describe(route) == abroad.google.world.rooms()[0].summary
    assert abroad.google.service.traffic.counts()["token"] == 1
    assert [line.rpartition(" ")[0] for line in abroad.proxy.tunnels] == [f"CONNECT {HOST}:{abroad.front}"]


def test_without_the_proxy_the_host_is_not_found(abroad: Abroad) -> None:
    for route in (Route(), Route(f"http://127.0.0.1:{abroad.proxy.port}", without_proxy="test")):
        with pytest.raises(Unreachable, match=HOST):
            abroad.describe(route)
    assert abroad.proxy.tunnels == []


def test_unknown_authority_is_named_with_what_to_do(abroad: Abroad) -> None:
    with pytest.raises(Unreachable, match=r"certificate is not trusted \(unable to get local issuer .*SSL_CERT_FILE"):
        abroad.describe(Route(f"http://127.0.0.1:{abroad.proxy.port}"))


def test_certificate_of_another_host_is_not_trusted(abroad: Abroad) -> None:
    route = Route(f"http://127.0.0.1:{abroad.proxy.port}", ca_file=str(abroad.authority.ca_file))
    abroad.key.write_text(
        json.dumps(abroad.google.credentials() | {"token_uri": f"https://evil.test:{abroad.front}/token"})
    )
    with pytest.raises(Unreachable, match="certificate is not trusted"):
        abroad.describe(route)


def test_proxy_that_wants_a_password_gets_it(abroad: Abroad) -> None:
    ca_file = str(abroad.authority.ca_file)
    with wires.proxy(abroad.front, b64encode(b"an@a:p:ss").decode()) as strict:
        with pytest.raises(Unreachable, match="407 Proxy Authentication Required"):
            abroad.describe(Route(f"http://127.0.0.1:{strict.port}", ca_file=ca_file))
        assert abroad.describe(Route(f"http://an%40a:p%3Ass@127.0.0.1:{strict.port}", ca_file=ca_file))


def test_proxy_that_is_down_is_told_apart(abroad: Abroad) -> None:
    with wires.proxy(abroad.front) as gone:
        port = gone.port
    with pytest.raises(Unreachable, match="Connection refused"):
        abroad.describe(Route(f"http://127.0.0.1:{port}"))


@pytest.mark.parametrize("mode", ["eventlet", "threading"])
def test_server_takes_proxy_and_authority_from_the_standard_variables(
    abroad: Abroad, mode: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in STANDARD:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{abroad.proxy.port}")
    server = Server(
        tmp_path,
        {
            "KIOSK_GOOGLE_CREDENTIALS": str(abroad.key),
            "KIOSK_GOOGLE_SUBJECT": SERVICE_USER,
            "KIOSK_GOOGLE_ADMIN_SUBJECT": ADMIN,
            "KIOSK_GOOGLE_ENDPOINT": abroad.endpoint,
            "KIOSK_POLL_SECONDS": "2",
            "KIOSK_ASYNC_MODE": mode,
        },
    )
    distrusted = server.run("rooms", "import")
    assert distrusted.returncode == 1
    assert "SSL_CERT_FILE" in distrusted.stderr
    assert distrusted.stderr.count("\n") == 1
    server.settings["REQUESTS_CA_BUNDLE"] = str(abroad.authority.ca_file)
    imported = server.run("rooms", "import")
    assert imported.returncode == 0, imported.stderr
    before = len(abroad.proxy.tunnels)
    server.start()
    try:
        wait_for(lambda: server.get("/readyz").status_code == 200)
    finally:
        server.stop()
    assert len(abroad.proxy.tunnels) > before
