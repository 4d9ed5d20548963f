"""Receivers of what the notifier sends: an HTTP server and a mail server on this machine, as rude as a test wants."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

# What a receiver does with a message: a status with more headers, or words for a misbehaviour.
Answer = int | tuple[int, dict[str, str]] | str


@dataclass
class Got:
    """One message as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def said(self) -> dict[str, Any]:
        return dict(json.loads(self.body))

    def is_signed_with(self, secret: str) -> bool:
        """Verify as https://www.standardwebhooks.com tells receivers to, in other words than the sender's."""
        key = base64.b64decode(secret.split("_", 1)[1])
        signed = b".".join((self.id.encode(), self.headers["webhook-timestamp"].encode(), self.body))
        expected = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
        return f"v1,{expected}" in self.headers["webhook-signature"].split()


@dataclass
class Receiver:
    """An HTTP server that writes down what comes and answers as the test says; inside `with` it listens."""

    answer: Callable[[Got], Answer] = lambda _got: 204
    got: list[Got] = field(default_factory=list)
    url: str = ""

    def __enter__(self) -> Receiver:
        """Open."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/rooms?from=kiosk"
        return self

    def __exit__(self, *_failure: object) -> None:
        """Close."""
        self._server.shutdown()
        self._server.server_close()

    @property
    def ids(self) -> list[str]:
        return [one.id for one in self.got]


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got = Got(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            answer = receiver.answer(got)
            receiver.got.append(got)
            if answer == "drip":
                return _drip(self)
            if answer == "hang up":
                return self.connection.close()
            if answer == "flood":
                return _flood(self)
            status, headers = answer if isinstance(answer, tuple) else (int(answer), {})
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            return None

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    return Handler


def _drip(handler: BaseHTTPRequestHandler) -> None:
    """Answer for ever, a little at a time, so that no single wait is long."""
    try:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for number in range(600):
            handler.wfile.write(f"X-Drop-{number}: 1\r\n".encode())
            time.sleep(0.05)
    except OSError:
        return  # the other side has had enough


def _flood(handler: BaseHTTPRequestHandler) -> None:
    """Answer with more than anybody wants to read."""
    try:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(1000):
            handler.wfile.write(b"x" * 65536)
    except OSError:
        return


@dataclass
class Postbox:
    """A mail server; `refuses(address)` may return a line to refuse a recipient with."""

    refuses: Callable[[str], str] = lambda _address: ""
    password: str = ""
    mails: list[EmailMessage] = field(default_factory=list)
    url: str = ""

    def __enter__(self) -> Postbox:
        """Open."""
        more: dict[str, Any] = {}
        if self.password:
            more = {"authenticator": self._knows, "auth_require_tls": False}
        with closing(socket.create_server(("127.0.0.1", 0))) as free:
            port = free.getsockname()[1]  # the controller looks for itself at the port it was told
        self._controller = Controller(self, hostname="127.0.0.1", port=port, **more)
        self._controller.start()
        self.url = f"smtp://rooms:{self.password}@127.0.0.1:{port}" if self.password else f"smtp://127.0.0.1:{port}"
        return self

    def __exit__(self, *_failure: object) -> None:
        """Close."""
        self._controller.stop()

    async def handle_RCPT(  # noqa: N802
        self, _server: Any, _session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        refusal = self.refuses(address)
        if not refusal:
            envelope.rcpt_tos.append(address)
            envelope.rcpt_options.extend(options)
        return refusal or "250 OK"

    async def handle_DATA(  # noqa: N802
        self, _server: Any, _session: Any, envelope: Any
    ) -> str:
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 OK"

    def _knows(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, shown: Any) -> AuthResult:
        right = isinstance(shown, LoginPassword) and shown.password.decode() == self.password
        return AuthResult(success=right, handled=right or True)
