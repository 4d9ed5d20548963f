"""The line to a hub says in a sentence what is wrong, keeps the token to itself, and believes no half answer."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kiosk.errors import AccessDenied, Unreachable
from kiosk.source import Window
from kiosk.upstream.hub import Hub
from kiosk.upstream.line import Line

Say = Callable[[BaseHTTPRequestHandler], None]
NOW = datetime(2026, 8, 10, 8, tzinfo=UTC)


@contextmanager
def answering(say: Say, certificate: Path | None = None) -> Iterator[int]:
    """Serve that answer to whoever asks, and give the port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            say(self)

        do_PUT = do_GET  # noqa: N815 - the standard library's word

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def certified(file: Path, name: str, days: int = 1) -> Path:
    """Make a certificate of its own authority, for that name."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=9))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file


def good(handler: BaseHTTPRequestHandler, text: bytes = b"{}") -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(text)))
    handler.end_headers()
    handler.wfile.write(text)


def complaint(url: str, ca_file: str = "") -> str:
    """Return what is said of a hub that cannot be followed."""
    line = Line(url, lambda: "token", ca_file)
    try:
        with pytest.raises(Unreachable) as caught:
            Hub(line).page("hub:1", Window(NOW, NOW))
    finally:
        line.close()
    return str(caught.value)


def test_a_certificate_for_another_name_is_named_so(tmp_path: Path) -> None:
    file = certified(tmp_path / "other.pem", "other.example")
    with answering(good, file) as port:
        assert "certificate is not for localhost" in complaint(f"https://localhost:{port}", str(file))


def test_a_certificate_of_an_unknown_authority_is_named_so(tmp_path: Path) -> None:
    with answering(good, certified(tmp_path / "own.pem", "localhost")) as port:
        assert "SSL_CERT_FILE" in complaint(f"https://localhost:{port}")


def test_a_certificate_that_has_expired_is_named_so(tmp_path: Path) -> None:
    file = certified(tmp_path / "old.pem", "localhost", days=-1)
    with answering(good, file) as port:
        assert "has expired" in complaint(f"https://localhost:{port}", str(file))


def test_tls_where_there_is_none_is_named_so() -> None:
    with answering(good) as port:
        assert "does not speak TLS" in complaint(f"https://localhost:{port}")


def test_a_name_that_nobody_knows_is_named_so() -> None:
    assert "The hub's name nowhere.invalid is not known" in complaint("http://nowhere.invalid:80")


def test_where_nothing_answers_is_named_so() -> None:
    with answering(good) as port:
        pass
    assert f"Nothing answers at http://127.0.0.1:{port}" in complaint(f"http://127.0.0.1:{port}")


def test_another_kind_of_server_is_named_so() -> None:
    with answering(lambda handler: good(handler, b"<html>It works!</html>")) as port:
        assert "does not answer as a hub does" in complaint(f"http://127.0.0.1:{port}")


def test_half_an_answer_is_none() -> None:
    def half(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b'{"version": ')

    with answering(half) as port:
        assert "does not answer" in complaint(f"http://127.0.0.1:{port}")


def test_a_token_is_not_sent_where_a_hub_sends_elsewhere() -> None:
    heard: list[str | None] = []

    def note(handler: BaseHTTPRequestHandler) -> None:
        heard.append(handler.headers.get("Authorization"))
        good(handler)

    with answering(note) as stranger:

        def elsewhere(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(302)
            handler.send_header("Location", f"http://127.0.0.1:{stranger}/")
            handler.send_header("Content-Length", "0")
            handler.end_headers()

        with answering(elsewhere) as port:
            assert "sends elsewhere" in complaint(f"http://127.0.0.1:{port}")
    assert heard == []


def refuse(handler: BaseHTTPRequestHandler, text: bytes) -> None:
    handler.send_response(401)
    handler.send_header("Content-Length", str(len(text)))
    handler.end_headers()
    handler.wfile.write(text)


def test_a_gateway_that_asks_for_a_password_is_no_hub_that_refuses() -> None:
    with answering(lambda handler: refuse(handler, b"<html>Who are you?</html>")) as port:
        assert "What stands before the hub" in complaint(f"http://127.0.0.1:{port}")


def test_a_token_that_is_refused_is_no_reason_to_wait() -> None:
    with answering(lambda handler: refuse(handler, b'{"reason": "revoked"}')) as port:
        line = Line(f"http://127.0.0.1:{port}", lambda: "token")
        with pytest.raises(AccessDenied):
            Hub(line).listen("", "", 0)
        line.close()
