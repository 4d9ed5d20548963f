"""Talking to Google: credentials from a file, one connection per worker, the library loaded when first needed."""

from __future__ import annotations

import hashlib
import importlib
import queue
import threading
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from kiosk import clock, memory, runtime
from kiosk.errors import AccessDenied, SourceError
from kiosk.google.access import Access, Google

TIMEOUT = 20
NOT_CONNECTED = "Google is not connected: open /admin/google, or run `kiosk connect FILE`."
# Tokens and connections kept for as many people; each of them costs a token request when they are back.
MOST_PEOPLE = 32
CALENDAR_SCOPES = (
    "https://www.googleapis.com/auth/calendar.readonly",
    "https://www.googleapis.com/auth/calendar.events",
)
DIRECTORY_SCOPES = ("https://www.googleapis.com/auth/admin.directory.resource.calendar.readonly",)
PEOPLE_SCOPES = ("https://www.googleapis.com/auth/admin.directory.user.readonly",)


class Caller(ABC):
    """Sends requests with what is loaded at the moment; safe to share between workers."""

    def execute(self, call: Any) -> Any:
        """Send `call(resource)` and return its JSON. Raises the errors of `kiosk.errors`."""
        session = self.session()
        from kiosk.google.failures import translated

        request, started, result = None, clock.monotonic(), "error"
        try:
            with translated(), session.connection() as connection:
                request = call(session.api)
                answer = request.execute(http=connection, num_retries=0)
            result = "ok"
            return answer
        except SourceError as error:
            result = type(error).__name__.lower()
            raise
        finally:
            session.google.heard(getattr(request, "methodId", "token"), result, clock.monotonic() - started)

    def check(self) -> None:
        """Get a token, and nothing else. Raises the errors of `kiosk.errors`."""
        session = self.session()
        from kiosk.google.failures import translated

        with translated(), session.connection():
            return

    @abstractmethod
    def session(self) -> Session:
        """Return what is loaded for the present access. Raises AccessDenied where there is none."""

    @abstractmethod
    def close(self) -> None:
        """Close the connections that nobody uses at the moment."""


class Client(Caller):
    """One of Google's services, with credentials of its own.

    When the access changes, what was loaded for the earlier one is let go with the next request.
    """

    def __init__(
        self,
        service: str,
        version: str,
        path: str,
        google: Google,
        scopes: tuple[str, ...],
        chosen: Callable[[Access], Access] = lambda access: access,
    ) -> None:
        """`path` is what the service's paths are added to at another server; `chosen`: the access it takes.

        `google.spent` is called for every request beyond the first of an `execute`: tokens, and second tries.
        """
        self._service, self._version, self._root = service, version, google.root(path)
        self._google, self._scopes, self._chosen = google, scopes, chosen
        self._loading = threading.Lock()
        self._loaded: tuple[Access, Session] | None = None

    def close(self) -> None:
        """Close the connections that nobody uses at the moment."""
        if self._loaded:
            self._loaded[1].close()

    def session(self) -> Session:
        """Return what is loaded for the present access."""
        # Importing Google's library takes long enough to be felt on every screen: a real thread does it.
        access = self._chosen(self._google.access())
        with self._loading:
            if self._loaded is None or self._loaded[0] != access:
                before, self._loaded = self._loaded, (access, runtime.offload(self._build, access))
                if before:
                    before[1].close()
            return self._loaded[1]

    def _build(self, access: Access) -> Session:
        importlib.import_module("kiosk.google.failures")
        importlib.import_module("kiosk.google.transport")
        description = importlib.import_module("kiosk.google.description")
        api = description.collections(self._service, self._version, self._root)
        session = Session(api, self._credentials(access.file, access.subject), self._google)
        memory.give_back()  # what it took to read the description
        return session

    def _credentials(self, file: str, subject: str) -> Any:
        importlib.import_module("google_auth_httplib2")
        if not file:
            raise AccessDenied(NOT_CONNECTED, "notConnected")
        credentials = importlib.import_module("kiosk.google.credentials")
        try:
            return credentials.load(file, self._scopes, subject)
        except (credentials.GoogleAuthError, ValueError, OSError) as error:
            raise AccessDenied(f"The credentials {file!r} cannot be used: {error}", "unreadable") from error


class Session:
    """Credentials as they are loaded, and the connections that use them."""

    def __init__(self, api: Any, credentials: Any, google: Google) -> None:
        self.api, self.credentials, self.google = api, credentials, google
        self._refreshing = threading.Lock()
        self._connections: queue.LifoQueue[Any] = queue.LifoQueue()
        self._closed = False

    def acting_for(self, person: str) -> Session:
        """Return the same in a person's name. Raises AccessDenied where no credentials of ours allow it."""
        with_subject = getattr(self.credentials, "with_subject", None)
        if with_subject is None:
            raise AccessDenied("Only a service account with domain-wide delegation can act for people.", "delegation")
        return Session(self.api, with_subject(person), self.google)

    def close(self) -> None:
        """Close the connections that nobody uses at the moment, and the others when they come back."""
        self._closed = True
        while not self._connections.empty():
            self._connections.get().close()

    @contextmanager
    def connection(self) -> Iterator[Any]:
        """Lend a connection of the pool, with a token; one that failed is not used again."""
        import google_auth_httplib2
        from googleapiclient.errors import HttpError

        from kiosk.google.transport import Http

        try:
            connection = self._connections.get_nowait()
        except queue.Empty:
            http = Http(self.google.route, TIMEOUT, self.google.spent)
            connection = google_auth_httplib2.AuthorizedHttp(self.credentials, http=http)
        connection.http.paid = 1
        try:
            self._refresh(google_auth_httplib2.Request(connection.http))
            yield connection
        except HttpError:
            self._give_back(connection)  # it has answered, though not as wished
            raise
        except BaseException:
            connection.close()
            raise
        self._give_back(connection)

    def _give_back(self, connection: Any) -> None:
        if self._closed:
            connection.close()
        else:
            self._connections.put(connection)

    def _refresh(self, request: Any) -> None:
        with self._refreshing:  # one token for all workers, not one each
            if not self.credentials.valid:
                self.credentials.refresh(request)


class PersonClient(Caller):
    """A service in a person's name, with whatever credentials the service has at the moment."""

    def __init__(self, client: Client, person: str) -> None:
        self._client, self._person = client, person
        self._choosing = threading.Lock()
        self._made: tuple[Session, Session] | None = None

    def close(self) -> None:
        """Close the connections that nobody uses at the moment."""
        if self._made:
            self._made[1].close()

    def session(self) -> Session:
        """Return what is loaded for the present access. Raises AccessDenied where it allows to act for nobody."""
        whole = self._client.session()
        with self._choosing:
            if self._made is None or self._made[0] is not whole:
                self.close()
                self._made = whole, whole.acting_for(self._person)
            return self._made[1]


class People:
    """Clients in people's names; of more than some, the one not used for longest is let go."""

    def __init__(self, client: Client) -> None:
        """`client`: the service, in whosever name."""
        self._client = client
        self._known: OrderedDict[str, Caller] = OrderedDict()
        self._choosing = threading.Lock()

    def client(self, person: str) -> Caller:
        """Return the client in that person's name; it is refused where no credentials of ours allow it."""
        with self._choosing:
            known = self._known.pop(person.lower(), None) or PersonClient(self._client, person)
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
