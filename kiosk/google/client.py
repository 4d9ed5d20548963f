"""Talking to Google: credentials from a file, one connection per worker, the library loaded when first needed."""

from __future__ import annotations

import hashlib
import importlib
import queue
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from kiosk import runtime
from kiosk.errors import AccessDenied
from kiosk.google.route import STRAIGHT, Route

TIMEOUT = 20
# Tokens and connections kept for as many people; each of them costs a token request when they are back.
MOST_PEOPLE = 32
CALENDAR_SCOPES = (
    "https://www.googleapis.com/auth/calendar.readonly",
    "https://www.googleapis.com/auth/calendar.events",
)
DIRECTORY_SCOPES = ("https://www.googleapis.com/auth/admin.directory.resource.calendar.readonly",)
PEOPLE_SCOPES = ("https://www.googleapis.com/auth/admin.directory.user.readonly",)


class _Collections:
    """An API whose collections are made once: the library describes all their methods anew each time."""

    def __init__(self, api: Any) -> None:
        self._api = api
        self._made: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Callable[[], Any]:
        if name not in self._made:
            self._made[name] = getattr(self._api, name)()
        made = self._made[name]
        return lambda: made


class Client:
    """One of Google's services, with credentials of its own; safe to share between workers."""

    def __init__(
        self,
        service: str,
        version: str,
        root: str,
        file: str,
        subject: str,
        scopes: tuple[str, ...],
        route: Route = STRAIGHT,
        spent: Callable[[], None] = lambda: None,
    ) -> None:
        """`root` is the address the service's paths are added to, empty for Google itself.

        `spent` is called for every request beyond the first of an `execute`: tokens, and what is sent a second time.
        """
        self._service, self._version, self._root, self._route = service, version, root, route
        self._spent = spent
        self._file, self._subject, self._scopes = file, subject, scopes
        self._loading = threading.Lock()
        self._refreshing = threading.Lock()
        self._connections: queue.LifoQueue[Any] = queue.LifoQueue()
        self._loaded: tuple[Any, Any] | None = None

    def execute(self, call: Any) -> Any:
        """Send `call(resource)` and return its JSON. Raises the errors of `kiosk.errors`."""
        api, credentials = self._load()
        from kiosk.google.failures import translated

        with translated(), self._connection(credentials) as connection:
            return call(api).execute(http=connection, num_retries=0)

    def close(self) -> None:
        """Close the connections that nobody uses at the moment."""
        while not self._connections.empty():
            self._connections.get().close()

    def check(self) -> None:
        """Get a token, and nothing else. Raises the errors of `kiosk.errors`."""
        _api, credentials = self._load()
        from kiosk.google.failures import translated

        with translated(), self._connection(credentials):
            return

    def acting_for(self, person: str) -> Client:
        """Return the same service in a person's name. Raises AccessDenied where no credentials of ours allow it."""
        api, credentials = self._load()
        with_subject = getattr(credentials, "with_subject", None)
        if with_subject is None:
            raise AccessDenied("Only a service account with domain-wide delegation can act for people.", "delegation")
        other = Client(
            self._service, self._version, self._root, self._file, person, self._scopes, self._route, self._spent
        )
        other._loaded = api, with_subject(person)
        return other

    def _load(self) -> tuple[Any, Any]:
        # Importing Google's library takes long enough to be felt on every screen: a real thread does it.
        with self._loading:
            if self._loaded is None:
                self._loaded = runtime.offload(self._build)
            return self._loaded

    def _build(self) -> tuple[Any, Any]:
        discovery = importlib.import_module("googleapiclient.discovery")
        httplib2 = importlib.import_module("httplib2")
        importlib.import_module("kiosk.google.failures")
        importlib.import_module("kiosk.google.transport")
        api = discovery.build(
            self._service,
            self._version,
            http=httplib2.Http(),
            static_discovery=True,
            cache_discovery=False,
            client_options={"api_endpoint": self._root} if self._root else None,
        )
        return _Collections(api), self._credentials()

    def _credentials(self) -> Any:
        importlib.import_module("google_auth_httplib2")
        if not self._file:
            raise AccessDenied("No Google credentials: set KIOSK_GOOGLE_CREDENTIALS to a file.")
        credentials = importlib.import_module("kiosk.google.credentials")
        try:
            return credentials.load(self._file, self._scopes, self._subject)
        except (credentials.GoogleAuthError, ValueError, OSError) as error:
            raise AccessDenied(f"KIOSK_GOOGLE_CREDENTIALS {self._file!r} cannot be used: {error}") from error

    @contextmanager
    def _connection(self, credentials: Any) -> Iterator[Any]:
        """Lend a connection of the pool; one that failed is not used again."""
        import google_auth_httplib2
        from googleapiclient.errors import HttpError

        from kiosk.google.transport import Http

        try:
            connection = self._connections.get_nowait()
        except queue.Empty:
            connection = google_auth_httplib2.AuthorizedHttp(credentials, http=Http(self._route, TIMEOUT, self._spent))
        connection.http.paid = 1
        try:
            self._refresh(credentials, google_auth_httplib2.Request(connection.http))
            yield connection
        except HttpError:
            self._connections.put(connection)  # it has answered, though not as wished
            raise
        except BaseException:
            connection.close()
            raise
        self._connections.put(connection)

    def _refresh(self, credentials: Any, request: Any) -> None:
        with self._refreshing:  # one token for all workers, not one each
            if not credentials.valid:
                credentials.refresh(request)


class People:
    """Clients in people's names; of more than some, the one not used for longest is let go."""

    def __init__(self, client: Client) -> None:
        """`client`: the service, in whosever name."""
        self._client = client
        self._known: OrderedDict[str, Client] = OrderedDict()
        self._choosing = threading.Lock()

    def client(self, person: str) -> Client:
        """Return the client in that person's name. Raises AccessDenied where no credentials of ours allow it."""
        with self._choosing:
            known = self._known.pop(person.lower(), None) or self._client.acting_for(person)
            self._known[person.lower()] = known
            if len(self._known) > MOST_PEOPLE:
                self._known.popitem(last=False)[1].close()
            return known

    def close(self) -> None:
        """Close the connections that nobody uses at the moment."""
        with self._choosing:
            for client in self._known.values():
                client.close()


def quota_user(calendar_id: str) -> str:
    """Give each room its own share of the quota; the parameter takes 40 characters at most."""
    return hashlib.sha256(calendar_id.encode()).hexdigest()[:32]
