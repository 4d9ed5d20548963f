"""What Google is asked with: a file of credentials, and the people it acts for. It may change while the server runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from kiosk.google.route import STRAIGHT, Route


@dataclass(frozen=True, slots=True)
class Access:
    """A file of credentials, empty while there is none; a service account acts as `subject` on calendars.

    `admin_subject` reads the Directory, the subject where it is empty. A file's content never changes under its name.
    """

    file: str = ""
    subject: str = ""
    admin_subject: str = ""

    def to_the_directory(self) -> Access:
        """Return the same access in the name of who reads the Directory."""
        return replace(self, subject=self.admin_subject or self.subject)


@dataclass(frozen=True, slots=True)
class Google:
    """How Google is reached: with what access at the moment, at which address, by which way, and who counts.

    `endpoint`: root of another server that speaks Google's API, empty for Google. `spent` is called for every request
    that a call makes beyond its own, such as a second try. `heard` is called after every call, with the method's name
    at Google, "ok" or the kind of its failure, and the seconds it took.
    """

    access: Callable[[], Access]
    endpoint: str = ""
    route: Route = STRAIGHT
    spent: Callable[[], None] = lambda: None
    heard: Callable[[str, str, float], None] = lambda _method, _result, _seconds: None

    def root(self, path: str) -> str:
        """Return the address to which a service's paths are added, empty for Google itself."""
        return f"{self.endpoint}/{path}" if self.endpoint else ""

    def with_access(self, access: Access) -> Google:
        """Return the same Google with another access, which stays."""
        return replace(self, access=lambda: access)


def by_file(
    file: str,
    subject: str = "",
    endpoint: str = "",
    route: Route = STRAIGHT,
    spent: Callable[[], None] = lambda: None,
) -> Google:
    """Return Google with one file of credentials for as long as the process lives."""
    fixed = Access(file, subject)
    return Google(lambda: fixed, endpoint, route, spent)
