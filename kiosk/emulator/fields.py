"""Partial answers: the `fields` parameter, `a,b(c,d/e)`, as Google cuts its answers down."""

from __future__ import annotations

from kiosk.emulator.errors import ApiError
from kiosk.emulator.values import Json

Mask = dict[str, "Mask"]

# Every name the served resources have; a mask that asks for another one is refused.
_NAMES = frozenset(
    [
        "kind", "etag", "etags", "id", "items", "error", "errors", "code", "message", "domain", "reason",
        "nextPageToken", "nextSyncToken", "timeZone", "accessRole", "updated", "summary", "description",
        "defaultReminders", "method", "minutes", "status", "htmlLink", "created", "colorId", "creator",
        "organizer", "email", "displayName", "self", "start", "end", "date", "dateTime",
        "endTimeUnspecified", "recurrence", "recurringEventId", "originalStartTime", "transparency",
        "visibility", "iCalUID", "sequence", "attendees", "resource", "optional", "responseStatus",
        "comment", "additionalGuests", "attendeesOmitted", "extendedProperties", "hangoutLink",
        "conferenceData", "entryPoints", "entryPointType", "uri", "label", "pin", "accessCode",
        "meetingCode", "passcode", "password", "conferenceId", "conferenceSolution", "key", "type", "name",
        "iconUri", "createRequest", "requestId", "conferenceSolutionKey", "statusCode", "notes",
        "signature", "parameters", "addOnParameters", "gadget", "title", "link", "display", "height",
        "width", "preferences", "anyoneCanAddSelf", "guestsCanInviteOthers", "guestsCanModify",
        "guestsCanSeeOtherGuests", "privateCopy", "locked", "reminders", "useDefault", "overrides",
        "source", "url", "attachments", "fileUrl", "fileId", "iconLink", "mimeType", "eventType",
        "workingLocationProperties", "outOfOfficeProperties", "focusTimeProperties", "birthdayProperties",
        "location", "autoAcceptInvitations", "conferenceProperties", "dataOwner",
        "allowedConferenceSolutionTypes", "calendars", "groups", "busy", "timeMin", "timeMax", "resourceId",
        "resourceName", "generatedResourceName", "resourceEmail", "resourceType", "capacity", "buildingId",
        "floorName", "floorSection", "resourceCategory", "resourceDescription", "userVisibleDescription",
        "featureInstances", "feature", "buildings", "buildingName", "address", "regionCode", "addressLines",
        "locality", "administrativeArea", "postalCode", "sublocality", "languageCode", "coordinates",
        "latitude", "longitude", "floorNames", "features", "users", "primaryEmail", "fullName", "givenName",
        "familyName", "isAdmin", "suspended", "orgUnitPath", "thumbnailPhotoUrl", "emails", "aliases",
        "nonEditableAliases", "primary", "selected", "hidden", "deleted", "summaryOverride", "backgroundColor",
        "foregroundColor",
        "notificationSettings", "resourceUri", "token", "expiration", "payload", "address", "eventLabelId",
        "labelProperties", "workingHours",
    ]
)  # fmt: skip
# Below these the names are the caller's own.
_OPEN = frozenset({"private", "shared", "calendars", "groups"})


def parse(text: str) -> Mask:
    """The mask as nested names; an empty inner mask means everything below."""
    mask, rest = _siblings(text, 0, open_names=False)
    if rest != len(text):
        raise _invalid(text)
    return mask


def apply(mask: Mask, value: object) -> object:
    """Only what the mask names; lists are cut item by item."""
    if not mask or ("*" in mask and not mask["*"]):
        return value
    if isinstance(value, list):
        return [apply(mask, item) for item in value]
    if not isinstance(value, dict):
        return value
    everything = mask.get("*")
    cut: Json = {}
    for name, item in value.items():
        inner = mask.get(name, everything)
        if inner is not None:
            cut[name] = apply(inner, item)
    return cut


def _siblings(text: str, at: int, *, open_names: bool) -> tuple[Mask, int]:
    mask: Mask = {}
    while True:
        at = _path(text, at, mask, open_names=open_names)
        if at >= len(text) or text[at] != ",":
            return mask, at
        at += 1


def _path(text: str, at: int, mask: Mask, *, open_names: bool) -> int:
    name, at = _name(text, at, open_names=open_names)
    inner = mask.setdefault(name, {})
    below = name in _OPEN
    if text[at : at + 1] == "/":
        return _path(text, at + 1, inner, open_names=below)
    if text[at : at + 1] == "(":
        found, at = _siblings(text, at + 1, open_names=below)
        inner.update(found)
        if text[at : at + 1] != ")":
            raise _invalid(text)
        return at + 1
    return at


def _name(text: str, at: int, *, open_names: bool) -> tuple[str, int]:
    end = at
    while end < len(text) and text[end] not in ",/()":
        end += 1
    name = text[at:end].strip()
    if not name or not (open_names or name in _NAMES or name in _OPEN or name == "*"):
        raise _invalid(name or text)
    return name, end


def _invalid(name: str) -> ApiError:
    return ApiError(400, "invalidParameter", f"Invalid field selection {name}", location="fields")
