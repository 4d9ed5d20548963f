"""Google's refusals read as what to do: the page of Google's consoles, and the value to paste there."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kiosk.doctor.findings import Remedy
from kiosk.errors import RateLimited, SourceError, Unreachable
from kiosk.google.consent import ALL_SCOPES
from kiosk.google.probe import SERVICE_ACCOUNT, Identity

DELEGATION_PAGE = "https://admin.google.com/ac/owl/domainwidedelegation"
DELEGATION = (
    "Admin console ▸ Security ▸ Access and data control ▸ API controls ▸ Manage domain-wide delegation ▸ Add new: "
    "paste the client ID, then the scopes. Google takes minutes, sometimes a day, to apply it."
)
RECONNECT = "Open /admin/google and connect again, or run `kiosk connect FILE`."
CONSOLE = "https://console.cloud.google.com/"
APIS = (
    f"{CONSOLE}apis/library/calendar-json.googleapis.com",
    f"{CONSOLE}apis/library/admin.googleapis.com",
)
QUOTAS = f"{CONSOLE}apis/api/calendar-json.googleapis.com/quotas"


def of_token(error: SourceError, identity: Identity, subject: str, missing: Sequence[str] = ALL_SCOPES) -> Remedy:
    """Return what to do about a token that Google refused; `missing`: the rights that it is about."""
    if isinstance(error, Unreachable):
        return of_silence(error)
    said = str(error)
    for words, remedy in TOKEN_WORDS:
        if words in said:
            return remedy(identity, subject, missing)
    return Remedy(said, RECONNECT)


def of_silence(error: SourceError) -> Remedy:
    """Return what to do about an answer that did not come."""
    if isinstance(error, RateLimited):
        return slow_down()
    if "certificate" in str(error):
        return Remedy(str(error), "Name your organisation's certificates and start again.", ("SSL_CERT_FILE=FILE.pem",))
    return Remedy(
        str(error), "Look at this machine's network, its name server, and HTTPS_PROXY where a proxy leads out."
    )


def slow_down() -> Remedy:
    """Return what to do about Google's, or our own, limit of requests."""
    return Remedy(
        "The requests that Google allows are used up for now.",
        "Ask for less often, or have the quota raised in Google's console; then name the new one here.",
        (QUOTAS, "KIOSK_POLL_SECONDS=30"),
    )


def not_enabled() -> Remedy:
    """Return what to do about a project in which the interfaces are switched off."""
    return Remedy(
        "Google's interfaces are not switched on in the project of these credentials.",
        "Open both pages in the right project and press Enable.",
        APIS,
    )


def missing_scopes(identity: Identity, missing: Sequence[str]) -> Remedy:
    """Return how to grant the rights that are missing."""
    if identity.kind != SERVICE_ACCOUNT:
        return Remedy(
            f"The consent of {identity.account or 'the administrator'} does not cover everything: "
            f"{len(missing)} rights are missing.",
            "Open /admin/google, connect again, and leave every box ticked on Google's page.",
            tuple(missing),
        )
    return Remedy(
        f"The domain-wide delegation of {identity.account} lacks {_rights(missing)}.",
        f"{DELEGATION} Edit the entry of this client ID; the list must hold all four scopes.",
        (DELEGATION_PAGE, identity.client_id, ",".join(ALL_SCOPES)),
    )


def _rights(missing: Sequence[str]) -> str:
    return "a right" if len(missing) == 1 else f"{len(missing)} rights"


def _no_delegation(identity: Identity, subject: str, missing: Sequence[str]) -> Remedy:
    return Remedy(
        f"The service account {identity.account} may not act for {subject or 'people'}: no delegation is set up.",
        DELEGATION,
        (DELEGATION_PAGE, identity.client_id, ",".join(ALL_SCOPES)),
    )


def _no_person(identity: Identity, subject: str, missing: Sequence[str]) -> Remedy:
    return Remedy(
        f"Google knows no active user {subject}: the address is wrong, suspended, or a room's.",
        "Name an ordinary user of your domain as the subject, and connect again. Admin console ▸ Directory ▸ Users "
        "shows who is active.",
        ("https://admin.google.com/ac/users", subject),
    )


def _no_key(identity: Identity, subject: str, missing: Sequence[str]) -> Remedy:
    return Remedy(
        f"Google no longer knows this key of {identity.account}: it was deleted or replaced.",
        "Google Cloud console ▸ IAM ▸ Service accounts ▸ (account) ▸ Keys ▸ Add key ▸ JSON; then connect the new file.",
        (f"{CONSOLE}iam-admin/serviceaccounts", identity.account),
    )


def _no_account(identity: Identity, subject: str, missing: Sequence[str]) -> Remedy:
    return Remedy(
        f"Google no longer knows the service account {identity.account}.",
        "Make another service account with a key of type JSON, delegate to it, and connect its file.",
        (f"{CONSOLE}iam-admin/serviceaccounts",),
    )


def _wrong_clock(identity: Identity, subject: str, missing: Sequence[str]) -> Remedy:
    return clock_remedy("This machine's clock is so wrong that Google refuses what it signs.")


def clock_remedy(says: str) -> Remedy:
    """Return how to set a clock right."""
    return Remedy(
        says, "Let the machine set its clock by itself, and wait a minute.", ("sudo timedatectl set-ntp true",)
    )


def _ended(identity: Identity, subject: str, missing: Sequence[str]) -> Remedy:
    return Remedy(
        f"The consent of {identity.account or 'the administrator'} has ended or was taken back.",
        "Open /admin/google and connect again. If it ends every week: in Google's console, OAuth consent screen ▸ "
        "Publish app, or user type Internal.",
        (f"{CONSOLE}auth/audience",),
    )


def _no_client(identity: Identity, subject: str, missing: Sequence[str]) -> Remedy:
    return Remedy(
        "Google no longer knows the OAuth client, or its secret was changed.",
        "Google Cloud console ▸ APIs and services ▸ Credentials: download the client's file anew and connect again.",
        (f"{CONSOLE}apis/credentials",),
    )


def _policy(identity: Identity, subject: str, missing: Sequence[str]) -> Remedy:
    return Remedy(
        "A policy of your organisation forbids this program the access.",
        "Admin console ▸ Security ▸ Access and data control ▸ API controls ▸ App access control: trust this client ID.",
        ("https://admin.google.com/ac/owl/list", identity.client_id),
    )


# Google's own words, the more exact ones first:
# https://developers.google.com/identity/protocols/oauth2/service-account#jwt-error-codes
TOKEN_WORDS: tuple[tuple[str, Callable[[Identity, str, Sequence[str]], Remedy]], ...] = (
    ("Unauthorized client or scope in request", _no_delegation),
    ("Client is unauthorized to retrieve", lambda identity, _subject, missing: missing_scopes(identity, missing)),
    ("Not all requested scopes were granted", lambda identity, _subject, missing: missing_scopes(identity, missing)),
    ("invalid_scope", lambda identity, _subject, missing: missing_scopes(identity, missing)),
    ("Invalid email or User ID", _no_person),
    ("Not a valid email or user ID", _no_person),
    ("reasonable timeframe", _wrong_clock),
    ("Invalid JWT Signature", _no_key),
    ("account not found", _no_account),
    ("expired or revoked", _ended),
    ("deleted_client", _no_client),
    ("invalid_client", _no_client),
    ("admin_policy_enforced", _policy),
    ("access_denied", _policy),
)
