"""A server that is not open lets in only those who show a token it knows."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
import requests
import socketio
from socketio.exceptions import ConnectionError as Rejected

from tests.running import Server, wait_for


@pytest.fixture(params=["eventlet", "threading"])
def closed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    running = Server(tmp_path, {"KIOSK_OPEN_DISPLAYS": "0", "KIOSK_ASYNC_MODE": request.param})
    assert running.run("rooms", "add", "Oak").returncode == 0
    running.start()
    yield running
    running.stop()


@pytest.fixture
def token(closed: Server) -> str:
    return closed.run("admin", "token", "script").stdout.strip()


@pytest.fixture
def screen_token(closed: Server) -> str:
    return closed.run("admin", "token", "--screen", "lobby").stdout.strip()


def test_stranger_sees_no_page_and_no_data(closed: Server) -> None:
    for path in ("/", "/door/oak", "/lobby/all"):
        answer = closed.get(path, headers={"Accept": "text/html"})
        assert answer.status_code == 401
        assert "Oak" not in answer.text
    for path in ("/api/v1/rooms", "/door/oak"):
        assert closed.get(path, headers={"Accept": "application/json"}).status_code == 401
    assert closed.book("oak", minutes=15).status_code == 401
    assert closed.get("/readyz").json() == {"ready": True}


def test_stranger_gets_no_socket(closed: Server) -> None:
    client = socketio.Client(reconnection=False)
    with pytest.raises(Rejected):
        client.connect(closed.url, transports=["websocket"])


def test_program_with_a_token_books(closed: Server, token: str) -> None:
    answer = requests.post(
        f"{closed.url}/api/v1/rooms/oak/bookings",
        json={"minutes": 15},
        headers={"Authorization": f"Bearer {token}"},
        timeout=20,
    )
    assert answer.status_code == 201, answer.text


def test_screen_signs_in_with_a_screens_token_and_returns_to_its_page(
    closed: Server, token: str, screen_token: str
) -> None:
    visitor = requests.Session()
    for wrong in ("kiosk_wrong", token):
        assert visitor.post(f"{closed.url}/enter", data={"token": wrong}, timeout=20).status_code == 401
    right = visitor.post(f"{closed.url}/enter", data={"token": screen_token, "next": "/door/oak"}, timeout=20)
    assert (right.status_code, right.url) == (200, f"{closed.url}/door/oak")
    assert "HttpOnly" in right.history[0].headers["Set-Cookie"]


def test_token_of_a_program_is_none_in_a_cookie_and_that_of_a_screen_reads_no_log(
    closed: Server, token: str, screen_token: str
) -> None:
    html = {"Accept": "text/html"}
    assert closed.get("/door/oak", headers=html, cookies={"kiosk_token": token}).status_code == 401
    assert closed.get("/door/oak", headers=html, cookies={"kiosk_token": screen_token}).status_code == 200
    for shown, status in ((token, 200), (screen_token, 403)):
        headers = {"Authorization": f"Bearer {shown}"}
        assert closed.get("/api/v1/acts", headers=headers).status_code == status
        assert closed.get("/api/v1/rooms", headers=headers).status_code == 200


def test_way_in_never_leads_to_another_site(closed: Server, screen_token: str) -> None:
    for address in ("https://elsewhere.example/", "//elsewhere.example/", "/\\elsewhere.example"):
        form = {"token": screen_token, "next": address}
        answer = requests.post(f"{closed.url}/enter", data=form, timeout=20, allow_redirects=False)
        assert answer.headers["Location"] == "/"


def test_revoked_token_loses_its_pages_and_its_socket(closed: Server, token: str) -> None:
    client = socketio.Client(reconnection=False)
    client.connect(closed.url, transports=["websocket"], headers={"Authorization": f"Bearer {token}"})
    message = {"display": "door", "slug": "oak", "version": ""}
    assert client.call("show", message, timeout=10)["view"]
    assert closed.run("admin", "token", "--revoke", "script").returncode == 0
    wait_for(lambda: not client.connected, 40)  # though it says nothing any more
    headers = {"Authorization": f"Bearer {token}"}
    assert closed.get("/api/v1/rooms", headers=headers).status_code == 401


def test_start_says_that_everything_is_open(tmp_path: Path) -> None:
    running = Server(tmp_path, {"KIOSK_OPEN_DISPLAYS": "1"}).start()
    assert "Every display is open" in running.log()
    assert running.stop() == 0


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Server]:
    running = Server(tmp_path, {"KIOSK_OPEN_DISPLAYS": "1", "KIOSK_PUBLIC_URL": "https://rooms.example.org"})
    assert running.run("rooms", "add", "Oak").returncode == 0
    yield running.start()
    running.stop()


def test_open_server_answers_to_no_name_that_a_stranger_could_own(opened: Server) -> None:
    for host, status in (("evil.example", 421), ("rooms.example.org", 200), ("pi", 200), ("pi.local:8080", 200)):
        assert opened.get("/door/oak", headers={"Host": host}).status_code == status, host
    for host in ("evil.example", "a@evil.example", "[::1"):
        headers = {"Host": host, "Origin": f"http://{host}"}
        assert opened.get("/door/oak", headers=headers).status_code in {400, 421}, host
        assert opened.get("/socket.io/?EIO=4&transport=polling", headers=headers).status_code == 401, host
        wish = {"url": f"{opened.url}/api/v1/rooms/oak/bookings", "json": {"minutes": 15}, "headers": headers}
        assert requests.post(**wish, timeout=20).status_code in {400, 403, 421}, host  # type: ignore[arg-type]


def test_pages_cannot_be_framed_by_other_sites(opened: Server) -> None:
    headers = opened.get("/door/oak", headers={"Accept": "text/html"}).headers
    assert "frame-ancestors 'self'" in headers["Content-Security-Policy"]
    assert (headers["X-Content-Type-Options"], headers["X-Frame-Options"]) == ("nosniff", "SAMEORIGIN")


def test_no_script_runs_in_a_page_but_our_files_and_the_one_that_begins_it_anew(opened: Server) -> None:
    for path in ("/door/oak", "/lobby/all", "/enter", "/no-such-page"):
        page = opened.get(path, headers={"Accept": "text/html"})
        own = [text for text in re.findall(r"<script>(.*?)</script>", page.text, re.DOTALL) if text]
        hashes = [b64encode(sha256(text.encode()).digest()).decode() for text in own]
        assert len(own) == 1, path
        assert f"script-src 'self' 'sha256-{hashes[0]}'" in page.headers["Content-Security-Policy"].split("; ")


def test_a_page_and_its_files_come_small_and_without_needless_words(opened: Server) -> None:
    page = opened.get("/door/oak", headers={"Accept": "text/html", "Accept-Encoding": "br, gzip"})
    assert page.headers["Content-Encoding"] == "br"
    sheet = re.findall(r'href="(/static/[^"]+/door\.css)"', opened.get("/door/oak").text)
    found = opened.get(sheet[0], headers={"Accept-Encoding": "gzip, deflate"})
    assert "immutable" in found.headers["Cache-Control"]
    assert found.headers["Content-Encoding"] == "deflate"
    assert found.headers.keys().isdisjoint({"Content-Disposition", "Last-Modified", "Expires", "ETag"})
