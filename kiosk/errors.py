"""The errors of the product: a small tree in which each error knows whether trying again can help."""

from __future__ import annotations

from datetime import datetime


class KioskError(Exception):
    """Base of all our errors; its text is one clear sentence for a person."""

    retryable = False


class SettingError(KioskError):
    """A setting has a value that cannot be used."""


class UsageError(KioskError):
    """Somebody asked for something that cannot be done as asked."""


class TooSoon(UsageError):
    """It was tried too often; it may be tried again at `until`, an instant in UTC."""

    def __init__(self, sentence: str, until: datetime) -> None:
        super().__init__(sentence)
        self.until = until


class NotFound(UsageError):
    """The thing asked for does not exist here."""


class Busy(KioskError):
    """Somebody else holds what is needed; asking again in a moment can help."""

    retryable = True


class LeaseLost(KioskError):
    """What was learnt under a lease must not be stored: it ran out, and somebody else may have acted since."""

    retryable = True


class DatabaseAway(KioskError):
    """The database cannot be reached: what was begun is undone, and asking again in a while can help.

    Its text is for everybody; `detail`, for the log, says which database that is, and why. Whoever raises it has
    logged that, once.
    """

    retryable = True

    def __init__(self, detail: str) -> None:
        super().__init__("The database cannot be reached at present.")
        self.detail = detail


class SourceError(KioskError):
    """The calendar source refused or failed; `reason` is its own short code."""

    def __init__(self, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason


class Unreachable(SourceError):
    """No answer, or a passing fault of the source: whether a write took place is unknown."""

    retryable = True


class RateLimited(Unreachable):
    """The source asks us to slow down; nothing was done."""


class Refused(SourceError):
    """The source understood and said no; the same request will not succeed."""


class AccessDenied(Refused):
    """The credentials are wrong, expired or lack a right."""


class Missing(Refused):
    """The calendar or event does not exist, or may not be seen."""


class NotOffered(Refused):
    """The source does not do this for that calendar."""


class Gone(Refused):
    """The event was deleted."""


class CursorExpired(Refused):
    """The source no longer knows our place in its changes: list everything again."""


class Duplicate(Refused):
    """An event with this id exists already, perhaps a deleted one."""


class Changed(Refused):
    """The event is no longer the one we knew (its etag differs)."""
