"""Which addresses a webhook may lead to: public ones over https, and those of one's own network where allowed."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import SplitResult, urlsplit

from kiosk.errors import UsageError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
NOT_HTTPS = "A webhook's address begins with https://, or KIOSK_PRIVATE_WEBHOOKS=1 must allow others."
PRIVATE = (
    "{host} is an address of this machine or of a private network: KIOSK_PRIVATE_WEBHOOKS=1 lets webhooks lead there."
)
NEVER = "{host} is an address that no webhook may lead to."


def check(url: str, private: bool) -> SplitResult:
    """Return the parts of an address that may be used as far as its letters tell. Raises UsageError."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not private:
        raise UsageError(NOT_HTTPS)
    literal = _literal(parts.hostname or "")
    if literal:
        _admit(literal, parts.hostname or "", private)
    return parts


def resolve(host: str, port: int, private: bool) -> str:
    """Return the address behind a name, which is then the one connected to: a second look-up could say another.

    Raises UsageError when any address of the name is one that may not be used, OSError when there is none.
    """
    found = [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    for text in found:
        _admit(ipaddress.ip_address(text.partition("%")[0]), host, private)
    return found[0]


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None


def _admit(address: Address, host: str, private: bool) -> None:
    inner = _inner(address)
    # Link-local addresses hold the keys of cloud machines; the others lead to no single machine.
    nowhere = inner.is_link_local or inner.is_multicast or inner.is_unspecified or inner.is_reserved
    if nowhere and not inner.is_loopback:
        raise UsageError(NEVER.format(host=host))
    if not inner.is_global and not private:
        raise UsageError(PRIVATE.format(host=host))


def _inner(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one stands for, where it does."""
    if isinstance(address, ipaddress.IPv6Address):
        return address.ipv4_mapped or address.sixtofour or address
    return address
