"""Who may ask for what: the words are those of the table of everything that can be asked (tests/web/matrix.txt)."""

from __future__ import annotations

from typing import Literal, get_args

Role = Literal[
    "stranger", "phone", "screen", "device", "program", "person", "viewer", "caterer", "manager", "admin"
]  # fmt: skip
ROLES: tuple[Role, ...] = get_args(Role)
Roles = frozenset[Role]

EVERYBODY: Roles = frozenset(ROLES)
PEOPLE: Roles = frozenset({"person", "viewer", "caterer", "manager", "admin"})
# Who sees all displays; a device and a phone see their own.
INSIDE: Roles = PEOPLE | {"screen", "program"}
BY_DEVICES: Roles = INSIDE | {"device"}
AT_A_DOOR: Roles = BY_DEVICES | {"phone"}
ADMINS: Roles = frozenset({"program", "admin"})
REPORTED: Roles = frozenset({"program", "viewer", "manager", "admin"})
MACHINES: Roles = frozenset({"device"})

MEANING: dict[Role, str] = {
    "stranger": "anybody who reaches the server, without showing anything",
    "phone": "a phone that has scanned the code at a door: for that room",
    "screen": "a browser let in with a token of the kind screen",
    "device": "a machine of the fleet: for the rooms that it shows",
    "program": "whoever shows an access token",
    "person": "somebody who has signed in and has no account",
    "viewer": "an account that sees everything",
    "caterer": "an account for the services of buildings",
    "manager": "an account for some rooms",
    "admin": "an account that may do everything",
}
# What shows who somebody is: the document's name of it, and what it is.
SHOWN: dict[Role, tuple[str, ...]] = {
    "stranger": (),
    "phone": ("phone",),
    "screen": ("screen",),
    "device": ("token", "device"),
    "program": ("token",),
    "person": ("session",),
    "viewer": ("session",),
    "caterer": ("session",),
    "manager": ("session",),
    "admin": ("session",),
}
SCHEMES: dict[str, dict[str, str]] = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "An access token (`kiosk admin token NAME`), or the token of a device.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "kiosk_session",
        "description": "Somebody who has signed in with this browser.",
    },
    "device": {
        "type": "apiKey",
        "in": "cookie",
        "name": "kiosk_device",
        "description": "A device's browser; over https the name is `__Host-kiosk_device`.",
    },
    "screen": {
        "type": "apiKey",
        "in": "cookie",
        "name": "kiosk_token",
        "description": "A browser that was let in with a token of the kind screen.",
    },
    "phone": {
        "type": "apiKey",
        "in": "cookie",
        "name": "kiosk_phone",
        "description": "A phone that has scanned the code at a door.",
    },
}


def security(roles: Roles) -> list[dict[str, list[str]]]:
    """Return what may be shown, any one of it, as OpenAPI writes it; nothing need be where strangers may ask."""
    if "stranger" in roles:
        return []
    names = dict.fromkeys(name for role in ROLES if role in roles for name in SHOWN[role])
    return [{name: []} for name in names]
