"""What every test would build anew, and always the same: built once for a run, so that hundreds of tests stay quick.

Programs that tests start are not touched by this: they build everything, as they do for users.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from argon2 import PasswordHasher
from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.routing import Rule

from kiosk.store import hashing

WEAK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
# What programs compare secrets with.
STRONG = (hashing.DECOY, hashing._hasher)


def install() -> None:
    """Let this process remember templates and addresses, and hash secrets with little work."""
    Flask.jinja_options = {"bytecode_cache": Templates()}
    Flask.url_rule_class = Address
    hashing.DECOY = WEAK.hash(secrets.token_hex(16))
    hashing._hasher = lambda: WEAK


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
