"""How much may be asked: Google's sliding minute, per user and for the whole project."""

from __future__ import annotations

import threading
from collections import deque

from kiosk.emulator.acl import Caller
from kiosk.emulator.clock import Clock
from kiosk.emulator.errors import ApiError

_MINUTE = 60_000_000
_LONGEST_NAME = 40
DEFAULTS = {"quota_user": 600, "quota_project": 10_000, "quota_directory": 2_400}


class Quota:
    """Counts requests by the stand-in's own clock; a limit of 0 is switched off.

    `limits`: requests a minute, by the names of DEFAULTS: per user, for all together, and per user of the
    Directory. A refused request costs nothing.
    """

    def __init__(self, clock: Clock, **limits: int) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._spent: dict[str, deque[int]] = {}
        self.limits = dict(DEFAULTS)
        self.limit(**limits)

    def limit(self, **limits: int) -> None:
        """Change limits and count from zero; ValueError for one there is none of."""
        if unknown := limits.keys() - DEFAULTS.keys():
            raise ValueError(f"unknown quota: {', '.join(sorted(unknown))}")
        with self._lock:
            self.limits |= limits
            self._spent.clear()

    def spend(self, operation: str, user: str) -> None:
        """Count one request; 403 when that user or the project has used up its minute."""
        directory = not operation.startswith("calendar.")
        own = self.limits["quota_directory" if directory else "quota_user"]
        everybody = 0 if directory else self.limits["quota_project"]
        now = self._clock.microseconds()
        with self._lock:
            spent = self._window(f"{directory} {user}", now), self._window("", now)
            if own and len(spent[0]) >= own:
                raise exceeded("userRateLimitExceeded", "User Rate Limit Exceeded")
            if everybody and len(spent[1]) >= everybody:
                raise exceeded("rateLimitExceeded", "Rate Limit Exceeded")
            spent[0].append(now)
            if not directory:
                spent[1].append(now)

    def _window(self, key: str, now: int) -> deque[int]:
        spent = self._spent.setdefault(key, deque())
        while spent and spent[0] <= now - _MINUTE:
            spent.popleft()
        return spent


def payer(caller: Caller, quota_user: str) -> str:
    """Whose minute a request comes out of: quotaUser, else the service account, whoever it acts for."""
    if quota_user:
        return f"quotaUser {quota_user[:_LONGEST_NAME]}"
    return caller.account if caller.account.endswith(".gserviceaccount.com") else caller.email


def exceeded(reason: str, message: str) -> ApiError:
    """Too many requests."""
    return ApiError(403, reason, message, domain="usageLimits")
