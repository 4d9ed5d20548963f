"""What the command line does to accounts and access tokens."""

from __future__ import annotations

import argparse
import json
from datetime import datetime
from typing import Any

from kiosk import clock
from kiosk.settings import Settings
from kiosk.store import accounts, sessions, tokens
from kiosk.store.accounts import Account
from kiosk.terminal.tables import open_parts, record, show
from kiosk.terminal.typed import typed_secret

ACCOUNT_COLUMNS = ("email", "name", "role", "scope", "password", "seen")


def set_password(settings: Settings, options: argparse.Namespace) -> None:
    """Give an account a password, adding the account or changing its role first where that is asked for."""
    store = open_parts(settings).store
    password = typed_secret("Password")
    account = accounts.set_up(store, options.email, options.role, options.scope, password, clock.now())
    record(store, "set_password", account=account.email, role=account.role)
    print(f"{account.email} ({account.role}) has a new password.")


def list_accounts(settings: Settings, options: argparse.Namespace) -> None:
    """Print every account."""
    with open_parts(settings).store.read() as db:
        known, seen = accounts.every(db), sessions.last_seen(db)
    rows = [_row(account, seen.get(account.email)) for account in known]
    short = [row | {"scope": " ".join(one or accounts.NO_BUILDING for one in row["scope"])} for row in rows]
    nothing = "There are no accounts yet: make an administrator with `kiosk admin password EMAIL`."
    show(rows, ACCOUNT_COLUMNS, options.json, nothing, short)


def _row(account: Account, seen: datetime | None) -> dict[str, Any]:
    return {
        "email": account.email,
        "name": account.name,
        "role": account.role,
        "scope": list(account.scope),
        "password": "yes" if account.has_password else "no",
        "seen": clock.iso(seen) if seen else "",
    }


def hand_out_link(settings: Settings, options: argparse.Namespace) -> None:
    """Print a link with which somebody chooses a password for their account, once."""
    store = open_parts(settings).store
    word = store.write(accounts.reset_link, options.email, clock.now())
    record(store, "reset_password", account=options.email)
    print(f"{settings.public_url or _here(settings)}/admin/password/{word}")


def _here(settings: Settings) -> str:
    """Return the address of a server on this machine; where it listens everywhere, people know its name."""
    everywhere = settings.host in {"0.0.0.0", "::"}
    host = "127.0.0.1" if everywhere else f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{settings.port}"


def log_out(settings: Settings, options: argparse.Namespace) -> None:
    """Sign somebody, with or without an account, out everywhere. Raises UsageError for what is nobody's address."""
    accounts.check_address(options.email)
    store = open_parts(settings).store
    number = store.write(sessions.close_all, options.email)
    record(store, "log_out_everywhere", account=options.email)
    print(f"{options.email} is signed out of {number} browser{'' if number == 1 else 's'}.")


def remove_account(settings: Settings, options: argparse.Namespace) -> None:
    """Take somebody's account away and sign them out everywhere."""
    store = open_parts(settings).store
    store.write(accounts.remove, options.email)
    record(store, "remove_account", account=options.email)
    print(f"{options.email} has no account any more and is signed out everywhere.")


def token(settings: Settings, options: argparse.Namespace) -> None:
    """Make, list or revoke access tokens."""
    store = open_parts(settings).store
    if options.list:
        with store.read() as db:
            found = tokens.every(db)
        known = [{"name": name, "kind": kind, "created": clock.iso(at)} for name, kind, at in found]
        text = [f"{one['name']}  {one['created']}  {one['kind']}" for one in known]
        print(json.dumps(known, indent=2) if options.json else "\n".join(text) or "There are no tokens.")
    elif options.revoke:
        store.write(tokens.revoke, options.revoke)
        record(store, "revoke_token", token=options.revoke)
        print(f"Revoked {options.revoke}.")
    else:
        kind: tokens.Kind = "screen" if options.screen else "program"
        print(store.write(tokens.create, options.name, clock.now(), kind))
        record(store, "add_token", token=options.name, kind=kind)
