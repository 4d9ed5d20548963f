"""What lies between an organisation and Google: a private authority, a front with TLS, a proxy with tunnels."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from kiosk import clock

HOST = "google.test"  # no resolver knows it: only a proxy reaches it


@dataclass(frozen=True)
class Authority:
    """A private authority's certificate, and the certificate and key of a host that it vouches for."""

    ca_file: Path
    host_file: Path


def make_authority(folder: Path) -> Authority:
    """Make an authority that vouches for HOST."""
    ca_key, host_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "An organisation's authority")])
    host_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    key_id = x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key())
    ca = _certificate(ca_name, ca_name, ca_key.public_key(), x509.BasicConstraints(ca=True, path_length=0))
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    ca = ca.add_extension(usage, critical=True).add_extension(key_id, critical=False)
    host = _certificate(ca_name, host_name, host_key.public_key(), x509.BasicConstraints(ca=False, path_length=None))
    host = host.add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
    host = host.add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(key_id), critical=False)
    host = host.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    made = Authority(folder / "ca.pem", folder / "host.pem")
    made.ca_file.write_bytes(ca.sign(ca_key, hashes.SHA256()).public_bytes(Encoding.PEM))
    secret = host_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    made.host_file.write_bytes(host.sign(ca_key, hashes.SHA256()).public_bytes(Encoding.PEM) + secret)
    return made


def _certificate(
    issuer: x509.Name, subject: x509.Name, key: ec.EllipticCurvePublicKey, constraints: x509.BasicConstraints
) -> x509.CertificateBuilder:
    now = clock.now()
    builder = x509.CertificateBuilder().issuer_name(issuer).subject_name(subject).public_key(key)
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(hours=1))
    return builder.not_valid_after(now + timedelta(days=2)).add_extension(constraints, critical=True)


@dataclass
class Proxy:
    """A proxy whose tunnels all lead to one port of this machine; with `password` it insists on that."""

    target: int
    password: str = ""
    port: int = 0
    tunnels: list[str] = field(default_factory=list)

    def handle(self, connection: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(4096) or b"\r\n\r\n"
        line, *headers = head.decode("latin-1").split("\r\n")
        if self.password and f"Proxy-Authorization: Basic {self.password}" not in headers:
            connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            return
        self.tunnels.append(line)
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with socket.create_connection(("127.0.0.1", self.target)) as onward:
            _join(connection, onward)


@contextmanager
def tls_front(target: int, certificate: Path) -> Iterator[int]:
    """Take TLS connections and pass on to that port what they carry; gives the port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def handle(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as inside:
            with socket.create_connection(("127.0.0.1", target)) as onward:
                _join(inside, onward)

    with _listening(handle) as port:
        yield port


@contextmanager
def proxy(target: int, password: str = "") -> Iterator[Proxy]:
    """Run a proxy."""
    made = Proxy(target, password)
    with _listening(made.handle) as made.port:
        yield made


@contextmanager
def _listening(handle: Callable[[socket.socket], None]) -> Iterator[int]:
    """Give every connection to `handle` in a thread of its own; all are cut at the end."""
    listener = socket.create_server(("127.0.0.1", 0))
    open_ones: list[tuple[socket.socket, threading.Thread]] = []

    def serve(connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            handle(connection)

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=serve, args=(connection,), daemon=True)
            open_ones.append((connection, thread))
            thread.start()

    acceptor = threading.Thread(target=accept)
    acceptor.start()
    yield listener.getsockname()[1]
    with contextlib.suppress(OSError):
        listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    acceptor.join()
    for connection, thread in open_ones:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def _join(one: socket.socket, other: socket.socket) -> None:
    """Carry bytes both ways until one side ends."""
    back = threading.Thread(target=_carry, args=(other, one), daemon=True)
    back.start()
    _carry(one, other)
    back.join(5)


def _carry(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    for each in (source, sink):
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
