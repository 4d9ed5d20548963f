"""Who may do what on a calendar: roles by person, and what a role lets one see."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.emulator.errors import not_found, writer_required
from kiosk.emulator.store import Store
from kiosk.emulator.values import Calendar

ROLES = ("none", "freeBusyReader", "reader", "writerWithoutPrivateAccess", "writer", "owner")


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose token it is: a person, or a service account by itself (`delegated` false)."""

    email: str
    scopes: frozenset[str]
    account: str = ""
    delegated: bool = True


@dataclass(frozen=True, slots=True)
class Access:
    """A calendar as one caller may use it."""

    calendar: Calendar
    role: str
    caller: Caller

    def at_least(self, role: str) -> bool:
        """Whether the role reaches that far."""
        return ROLES.index(self.role) >= ROLES.index(role)

    @property
    def sees_private(self) -> bool:
        """Whether private events show their contents."""
        return self.at_least("writer")


def role_of(store: Store, calendar: Calendar, email: str) -> str:
    """The strongest of: own calendar, explicit rule, the organisation's administrators, the domain's default."""
    if calendar.kind == "external":
        return "none"
    if calendar.id == email:
        return "owner"
    found = store.row("SELECT role FROM acl WHERE calendar = ? AND subject = ?", calendar.id, email)
    roles = [str(found[0])] if found else []
    if store.row("SELECT 1 FROM directory WHERE kind = 'user' AND id = ?", email):
        roles.append(calendar.domain_role)
    if calendar.kind == "resource" and is_admin(store, email):
        roles.append("owner")
    return max(roles, key=ROLES.index, default="none")


def is_admin(store: Store, email: str) -> bool:
    """Whether that person administers the organisation."""
    sql = "SELECT json_extract(data, '$.isAdmin') FROM directory WHERE kind = 'user' AND id = ?"
    found = store.row(sql, email)
    return bool(found and found[0])


def access(store: Store, calendar_id: str, caller: Caller) -> Access:
    """The calendar for this caller; 404 when it is missing or not shared, which nobody can tell apart."""
    calendar = store.calendar(caller.email if calendar_id == "primary" else calendar_id)
    role = role_of(store, calendar, caller.email) if calendar else "none"
    if calendar is None or role == "none":
        raise not_found()
    return Access(calendar, role, caller)


def require_writer(granted: Access) -> None:
    """403 for those who may only read."""
    if not granted.at_least("writerWithoutPrivateAccess"):
        raise writer_required()


def set_role(store: Store, calendar: Calendar, subject: str, role: str) -> None:
    """Share or unshare; a change of access ends the calendar's sync tokens, as with Google."""
    store.write("INSERT OR REPLACE INTO acl VALUES (?, ?, ?)", calendar.id, subject, role)
    store.drop_tokens(calendar)
