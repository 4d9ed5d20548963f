"""A challenge that comes with a 401 is not read: what reads it takes the hub an eighth of a second to load."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import httplib2
import pytest

from kiosk.google.route import STRAIGHT
from kiosk.google.transport import Http


class Refusing(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Bearer realm="https://accounts.google.com/", error="invalid_token"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_a_refused_token_is_no_reason_to_read_the_challenge(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(httplib2.auth, "_parse_www_authenticate", lambda *_: pytest.fail("It was read."))
    with HTTPServer(("127.0.0.1", 0), Refusing) as server:
        threading.Thread(target=server.handle_request).start()
        http = Http(STRAIGHT, 5)
        answer, _content = http.request(f"http://127.0.0.1:{server.server_port}/")
        http.close()
    assert answer.status == 401
