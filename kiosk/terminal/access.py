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
from kiosk.terminal.tables import open_parts, print_table, record
from kiosk.terminal.typed import typed_secret

ACCOUNT_COLUMNS = ("email", "name", "role", "scope", "password", "seen")


def set_password(settings: Settings, options: argparse.Namespace) -> None:
    """Give an account a password, adding the account or changing its role first where that is asked for."""
    store = open_parts(settings).store
    password = typed_secret("Password")
    accounts.check_password(password)
    account = store.write(accounts.prepare, options.email, options.role, options.scope, clock.now())
    accounts.set_password(store, account.email, password)
    record(store, "set_password", account=account.email, role=account.role)
    print(f"{account.email} ({account.role}) has a new password.")


def list_accounts(settings: Settings, options: argparse.Namespace) -> None:
    """Print every account."""
    with open_parts(settings).store.read() as db:
        known, seen = accounts.every(db), sessions.last_seen(db)
    if options.json:
        print(json.dumps([_row(account, seen.get(account.email)) for account in known], indent=2))
    elif not known:
        print("There are no accounts yet: make an administrator with `kiosk admin password EMAIL`.")
    else:
        rows = [_row(account, seen.get(account.email)) for account in known]
        shown = [row | {"scope": " ".join(one or accounts.NO_BUILDING for one in row["scope"])} for row in rows]
        print_table(shown, ACCOUNT_COLUMNS)


def _row(account: Account, seen: datetime | None) -> dict[str, Any]:
    return {
        "email": account.email,
        "name": account.name,
        "role": account.role,
        "scope": list(account.scope),
        "password": "yes" if account.has_password else "no",
        "seen": clock.iso(seen) if seen else "",
    }


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
            known: list[dict[str, str]] = [{"name": name, "created": clock.iso(at)} for name, at in tokens.every(db)]
        text = [f"{one['name']}  {one['created']}" for one in known]
        print(json.dumps(known, indent=2) if options.json else "\n".join(text) or "There are no tokens.")
    elif options.revoke:
        store.write(tokens.revoke, options.revoke)
        record(store, "revoke_token", token=options.revoke)
        print(f"Revoked {options.revoke}.")
    else:
        print(store.write(tokens.create, options.name, clock.now()))
        record(store, "add_token", token=options.name)
