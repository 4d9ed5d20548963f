"""Google's errors: one exception, and the two envelopes in which Google sends it."""

from __future__ import annotations

import json

from kiosk.emulator.values import Json


class ApiError(Exception):
    """An answer other than success; `front` errors come from Google's front end (sign-in, scopes).

    `brief`: what the front end says among the `errors`, beside the whole message.
    """

    def __init__(
        self,
        status: int,
        reason: str,
        message: str,
        *,
        domain: str = "global",
        location: str = "",
        location_type: str = "parameter",
        front: Json | None = None,
        brief: str = "",
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.error: Json = {"domain": domain, "reason": reason, "message": brief or message}
        if location:
            self.error |= {"locationType": location_type, "location": location}
        self.front = front
        self.headers = headers or {}

    def body(self) -> str:
        """The JSON text, in the envelope of the part of Google that would answer."""
        message = str(self)
        if self.front is None:
            backend = {"errors": [self.error], "code": self.status, "message": message}
            return json.dumps({"error": backend}, indent=1)
        front = {"code": self.status, "message": message, "errors": [self.error]} | self.front
        return json.dumps({"error": front}, indent=2)


class TokenError(Exception):
    """A refusal of the token endpoint."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.status = status
        self.body = {"error": error, "error_description": description}


def not_found() -> ApiError:
    """Missing and invisible are the same to the caller."""
    return ApiError(404, "notFound", "Not Found")


def deleted() -> ApiError:
    """The event was deleted before."""
    return ApiError(410, "deleted", "Resource has been deleted")


def bad_request(message: str = "Bad Request", reason: str = "badRequest") -> ApiError:
    """The request makes no sense."""
    return ApiError(400, reason, message)


def required(name: str) -> ApiError:
    """Something without which the request makes no sense."""
    return ApiError(400, "required", "Required", location=name)


def updated_min_too_long_ago() -> ApiError:
    """Changes are not remembered for ever."""
    message = "The requested minimum modification time lies too far in the past."
    return ApiError(410, "updatedMinTooLongAgo", message, domain="calendar", location="updatedMin")


def invalid_parameter(name: str, value: str) -> ApiError:
    """A query parameter has a value outside its type or range."""
    message = f"Invalid value '{value}' for {name}."
    return ApiError(400, "invalidParameter", message, location=name)


def time_range_empty() -> ApiError:
    """An end that lies before its start."""
    message = "The specified time range is empty."
    return ApiError(400, "timeRangeEmpty", message, domain="calendar", location="timeMax")


def full_sync_required() -> ApiError:
    """The sync token is unknown, too old, or from before a change of access."""
    message = "Sync token is no longer valid, a full sync is required."
    return ApiError(410, "fullSyncRequired", message, domain="calendar", location="syncToken")


def duplicate() -> ApiError:
    """The id is taken, be it by a deleted event."""
    return ApiError(409, "duplicate", "The requested identifier already exists.")


def precondition_failed() -> ApiError:
    """The event is not in the state the caller knows."""
    return ApiError(412, "conditionNotMet", "Precondition Failed", location="If-Match", location_type="header")


def organizer_only() -> ApiError:
    """A guest tried to change what only the organizer may."""
    message = "Shared properties can only be changed by the organizer of the event."
    return ApiError(403, "forbiddenForNonOrganizer", message, domain="calendar")


def writer_required() -> ApiError:
    """The caller may read the calendar only."""
    message = "You need to have writer access to this calendar."
    return ApiError(403, "requiredAccessLevel", message, domain="calendar")


def no_guests_for_service_accounts() -> ApiError:
    """A service account that acts for nobody may not invite."""
    message = "Service accounts cannot invite attendees without Domain-Wide Delegation of Authority."
    return ApiError(403, "forbiddenForServiceAccounts", message, domain="calendar")


def not_authorized_for_directory() -> ApiError:
    """The caller is no administrator."""
    return ApiError(403, "forbidden", "Not Authorized to access this resource/api")


def login_required() -> ApiError:
    """No token was sent."""
    message = (
        "Request is missing required authentication credential. Expected OAuth 2 access token, login cookie "
        "or other valid authentication credential."
    )
    return ApiError(
        401, "required", message, location="Authorization", location_type="header",
        front={"status": "UNAUTHENTICATED"}, brief="Login Required.",
        headers={"WWW-Authenticate": 'Bearer realm="https://accounts.google.com/"'},
    )  # fmt: skip


def invalid_credentials() -> ApiError:
    """The token is unknown, expired or revoked."""
    message = (
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or "
        "other valid authentication credential."
    )
    challenge = 'Bearer realm="https://accounts.google.com/", error="invalid_token"'
    return ApiError(
        401, "authError", message, location="Authorization", location_type="header",
        front={"status": "UNAUTHENTICATED"}, brief="Invalid Credentials", headers={"WWW-Authenticate": challenge},
    )  # fmt: skip


def insufficient_scopes(method: str) -> ApiError:
    """The token was not given for this kind of call."""
    service = "admin.googleapis.com" if method.startswith("ccc.") else "calendar-json.googleapis.com"
    info = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
        "domain": "googleapis.com",
        "metadata": {"service": service, "method": method},
    }
    return ApiError(
        403, "insufficientPermissions", "Request had insufficient authentication scopes.",
        front={"status": "PERMISSION_DENIED", "details": [info]}, brief="Insufficient Permission",
        headers={"WWW-Authenticate": 'Bearer realm="https://accounts.google.com/", error="insufficient_scope"'},
    )  # fmt: skip
