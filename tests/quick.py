"""What every test would build anew, and always the same: built once for a run, so that hundreds of tests stay quick.

Programs that tests start build everything, as they do for users, but for what `warm` says.
"""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable
from functools import cache
from types import SimpleNamespace
from typing import Any

from argon2 import PasswordHasher
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask
from google.auth.crypt import RSASigner
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from peewee import Database, SqliteDatabase
from werkzeug.routing import Rule

from kiosk import app
from kiosk.emulator import identity, tokens
from kiosk.store import facts, hashing, schema

WEAK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
# What programs compare secrets with.
STRONG = (hashing.DECOY, hashing._hasher)


def install() -> None:
    """Let this process remember what it has built, and hash secrets with little work."""
    Flask.jinja_options = {"bytecode_cache": Templates()}
    Flask.url_rule_class = Address
    hashing.DECOY = WEAK.hash(secrets.token_hex(16))
    hashing._hasher = lambda: WEAK
    tokens.rsa = identity.rsa = SimpleNamespace(**vars(rsa) | {"generate_private_key": Keys()})
    # Reading a key proves that its primes are primes.
    RSASigner.from_string = staticmethod(cache(RSASigner.from_string))
    app._build_id = cache(app._build_id)
    schema.STEPS = (Tables(*schema.STEPS),)


class Templates(BytecodeCache):
    """Compiled templates, kept in memory."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Look whether it was compiled before."""
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        self._kept[bucket.key] = bucket.bytecode_to_string()


class Address(Rule):
    """A rule that writes addresses with what was compiled for an equal one."""

    _compiled: dict[tuple[object, ...], Callable[..., Any]] = {}  # noqa: RUF012

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., Any]:
        key = (append_unknown, *self._trace, *sorted((self.defaults or {}).items()))
        if key not in self._compiled:
            self._compiled[key] = super()._compile_builder(append_unknown)
        return self._compiled[key]


class Keys:
    """Makes RSA keys: eight, and then these again in turn, so that one made after another is another."""

    def __init__(self) -> None:
        self._fresh: deque[rsa.RSAPrivateKey] = deque()

    def __call__(self, public_exponent: int, key_size: int) -> rsa.RSAPrivateKey:
        """Return a key that the last seven calls did not."""
        if len(self._fresh) < 8:
            self._fresh.append(rsa.generate_private_key(public_exponent, key_size))
        else:
            self._fresh.rotate(-1)
        return self._fresh[-1]


class Tables:
    """The first step of a database's schema, with the words that it has once used; the secret is each one's own."""

    def __init__(self, first: Callable[[Database], None]) -> None:
        self._first = first
        self._words: list[str] = []

    def __call__(self, db: Database) -> None:
        """Make the tables."""
        if not isinstance(db, SqliteDatabase):
            self._first(db)
            return
        if not self._words:
            self._first(db)
            found = db.execute_sql("SELECT sql FROM sqlite_master WHERE sql NOT NULL ORDER BY rowid")
            self._words = [sql for (sql,) in found if "sqlite_sequence" not in sql]
            return
        for sql in self._words:
            db.execute_sql(sql)
        facts.write(db, "secret", secrets.token_hex(32))
