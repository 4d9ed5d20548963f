"""Reading what a request or a form says, with an error that names the field."""

from __future__ import annotations

from typing import Any
from unicodedata import category

from flask import request

from kiosk.web.outcomes import invalid
from kiosk.web.wording import gettext as _

# Control signs and halves of signs: nothing that a title needs, and nothing that can be stored or shown.
UNSEEN = {"Cc", "Cs"}


def said() -> Any:
    """Return the JSON of the request that is being handled, whatever it is; None where it has none that can be read."""
    try:
        return request.get_json(silent=True)
    except RecursionError:
        return None


def form_text(name: str, longest: int) -> str:
    """Return a field of a form without surrounding space. Raises a 422 problem when it is too long or unprintable."""
    value = request.form.get(name, "").strip()
    if len(value) > longest or any(category(sign) in UNSEEN for sign in value):
        raise invalid(name, _("This must be a text of at most %(longest)s characters.", longest=longest))
    return value
