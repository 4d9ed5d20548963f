"""Keeping secrets that people choose: hashed with argon2, slowly on purpose, one at a time.

A hash takes some 50 ms (more on a small machine) and 64 MiB, so `fits` and `hash_of` belong in a real thread
(`runtime.offload`) and under the lock `one_at_a_time`.
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argon2 import PasswordHasher

# What is compared for people without a secret, so that they take as long: the hash of a long one nobody kept.
DECOY = "$argon2id$v=19$m=65536,t=3,p=4$oaEF16KXisQ04fjoDWEeew$aFJONMXv+E/yVLtpQHjLCfvBIzjsSbOzfHXqfVcaV5Y"
one_at_a_time = threading.Lock()


def fits(hashed: str, secret: str) -> bool:
    """Tell whether a secret fits a hash; slow on purpose and without side effects."""
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        return _hasher().verify(hashed, secret)
    except (VerificationError, InvalidHashError):
        return False


def hash_of(secret: str) -> str:
    """Return the hash of a new secret; as slow as `fits`."""
    return _hasher().hash(secret)


def rests_until(failures: int, now: datetime, allowed: int, first: timedelta, longest: timedelta) -> datetime | None:
    """Return until when nothing more is looked at after so many wrong tries; each one more doubles the rest."""
    if failures < allowed:
        return None
    doubled: int = 2 ** min(failures - allowed, 10)
    return now + min(first * doubled, longest)


def _hasher() -> PasswordHasher:
    # Loaded when somebody signs in, in the real thread that also hashes.
    from argon2 import PasswordHasher
    from argon2.profiles import RFC_9106_LOW_MEMORY

    return PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
