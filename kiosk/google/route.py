"""The way to Google: straight, or through a proxy, and which certificates are trusted on it."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

USUAL_PROXY_PORT = 80


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy that opens tunnels; `headers` are sent to it and to nobody else."""

    host: str
    port: int
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Route:
    """The standard variables' values: HTTPS_PROXY, NO_PROXY, and a file of certificates; empty when not set."""

    proxy: str = ""
    without_proxy: str = ""
    ca_file: str = ""

    def proxy_for(self, host: str) -> Proxy | None:
        """Return the proxy through which an https host, with or without a port, is reached; None for none."""
        if not self.proxy or any(_covers(entry, host) for entry in self.without_proxy.split(",")):
            return None
        parts = urlsplit(self.proxy)
        secret = _authorization(parts.username, parts.password)
        return Proxy(parts.hostname or "", parts.port or USUAL_PROXY_PORT, secret)


STRAIGHT = Route()


def _covers(entry: str, host: str) -> bool:
    """Tell whether an entry of NO_PROXY means a host: all, a domain with its subdomains, or a host with its port."""
    entry = entry.strip().lower().removeprefix("*.").lstrip(".")
    name = urlsplit(f"//{host}").hostname or ""
    return entry == "*" or entry == host.lower() or (entry != "" and f".{name}".endswith(f".{entry}"))


def _authorization(user: str | None, password: str | None) -> dict[str, str]:
    if not user:
        return {}
    secret = f"{unquote(user)}:{unquote(password or '')}".encode()
    return {"Proxy-Authorization": f"Basic {b64encode(secret).decode()}"}
