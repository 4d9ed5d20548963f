"""What the command line does: one function for each act, taken from here by its name."""

from __future__ import annotations

from kiosk.terminal.access import list_accounts, remove_account, set_password, token
from kiosk.terminal.audit import audit, erase_person, forget_names
from kiosk.terminal.bookings import list_bookings
from kiosk.terminal.doctor import doctor
from kiosk.terminal.google import connect, disconnect
from kiosk.terminal.people import list_people, set_pin
from kiosk.terminal.policy import policy
from kiosk.terminal.rooms import (
    add_room,
    edit_room,
    import_rooms,
    link_room,
    list_rooms,
    push_room,
    remove_room,
    sync_room,
    unlink_room,
)
from kiosk.terminal.services import add_service, answer_request, edit_service, list_requests, list_services
from kiosk.terminal.webhooks import add_webhook, list_webhooks, remove_webhook, switch_webhook, test_webhook

__all__ = [
    "add_room",
    "add_service",
    "add_webhook",
    "answer_request",
    "audit",
    "connect",
    "disconnect",
    "doctor",
    "edit_room",
    "edit_service",
    "erase_person",
    "forget_names",
    "import_rooms",
    "link_room",
    "list_accounts",
    "list_bookings",
    "list_people",
    "list_requests",
    "list_rooms",
    "list_services",
    "list_webhooks",
    "policy",
    "push_room",
    "remove_account",
    "remove_room",
    "remove_webhook",
    "set_password",
    "set_pin",
    "switch_webhook",
    "sync_room",
    "test_webhook",
    "token",
    "unlink_room",
]
