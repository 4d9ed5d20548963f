"""What holds for all rooms: the credentials and their rights, the clock, the Directory, push, the quota."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from kiosk.doctor import remedies
from kiosk.doctor.findings import ORGANISATION, Finding, Remedy, failed, passed, warned
from kiosk.doctor.practice import Practice
from kiosk.errors import AccessDenied, SourceError, Unreachable
from kiosk.google.client import CALENDAR_SCOPES, DIRECTORY_SCOPES, PEOPLE_SCOPES
from kiosk.google.consent import ALL_SCOPES
from kiosk.google.probe import SERVICE_ACCOUNT, Identity
from kiosk.source import Member
from kiosk.store import rooms

# Google refuses assertions that are minutes off; below half a minute nobody notices anything.
CLOCK_WARN, CLOCK_FAIL = timedelta(seconds=30), timedelta(minutes=4)
LITTLE_LEFT = 0.1
# For some of the Directory's people nobody can act: their Calendar may be switched off.
PEOPLE_TRIED = 3
ROLES_PAGE = "https://admin.google.com/ac/roles"
RIGHTS_OF_THE_DIRECTORY = (
    "Admin console ▸ Account ▸ Admin roles ▸ Create new role: tick {privilege}, and assign it to that person. No "
    "super administrator is needed."
)


def examine(practice: Practice) -> Iterator[Finding]:
    """Look at everything but the rooms; ends early when there is nothing to look at the rest with."""
    try:
        identity = practice.probe.identity()
    except AccessDenied as error:
        yield failed(ORGANISATION, "connection", _no_connection(error))
        return
    yield passed(ORGANISATION, "connection", f"Connected as {_named(identity, practice)}.")
    try:
        yield _clock(practice)
    except Unreachable as error:
        yield failed(ORGANISATION, "reach", remedies.of_silence(error))
        return
    yield from _tokens(practice, identity)
    yield from _directory(practice, identity)
    yield _push(practice)
    yield _quota(practice)


def _no_connection(error: AccessDenied) -> Remedy:
    if error.reason == "notConnected":
        return Remedy("Google is not connected.", remedies.RECONNECT.replace("connect again", "connect"))
    return Remedy(str(error), remedies.RECONNECT)


def _named(identity: Identity, practice: Practice) -> str:
    subject = practice.probe.access().subject
    acting = f", acting as {subject}" if subject and identity.kind == SERVICE_ACCOUNT else ""
    return f"{identity.account or identity.kind.replace('_', ' ')}{acting}"


def _clock(practice: Practice) -> Finding:
    ahead = practice.probe.ahead(practice.clock)
    if abs(ahead) < CLOCK_WARN:
        return passed(ORGANISATION, "clock", "This machine's clock agrees with Google's.")
    direction = "ahead of" if ahead > timedelta(0) else "behind"
    remedy = remedies.clock_remedy(f"This machine's clock is {_length(abs(ahead))} {direction} Google's.")
    return (failed if abs(ahead) >= CLOCK_FAIL else warned)(ORGANISATION, "clock", remedy)


def _length(much: timedelta) -> str:
    seconds = int(much.total_seconds())
    return f"{seconds} seconds" if seconds < 120 else f"{seconds // 60} minutes"


def _tokens(practice: Practice, identity: Identity) -> Iterator[Finding]:
    """Try every right by itself: Google refuses a token altogether when one of its rights is missing."""
    refused: dict[str, tuple[SourceError, str]] = {}
    access = practice.probe.access()
    for scopes, subject in (
        (CALENDAR_SCOPES, access.subject),
        (DIRECTORY_SCOPES + PEOPLE_SCOPES, access.to_the_directory().subject),
    ):
        for scope in scopes:
            try:
                practice.probe.token((scope,), subject)
            except SourceError as error:
                refused[scope] = error, subject
    needed = [scope for scope in CALENDAR_SCOPES if scope in refused]
    if not refused:
        yield passed(ORGANISATION, "token", "Google gives tokens for these credentials.")
        yield passed(ORGANISATION, "scopes", "All four rights are granted.")
    elif len(needed) == len(CALENDAR_SCOPES):
        reason, person = refused[needed[0]]
        yield failed(ORGANISATION, "token", remedies.of_token(reason, identity, person))
    else:
        yield passed(ORGANISATION, "token", "Google gives tokens for these credentials.")
        yield from _scopes(identity, refused, bool(needed))


def _scopes(identity: Identity, refused: dict[str, tuple[SourceError, str]], needed: bool) -> Iterator[Finding]:
    by_remedy: dict[Remedy, None] = {}
    for error, subject in refused.values():
        by_remedy[remedies.of_token(error, identity, subject, tuple(refused))] = None
    for remedy in by_remedy:
        yield (failed if needed else warned)(ORGANISATION, "scopes", remedy)


def _directory(practice: Practice, identity: Identity) -> Iterator[Finding]:
    try:
        found = practice.directory.resources()
    except SourceError as error:
        yield warned(ORGANISATION, "directory", _no_directory(practice, identity, error, "rooms"))
    else:
        yield passed(ORGANISATION, "directory", f"The Directory lists {len(found)} rooms.")
    try:
        members = practice.directory.people()
    except SourceError as error:
        yield warned(ORGANISATION, "people", _no_directory(practice, identity, error, "people"))
        return
    yield passed(ORGANISATION, "people", f"The Directory lists {len(members)} people.")
    yield _delegation(practice, identity, members)


def _no_directory(practice: Practice, identity: Identity, error: SourceError, what: str) -> Remedy:
    """Return why rooms or people of the Directory cannot be read, which is a pity and no more."""
    subject = practice.probe.access().to_the_directory().subject
    if isinstance(error, Unreachable):
        return remedies.of_silence(error)
    if error.reason == "accessNotConfigured":
        return remedies.not_enabled()
    scopes = DIRECTORY_SCOPES if what == "rooms" else PEOPLE_SCOPES
    if error.reason == "insufficientPermissions":
        return remedies.missing_scopes(identity, scopes)
    if error.reason == "token":
        return remedies.of_token(error, identity, subject, scopes)
    if identity.kind == SERVICE_ACCOUNT and not subject:
        return Remedy(
            f"The Directory's {what} cannot be read without a delegation: rooms are linked by their address.",
            "To import rooms and name people, delegate to the service account and name an administrator: "
            + remedies.DELEGATION,
            (remedies.DELEGATION_PAGE, identity.client_id, ",".join(ALL_SCOPES)),
        )
    privilege = "Buildings and resources ▸ Read" if what == "rooms" else "Users ▸ Read"
    who = subject or identity.account
    return Remedy(
        f"{who} may not read the Directory's {what}.",
        RIGHTS_OF_THE_DIRECTORY.format(privilege=f"“{privilege}”"),
        (ROLES_PAGE, who),
    )


def _delegation(practice: Practice, identity: Identity, members: list[Member]) -> Finding:
    """Look whether bookings can be made in people's own calendars, where anybody may want that."""
    wanted = _names_wanted(practice)
    if identity.kind != SERVICE_ACCOUNT:
        remedy = Remedy(
            "Nothing can be booked in people's own names: an administrator's consent covers their own calendars only.",
            f"Connect a service account with domain-wide delegation. {remedies.DELEGATION}",
            (remedies.DELEGATION_PAGE,),
        )
        return warned(ORGANISATION, "delegation", remedy) if wanted else _unwanted()
    problem: Remedy | None = None
    for person in _active(members):
        try:
            practice.probe.token(CALENDAR_SCOPES, person)
        except SourceError as error:
            problem = problem or remedies.of_token(error, identity, person)
        else:
            return passed(ORGANISATION, "delegation", "Bookings can be made in people's own names.")
    return warned(ORGANISATION, "delegation", problem) if problem and wanted else _unwanted()


def _active(members: list[Member]) -> list[str]:
    """Return the addresses of a few people to try it with; nobody can act for those who are suspended."""
    return [one.addresses[0] for one in members if not one.suspended][:PEOPLE_TRIED]


def _unwanted() -> Finding:
    return passed(ORGANISATION, "delegation", "Nobody books in their own name here, so that no delegation is needed.")


def _names_wanted(practice: Practice) -> bool:
    with practice.store.read() as db:
        return practice.sign_in or any(one.room.policy.names for one in rooms.every(db))


def _push(practice: Practice) -> Finding:
    if practice.hook:
        return passed(ORGANISATION, "push", f"Google is to announce changes at {practice.hook}.")
    if not practice.public_url:
        return passed(
            ORGANISATION, "push", "Rooms are asked for changes; KIOSK_PUBLIC_URL would have Google announce them."
        )
    secure = practice.public_url.replace("http://", "https://", 1)
    remedy = Remedy(
        f"Google announces changes to https addresses only, and KIOSK_PUBLIC_URL is {practice.public_url}.",
        "Put a proxy with a public certificate in front, and name its address.",
        (f"KIOSK_PUBLIC_URL={secure}",),
    )
    return warned(ORGANISATION, "push", remedy)


def _quota(practice: Practice) -> Finding:
    minute, day = practice.left()
    if minute <= 0 or day <= 0:
        return failed(ORGANISATION, "quota", remedies.slow_down())
    if day < practice.per_day * LITTLE_LEFT:
        says = f"Only {day} of {practice.per_day} requests are left of these 24 hours."
        slow = remedies.slow_down()
        return warned(ORGANISATION, "quota", Remedy(says, slow.repair, slow.paste))
    return passed(ORGANISATION, "quota", f"{day} of {practice.per_day} requests are left of these 24 hours.")
