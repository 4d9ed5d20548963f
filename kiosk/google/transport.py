"""Connections of Google's HTTP library that take our route.

The library itself knows proxies only through another package, without which it goes straight without a word;
the standard library opens the same tunnels.
"""

from __future__ import annotations

import http.client
from typing import Any
from urllib.parse import urlsplit

import httplib2

from kiosk.google.route import Proxy, Route


class Http(httplib2.Http):  # type: ignore[misc]
    """The library's client, on our route; not to be shared between threads."""

    def __init__(self, route: Route, timeout: float) -> None:
        super().__init__(timeout=timeout, proxy_info=None, ca_certs=route.ca_file or None)
        self._route = route

    def request(self, uri: str, *arguments: Any, **options: Any) -> Any:
        """Send a request, through the proxy where the route has one for its host."""
        return super().request(uri, *arguments, **options | self._way(uri))

    def _way(self, uri: str) -> dict[str, Any]:
        parts = urlsplit(uri)
        proxy = self._route.proxy_for(parts.netloc) if parts.scheme == "https" else None
        return {"connection_type": _tunnel(proxy)} if proxy else {}


def _tunnel(proxy: Proxy) -> type[http.client.HTTPSConnection]:
    """Return the class of connections through that proxy: the library wants a class that takes a host."""

    class Tunnel(httplib2.HTTPSConnectionWithTimeout):  # type: ignore[misc]
        def __init__(self, authority: str, **options: Any) -> None:
            super().__init__(proxy.host, proxy.port, **options)
            self.set_tunnel(authority, headers=proxy.headers)

        def connect(self) -> None:
            http.client.HTTPSConnection.connect(self)

    return Tunnel
