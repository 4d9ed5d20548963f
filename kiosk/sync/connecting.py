"""Connecting the organisation: new credentials are tried before they take the place of those that work."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

from kiosk import clock, runtime
from kiosk.errors import SourceError, UsageError
from kiosk.google import consent
from kiosk.google.access import Access, Google
from kiosk.google.calendars import GoogleCalendars
from kiosk.google.oauth import TOKEN
from kiosk.store import acts, connection, leases
from kiosk.store.acts import Act
from kiosk.store.connection import Connection, Kind
from kiosk.store.database import Store
from kiosk.store.vault import Vault

log = logging.getLogger(__name__)

TOKEN_ADDRESSES = (TOKEN, "https://accounts.google.com/o/oauth2/token", "https://www.googleapis.com/oauth2/v4/token")
OTHER_FILES = {
    "web": "This is the file of an OAuth client: it belongs to the consent of an administrator.",
    "installed": "This is the file of an OAuth client for desktop programs: make one of type Web application.",
}


@dataclass(frozen=True, slots=True)
class Accesses:
    """The access of the moment: what the settings name wins over what was connected while running."""

    named: Access
    store: Store
    vault: Vault

    def current(self) -> Access:
        """Return the access of the moment; its file is empty while there is none."""
        if self.named.file:
            return self.named
        with self.store.read() as db:
            found = connection.read(db)
        return self.of(found) if found else Access()

    def of(self, found: Connection) -> Access:
        """Return the access of a connection."""
        return Access(str(self.vault.path(found.file)), found.subject, found.admin_subject)

    def connected(self) -> bool:
        """Tell whether there is any."""
        return bool(self.current().file)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who connects or disconnects, and from where."""

    who: str
    place: str


@dataclass(frozen=True, slots=True)
class Offer:
    """Credentials that somebody offers, as the content of a file, and for whom a service account shall act."""

    content: str
    subject: str = ""
    admin_subject: str = ""
    domain: str = ""


@dataclass(frozen=True, slots=True)
class Connecting:
    """Connects and disconnects; `google` is how Google is reached with whatever is connected."""

    accesses: Accesses
    google: Google
    clock: clock.Clock = clock.now

    def current(self) -> Connection | None:
        """Return what was connected while running, None when nothing is."""
        with self.accesses.store.read() as db:
            return connection.read(db)

    def connect(self, offer: Offer, actor: Actor) -> Connection:
        """Try credentials, and take them over if Google gives a token for them; else all stays as it is.

        Raises UsageError for a file of something else, SourceError with Google's reason.
        """
        if self.accesses.named.file:
            raise UsageError("KIOSK_GOOGLE_CREDENTIALS names the credentials: unset it to connect others here.")
        with self._alone():
            return self._connect(offer, actor)

    def _connect(self, offer: Offer, actor: Actor) -> Connection:
        offered = self._read(offer, actor)
        vault = self.accesses.vault
        new = vault.read(offered.file) is None
        runtime.offload(vault.keep, offered.file, offer.content)
        try:
            self._try(self.accesses.of(offered))
        except SourceError as error:
            if new:
                vault.drop(offered.file)
            self._record("connect", actor, offered, "refused", str(error))
            raise
        self.accesses.store.write_durably(connection.switch, offered, self._act("connect", actor, offered, "done"))
        self._tidy(offered.file)
        return offered

    def disconnect(self, actor: Actor) -> str:
        """Forget what is connected, and end an administrator's consent at Google; return what else is to be done.

        Raises UsageError when nothing is connected here.
        """
        with self._alone():
            return self._disconnect(actor)

    def _disconnect(self, actor: Actor) -> str:
        found = self.current()
        if found is None:
            raise UsageError("Nothing is connected here.")
        left = self._revoked(found)
        self.accesses.store.write_durably(connection.end, self._act("disconnect", actor, found, "done"))
        self._tidy("")
        return left

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep others out meanwhile: whoever came second would take the first one's file away. Raises UsageError."""
        store = self.accesses.store
        lease = store.write(leases.take, "connect", uuid.uuid4().hex, self.clock(), leases.LONGEST)
        if lease is None:
            raise UsageError("Somebody is connecting or disconnecting right now: try again in two minutes.")
        try:
            yield
        finally:
            store.write(leases.give_back, lease)

    def _read(self, offer: Offer, actor: Actor) -> Connection:
        content = read_credentials(offer.content, self.google.endpoint)
        kind: Kind = content["type"]
        account = content["client_email"] if kind == "service_account" else content.get("account", "")
        subject, admin = offer.subject.strip().lower(), offer.admin_subject.strip().lower()
        known = next((one for one in (subject, admin, account if kind == "authorized_user" else "") if one), "")
        return Connection(
            kind=kind,
            account=str(account),
            client_id=str(content.get("client_id", "")),
            subject=subject if kind == "service_account" else "",
            admin_subject=admin if kind == "service_account" else "",
            domain=offer.domain or known.partition("@")[2],
            who=actor.who,
            since=self.clock(),
            fingerprint=connection.fingerprint(offer.content),
        )

    def _try(self, access: Access) -> None:
        with closing(GoogleCalendars(self.google.with_access(access))) as calendars:
            calendars.check()

    def _revoked(self, found: Connection) -> str:
        """End a consent at Google; a service account's key can be ended in Google's console only."""
        content = self.accesses.vault.read(found.file)
        if found.kind == "service_account":
            return f"Delete the key of {found.account} in Google's console too, if nothing else uses it."
        try:
            if content:
                consent.revoke(content, self.google.endpoint, self.google.route)
        except SourceError as error:
            log.warning("The consent could not be ended at Google: %s", error)
            return "Google could not be told: remove the access at https://myaccount.google.com/connections too."
        return ""

    def _tidy(self, kept: str) -> None:
        vault = self.accesses.vault
        for name in vault.names(connection.FILE):
            if name != kept:
                vault.drop(name)

    def _record(self, act: str, actor: Actor, about: Connection, result: str, reason: str) -> None:
        self.accesses.store.write(acts.record, self._act(act, actor, about, result, reason))

    def _act(self, act: str, actor: Actor, about: Connection, result: str, reason: str = "") -> Act:
        detail = {"kind": about.kind, "account": about.account, "subject": about.subject}
        return Act(self.clock(), actor.who, actor.place, act, "", "", result, reason, detail)


def read_credentials(text: str, endpoint: str = "") -> Mapping[str, Any]:
    """Read a service account's or an authorized user's file. Raises UsageError with what it is instead."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError("This is not a JSON file, as Google's console hands out.") from error
    content = content if isinstance(content, dict) else {}
    instead = next((sentence for key, sentence in OTHER_FILES.items() if key in content), "")
    if instead:
        raise UsageError(instead)
    needed = {"service_account": ("client_email", "private_key"), "authorized_user": ("client_id", "refresh_token")}
    kind = str(content.get("type"))
    if kind not in needed or not all(isinstance(content.get(name), str) for name in needed[kind]):
        raise UsageError("This is neither a service account's key nor an authorized user's file.")
    _check_token_address(content.get("token_uri", TOKEN), endpoint)
    return content


def _check_token_address(address: object, endpoint: str) -> None:
    """Secrets go to Google only, or to the stand-in that the settings name."""
    allowed = ((f"{endpoint}/token",) if endpoint else ()) + TOKEN_ADDRESSES
    if address not in allowed:
        raise UsageError(f"The file names {address!r} as the place for tokens; it should be {allowed[0]}.")
