"""What is connected to Google; the secret itself lies in the vault, under a name that says its fingerprint."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal

from peewee import Database

from kiosk.store import acts, directory, facts, mirror, people, pins, sessions
from kiosk.store.acts import Act
from kiosk.store.models import instant, milliseconds

FACT = "connection"
FILE = "google-"
CLIENT_FILE = "oauth-client.json"
Kind = Literal["service_account", "authorized_user"]


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection: `account` is a service account, or who has consented; `who` connected it, and when.

    `subject`: who a service account acts as on calendars; `admin_subject`: who reads the Directory; `domain`: the
    organisation's, empty when it is not known.
    """

    kind: Kind
    account: str
    client_id: str
    subject: str
    admin_subject: str
    domain: str
    who: str
    since: datetime
    fingerprint: str

    @property
    def file(self) -> str:
        """The name of its secret in the vault."""
        return f"{FILE}{self.fingerprint}.json"


def fingerprint(secret: str) -> str:
    """Return a short name of a secret, from which nobody can guess it."""
    return hashlib.sha256(secret.encode()).hexdigest()[:16]


def read(db: Database) -> Connection | None:
    """Return what is connected, None when nothing is."""
    text = facts.read(db, FACT)
    if text is None:
        return None
    values = json.loads(text)
    return Connection(**{**values, "since": instant(values["since"])})


def switch(db: Database, connection: Connection, act: Act) -> None:
    """Make this the connection; what rests because an earlier one failed need not wait."""
    facts.write(db, FACT, json.dumps(asdict(connection) | {"since": milliseconds(connection.since)}))
    acts.record(db, act)
    mirror.forgive(db, act.at)
    directory.schedule(db, act.at)


def end(db: Database, act: Act) -> None:
    """Be connected no longer, and know nobody of the organisation any more.

    Whoever had left it before has no PIN and is not signed in any more: nobody could tell that from now on.
    """
    facts.forget(db, FACT)
    pins.drop_left(db)
    sessions.drop_left(db)
    people.forget(db)
    acts.record(db, act)
