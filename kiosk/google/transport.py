"""Connections of Google's HTTP library that take our route.

The library itself knows proxies only through another package, without which it goes straight without a word;
the standard library opens the same tunnels.
"""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import httplib2

from kiosk.google.route import Proxy, Route


class Http(httplib2.Http):  # type: ignore[misc]
    """The library's client, on our route; not to be shared between threads.

    `paid`: how many of the next requests are counted already; `spent` is called for every other one that leaves, such
    as the library's own second try on a connection that had died.
    """

    def __init__(self, route: Route, timeout: float, spent: Callable[[], None] = lambda: None) -> None:
        super().__init__(timeout=timeout, proxy_info=None, ca_certs=route.ca_file or None)
        self._route, self._spent = route, spent
        self.paid = 0

    def request(self, uri: str, *arguments: Any, **options: Any) -> Any:
        """Send a request, through the proxy where the route has one for its host."""
        return super().request(uri, *arguments, **options | self._way(uri))

    def _conn_request(self, conn: Any, *arguments: Any) -> Any:
        # Only here, below the library's own tries, is it seen what really leaves.
        return super()._conn_request(_Counted(conn, self._count), *arguments)

    def _auth_from_challenge(self, *_: Any) -> Iterator[Any]:
        # We have no passwords to answer a 401 with, and what would read its challenge is large: it stays out of memory.
        return iter(())

    def _count(self) -> None:
        if self.paid:
            self.paid -= 1
        else:
            self._spent()

    def _way(self, uri: str) -> dict[str, Any]:
        parts = urlsplit(uri)
        proxy = self._route.proxy_for(parts.netloc) if parts.scheme == "https" else None
        return {"connection_type": _tunnel(proxy)} if proxy else {}


class _Counted:
    """A connection that says when a request leaves on it."""

    def __init__(self, connection: Any, leaving: Callable[[], None]) -> None:
        self._connection, self._leaving = connection, leaving

    def request(self, *arguments: Any) -> None:
        """Send a request."""
        self._leaving()
        self._connection.request(*arguments)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


def _tunnel(proxy: Proxy) -> type[http.client.HTTPSConnection]:
    """Return the class of connections through that proxy: the library wants a class that takes a host."""

    class Tunnel(httplib2.HTTPSConnectionWithTimeout):  # type: ignore[misc]
        def __init__(self, authority: str, **options: Any) -> None:
            super().__init__(proxy.host, proxy.port, **options)
            self.set_tunnel(authority, headers=proxy.headers)

        def connect(self) -> None:
            http.client.HTTPSConnection.connect(self)

    return Tunnel
